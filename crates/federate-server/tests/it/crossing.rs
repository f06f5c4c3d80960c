//! Two instances, no sockets: what one says, the other hears.

use federate_protocol::activitystreams::{Accept, Create, Follow, Like, Note, Undo};
use federate_server::{Authenticated, Cx, Outcome};
use serde_json::json;

use crate::world::{Instance, TestApp, World, spy};

async fn pair(world: &World) -> (Instance, Instance) {
    (
        world.instance("one.test").await,
        world.instance("other.test").await,
    )
}

#[tokio::test]
async fn a_follow_and_a_post_cross() {
    let world = World::default();
    let (one, other) = pair(&world).await;
    let found = other.federation.lookup("@alice@one.test").await.unwrap();
    assert_eq!(found.id.as_str(), "https://one.test/users/alice");
    assert_eq!(found.handle, "@alice@one.test");

    let follow = other
        .federation
        .send("alice", Follow::new(&found.id))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(one.app.take_seen(), ["Follow by https://other.test/users/alice"]);
    assert_eq!(other.app.take_seen(), ["Accept by https://one.test/users/alice"]);

    let note = one.federation.note("alice").text("hello").build();
    let id = note.id().unwrap();
    one.federation.send("alice", Create::new(note)).await.unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(other.app.take_seen(), ["Create by https://one.test/users/alice"]);

    one.federation.retract("alice", &id).await.unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(other.app.take_seen(), ["Delete by https://one.test/users/alice"]);

    other.federation.undo("alice", follow.activity).await.unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(one.app.take_seen(), ["Undo by https://other.test/users/alice"]);
    one.federation
        .send("alice", Create::new(one.federation.note("alice").text("alone")))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(other.app.take_seen(), Vec::<String>::new());
    let counts = one.federation.admin().counts().await.unwrap();
    assert_eq!((counts.pending, counts.dead), (0, 0));
}

#[tokio::test]
async fn a_mention_reaches_who_does_not_follow_and_so_does_its_deletion() {
    let world = World::default();
    let (one, other) = pair(&world).await;
    let them = other.federation.uris().actor("alice");
    let uris = one.federation.uris();
    let note = Note::builder(uris.object("dm", 1))
        .by(&uris.actor("alice"))
        .text("psst")
        .mention(&them)
        .to(&them);
    one.federation.send("alice", Create::new(note)).await.unwrap();
    one.federation
        .retract("alice", &uris.object("dm", 1))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(
        other.app.take_seen(),
        [
            "Create by https://one.test/users/alice",
            "Delete by https://one.test/users/alice"
        ]
    );
}

async fn accepted(cx: Cx<TestApp>, accept: Authenticated<Accept<Follow>>) -> Outcome {
    // What is read here is our own Follow, not what the peer says of it.
    let whom = accept.object().object_id().ok_or("no object")?;
    cx.app().0.saw(format!(
        "{whom} accepted {:?}",
        accept.object().actor().id().map(|id| id.to_string())
    ));
    Ok(())
}

#[tokio::test]
async fn an_accept_is_read_with_our_own_follow_in_it() {
    let world = World::default();
    let one = world.instance("one.test").await;
    let other = world.instance_with("other.test", |b| b.on(accepted)).await;
    other
        .federation
        .send("alice", Follow::new(one.federation.uris().actor("alice")))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(
        other.app.take_seen(),
        ["https://one.test/users/alice accepted Some(\"https://other.test/users/alice\")"]
    );
}

#[tokio::test]
async fn i14_an_accept_of_what_nobody_asked_for_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let accept = bob.activity(
        1,
        json!({ "type": "Accept", "object": {
        "id": "https://site.test/users/alice#follow/1", "type": "Follow",
        "actor": "https://site.test/users/alice", "object": bob.id.as_str() } }),
    );
    assert_eq!(bob.post(&site, &accept).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
    assert_eq!(site.federation.admin().dead_received(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_approves_by_hand_accepts_nobody_by_itself() {
    let world = World::default();
    let (one, other) = pair(&world).await;
    *one.app.locked.lock().unwrap() = true;
    other
        .federation
        .send("alice", Follow::new(one.federation.uris().actor("alice")))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(one.app.take_seen().len(), 1);
    assert_eq!(other.app.take_seen(), Vec::<String>::new());
    let follow = json!({ "id": "https://other.test/f/1", "type": "Follow",
        "actor": "https://other.test/users/alice", "object": "https://one.test/users/alice" });
    let follow = federate_protocol::activitystreams::Object::from_value(follow).unwrap();
    one.federation.approve("alice", &follow).await.unwrap();
    assert_eq!(one.federation.stores().followers.count("alice").await.unwrap(), 1);
}

#[tokio::test]
async fn a_host_suspended_today_is_not_delivered_to_and_not_heard() {
    let world = World::default();
    let (one, other) = pair(&world).await;
    other
        .federation
        .send("alice", Follow::new(one.federation.uris().actor("alice")))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    let mut blocks = federate_server::Blocks::new();
    blocks.suspend("other.test").unwrap();
    one.federation.set_blocks(blocks).await.unwrap();
    other.app.take_seen();
    one.app.take_seen();
    one.federation
        .send("alice", Create::new(one.federation.note("alice").text("hello")))
        .await
        .unwrap();
    let mention = other
        .federation
        .note("alice")
        .text("hello")
        .to(&one.federation.uris().actor("alice"));
    other
        .federation
        .send("alice", Create::new(mention))
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!((one.app.take_seen(), other.app.take_seen()), (vec![], vec![]));
    assert!(one.federation.lookup("@alice@other.test").await.is_err());
}

#[tokio::test]
async fn the_most_specific_handler_runs_alone() {
    let world = World::default();
    let one = world.instance("one.test").await;
    let other = world
        .instance_with("other.test", |b| {
            b.on::<federate_protocol::activitystreams::Activity>(spy)
                .on::<Undo<Like>>(|cx, undo| async move {
                    cx.app()
                        .0
                        .saw(format!("unlike of {}", undo.object().object_id().ok_or("none")?));
                    Ok(())
                })
                .on::<Create>(|cx, _create| async move {
                    cx.app().0.saw("a thing");
                    Ok(())
                })
                .on::<Create<Note>>(|cx, create| async move {
                    cx.app()
                        .0
                        .saw(format!("a note: {}", create.object().plain_text()));
                    Ok(())
                })
        })
        .await;
    let them = other.federation.uris().actor("alice");
    let uris = one.federation.uris();
    let note = Note::builder(uris.object("post", 1))
        .by(&uris.actor("alice"))
        .text("hi")
        .to(&them);
    one.federation.send("alice", Create::new(note)).await.unwrap();
    world.settle(&[&one, &other]).await;
    let post = other.federation.uris().object("post", 5);
    let like = one
        .federation
        .send("alice", Like::new(&post))
        .to(them.clone())
        .await
        .unwrap();
    one.federation
        .undo("alice", like.activity)
        .to(them.clone())
        .await
        .unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(
        other.app.take_seen(),
        [
            "a note: hi",
            "Like by https://one.test/users/alice",
            "unlike of https://other.test/posts/5"
        ]
    );
}

#[tokio::test]
async fn a_deleted_actor_follows_nobody_any_more() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    bob.post(&site, &follow).await;
    site.step_until_idle().await;
    assert_eq!(
        site.federation.stores().followers.count("alice").await.unwrap(),
        1
    );
    let delete = bob.activity(2, json!({ "type": "Delete", "object": bob.id.as_str() }));
    assert_eq!(bob.post(&site, &delete).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(
        site.federation.stores().followers.count("alice").await.unwrap(),
        0
    );
}
