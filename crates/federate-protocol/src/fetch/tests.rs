use super::*;
use crate::Blocks;
use crate::activitystreams::Iri;
use crate::receive::KeyFailure;
use crate::signatures::KeyId;
use crate::testing::{ALICE, ALICE_KEY, OURS, PUBLIC_PEM, iri};
use crate::webfinger::Handle;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

mod corpus;
mod media;
mod nodeinfo;
mod page;
mod reply_chain;

const ACTIVITY: &str = "application/activity+json";
const JRD: &str = "application/jrd+json";

/// What the world answers: by URL.
#[derive(Default)]
struct World {
    pages: HashMap<String, http::Response<Bytes>>,
    asked: Vec<String>,
}

impl World {
    fn page(mut self, url: &str, content_type: &str, body: &Value) -> Self {
        let response = http::Response::builder()
            .header("content-type", content_type)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        self.pages.insert(url.to_owned(), response);
        self
    }

    fn activity(self, url: &str, body: &Value) -> Self {
        self.page(url, ACTIVITY, body)
    }

    fn status(mut self, url: &str, status: u16) -> Self {
        let response = http::Response::builder()
            .status(status)
            .body(Bytes::new())
            .unwrap();
        self.pages.insert(url.to_owned(), response);
        self
    }

    fn redirect(mut self, from: &str, to: &str) -> Self {
        let response = http::Response::builder()
            .status(302)
            .header("location", to)
            .body(Bytes::new())
            .unwrap();
        self.pages.insert(from.to_owned(), response);
        self
    }

    fn webfinger(self, host: &str, resource: &str, subject: &str, actor: &str) -> Self {
        let handle = Handle::parse(&format!("{resource}@{host}")).unwrap();
        let url = crate::webfinger::request_url(&handle, "https").unwrap();
        let jrd =
            json!({ "subject": subject, "links": [{ "rel": "self", "type": ACTIVITY, "href": actor }] });
        self.page(url.as_str(), JRD, &jrd)
    }

    fn get(&mut self, url: &url::Url) -> http::Response<Bytes> {
        self.asked.push(url.to_string());
        assert!(self.asked.len() < 20, "no end: {:?}", self.asked);
        self.pages
            .get(url.as_str())
            .cloned()
            .unwrap_or_else(|| http::Response::builder().status(404).body(Bytes::new()).unwrap())
    }

    fn fetch(&mut self, url: &str) -> Result<Document, String> {
        self.finish(DocumentFetch::start(&iri(url), rules()))
    }

    fn look_up(&mut self, url: &str) -> Result<Document, String> {
        self.finish(DocumentFetch::start_at_page(&iri(url), rules()))
    }

    fn finish(&mut self, mut step: FetchStep) -> Result<Document, String> {
        loop {
            step = match step {
                FetchStep::Get(fetch) => {
                    let response = self.get(fetch.url());
                    fetch.on_response(&response)
                }
                FetchStep::Believed(document) => return Ok(*document),
                FetchStep::Gone => return Err("gone".to_owned()),
                FetchStep::Refused(refusal) => return Err(refusal.to_string()),
            };
        }
    }

    fn key(&mut self, key_id: &str) -> Result<(crate::ResolvedKey, Actor), KeyFailure> {
        let mut step = KeyFetch::start(&KeyId::from(key_id), rules());
        loop {
            if let Some(failure) = step.failure() {
                return Err(failure);
            }
            step = match step {
                KeyStep::Get(fetch) => {
                    let response = self.get(fetch.url());
                    fetch.on_response(&response)
                }
                KeyStep::Resolved(found) => return Ok(*found),
                other => panic!("{other:?}"),
            };
        }
    }

    fn handle(&mut self, handle: &str) -> Result<Found, String> {
        let mut step = HandleLookup::start(&Handle::parse(handle).unwrap(), rules());
        loop {
            step = match step {
                HandleStep::Get(lookup) => {
                    let response = self.get(lookup.url());
                    lookup.on_response(&response)
                }
                HandleStep::Found(found) => return Ok(*found),
                HandleStep::Gone => return Err("gone".to_owned()),
                HandleStep::Refused(refusal) => return Err(refusal.to_string()),
            };
        }
    }
}

fn rules() -> Arc<FetchRules> {
    let mut blocks = Blocks::new();
    blocks.suspend("blocked.example").unwrap();
    Arc::new(FetchRules {
        own_origins: vec![iri(OURS).origin().unwrap()],
        blocks,
        ..FetchRules::default()
    })
}

fn person(id: &str) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id, "type": "Person", "preferredUsername": "alice",
        "inbox": format!("{id}/inbox"), "followers": format!("{id}/followers"),
        "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": PUBLIC_PEM },
    })
}

fn alice_with(name: &str, value: Value) -> Value {
    let mut alice = person(ALICE);
    alice[name] = value;
    alice
}

fn actor(body: &Value) -> Result<Actor, String> {
    let document = World::default().activity(ALICE, body).fetch(ALICE)?;
    Actor::new(document, &crate::Limits::default()).map_err(|refusal| refusal.to_string())
}

#[test]
fn a_document_at_its_own_id_is_believed() {
    let mut world = World::default().activity(ALICE, &person(ALICE));
    let found = world.fetch(ALICE).unwrap();
    assert_eq!((found.id(), found.owner()), (&iri(ALICE), Some(&iri(ALICE))));
    assert_eq!(found.bytes(), &Bytes::from(person(ALICE).to_string()));
    assert_eq!(
        Document::from_cache(found.id(), found.bytes().clone())
            .unwrap()
            .id(),
        found.id()
    );
    assert!(Document::from_cache(&iri("https://a.example/other"), found.bytes().clone()).is_err());
}

#[test]
fn i1_cve_2024_23832_another_id_is_fetched_there_once_and_must_be_equal() {
    let evil = "https://evil.example/x";
    // The victim's own server decides what is at the victim's id.
    let mut world = World::default()
        .activity(evil, &person(ALICE))
        .activity(ALICE, &person(ALICE));
    assert_eq!(world.fetch(evil).unwrap().id(), &iri(ALICE));
    assert_eq!(world.asked, [evil, ALICE]);
    drop(
        World::default()
            .activity(evil, &person(ALICE))
            .fetch(evil)
            .unwrap_err(),
    );
    for near in [
        "https://a.example/users/alice/",
        "https://a.example/users/Alice",
        "https://a.example:8443/users/alice",
        "https://a.example/users/alice?x",
        "https://a.example/users/alice#x",
    ] {
        let mut world = World::default()
            .activity(ALICE, &person(near))
            .activity(near, &person(ALICE));
        drop(world.fetch(ALICE).unwrap_err());
        assert!(world.asked.len() <= 2, "{near}");
    }
}

#[test]
fn i1_the_second_fetch_does_not_lead_on() {
    let evil = "https://evil.example/x";
    let mut world = World::default()
        .activity(evil, &person(ALICE))
        .redirect(ALICE, evil);
    drop(world.fetch(evil).unwrap_err());
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn i2_redirects_are_few_and_never_to_http() {
    let at = |n: u32| format!("https://a.example/{n}");
    let chain = |len: u32| {
        let world = (0..len).fold(World::default(), |world, n| world.redirect(&at(n), &at(n + 1)));
        world.activity(&at(len), &person(&at(len))).fetch(&at(0))
    };
    assert!(chain(3).is_ok());
    assert!(chain(4).unwrap_err().contains("too many"));
    drop(World::default().redirect(ALICE, ALICE).fetch(ALICE).unwrap_err());
    // A redirect elsewhere makes the place where it ends the one that answers.
    let mut open = World::default()
        .redirect("https://victim.example/r", ALICE)
        .activity(ALICE, &person(ALICE));
    assert_eq!(open.fetch("https://victim.example/r").unwrap().id(), &iri(ALICE));
    for to in [
        "http://a.example/users/alice",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://here.example/users/me",
        "https://blocked.example/x",
        "https://u:p@b.example/x",
        "file:///etc/passwd",
        "data:application/activity+json,{}",
        "gopher://b.example/",
    ] {
        let mut world = World::default().redirect(ALICE, to);
        drop(world.fetch(ALICE).unwrap_err());
        assert_eq!(world.asked.len(), 1, "{to}");
    }
}

#[test]
fn i3_only_the_two_types_are_believed() {
    for bad in [
        "application/json",
        "text/plain",
        "text/html",
        "application/octet-stream",
        "image/png",
        "application/ld+json",
    ] {
        let refusal = World::default()
            .page(ALICE, bad, &person(ALICE))
            .fetch(ALICE)
            .unwrap_err();
        assert!(refusal.contains("content type"), "{bad}");
    }
    let mut twice = World::default().activity(ALICE, &person(ALICE));
    let page = twice.pages.get_mut(ALICE).unwrap();
    page.headers_mut()
        .append("content-type", http::HeaderValue::from_static("text/html"));
    drop(twice.fetch(ALICE).unwrap_err());
}

#[test]
fn i8_fe34_the_owner_is_of_the_documents_origin() {
    let note = "https://a.example/notes/1";
    let by = |owner: &str| json!({ "id": note, "type": "Note", "attributedTo": owner });
    assert_eq!(
        World::default()
            .activity(note, &by(ALICE))
            .fetch(note)
            .unwrap()
            .owner(),
        Some(&iri(ALICE))
    );
    drop(
        World::default()
            .activity(note, &by("https://victim.example/v"))
            .fetch(note)
            .unwrap_err(),
    );
}

#[test]
fn i12_what_somebody_else_answers_for_is_an_id() {
    let outbox = "https://a.example/outbox";
    let page = json!({
        "id": outbox, "type": "OrderedCollection", "attributedTo": ALICE,
        "orderedItems": [
            { "id": "https://victim.example/1", "type": "Note", "content": "forged" },
            { "id": "https://a.example/2", "type": "Note", "attributedTo": "https://a.example/users/bob" },
            { "id": "https://a.example/3", "type": "Note", "attributedTo": ALICE, "content": "mine" },
        ],
    });
    let found = World::default().activity(outbox, &page).fetch(outbox).unwrap();
    let text = String::from_utf8(found.object().to_bytes()).unwrap();
    assert!(
        text.contains("mine") && !text.contains("forged") && !text.contains("users/bob"),
        "{text}"
    );
    assert!(text.contains("https://victim.example/1") && text.contains("https://a.example/2"));
}

#[test]
fn i13_s30_n1_n6_nothing_is_fetched_from_these() {
    for url in [
        "https://here.example/users/me",
        "https://blocked.example/x",
        "https://sub.blocked.example/x",
        "http://a.example/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://user:pw@a.example/x",
        "ftp://a.example/x",
        "urn:uuid:1",
        "did:key:z6Mk",
    ] {
        let mut world = World::default();
        drop(world.fetch(url).unwrap_err());
        assert!(world.asked.is_empty(), "{url}");
    }
}

#[test]
fn r1_a_document_over_the_limit_is_refused() {
    let mut rules = FetchRules::default();
    rules.limits.document = 10;
    let FetchStep::Get(fetch) = DocumentFetch::start(&iri(ALICE), Arc::new(rules)) else {
        panic!()
    };
    let response = World::default()
        .activity(ALICE, &person(ALICE))
        .pages
        .remove(ALICE)
        .unwrap();
    assert!(matches!(
        fetch.on_response(&response),
        FetchStep::Refused(FetchRefusal::TooLarge)
    ));
}

#[test]
fn gone_is_not_missing() {
    assert_eq!(
        World::default().status(ALICE, 410).fetch(ALICE).unwrap_err(),
        "gone"
    );
    assert!(World::default().fetch(ALICE).unwrap_err().contains("404"));
    assert!(FetchRefusal::Status(404).is_permanent());
    assert!(!FetchRefusal::Status(503).is_permanent() && !FetchRefusal::Status(429).is_permanent());
}

#[test]
fn i10_endpoints_of_another_origin_are_refused_or_dropped() {
    assert!(actor(&alice_with("inbox", json!("https://evil.example/inbox"))).is_err());
    assert!(actor(&alice_with("inbox", Value::Null)).is_err());
    assert!(actor(&alice_with("type", json!("Note"))).is_err());
    for name in ["outbox", "followers", "following", "featured"] {
        let found = actor(&alice_with(name, json!("https://evil.example/x"))).unwrap();
        let dropped = [
            found.outbox(),
            found.followers(),
            found.following(),
            found.featured(),
        ];
        assert!(!dropped.contains(&Some(&iri("https://evil.example/x"))), "{name}");
    }
    let shared = |host: &str| {
        alice_with(
            "endpoints",
            json!({ "sharedInbox": format!("https://{host}/inbox") }),
        )
    };
    assert_eq!(actor(&shared("evil.example")).unwrap().shared_inbox(), None);
    assert_eq!(
        actor(&shared("a.example")).unwrap().shared_inbox(),
        Some(&iri("https://a.example/inbox"))
    );
}

#[test]
fn i11_followers_are_never_public() {
    let public = alice_with("followers", json!("https://www.w3.org/ns/activitystreams#Public"));
    assert_eq!(actor(&public).unwrap().followers(), None);
}

#[test]
fn r13_keys_are_counted() {
    let many: Vec<Value> = (0..20).map(|n| json!(format!("{ALICE}#key-{n}"))).collect();
    assert_eq!(
        actor(&alice_with("publicKey", json!(many))).unwrap().keys().len(),
        10
    );
}

#[test]
fn a_key_is_its_actors() {
    let (key, alice) = World::default()
        .activity(ALICE, &person(ALICE))
        .key(ALICE_KEY)
        .unwrap();
    assert_eq!((key.owner, key.fresh), (iri(ALICE), true));
    assert_eq!(alice.id(), &iri(ALICE));
}

#[test]
fn fep_521a_a_multikey_is_a_key() {
    let id = format!("{ALICE}#ed");
    let listed = json!([{
        "id": id, "type": "Multikey", "controller": ALICE,
        "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    }]);
    let mut world = World::default().activity(ALICE, &alice_with("assertionMethod", listed));
    assert_eq!(world.key(&id).unwrap().0.owner, iri(ALICE));
}

#[test]
fn s1_a_key_document_that_names_a_victim_proves_nothing() {
    let evil = "https://evil.example/key";
    let key = json!({ "id": evil, "type": "Key", "owner": ALICE, "publicKeyPem": PUBLIC_PEM });
    let mut world = World::default()
        .activity(evil, &key)
        .activity(ALICE, &person(ALICE));
    assert!(matches!(world.key(evil), Err(KeyFailure::Refused { .. })));
    // Nor does an actor of evil's that lists a key of the victim's.
    let thief = "https://evil.example/thief";
    let mut listing = person(thief);
    listing["publicKey"] = json!({ "id": ALICE_KEY, "owner": thief, "publicKeyPem": PUBLIC_PEM });
    let mut world = World::default().redirect(ALICE, thief).activity(thief, &listing);
    assert!(matches!(world.key(ALICE_KEY), Err(KeyFailure::Refused { .. })));
}

#[test]
fn s3_the_key_id_is_compared_exactly() {
    let two = json!([
        { "id": format!("{ALICE}#one"), "owner": ALICE, "publicKeyPem": PUBLIC_PEM },
        { "id": format!("{ALICE}#two"), "owner": ALICE, "publicKeyPem": PUBLIC_PEM },
    ]);
    let mut world = World::default().activity(ALICE, &alice_with("publicKey", two));
    assert_eq!(
        world.key(&format!("{ALICE}#two")).unwrap().0.key_id.as_str(),
        format!("{ALICE}#two")
    );
    for other in [
        format!("{ALICE}#three"),
        ALICE.to_owned(),
        format!("{ALICE}#ONE"),
        format!("{ALICE}#one "),
    ] {
        assert!(world.key(&other).is_err(), "{other}");
    }
    let anothers =
        json!({ "id": ALICE_KEY, "owner": "https://a.example/users/bob", "publicKeyPem": PUBLIC_PEM });
    let mut world = World::default().activity(ALICE, &alice_with("publicKey", anothers));
    assert!(world.key(ALICE_KEY).is_err());
}

#[test]
fn s4_a_key_of_its_own_document_is_its_owners_where_the_owner_lists_it() {
    let key_id = format!("{ALICE}/main-key");
    let document = json!({ "id": key_id, "type": "Key", "owner": ALICE, "publicKeyPem": PUBLIC_PEM });
    let listed = alice_with("publicKey", json!(key_id));
    let mut world = World::default()
        .activity(&key_id, &document)
        .activity(ALICE, &listed);
    assert_eq!(world.key(&key_id).unwrap().0.owner, iri(ALICE));
    let mut world = World::default()
        .activity(&key_id, &document)
        .activity(ALICE, &person(ALICE));
    assert!(matches!(world.key(&key_id), Err(KeyFailure::Refused { .. })));
}

#[test]
fn s4_a_stub_that_calls_itself_the_actor_leads_to_the_actor() {
    let key_id = format!("{ALICE}/main-key");
    let key = json!({ "id": key_id, "owner": ALICE, "publicKeyPem": PUBLIC_PEM });
    let stub = json!({ "id": ALICE, "type": "Person", "preferredUsername": "alice", "publicKey": key });
    let mut world = World::default()
        .activity(&key_id, &stub)
        .activity(ALICE, &alice_with("publicKey", key));
    assert_eq!(world.key(&key_id).unwrap().0.owner, iri(ALICE));
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn s5_a_key_that_is_elsewhere_or_something_else_is_refused() {
    let evil = "https://evil.example/u";
    let mut world = World::default()
        .redirect(ALICE, evil)
        .activity(evil, &person(evil));
    assert!(matches!(world.key(ALICE_KEY), Err(KeyFailure::Refused { .. })));
    let mut world = World::default().page(ALICE, "text/html", &person(ALICE));
    assert!(matches!(world.key(ALICE_KEY), Err(KeyFailure::Refused { .. })));
    let mut world = World::default().activity(
        ALICE,
        &alice_with(
            "publicKey",
            json!({ "id": ALICE_KEY, "owner": ALICE, "publicKeyPem": "no" }),
        ),
    );
    assert!(matches!(world.key(ALICE_KEY), Err(KeyFailure::Refused { .. })));
}

/// It is news of the actor: what was known of its keys is over.
#[test]
fn s4_a_key_that_is_not_listed_comes_with_the_actor_that_does_not_list_it() {
    let mut world = World::default().activity(ALICE, &person(ALICE));
    let step = KeyFetch::start(&KeyId::from(format!("{ALICE}#old").as_str()), rules());
    let KeyStep::Get(fetch) = step else {
        panic!("{step:?}")
    };
    let response = world.get(fetch.url());
    let step = fetch.on_response(&response);
    assert!(matches!(step.failure(), Some(KeyFailure::Refused { .. })));
    let KeyStep::Unlisted(found) = step else {
        panic!("{step:?}")
    };
    assert!(matches!(found.0, FetchRefusal::KeyNotListed));
    assert_eq!(found.1.id(), &iri(ALICE));
}

#[test]
fn s29_what_a_status_means_for_a_key() {
    assert_eq!(
        World::default().status(ALICE, 410).key(ALICE_KEY).unwrap_err(),
        KeyFailure::Gone
    );
    assert!(matches!(
        World::default().status(ALICE, 404).key(ALICE_KEY),
        Err(KeyFailure::Refused { .. })
    ));
    for status in [429, 500, 503] {
        let failure = World::default().status(ALICE, status).key(ALICE_KEY).unwrap_err();
        assert!(matches!(failure, KeyFailure::Unavailable { .. }), "{status}");
    }
}

#[test]
fn a_handle_leads_to_its_actor_and_back() {
    let mut world = World::default()
        .webfinger("a.example", "alice", "acct:alice@a.example", ALICE)
        .activity(ALICE, &person(ALICE));
    let found = world.handle("@alice@a.example").unwrap();
    assert_eq!(
        (found.handle.acct().as_str(), found.actor.id()),
        ("acct:alice@a.example", &iri(ALICE))
    );
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn w1_a_subject_elsewhere_is_asked_there_once() {
    let whitehouse = || {
        World::default()
            .webfinger(
                "evil.example",
                "eve",
                "acct:alice@a.example",
                "https://evil.example/eve",
            )
            .activity("https://evil.example/eve", &person("https://evil.example/eve"))
    };
    assert!(whitehouse().handle("eve@evil.example").is_err());
    // What the subject's own host says holds, whatever led there.
    let mut world = whitehouse()
        .webfinger("a.example", "alice", "acct:alice@a.example", ALICE)
        .activity(ALICE, &person(ALICE));
    assert_eq!(world.handle("eve@evil.example").unwrap().actor.id(), &iri(ALICE));
    let mut pingpong = World::default()
        .webfinger("a.example", "alice", "acct:eve@evil.example", ALICE)
        .webfinger("evil.example", "eve", "acct:alice@a.example", ALICE);
    assert!(pingpong.handle("eve@evil.example").is_err());
    assert_eq!(pingpong.asked.len(), 2);
}

#[test]
fn w1_a_split_domain_works_in_both_spellings() {
    let social = "https://social.a.example/users/alice";
    let world = || {
        World::default()
            .webfinger("a.example", "alice", "acct:alice@a.example", social)
            .webfinger("social.a.example", "alice", "acct:alice@a.example", social)
            .activity(social, &person(social))
    };
    // As Mastodon's guide has it: the short host has nothing but a redirect to the one that serves.
    let redirected = || {
        let at = |host: &str| format!("https://{host}/.well-known/webfinger?resource=acct:alice@a.example");
        let jrd = json!({ "subject": "acct:alice@a.example", "links": [{ "rel": "self", "type": ACTIVITY, "href": social }] });
        World::default()
            .redirect(&at("a.example"), &at("social.a.example"))
            .page(&at("social.a.example"), JRD, &jrd)
            .webfinger("social.a.example", "alice", "acct:alice@a.example", social)
            .activity(social, &person(social))
    };
    for handle in [
        "alice@a.example",
        "alice@social.a.example",
        "@Alice@Social.A.example",
    ] {
        for mut world in [world(), redirected()] {
            world = world.webfinger("social.a.example", "Alice", "acct:alice@a.example", social);
            let found = world.handle(handle).unwrap();
            assert_eq!(found.handle.acct(), "acct:alice@a.example", "{handle}");
            assert_eq!(found.actor.id(), &iri(social));
        }
    }
    // The serving host cannot take the short one by itself: that one has to confirm it, and it alone.
    let mut unconfirmed = World::default()
        .webfinger("social.a.example", "alice", "acct:alice@a.example", social)
        .activity(social, &person(social));
    assert!(unconfirmed.handle("alice@social.a.example").is_err());
    let mut another = World::default()
        .webfinger("social.a.example", "alice", "acct:alice@a.example", social)
        .webfinger("a.example", "alice", "acct:bob@a.example", social)
        .activity(social, &person(social));
    assert!(another.handle("alice@social.a.example").is_err());
}

#[test]
fn w2_case_does_not_matter() {
    let mut world = World::default()
        .webfinger("a.example", "Alice", "acct:alice@A.example", ALICE)
        .activity(ALICE, &person(ALICE));
    assert_eq!(
        world.handle("@Alice@A.EXAMPLE").unwrap().handle.acct(),
        "acct:alice@a.example"
    );
}

#[test]
fn w3_the_actor_is_the_link_itself() {
    let profile = "https://a.example/@alice";
    let mut world = World::default()
        .webfinger("a.example", "alice", "acct:alice@a.example", profile)
        .activity(profile, &person(ALICE))
        .activity(ALICE, &person(ALICE));
    assert!(world.handle("alice@a.example").is_err());
    for link in [
        "http://a.example/users/alice",
        "https://127.0.0.1/alice",
        "https://here.example/users/me",
    ] {
        let mut world = World::default().webfinger("a.example", "alice", "acct:alice@a.example", link);
        assert!(world.handle("alice@a.example").is_err(), "{link}");
        assert_eq!(world.asked.len(), 1, "{link}");
    }
}

#[test]
fn w2_the_port_of_https_itself_is_no_other_place() {
    for link in [
        "https://a.example:443/users/alice",
        "https://A.Example/users/alice",
    ] {
        let mut world = World::default()
            .webfinger("a.example", "alice", "acct:alice@a.example", link)
            .activity(ALICE, &person(ALICE));
        assert_eq!(
            world.handle("alice@a.example").unwrap().actor.id(),
            &iri(ALICE),
            "{link}"
        );
    }
    for link in [
        "https://a.example:8443/users/alice",
        "https://a.example/users/%61lice",
        "https://a.example/users/alice/",
        "https://a.example/Users/alice",
    ] {
        let mut world = World::default()
            .webfinger("a.example", "alice", "acct:alice@a.example", link)
            .activity(url::Url::parse(link).unwrap().as_str(), &person(ALICE))
            .activity(ALICE, &person(ALICE));
        assert!(world.handle("alice@a.example").is_err(), "{link}");
    }
}

/// Who has only its host-meta moved elsewhere is not found: the document, and what its entities name, is never asked for.
#[test]
fn w7_a_host_meta_is_never_asked_for() {
    let bomb = json!("<!DOCTYPE XRD [<!ENTITY a SYSTEM 'https://evil.example/'>]><XRD>&a;</XRD>");
    let mut world = World::default()
        .page(
            "https://a.example/.well-known/host-meta",
            "application/xrd+xml",
            &bomb,
        )
        .page("https://a.example/.well-known/host-meta.json", JRD, &bomb);
    assert!(world.handle("alice@a.example").is_err());
    assert_eq!(world.asked.len(), 1, "{:?}", world.asked);
    // XML where a JRD is due is no answer either.
    let handle = Handle::parse("alice@a.example").unwrap();
    let url = crate::webfinger::request_url(&handle, "https").unwrap();
    for content_type in ["application/xrd+xml", "application/xml", JRD] {
        let mut world = World::default().page(url.as_str(), content_type, &bomb);
        assert!(world.handle("alice@a.example").is_err(), "{content_type}");
        assert_eq!(world.asked.len(), 1);
    }
}

#[test]
fn w4_an_actor_that_leads_to_another_handle_is_not_the_handles() {
    // evil claims alice as its own user; alice's host does not know of it.
    let mut world = World::default()
        .webfinger("evil.example", "eve", "acct:eve@evil.example", ALICE)
        .webfinger("a.example", "alice", "acct:alice@a.example", ALICE)
        .activity(ALICE, &person(ALICE));
    assert!(world.handle("eve@evil.example").is_err());
    // FEP-2c59: the actor says itself which handle is its own.
    let mut world = World::default()
        .webfinger("example.org", "alice", "acct:alice@example.org", ALICE)
        .activity(ALICE, &alice_with("webfinger", json!("alice@example.org")));
    assert_eq!(world.handle("alice@example.org").unwrap().actor.id(), &iri(ALICE));
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn webfinger_redirects_share_the_budget_and_stay_on_https() {
    let handle = Handle::parse("alice@example.org").unwrap();
    let first = crate::webfinger::request_url(&handle, "https").unwrap();
    let social = "https://a.example/.well-known/webfinger?resource=acct:alice@example.org";
    let jrd = json!({ "subject": "acct:alice@example.org", "links": [{ "rel": "self", "type": ACTIVITY, "href": ALICE }] });
    let mut world = World::default()
        .redirect(first.as_str(), social)
        .page(social, JRD, &jrd)
        .webfinger("a.example", "alice", "acct:alice@example.org", ALICE)
        .activity(ALICE, &person(ALICE));
    assert_eq!(
        world.handle("alice@example.org").unwrap().handle.host(),
        "example.org"
    );
    let mut looping = World::default().redirect(first.as_str(), first.as_str());
    assert!(looping.handle("alice@example.org").is_err());
    assert_eq!(looping.asked.len(), 4);
    let mut down = World::default().redirect(first.as_str(), "http://example.org/x");
    assert!(down.handle("alice@example.org").is_err());
}

#[test]
fn iris_are_compared_as_they_came() {
    // The URL parser rewrites `%7e` and the like no more than this: what it does change is asked for once more, and compared as text.
    let odd = "https://a.example/users/../users/alice";
    let mut world = World::default().activity(ALICE, &person(ALICE));
    assert_eq!(world.fetch(odd).unwrap().id(), &Iri::parse(ALICE).unwrap());
}

#[test]
fn a_handle_on_loopback_is_asked_over_the_scheme_that_was_chosen_and_only_where_it_is_allowed() {
    let handle = Handle::parse_allowing_port("alice@127.0.0.1:8080").unwrap();
    let first = |allowed, loopback| {
        let rules = FetchRules {
            allow_http_loopback: allowed,
            ..FetchRules::default()
        };
        match HandleLookup::start_with(&handle, Arc::new(rules), loopback) {
            HandleStep::Get(lookup) => Some(lookup.url().origin().ascii_serialization()),
            _ => None,
        }
    };
    assert_eq!(
        first(true, LoopbackScheme::Http).as_deref(),
        Some("http://127.0.0.1:8080")
    );
    assert_eq!(
        first(true, LoopbackScheme::Https).as_deref(),
        Some("https://127.0.0.1:8080")
    );
    assert_eq!(first(false, LoopbackScheme::Http), None);
    assert_eq!(first(false, LoopbackScheme::Https), None);
}
