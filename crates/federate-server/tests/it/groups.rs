//! Groups: what others' announce, and what ours do.

use std::time::Duration;

use federate_protocol::Known;
use federate_protocol::activitystreams::{Activity, Object};
use federate_server::{Found, Profile};
use serde_json::{Value, json};

use crate::world::{Instance, Peer, World, iri, shared, spy};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A group of another server, at `lemmy.test`.
pub(crate) fn group(world: &World) -> Peer {
    let mut group = world.peer("lemmy.test", "memes", 1);
    group.document["type"] = json!("Group");
    group.serves(group.id.as_str(), 200, &group.document);
    group
}

pub(crate) fn page(author: &Peer, number: u32) -> Value {
    let host = author.id.host().unwrap();
    author.activity(
        number,
        json!({
            "type": "Create", "to": [PUBLIC, "https://lemmy.test/users/memes"],
            "object": {
                "id": format!("https://{host}/post/{number}"), "type": "Page", "attributedTo": author.id.as_str(),
                "name": "a page", "content": "genuine", "to": [PUBLIC, "https://lemmy.test/users/memes"],
                "audience": "https://lemmy.test/users/memes",
            },
        }),
    )
}

pub(crate) fn announce(group: &Peer, number: u32, object: &Value) -> Value {
    group.activity(
        number,
        json!({ "type": "Announce", "to": PUBLIC, "cc": format!("{}/followers", group.id), "object": object }),
    )
}

fn published(author: &Peer, activity: &Value) {
    author.serves(activity["id"].as_str().unwrap(), 200, activity);
}

#[tokio::test]
async fn i5_what_a_group_announces_is_the_authors_as_its_own_place_has_it() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let create = page(&dan, 1);
    published(&dan, &create);
    let like = dan.activity(2, json!({ "type": "Like", "object": "https://d.test/post/1" }));
    published(&dan, &like);
    let undo = dan.activity(3, json!({ "type": "Undo", "object": like }));
    published(&dan, &undo);
    for (number, inner) in [&create, &like, &undo].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        let mut forged = inner.clone();
        forged["content"] = json!("forged");
        assert_eq!(
            group
                .post(&site, &announce(&group, number, &forged))
                .await
                .status(),
            202
        );
        site.step_until_idle().await;
    }
    let by_dan = |kind: &str| format!("{kind} by https://d.test/users/dan");
    assert_eq!(
        site.app.take_seen(),
        [by_dan("Create"), by_dan("Like"), by_dan("Undo")]
    );
    // The same from its author, and from the group under another id: known.
    dan.post(&site, &create).await;
    group.post(&site, &announce(&group, 9, &create)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
}

#[tokio::test]
async fn i14_a_group_deletes_what_is_gone_and_speaks_for_nobody() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let group = group(&world);
    // A person of the group's own server: the origin is the group's, and the group is not that person.
    let eve = group.neighbour("eve", 2);
    group.serves(eve.id.as_str(), 200, &eve.document);
    let note = json!({ "id": "https://lemmy.test/post/1", "type": "Page", "attributedTo": eve.id.as_str() });
    group.serves("https://lemmy.test/post/1", 200, &note);
    let delete = eve.activity(
        1,
        json!({ "type": "Delete", "object": "https://lemmy.test/post/1" }),
    );
    let invented = page(&eve, 2);
    for (number, inner) in [&delete, &invented].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        group.post(&site, &announce(&group, number, inner)).await;
    }
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        [""; 0],
        "it is still there, and the other never was"
    );
    group.serves(
        "https://lemmy.test/post/1",
        410,
        &json!({ "id": "https://lemmy.test/post/1", "type": "Tombstone" }),
    );
    world.clock.advance(Duration::from_secs(3600));
    group.post(&site, &announce(&group, 3, &delete)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["Delete by https://lemmy.test/users/eve"]);
    // By somebody of another server than what is deleted.
    let dan = world.peer("d.test", "dan", 2);
    let foreign = dan.activity(
        4,
        json!({ "type": "Delete", "object": "https://lemmy.test/post/1" }),
    );
    group.post(&site, &announce(&group, 4, &foreign)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
}

#[tokio::test]
async fn r8_no_announce_of_an_announce_and_none_of_an_activity_by_a_person() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let create = page(&dan, 1);
    published(&dan, &create);
    let nested = announce(&group, 1, &announce(&group, 2, &create));
    let by_a_person = announce(&dan, 3, &create);
    let follow = dan.activity(
        4,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    published(&dan, &follow);
    let private = announce(&group, 5, &follow);
    group.post(&site, &nested).await;
    dan.post(&site, &by_a_person).await;
    group.post(&site, &private).await;
    let before = world.net.count();
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    assert_eq!(world.net.count(), before, "nor is anybody asked");
    assert_eq!(site.federation.admin().dead_received(9).await.unwrap().len(), 3);
    // A boost is one, by whomever.
    group
        .post(&site, &announce(&group, 6, &json!("https://d.test/post/1")))
        .await;
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        ["Announce by https://lemmy.test/users/memes"]
    );
}

/// What Lemmy really sends is seen for what it is.
#[tokio::test]
async fn w14_announcements_of_lemmy_are_read() {
    let Some(corpus) = shared("corpus") else { return };
    let world = World::default();
    let site = world.instance("site.test").await;
    let group = group(&world);
    for (number, file) in ["body_1", "body_3", "announce_create_page"]
        .into_iter()
        .enumerate()
    {
        let path = corpus.join(format!("lemmy__act-announce__{file}.json"));
        let text = std::fs::read_to_string(path)
            .unwrap()
            .replace("http://", "https://");
        let captured: Value = serde_json::from_str(&text).unwrap();
        assert!(captured["object"]["actor"].is_string(), "{file}");
        let ours = announce(&group, u32::try_from(number).unwrap(), &captured["object"]);
        assert_eq!(group.post(&site, &ours).await.status(), 202);
        let before = world.net.count();
        site.step_until_idle().await;
        let asked = world.net.requests.lock().unwrap()[before..].to_vec();
        let id = captured["object"]["id"].as_str().unwrap();
        assert_eq!(asked, [format!("GET {id}")], "{file}");
    }
    assert_eq!(site.app.take_seen(), [""; 0]);
}

/// Our group `boats`, which two others follow.
async fn boats(world: &World) -> (Instance, Peer, Peer) {
    let site = world
        .instance_with("site.test", |builder| {
            builder
                .manage_followers()
                .manage_blocks()
                .manage_groups()
                .on::<Activity>(spy)
        })
        .await;
    site.app
        .people
        .lock()
        .unwrap()
        .insert("boats".into(), Found::Here(()));
    site.app.groups.lock().unwrap().push("boats".into());
    let (bob, dan) = (world.peer("b.test", "bob", 0), world.peer("d.test", "dan", 2));
    bob.follows(100, &site, BOATS).await;
    dan.follows(101, &site, BOATS).await;
    site.app.take_seen();
    (site, bob, dan)
}

const BOATS: &str = "https://site.test/users/boats";

fn post(dan: &Peer, number: u32) -> Value {
    let mut post = page(dan, number);
    post["to"] = json!([PUBLIC]);
    post["object"]["audience"] = json!(BOATS);
    post
}

#[tokio::test]
async fn w10_a_group_announces_what_is_posted_in_it_once() {
    let world = World::default();
    let (site, bob, dan) = boats(&world).await;
    let post = post(&dan, 1);
    for _ in 0..2 {
        assert_eq!(dan.post(&site, &post).await.status(), 202);
        site.step_until_idle().await;
    }
    let announced = bob.received_of("Announce");
    let whole = announced.iter().find(|it| it["object"].is_object()).unwrap();
    assert_eq!(whole["object"], post, "the whole activity, as Lemmy reads it");
    assert_eq!(whole["actor"], BOATS);
    assert_eq!(whole["to"], json!([PUBLIC]));
    assert_eq!(whole["cc"], json!([format!("{BOATS}/followers")]));
    let plain = announced.iter().find(|it| it["object"].is_string()).unwrap();
    assert_eq!(
        plain["object"], "https://d.test/post/1",
        "and the post, as Mastodon does"
    );
    assert_eq!(announced.len(), 2);
    assert_ne!(whole["id"], plain["id"]);
    drop(Object::from_value(whole.clone()).unwrap());
    // A comment is announced whole, and only so; a like too; and to the application all is what it was.
    let mut comment = self::post(&dan, 2);
    comment["object"]["inReplyTo"] = json!("https://d.test/post/1");
    let like = dan.activity(
        3,
        json!({ "type": "Like", "object": "https://d.test/post/1", "audience": BOATS }),
    );
    site.app
        .known
        .lock()
        .unwrap()
        .insert(iri("https://d.test/post/1"), Known::Owner(dan.id.clone()));
    let undo = dan.activity(4, json!({ "type": "Undo", "object": like, "to": BOATS }));
    for it in [&comment, &like, &undo] {
        assert_eq!(dan.post(&site, it).await.status(), 202);
    }
    site.step_until_idle().await;
    let announced = bob.received_of("Announce");
    assert_eq!(announced.len(), 5);
    assert!(announced[2..].iter().all(|it| it["object"].is_object()));
    assert_eq!(site.app.take_seen().len(), 4);
}

#[tokio::test]
async fn r8_i17_what_a_group_does_not_announce() {
    let world = World::default();
    let (site, bob, dan) = boats(&world).await;
    let eve = world.peer("e.test", "eve", 1);
    site.app.banned.lock().unwrap().push(eve.id.clone());
    let mut letter = post(&dan, 1);
    letter["to"] = json!(BOATS);
    let mut to_a_person = post(&dan, 2);
    to_a_person["object"]["audience"] = json!("https://site.test/users/alice");
    let boost = dan.activity(
        3,
        json!({ "type": "Announce", "object": "https://e.test/1", "to": BOATS }),
    );
    let leaving = json!({ "id": "https://d.test/users/dan/activities/101", "type": "Follow",
        "actor": dan.id.as_str(), "object": BOATS });
    let leaving = dan.activity(4, json!({ "type": "Undo", "object": leaving, "to": BOATS }));
    for it in [&letter, &to_a_person, &boost, &leaving] {
        assert_eq!(dan.post(&site, it).await.status(), 202);
    }
    assert_eq!(eve.post(&site, &post(&eve, 5)).await.status(), 202);
    let mut blind = post(&dan, 6);
    blind["object"]["bcc"] = json!("https://c.test/users/carol");
    assert_eq!(dan.post(&site, &blind).await.status(), 202);
    site.step_until_idle().await;
    let announced = bob.received_of("Announce");
    let ids: Vec<_> = announced
        .iter()
        .filter_map(|it| it["object"]["id"].as_str())
        .collect();
    assert_eq!(ids, ["https://d.test/users/dan/activities/6"]);
    assert!(!announced.iter().any(|it| it.to_string().contains("carol")));
    assert!(Profile::group("boats").is_group() && !Profile::person("alice").is_group());
}

#[tokio::test]
async fn w10_a_group_announces_nothing_that_is_done_to_what_nobody_knows() {
    let world = World::default();
    let (site, bob, dan) = boats(&world).await;
    for (number, kind) in [(1, "Like"), (2, "Dislike"), (3, "Delete")] {
        let about = json!({ "type": kind, "object": "https://d.test/post/7", "to": BOATS });
        assert_eq!(dan.post(&site, &dan.activity(number, about)).await.status(), 202);
    }
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen().len(), 3);
    assert_eq!(bob.received_of("Announce"), [Value::Null; 0]);
}

#[tokio::test]
async fn w10_a_group_announces_nothing_of_whom_it_blocks() {
    let world = World::default();
    let (site, bob, dan) = boats(&world).await;
    site.federation.block_quietly("boats", &dan.id).await.unwrap();
    assert_eq!(dan.post(&site, &post(&dan, 1)).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(bob.received_of("Announce"), [Value::Null; 0]);
}

#[tokio::test]
async fn r15_a_group_that_announces_too_much_waits_for_the_next_minute() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let (known, new) = (page(&dan, 1), page(&dan, 2));
    published(&dan, &new);
    dan.post(&site, &known).await;
    site.step_until_idle().await;
    site.app.take_seen();
    world.clock.advance(Duration::from_secs(60));
    let limit = federate_protocol::Limits::default().forwarded_per_minute;
    for number in 0..limit {
        let like = dan.activity(
            10 + number,
            json!({ "type": "Like", "object": "https://d.test/post/9" }),
        );
        group.post(&site, &like).await;
    }
    site.step_until_idle().await;
    let inbox = &site.federation.stores().inbox;
    let now = site.federation.now();
    let later = now + Duration::from_secs(3600);
    let before = inbox.pending(10_000, later).await.unwrap().len();
    group.post(&site, &announce(&group, 1, &known)).await;
    site.step_until_idle().await;
    let pending = inbox.pending(10_000, later).await.unwrap().len();
    assert_eq!(pending, before, "what is known needs no look-up");
    group.post(&site, &announce(&group, 2, &new)).await;
    site.step_until_idle().await;
    let due = async |seconds| {
        let at = now + Duration::from_secs(seconds);
        inbox.pending(10_000, at).await.unwrap().len()
    };
    assert_eq!(due(3600).await, before + 1);
    assert_eq!(site.app.take_seen(), [""; 0]);
    world.clock.advance(Duration::from_secs(60));
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["Create by https://d.test/users/dan"]);
}
