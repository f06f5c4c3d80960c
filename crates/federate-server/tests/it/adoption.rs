//! An application that is older than its federation: its URLs, its keys, its people and their posts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use federate_protocol::activitystreams::{Create, Follow, Note, Object};
use federate_protocol::signatures::{KeyId, PrivateKey, ProofPolicy, PublicKey, parse_proof};
use federate_protocol::{Actor, Limits};
use federate_server::{
    AdoptedKey, Ask, BuildError, Collection, Cursor, Directory, Engine, Failure, Federation, Found, Item,
    ObjectRef, Page, Profile, async_trait,
};
use federate_sqlite::Sqlite;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::keys::InTurn;
use crate::world::{World, body, iri, status};

const PKCS8: &str = include_str!("../../../federate-signatures/tests/keys/rsa2048.pkcs8.pem");
const PKCS1: &str = include_str!("../../../federate-signatures/tests/keys/rsa2048.pkcs1.pem");

/// A forum: people have opted in, or not; posts are years old.
struct Forum(SqlitePool);

#[async_trait]
impl Directory for Forum {
    type Store = Sqlite;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        let federates: Option<bool> = sqlx::query_scalar("SELECT federates FROM users WHERE name = ?1")
            .bind(name)
            .fetch_optional(&self.0)
            .await?;
        Ok(federates.filter(|yes| *yes).map(|_| Profile::person(name)).into())
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        let Some(id) = at.id::<i64>().filter(|_| at.kind() == "post") else {
            return Ok(Found::Missing);
        };
        let row: Option<(String, String, String)> = sqlx::query_as(
            "SELECT author, text, at FROM posts JOIN users ON name = author AND federates WHERE id = ?1",
        )
        .bind(id)
        .fetch_optional(&self.0)
        .await?;
        Ok(row
            .map(|(author, text, at)| post(ask, id, &author, &text, &at))
            .into())
    }

    async fn collection(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        let Collection::Outbox(author) = of else {
            return Ok(Found::Missing);
        };
        let before: i64 = from.or(i64::MAX)?;
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT id, text, at FROM posts WHERE author = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        )
        .bind(author)
        .bind(before)
        .bind(ask.limit())
        .fetch_all(&self.0)
        .await?;
        Ok(Found::Here(Page::of(
            ask,
            rows,
            |(id, ..)| *id,
            |(id, text, at)| Item::object(Create::new(post(ask, id, author, &text, &at))),
        )))
    }

    async fn adopted_key(&self, name: &str) -> Result<Option<AdoptedKey>, Failure> {
        Ok(match name {
            "user-1" => Some(AdoptedKey::pem(PKCS8)),
            "user-2" => Some(AdoptedKey::pem(PKCS1).id(iri("https://forum.test/keys/2"))),
            _ => None,
        })
    }
}

fn post(ask: &Ask<'_>, id: i64, author: &str, text: &str, at: &str) -> Object {
    let note = Note::builder(ask.uris().object("post", id))
        .by(&ask.uris().actor(author))
        .public()
        .cc(&ask.uris().followers(author))
        .text(text)
        .published(at);
    note.into()
}

/// The forum's database, as it was: ten thousand users of whom every hundredth has opted in, and two posts of each. Its pool
/// has one connection.
async fn database(directory: &tempfile::TempDir) -> SqlitePool {
    let file = directory.path().join("forum.db");
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(20))
        .connect_with(SqliteConnectOptions::new().filename(file).create_if_missing(true))
        .await
        .unwrap();
    let mut tx = pool.begin().await.unwrap();
    for sql in [
        "CREATE TABLE users (name TEXT PRIMARY KEY, federates BOOLEAN NOT NULL)",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, author TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL)",
        "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 9999)
         INSERT INTO users SELECT 'user-' || n, n % 100 < 3 FROM n",
        "INSERT INTO posts (author, text, at) SELECT name, 'old', '2011-05-01T10:00:00Z' FROM users ORDER BY rowid",
        "INSERT INTO posts (author, text, at) SELECT name, 'less old', '2019-05-01T10:00:00Z' FROM users ORDER BY rowid",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    pool
}

async fn start(world: &World, pool: &SqlitePool, keys: &Arc<InTurn>) -> (Federation<Forum>, Engine) {
    let store = Sqlite::in_database(pool.clone()).await.unwrap();
    let built = Federation::builder("https://forum.test", store, Forum(pool.clone()))
        .client(world.net.clone())
        .clock(world.clock.clone())
        .keygen(keys.clone())
        .manage_followers()
        .paths(|p| {
            p.actor("/members/{name}")
                .object("post", "/p/{id}")
                .key("/main-key")
                .inbox("/ap/in/{name}")
                .outbox("/ap/out/{name}")
                .followers("/ap/fans/{name}")
        })
        .build()
        .await
        .unwrap();
    let answering = built.0.clone();
    world.net.connect(
        "forum.test",
        Arc::new(move |request| {
            let federation = answering.clone();
            Box::pin(async move {
                Ok(federation
                    .handle(request)
                    .await
                    .unwrap_or_else(|| status(StatusCode::NOT_FOUND)))
            })
        }),
    );
    built
}

async fn get(federation: &Federation<Forum>, path: &str) -> Option<Response<Bytes>> {
    let request = Request::get(path).header("accept", "application/activity+json");
    let request = request.header("host", "forum.test").body(Bytes::new()).unwrap();
    federation.handle(request).await
}

async fn document(federation: &Federation<Forum>, path: &str) -> Value {
    let response = get(federation, path).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    body(&response)
}

#[tokio::test]
async fn ten_thousand_users_and_their_old_posts_are_reached_where_they_opted_in() {
    let (world, directory) = (World::default(), tempfile::tempdir().unwrap());
    let pool = database(&directory).await;
    let keys = Arc::new(InTurn::default());
    let (federation, _engine) = start(&world, &pool, &keys).await;
    let stored = || sqlx::query_scalar::<_, i64>("SELECT count(*) FROM federate_keys").fetch_one(&pool);
    assert_eq!(
        stored().await.unwrap(),
        2,
        "the instance's key, and what seals envelopes"
    );

    // Who has not opted in is not here: not as a handle, an actor, an inbox or an outbox, and neither are their posts.
    for path in [
        "/members/user-9999",
        "/ap/out/user-9999",
        "/p/10000",
        "/p/10000/activity",
        "/members/user-9999/main-key",
    ] {
        assert!(get(&federation, path).await.is_none(), "{path}");
    }
    let handle = |name: &str| format!("/.well-known/webfinger?resource=acct:{name}@forum.test");
    assert_eq!(
        get(&federation, &handle("user-9999")).await.unwrap().status(),
        404
    );
    let bob = world.peer("peer.test", "bob", 1);
    let follow = |name: &str| {
        let actor = federation.uris().actor(name);
        bob.activity(
            1,
            serde_json::json!({ "type": "Follow", "object": actor.as_str() }),
        )
    };
    let inbox = federation.uris().inbox("user-9999");
    let request = bob.request(inbox.as_str(), follow("user-9999").to_string());
    assert_eq!(federation.handle(request).await.unwrap().status(), 404);

    // Who has is found, with posts from before.
    assert_eq!(
        get(&federation, &handle("user-9902")).await.unwrap().status(),
        200
    );
    let actor = document(&federation, "/members/user-9902").await;
    assert_eq!(actor["inbox"], "https://forum.test/ap/in/user-9902");
    assert_eq!(actor["followers"], "https://forum.test/ap/fans/user-9902");
    assert_eq!(
        actor["following"],
        "https://forum.test/members/user-9902/following"
    );
    let outbox = document(&federation, "/ap/out/user-9902").await;
    let first = outbox["first"]
        .as_str()
        .unwrap()
        .strip_prefix("https://forum.test")
        .unwrap();
    let items = document(&federation, first).await["orderedItems"].clone();
    assert_eq!(
        (
            items[0]["object"]["content"].as_str(),
            items.as_array().unwrap().len()
        ),
        (Some("<p>less old</p>"), 2)
    );
    let post = document(&federation, "/p/9903").await;
    assert_eq!(
        (post["published"].as_str(), post["attributedTo"] == actor["id"]),
        (Some("2011-05-01T10:00:00Z"), true)
    );
    let create = document(&federation, "/p/9903/activity").await;
    assert_eq!(create["id"], "https://forum.test/p/9903/activity");
    assert_eq!(
        (create["type"].as_str(), create["actor"] == actor["id"]),
        (Some("Create"), true)
    );
    assert_eq!(stored().await.unwrap(), 4, "only who was asked for has keys");
    assert_eq!(keys.rsa.load(std::sync::atomic::Ordering::Relaxed), 2);
    // The usual places of what lies elsewhere are nothing.
    assert!(get(&federation, "/members/user-9902/outbox").await.is_none());
}

#[tokio::test]
async fn keys_and_their_ids_from_before_are_used_and_no_others_made() {
    let (world, directory) = (World::default(), tempfile::tempdir().unwrap());
    let pool = database(&directory).await;
    let keys = Arc::new(InTurn::default());
    let (federation, engine) = start(&world, &pool, &keys).await;
    let instances = keys.rsa.load(std::sync::atomic::Ordering::Relaxed);
    let pem = |text: &str| {
        PrivateKey::from_pem("k".into(), text)
            .unwrap()
            .public_key()
            .to_pem()
    };
    for (name, id, text) in [
        ("user-1", "https://forum.test/members/user-1/main-key", PKCS8),
        ("user-2", "https://forum.test/keys/2", PKCS1),
    ] {
        let actor = document(&federation, &format!("/members/{name}")).await;
        assert_eq!(actor["publicKey"]["id"], id);
        assert_eq!(actor["publicKey"]["publicKeyPem"], pem(text));
        let key = federation.key_document(name).await.unwrap();
        assert_eq!(
            (&key["id"], &key["owner"]),
            (&actor["publicKey"]["id"], &actor["id"])
        );
    }
    assert_eq!(keys.rsa.load(std::sync::atomic::Ordering::Relaxed), instances);
    // A key that is a document of its own leads another instance to its actor.
    let other = world.instance("a-peer.test").await;
    let member = federation.uris().actor("user-1");
    other
        .federation
        .send("alice", Follow::new(&member))
        .await
        .unwrap();
    other.step_until_idle().await;
    while !engine.step().await.is_idle() {}
    other.step_until_idle().await;
    assert_eq!(other.app.take_seen(), [format!("Accept by {member}")]);
    let key = document(&federation, "/members/user-1/main-key").await;
    assert_eq!(key["publicKeyPem"], pem(PKCS8));
    // Once rotated, the one from before does not come back.
    federation.rotate_keys("user-2").await.unwrap();
    let (again, _engine) = start(&world, &pool, &keys).await;
    let actor = document(&again, "/members/user-2").await;
    assert_eq!(actor["publicKey"]["id"], "https://forum.test/keys/2");
    assert_ne!(actor["publicKey"]["publicKeyPem"], pem(PKCS1));
    let found = Actor::new(
        other.federation.object(&member).await.unwrap(),
        &Limits::default(),
    )
    .unwrap();
    assert!(
        found
            .key(&KeyId::from("https://forum.test/members/user-1/main-key"))
            .is_some()
    );
}

/// The application's only connection is in its transaction: nothing of ours may wait for another.
#[tokio::test]
async fn a_proven_activity_is_recorded_while_the_only_connection_is_in_a_transaction() {
    let (world, directory) = (World::default(), tempfile::tempdir().unwrap());
    let pool = database(&directory).await;
    let (federation, engine) = start(&world, &pool, &Arc::new(InTurn::default())).await;
    let bob = world.peer("peer.test", "bob", 1);
    let uris = federation.uris();
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let note = Note::builder(uris.object("post", 4))
        .by(&uris.actor("user-100"))
        .public()
        .cc(&bob.id);
    let draft = federation
        .send("user-100", Create::new(note.text("new")))
        .with_proof();
    let enqueued = tokio::time::timeout(Duration::from_secs(10), draft.enqueue_in(&mut tx)).await;
    enqueued.unwrap().unwrap();
    tx.commit().await.unwrap();
    while !engine.step().await.is_idle() {}
    let received = bob.received.lock().unwrap().first().cloned().unwrap();
    let proof = parse_proof(received.to_string().as_bytes()).unwrap();
    let actor = document(&federation, "/members/user-100").await;
    let key = PublicKey::from_multikey(
        actor["assertionMethod"][0]["publicKeyMultibase"]
            .as_str()
            .unwrap(),
    );
    proof
        .verify(&key.unwrap(), &ProofPolicy::default(), federation.now())
        .unwrap();
}

#[tokio::test]
async fn templates_of_parts_are_checked() {
    let world = World::default();
    let (store, app) = (federate_store::Memory::new(), Arc::default());
    for key in [
        "", "main-key", "#", "/", "/a/b", "#a#b", "/{name}", "/inbox", "#a b",
    ] {
        let bad = world
            .builder("site.test", &store, &app)
            .paths(|p| p.key(key))
            .build()
            .await;
        assert!(matches!(bad.unwrap_err(), BuildError::Template(_)), "{key}");
    }
    for template in ["/inbox", "in/{name}", "/{a}/{b}"] {
        let bad = world
            .builder("site.test", &store, &app)
            .paths(|p| p.inbox(template))
            .build()
            .await;
        assert!(matches!(bad.unwrap_err(), BuildError::Template(_)), "{template}");
    }
    let twice = world
        .builder("site.test", &store, &app)
        .paths(|p| p.inbox("/x/{name}").outbox("/x/{who}"));
    assert!(matches!(
        twice.build().await.unwrap_err(),
        BuildError::TemplateTwice(_)
    ));
    let good = world
        .builder("site.test", &store, &app)
        .paths(|p| p.key("#key").inbox("/x/{name}"));
    let (federation, _engine) = good.build().await.unwrap();
    assert_eq!(federation.uris().key_id("a"), "https://site.test/users/a#key");
}
