use std::time::Duration;

use axum::Router;
use federate_protocol::activitystreams::{Create, Follow};
use federate_server::{Actors, Federation, Profile};
use federate_store::Memory;

use crate::{Host, Weather, World};

async fn instance(world: &World, base: &str, who: &str) -> Host<Actors<Memory>> {
    let actors = Actors::new([Profile::person(who)]);
    let builder = Federation::builder(base, Memory::new(), actors).manage_followers();
    world
        .host(base, builder, |federation| {
            Router::new().layer(federation.layer())
        })
        .await
}

/// Two instances of ours, no socket: a follow, an accept, a post.
#[tokio::test]
async fn a_post_crosses_between_two_instances() {
    let world = World::new(1);
    let a = instance(&world, "https://a.test", "alice").await;
    let b = instance(&world, "https://b.test", "bob").await;
    let bob = b.federation.lookup("@alice@a.test").await.unwrap();
    assert_eq!(bob.id.as_str(), "https://a.test/users/alice");
    b.federation
        .send("bob", Follow::new(&bob.id))
        .to(bob.id.clone())
        .await
        .unwrap();
    world.settle().await;
    a.federation
        .send("alice", Create::new(a.federation.note("alice").text("hello")))
        .await
        .unwrap();
    world.settle().await;
    let posts: Vec<String> = world
        .wire()
        .log()
        .into_iter()
        .filter(|l| l.starts_with("POST"))
        .collect();
    assert_eq!(
        posts,
        [
            "POST https://a.test/inbox",
            "POST https://b.test/inbox",
            "POST https://b.test/inbox"
        ]
    );
}

/// P7: what cannot be delivered today is delivered when its host is back, and nobody else waits for it.
#[tokio::test]
async fn p4_p7_a_dead_host_gets_its_post_when_it_is_back() {
    let world = World::new(2);
    let a = instance(&world, "https://a.test", "alice").await;
    let (bob, carol) = (world.peer("bob@alive.test"), world.peer("carol@dead.test"));
    for peer in [&bob, &carol] {
        peer.follow(&a.url("/users/alice")).await.accepted();
    }
    world.settle().await;
    world.weather(
        "dead.test",
        Weather {
            down: true,
            ..Weather::default()
        },
    );
    a.federation
        .send("alice", Create::new(a.federation.note("alice").text("hello")))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(
        (bob.received(), carol.received()),
        (vec!["Accept".into(), "Create".into()], vec!["Accept".into()])
    );
    world.advance(Duration::from_secs(3600));
    world.settle().await;
    world.weather("dead.test", Weather::default());
    for _ in 0..48 {
        world.advance(Duration::from_secs(3600));
        world.settle().await;
    }
    assert_eq!(carol.received(), ["Accept", "Create"]);
    assert_eq!(bob.received(), ["Accept", "Create"]);
}

/// P2: an answer that is lost means a second delivery, which the receiver handles once.
#[tokio::test]
async fn p2_a_lost_answer_is_a_repetition_and_not_a_second_post() {
    let world = World::new(3);
    let a = instance(&world, "https://a.test", "alice").await;
    let bob = world.peer("bob@b.test");
    world.weather(
        "a.test",
        Weather {
            answer_lost: 1000,
            ..Weather::default()
        },
    );
    let follow = serde_json::json!({
        "type": "Follow", "id": format!("{}/follows/1", bob.id()), "object": a.url("/users/alice"),
    });
    for _ in 0..3 {
        bob.post(&a.url("/inbox"), follow.clone()).await.answered(0);
    }
    world.weather("a.test", Weather::default());
    world.settle().await;
    assert_eq!(bob.received(), ["Accept"]);
}

/// The same seed is the same world.
#[tokio::test]
async fn a_seed_decides_everything() {
    async fn story(seed: u64) -> Vec<String> {
        let world = World::new(seed);
        let a = instance(&world, "https://a.test", "alice").await;
        let bob = world.peer("bob@b.test");
        bob.follow(&a.url("/users/alice")).await.accepted();
        world.weather(
            "b.test",
            Weather {
                request_lost: 500,
                ..Weather::default()
            },
        );
        for n in 0..5 {
            let note = a.federation.note("alice").text(format!("post {n}"));
            a.federation.send("alice", Create::new(note)).await.unwrap();
            world.settle().await;
            world.advance(Duration::from_secs(600));
        }
        world.wire().log()
    }
    let stories = (story(4).await, story(4).await, story(5).await);
    assert_eq!(stories.0, stories.1);
    assert_ne!(stories.0, stories.2);
}

/// Flip a byte and it must fail: the body, the signature, the digest.
#[tokio::test]
async fn s11_a_flipped_byte_is_refused() {
    let world = World::new(6);
    let a = instance(&world, "https://a.test", "alice").await;
    let bob = world.peer("bob@b.test");
    let body = serde_json::json!({
        "@context": "https://www.w3.org/ns/activitystreams", "type": "Follow", "id": format!("{}/f", bob.id()),
        "actor": bob.id(), "object": a.url("/users/alice"),
    });
    let body = body.to_string().into_bytes();
    for place in 0..body.len() {
        let mut request = bob.signed(&a.url("/inbox"), body.clone().into());
        let mut flipped = body.clone();
        flipped[place] ^= 1;
        *request.body_mut() = flipped.into();
        assert_eq!(bob.send(request).await.0, 401, "byte {place}");
    }
    world.settle().await;
    assert_eq!(bob.received(), [""; 0]);
    let request = bob.signed(&a.url("/inbox"), body.into());
    assert_eq!(bob.send(request).await.0, 202);
}

/// P9: a queue full of deliveries goes out with the key of the moment, to peers that have kept the old one.
#[tokio::test]
async fn p9_keys_that_are_rotated_lose_no_delivery_under_way() {
    let world = World::new(9);
    let a = instance(&world, "https://a.test", "alice").await;
    let peers: Vec<_> = (0..10)
        .map(|n| world.peer(&format!("bob@peer-{n}.test")))
        .collect();
    for peer in &peers {
        peer.remember_keys();
        peer.follow(&a.url("/users/alice")).await.accepted();
    }
    world.settle().await;
    let down = |down| {
        for n in 0..peers.len() {
            let weather = Weather {
                down,
                ..Weather::default()
            };
            world.weather(&format!("peer-{n}.test"), weather);
        }
    };
    down(true);
    for n in 0..20 {
        let note = a.federation.note("alice").text(format!("number {n}"));
        a.federation.send("alice", Create::new(note)).await.unwrap();
    }
    world.settle().await;
    let before = world.get(&a.url("/users/alice")).await;
    a.federation.rotate_keys("alice").await.unwrap();
    let after = world.get(&a.url("/users/alice")).await;
    assert_ne!(
        before["publicKey"]["publicKeyPem"],
        after["publicKey"]["publicKeyPem"]
    );
    down(false);
    for _ in 0..24 {
        world.advance(Duration::from_secs(3600));
        world.settle().await;
    }
    for peer in &peers {
        let mut received = peer.received();
        received.sort();
        let mut expected = vec!["Accept".to_owned()];
        expected.extend(std::iter::repeat_n("Create".to_owned(), 20));
        expected.push("Update".to_owned());
        assert_eq!(received, expected, "{peer:?}: {:?}", peer.refused());
        let update = peer
            .inbox()
            .into_iter()
            .find(|activity| activity["type"] == "Update");
        assert_eq!(update.unwrap()["object"]["publicKey"], after["publicKey"]);
    }
    assert_eq!(a.federation.admin().counts().await.unwrap().dead, 0);
}
