//! What clients post to outboxes.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use federate_protocol::activitystreams::Object;
use federate_server::{Ask, Directory, Engine, Failure, Federation, Found, ObjectRef, Profile, async_trait};
use federate_store::{Backend, Memory};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::world::{FixedKeys, World, body};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Keeps what its clients post; a token is the name of who has it.
#[derive(Clone, Default)]
struct Blog(Arc<Mutex<Vec<Object>>>);

#[async_trait]
impl Directory for Blog {
    type Store = Memory;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        Ok(["alice", "bob"]
            .contains(&name)
            .then(|| Profile::person(name))
            .into())
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        let id = ask.uris().object(at.kind(), at.as_str());
        let kept = self.0.lock().unwrap();
        let objects = kept.iter().filter_map(|create| create.object().object());
        Ok(objects
            .into_iter()
            .find(|object| object.id().as_ref() == Some(&id))
            .into())
    }

    async fn client(&self, head: &http::request::Parts) -> Result<Option<String>, Failure> {
        let token = head
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        Ok(token
            .and_then(|token| token.strip_prefix("Bearer "))
            .map(str::to_owned))
    }

    async fn submitted(&self, name: &str, activity: &Object) -> Result<(), Failure> {
        if activity.to_value().to_string().contains("forbidden word") {
            return Err(Failure::permanent("that word"));
        }
        assert_eq!(
            activity.actor().id().unwrap().as_str(),
            format!("https://blog.test/users/{name}")
        );
        self.0.lock().unwrap().push(activity.clone());
        Ok(())
    }
}

struct Site {
    blog: Blog,
    store: Memory,
    federation: Federation<Blog>,
    engine: Engine,
}

async fn site(world: &World, takes: bool) -> Site {
    let (blog, store) = (Blog::default(), Memory::new());
    let mut builder = Federation::builder("https://blog.test", store.clone(), blog.clone())
        .client(world.net.clone())
        .clock(world.clock.clone())
        .keygen(Arc::new(FixedKeys(0)))
        .manage_followers();
    if takes {
        builder = builder.client_to_server();
    }
    let (federation, engine) = builder.build().await.unwrap();
    let answering = federation.clone();
    world.net.connect(
        "blog.test",
        Arc::new(move |request| {
            let federation = answering.clone();
            Box::pin(async move { Ok(federation.handle(request).await.unwrap()) })
        }),
    );
    Site {
        blog,
        store,
        federation,
        engine,
    }
}

impl Site {
    fn request(&self, to: &str, token: Option<&str>, posted: &Value) -> Request<Bytes> {
        let mut request = Request::post(format!("/users/{to}/outbox"))
            .header("host", "blog.test")
            .header("content-type", "application/activity+json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.body(posted.to_string().into()).unwrap()
    }

    async fn post(&self, posted: &Value) -> Response<Bytes> {
        self.federation
            .handle(self.request("alice", Some("alice"), posted))
            .await
            .unwrap()
    }

    /// What was sent, by the `Location` of the answer.
    async fn sent(&self, posted: &Value) -> Value {
        let response = self.post(posted).await;
        assert_eq!(
            response.status(),
            StatusCode::CREATED,
            "{posted}: {}",
            body(&response)
        );
        let id = response.headers()["location"].to_str().unwrap().parse().unwrap();
        let stored = self.store.stores().outbox.body(&id).await.unwrap().unwrap();
        serde_json::from_slice(&stored).unwrap()
    }
}

fn note() -> Value {
    json!({ "@context": "https://www.w3.org/ns/activitystreams", "type": "Note", "content": "<p>hi</p>", "to": PUBLIC,
        "cc": "https://blog.test/users/alice/followers" })
}

#[tokio::test]
async fn a_bare_object_becomes_a_create_with_ids_of_ours() {
    let world = World::default();
    let site = site(&world, true).await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut posted = note();
    posted["id"] = json!("https://blog.test/objects/note/taken");
    posted["bcc"] = json!([bob.id.as_str()]);
    posted["proof"] = json!({ "type": "DataIntegrityProof" });
    let create = site.sent(&posted).await;
    let object = &create["object"];
    assert_eq!(
        (create["type"].as_str(), object["type"].as_str()),
        (Some("Create"), Some("Note"))
    );
    assert_eq!(object["attributedTo"], create["actor"]);
    let id = object["id"].as_str().unwrap();
    assert!(
        id.starts_with("https://blog.test/objects/note/") && !id.ends_with("taken"),
        "{id}"
    );
    assert_eq!(create["id"], format!("{id}/activity"));
    assert_eq!((&create["to"], &create["cc"]), (&object["to"], &object["cc"]));
    assert!(
        !create.to_string().contains("bcc") && object.get("proof").is_none(),
        "{create}"
    );
    // The application has it, and so does who was only in the blind copy.
    assert_eq!(
        site.blog.0.lock().unwrap()[0].id().unwrap().as_str(),
        create["id"]
    );
    while !site.engine.step().await.is_idle() {}
    assert_eq!(bob.received_types(), ["Create"]);
}

#[tokio::test]
async fn who_posts_is_who_it_says_or_nobody() {
    let world = World::default();
    let site = site(&world, true).await;
    let status = async |to: &str, token| {
        let request = site.request(to, token, &note());
        site.federation.handle(request).await.unwrap().status()
    };
    assert_eq!(status("alice", None).await, 401);
    assert_eq!(status("alice", Some("bob")).await, 403);
    assert_eq!(status("nobody", Some("nobody")).await, 404);
    assert_eq!(status("alice", Some("alice")).await, 201);
    let mut form = site.request("alice", Some("alice"), &note());
    for media_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json",
    ] {
        form.headers_mut()
            .insert("content-type", media_type.parse().unwrap());
        assert_eq!(
            site.federation.handle(form.clone()).await.unwrap().status(),
            415,
            "{media_type}"
        );
    }
    form.headers_mut().remove("content-type");
    assert_eq!(site.federation.handle(form).await.unwrap().status(), 415);
    assert_eq!(site.blog.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn it_is_off_unless_it_is_switched_on() {
    let site = site(&World::default(), false).await;
    let request = site.request("alice", Some("alice"), &note());
    assert!(
        site.federation.handle(request).await.is_none(),
        "it is the application's"
    );
}

#[tokio::test]
async fn what_is_somebody_elses_is_refused_and_changes_nothing() {
    let world = World::default();
    let site = site(&world, true).await;
    let (alice, bob) = ("https://blog.test/users/alice", "https://blog.test/users/bob");
    let mut bobs = note();
    bobs["cc"] = json!("https://blog.test/users/bob/followers");
    let bobs = site.request("bob", Some("bob"), &bobs);
    assert_eq!(site.federation.handle(bobs).await.unwrap().status(), 201);
    let of_bob = site.blog.0.lock().unwrap()[0].clone();
    let (post, create) = (
        of_bob.object().id().unwrap().to_string(),
        of_bob.id().unwrap().to_string(),
    );
    let mut by_bob = note();
    by_bob["attributedTo"] = json!(bob);
    let mut to_bobs = note();
    to_bobs["bto"] = json!("https://blog.test/users/bob/followers");
    let follow = json!({ "type": "Follow", "id": "https://peer.test/1", "actor": "https://peer.test/users/x", "object": bob });
    for (posted, status) in [
        (
            json!({ "type": "Like", "actor": bob, "object": post, "to": PUBLIC }),
            403,
        ),
        (by_bob.clone(), 403),
        (json!({ "type": "Create", "object": by_bob }), 403),
        (to_bobs, 403),
        (
            json!({ "type": "Update", "object": { "id": post, "type": "Note", "content": "mine" } }),
            403,
        ),
        (
            json!({ "type": "Update", "object": { "id": bob, "type": "Person" } }),
            403,
        ),
        (
            json!({ "type": "Update", "object": { "id": "https://peer.test/1", "type": "Note" } }),
            403,
        ),
        (json!({ "type": "Update", "object": post }), 400),
        (json!({ "type": "Delete", "object": post }), 403),
        (json!({ "type": "Delete", "object": "https://peer.test/1" }), 403),
        (json!({ "type": "Delete", "object": alice }), 403),
        (json!({ "type": "Undo", "object": create }), 403),
        (json!({ "type": "Undo", "object": "https://peer.test/1" }), 403),
        (json!({ "type": "Accept", "object": follow }), 403),
        (json!({ "type": "Accept", "object": "https://peer.test/1" }), 403),
        (
            json!({ "type": "Add", "object": post, "target": "https://blog.test/users/bob/featured" }),
            403,
        ),
        (json!({ "type": "Create", "object": "https://peer.test/1" }), 400),
        (
            json!({ "type": "Create", "object": { "type": "Person", "name": "x" } }),
            400,
        ),
        (
            json!({ "type": "Create", "object": { "type": "Follow", "object": bob } }),
            400,
        ),
        (json!({ "type": "Person", "name": "x" }), 400),
        (
            json!({ "type": "Move", "object": alice, "target": "https://peer.test/users/x" }),
            400,
        ),
        (json!({ "type": ["Note", "Follow"], "content": "x" }), 400),
        (json!({ "type": "Like" }), 400),
        (json!({ "content": "x" }), 400),
        (json!([note()]), 400),
        (json!({ "type": "Note", "content": "a forbidden word" }), 400),
    ] {
        let answer = site.post(&posted).await;
        assert_eq!(answer.status(), status, "{posted}: {}", body(&answer));
    }
    assert_eq!(site.blog.0.lock().unwrap().len(), 1);
    let recorded = site.store.stores().outbox.unexpanded(100).await.unwrap();
    assert_eq!(recorded.len(), 1, "{recorded:?}");
}

/// Under whichever name: what is taken out or checked is so by what it means.
#[tokio::test]
async fn no_other_spelling_says_what_is_ours_to_say() {
    const AS: &str = "https://www.w3.org/ns/activitystreams";
    let world = World::default();
    let site = site(&world, true).await;
    let mut bobs = note();
    bobs["cc"] = json!("https://blog.test/users/bob/followers");
    let bobs = site.request("bob", Some("bob"), &bobs);
    assert_eq!(site.federation.handle(bobs).await.unwrap().status(), 201);
    let post = site.blog.0.lock().unwrap()[0].object().id().unwrap().to_string();
    let (bob, chosen) = ("https://blog.test/users/bob", format!("{post}#delete"));
    let context = |name: &str, meaning: &str| json!([AS, { name: meaning }]);
    let mut spelled = vec![("@id".to_owned(), json!(AS), json!(chosen))];
    for keyword in ["@id", "id"] {
        spelled.push(("x".to_owned(), context("x", keyword), json!(chosen)));
    }
    for name in [
        "actor",
        "attributedTo",
        "bto",
        "bcc",
        "replies",
        "likes",
        "shares",
    ] {
        spelled.push((format!("{AS}#{name}"), json!(AS), json!(bob)));
        spelled.push((format!("as:{name}"), json!(AS), json!(bob)));
        spelled.push(("x".to_owned(), context("x", &format!("as:{name}")), json!(bob)));
    }
    for (name, context, value) in spelled {
        let mut object = note();
        object["@context"] = context.clone();
        object[&name] = value.clone();
        let mut like = json!({ "@context": context, "type": "Like", "object": post, "to": PUBLIC });
        like[&name] = value;
        let create = json!({ "@context": context, "type": "Create", "object": object });
        for posted in [object, like, create] {
            let answer = site.post(&posted).await;
            assert_eq!(answer.status(), 400, "{posted}: {}", body(&answer));
        }
    }
    assert_eq!(site.blog.0.lock().unwrap().len(), 1);
    assert_eq!(site.store.stores().outbox.unexpanded(100).await.unwrap().len(), 1);
    // An extension with a name of its own is none of it.
    let mut sensitive = note();
    sensitive["@context"] = context("blurhash", "http://joinmastodon.org/ns#blurhash");
    sensitive["blurhash"] = json!("x");
    assert_eq!(site.sent(&sensitive).await["object"]["blurhash"], "x");
}

/// Keys above all: who finds one at a URL of ours believes what it signs.
#[tokio::test]
async fn s1_no_client_says_what_only_a_server_says() {
    let world = World::default();
    let site = site(&world, true).await;
    let (mine, theirs) = ("https://blog.test/users/alice", "https://evil.test/x");
    let key = json!({ "id": theirs, "owner": mine, "publicKeyPem": "-----BEGIN PUBLIC KEY-----", "publicKeyMultibase": "z6Mk" });
    let said = [
        "publicKey",
        "assertionMethod",
        "authentication",
        "proof",
        "signature",
        "endpoints",
        "inbox",
        "outbox",
        "sharedInbox",
        "followers",
        "following",
        "liked",
        "featured",
        "movedTo",
        "alsoKnownAs",
        "preferredUsername",
        "likes",
        "shares",
        "replies",
        "votersCount",
        "owner",
        "controller",
        "publicKeyPem",
        "publicKeyMultibase",
    ];
    let saying = |mut object: Value| {
        for name in said {
            object[name] = key.clone();
        }
        object
    };
    let deep = |object: Value| {
        let mut object = saying(object);
        object["attachment"] = json!([saying(json!({ "type": "Document", "url": theirs }))]);
        object["tag"] = json!([[saying(json!({ "type": "Hashtag", "name": "#x" }))]]);
        object
    };
    let is_clean = |sent: &Value| {
        let text = sent.to_string();
        assert!(text.contains("attachment") && text.contains("#x"), "{text}");
        for name in said {
            assert!(!text.contains(&format!("\"{name}\":")), "{name}: {text}");
        }
    };
    let create = site.sent(&deep(note())).await;
    is_clean(&create);
    let explicit = saying(json!({ "type": "Create", "object": deep(note()), "to": PUBLIC }));
    is_clean(&site.sent(&explicit).await);
    let mut changed = deep(note());
    changed["id"] = create["object"]["id"].clone();
    let update = json!({ "type": "Update", "object": changed, "to": PUBLIC });
    is_clean(&site.sent(&update).await);
    // Nor is a post a key, from the first or from later on.
    for kind in [
        json!("Key"),
        json!("CryptographicKey"),
        json!("Multikey"),
        json!(["Note", "Key"]),
        json!("https://w3id.org/security#Key"),
        json!("sec:Multikey"),
    ] {
        let mut posted = note();
        posted["type"] = kind.clone();
        let create = json!({ "type": "Create", "object": posted, "to": PUBLIC });
        let mut changed = posted.clone();
        changed["id"] = update["object"]["id"].clone();
        let update = json!({ "type": "Update", "object": changed, "to": PUBLIC });
        for posted in [posted, create, update] {
            assert_eq!(site.post(&posted).await.status(), 400, "{posted}");
        }
    }
    assert_eq!(site.blog.0.lock().unwrap().len(), 3);
}

/// With it would come the keys and inboxes that the client likes.
#[tokio::test]
async fn no_client_writes_an_actor() {
    let world = World::default();
    let site = site(&world, true).await;
    let own = site.sent(&note()).await["object"]["id"].clone();
    let alice = json!("https://blog.test/users/alice");
    for (id, kind) in [
        (&alice, "Person"),
        (&alice, "Note"),
        (&own, "Person"),
        (&own, "Service"),
    ] {
        let object = json!({ "id": id, "type": kind, "inbox": "https://evil.test/inbox" });
        let update = json!({ "type": "Update", "object": object, "to": PUBLIC });
        let answer = site.post(&update).await;
        assert_eq!(answer.status(), 403, "{update}: {}", body(&answer));
    }
    assert_eq!(site.blog.0.lock().unwrap().len(), 1);
}

/// What is for blind copies only is no more public for their being taken out.
#[tokio::test]
async fn what_is_only_for_blind_copies_is_shown_to_nobody_else() {
    let world = World::default();
    let site = site(&world, true).await;
    let bob = world.peer("peer.test", "bob", 1);
    let get = async |id: &str| {
        let path = id.strip_prefix("https://blog.test").unwrap();
        let request = Request::get(path)
            .header("host", "blog.test")
            .header("accept", "application/activity+json");
        let response = site.federation.handle(request.body(Bytes::new()).unwrap()).await;
        response.map_or(StatusCode::NOT_FOUND, |response| response.status())
    };
    for blind in ["bto", "bcc"] {
        let posted = json!({ "type": "Note", "content": "psst", blind: bob.id.as_str() });
        let create = site.sent(&posted).await;
        assert_eq!(create["object"]["to"][0], "https://blog.test/users/alice");
        let id = create["object"]["id"].as_str().unwrap();
        assert_eq!(get(id).await, 404);
        // Nor where the application keeps nothing.
        site.blog.0.lock().unwrap().clear();
        assert_eq!(get(id).await, 404);
    }
    while !site.engine.step().await.is_idle() {}
    assert_eq!(bob.received_types(), ["Create", "Create"]);
    // The same for what the application itself sends, and keeps nowhere.
    let uris = site.federation.uris();
    for (name, field, status) in [("a", "bto", 404), ("b", "to", 404), ("c", "public", 200)] {
        let id = uris.object("note", name);
        let note = json!({ "type": "Note", "id": id.as_str(), "content": "psst", "attributedTo": uris.actor("alice").as_str() });
        let mut create = json!({ "type": "Create", "actor": uris.actor("alice").as_str(), "object": note });
        match field {
            "public" => create["to"] = json!(PUBLIC),
            field => create[field] = json!(bob.id.as_str()),
        }
        let create = Object::from_value(create).unwrap();
        site.federation.send("alice", create).await.unwrap();
        assert_eq!(get(id.as_str()).await, status, "{field}");
    }
}

#[tokio::test]
async fn what_is_ones_own_is_changed_and_taken_back_for_those_who_have_it() {
    let world = World::default();
    let site = site(&world, true).await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut posted = note();
    posted["cc"] = json!([bob.id.as_str()]);
    let create = site.sent(&posted).await;
    let mut changed = create["object"].clone();
    changed["content"] = json!("<p>ho</p>");
    site.sent(&json!({ "type": "Update", "object": changed, "to": create["to"], "cc": create["cc"] }))
        .await;
    let like = site
        .sent(&json!({ "type": "Like", "to": bob.id.as_str(),
            "object": { "id": "https://peer.test/1", "type": "Note", "content": "put in their mouth" } }))
        .await;
    assert_eq!(like["object"], "https://peer.test/1");
    while !site.engine.step().await.is_idle() {}
    let undo = site.sent(&json!({ "type": "Undo", "object": like["id"] })).await;
    assert_eq!(
        (&undo["object"]["id"], &undo["to"][0]),
        (&like["id"], &like["to"])
    );
    site.sent(&json!({ "type": "Delete", "object": create["object"]["id"] }))
        .await;
    while !site.engine.step().await.is_idle() {}
    let mut received = bob.received_types();
    received.sort();
    assert_eq!(received, ["Create", "Delete", "Like", "Undo", "Update"]);
}
