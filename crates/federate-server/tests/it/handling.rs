//! Accepted means handled: after a crash, after a failure, after a panic; or told why not.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use federate_protocol::activitystreams::{Activity, Announce, Follow, Iri, Like, Note};
use federate_server::{Authenticated, Cx, Failure, Federation};
use federate_store::{Backend as _, ReceivedId, shard_of};
use serde_json::json;

use crate::world::{Peer, TestApp, World, spy};

fn like(bob: &Peer, number: u32) -> serde_json::Value {
    bob.activity(
        number,
        json!({ "type": "Like", "object": "https://site.test/posts/1" }),
    )
}

#[tokio::test]
async fn what_was_accepted_before_a_crash_is_handled_after_it() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    assert_eq!(bob.post(&site, &like(&bob, 1)).await.status(), 202);
    let (app, store) = (Arc::clone(&site.app), site.store.clone());
    drop(site);
    let site = world
        .start("site.test", app, store, |b| b.on::<Activity>(spy))
        .await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["Like by https://peer.test/users/bob"]);
}

#[tokio::test]
async fn a_failure_costs_a_retry_and_a_panic_too() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.on::<Like>(|cx, _like| async move {
                match cx.app().0.failures.fetch_add(1, Ordering::SeqCst) {
                    0 => Err("the disk is full".into()),
                    1 => panic!("on purpose"),
                    _ => {
                        cx.app().0.saw("like");
                        Ok(())
                    }
                }
            })
        })
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    bob.post(&site, &like(&bob, 1)).await;
    for runs in 1..=3 {
        site.step_until_idle().await;
        assert_eq!(site.app.failures.load(Ordering::SeqCst), runs);
        world.clock.advance(Duration::from_secs(60 * 60));
    }
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["like"]);
    assert_eq!(site.app.failures.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_permanent_failure_is_a_dead_letter_with_a_reason() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.on::<Like>(|cx, _like| async move {
                if cx.app().0.failures.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err(Failure::permanent("nobody likes that"));
                }
                cx.app().0.saw("like");
                Ok(())
            })
        })
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    bob.post(&site, &like(&bob, 1)).await;
    site.step_until_idle().await;
    let admin = site.federation.admin();
    let dead = admin.dead_received(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason, "nobody likes that");
    // An operator may let it be handled anew.
    admin.retry_received(&[dead[0].id.clone()]).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["like"]);
}

#[tokio::test]
async fn what_a_handler_sends_leaves_once_with_the_mark() {
    let world = World::default();
    let bob = world.peer("peer.test", "bob", 1);
    let site = world
        .instance_with("site.test", |b| {
            b.on::<Like>(|cx, like| async move {
                let thanks = Note::builder(cx.uris().object("post", 2))
                    .text("thanks")
                    .to(like.by());
                cx.send("alice", federate_protocol::activitystreams::Create::new(thanks))
                    .await?;
                if cx.app().0.failures.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err("died after sending".into());
                }
                Ok(())
            })
        })
        .await;
    bob.post(&site, &like(&bob, 1)).await;
    site.step_until_idle().await;
    assert_eq!(
        bob.received_types(),
        Vec::<String>::new(),
        "nothing leaves a run that failed"
    );
    world.clock.advance(Duration::from_secs(60 * 60));
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Create"]);
}

#[tokio::test]
async fn with_done_in_an_effect_happens_once() {
    let world = World::default();
    let bob = world.peer("peer.test", "bob", 1);
    let site = world.instance_with("site.test", |b| b).await;
    let store = site.store.clone();
    drop(site);
    let handler_store = store.clone();
    let site = world
        .start("site.test", Arc::default(), store, move |b| {
            b.on::<Like>(move |cx, _like| {
                let store = handler_store.clone();
                async move {
                    let mut tx = store.begin();
                    cx.done_in(&mut tx).await?;
                    cx.app().0.saw("effect");
                    tx.commit()?;
                    // The process dies here, after its commit.
                    Err("killed".into())
                }
            })
        })
        .await;
    bob.post(&site, &like(&bob, 1)).await;
    for _ in 0..3 {
        site.step_until_idle().await;
        world.clock.advance(Duration::from_secs(60 * 60));
    }
    assert_eq!(site.app.take_seen(), ["effect"]);
    assert_eq!(site.federation.admin().dead_received(9).await.unwrap().len(), 0);
}

/// What came before it from the same sender is handled, and its mark may be on the way: whoever dies now must not come back to that alone,
/// behind this one.
#[tokio::test]
async fn p2_with_done_in_what_was_handled_before_is_marked_too() {
    let world = World::default();
    let bob = world.peer("peer.test", "bob", 1);
    let site = world.instance_with("site.test", |b| b).await;
    let store = site.store.clone();
    drop(site);
    let boost = json!({ "type": "Announce", "object": "https://site.test/posts/1" });
    let first = bob.activity(1, boost);
    let id = ReceivedId::new(
        "https://peer.test",
        &Iri::parse(first["id"].as_str().unwrap()).unwrap(),
    );
    let handler_store = store.clone();
    let site = world
        .start("site.test", Arc::default(), store, move |b| {
            b.on::<Announce>(|cx, _boost| async move {
                cx.app().0.saw("first");
                Ok(())
            })
            .on::<Like>(move |cx, _like| {
                let (store, id) = (handler_store.clone(), id.clone());
                async move {
                    let inbox = store.stores().inbox;
                    cx.app().0.saw(format!("marked: {}", inbox.handled(&id).await?));
                    let mut tx = store.begin();
                    cx.done_in(&mut tx).await?;
                    tx.commit()?;
                    cx.app().0.saw(format!("marked: {}", inbox.handled(&id).await?));
                    Ok(())
                }
            })
        })
        .await;
    assert_eq!(bob.post(&site, &first).await.status(), 202);
    bob.post(&site, &like(&bob, 2)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["first", "marked: false", "marked: true"]);
}

/// What the library sends for it commits with the mark too: nobody comes back to send it.
#[tokio::test]
async fn p2_with_done_in_what_the_library_sends_is_not_lost() {
    let world = World::default();
    let bob = world.peer("peer.test", "bob", 1);
    let store = world.instance_with("site.test", |b| b).await.store;
    let handler_store = store.clone();
    let app = Arc::<crate::world::App>::default();
    app.people
        .lock()
        .unwrap()
        .insert("alice".into(), federate_server::Found::Here(()));
    let site = world
        .start("site.test", app, store, move |b| {
            b.manage_followers().on::<Follow>(move |cx, _follow| {
                let store = handler_store.clone();
                async move {
                    let mut tx = store.begin();
                    cx.done_in(&mut tx).await?;
                    tx.commit()?;
                    // The process dies here, after its commit.
                    Err("killed".into())
                }
            })
        })
        .await;
    let follow = json!({ "type": "Follow", "object": "https://site.test/users/alice" });
    assert_eq!(bob.post(&site, &bob.activity(1, follow)).await.status(), 202);
    for _ in 0..3 {
        site.step_until_idle().await;
        world.clock.advance(Duration::from_secs(60 * 60));
    }
    assert_eq!(bob.received_types(), ["Accept"]);
}

#[tokio::test]
async fn a_post_is_sent_with_its_transaction_or_not_at_all() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let send = |federation: &Federation<TestApp>, n: u32| {
        let note = Note::builder(federation.uris().object("post", n))
            .text("hi")
            .to(&bob.id);
        federation.send("alice", federate_protocol::activitystreams::Create::new(note))
    };
    let mut tx = site.store.begin();
    send(&site.federation, 1).enqueue_in(&mut tx).await.unwrap();
    drop(tx);
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), Vec::<String>::new());
    let mut tx = site.store.begin();
    send(&site.federation, 2).enqueue_in(&mut tx).await.unwrap();
    tx.commit().unwrap();
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Create"]);
    assert_eq!(
        bob.received.lock().unwrap()[0]["id"],
        "https://site.test/posts/2/activity"
    );
}

#[tokio::test]
async fn the_engine_runs_until_it_is_told_to_stop() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = Arc::clone(&site.app);
    let federation = site.federation.clone();
    let activity = like(&bob, 1).to_string();
    let running = async move {
        site.engine
            .run_until(async {
                let _ = stopped.await;
            })
            .await;
    };
    let sending = async {
        let request = bob.request("https://site.test/inbox", activity);
        assert_eq!(federation.handle(request).await.unwrap().status(), 202);
        while app.seen.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
    };
    tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(running, sending) })
        .await
        .unwrap();
}

/// A sender whose activities make a handler wait, each for as long as a fetch may take, does not stop the inbox for the others.
#[tokio::test(start_paused = true)]
async fn p4_a_slow_sender_keeps_nobody_else_waiting() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |builder| {
            builder.on::<Activity>(async |cx: Cx<TestApp>, activity: Authenticated<Activity>| {
                if activity.by().as_str().contains("slow.test") {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
                spy(cx, activity).await
            })
        })
        .await;
    let slow = world.peer("slow.test", "eve", 1);
    let bob = world.peer("peer.test", "bob", 2);
    let note = |n: u32| json!({ "type": "Like", "object": format!("https://site.test/posts/{n}") });
    for n in 0..20 {
        assert_eq!(slow.post(&site, &slow.activity(n, note(n))).await.status(), 202);
    }
    assert_eq!(bob.post(&site, &bob.activity(1, note(1))).await.status(), 202);
    let begun = tokio::time::Instant::now();
    while !site.engine.step().await.is_idle() {}
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let seen = site.app.take_seen();
    assert_eq!(seen.iter().filter(|s| s.contains("peer.test")).count(), 1);
    assert_eq!(seen.iter().filter(|s| s.contains("slow.test")).count(), 1);
    // The others of the slow one were put off, not lost.
    for _ in 0..40 {
        world.clock.advance(Duration::from_secs(30));
        site.step_until_idle().await;
    }
    assert_eq!(site.app.take_seen().len(), 19);
}

/// One handler that takes its time holds up what came with it, and nothing that arrives later; and what arrives does not keep an
/// engine from stopping.
#[tokio::test]
async fn p4_a_slow_handler_keeps_nobody_waiting_who_comes_later() {
    let world = World::default();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let handlers = Arc::clone(&gate);
    let site = world
        .instance_with("site.test", |builder| {
            builder.on::<Activity>(move |cx: Cx<TestApp>, activity: Authenticated<Activity>| {
                let gate = Arc::clone(&handlers);
                async move {
                    if activity.by().as_str().contains("slow.test") {
                        cx.app().0.saw("slow begins");
                        let _pass = gate.acquire().await?;
                    }
                    spy(cx, activity).await
                }
            })
        })
        .await;
    let slow = world.peer("slow.test", "eve", 1);
    // Those who share a shard with the slow one wait for it.
    let others: Vec<Peer> = (0..)
        .map(|n| world.peer(&format!("peer{n}.test"), "bob", 2))
        .filter(|peer| shard_of(&peer.id) != shard_of(&slow.id))
        .take(21)
        .collect();
    let (late, others) = others.split_last().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = site.engine.run_until(async {
        let _ = stopped.await;
    });
    let seen = |what: &str| {
        let seen = site.app.seen.lock().unwrap();
        seen.iter().filter(|one| one.contains(what)).count()
    };
    let until = async |what: &str, many: usize| {
        while seen(what) < many {
            tokio::task::yield_now().await;
        }
    };
    let testing = async {
        assert_eq!(slow.post(&site, &like(&slow, 1)).await.status(), 202);
        until("slow begins", 1).await;
        for number in 0..10 {
            for other in others {
                assert_eq!(other.post(&site, &like(other, number)).await.status(), 202);
            }
        }
        until("by https://peer", 200).await;
        assert_eq!(seen("by https://slow"), 0, "which has not been released");
        // Told to stop, it claims nothing any more, and ends with what it has.
        stop.send(()).unwrap();
        while !site.federation.health().inbox.draining {
            tokio::task::yield_now().await;
        }
        assert_eq!(late.post(&site, &like(late, 1)).await.status(), 202);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
    };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(running, testing) })
        .await
        .unwrap();
    assert_eq!((seen("by https://slow"), seen("by https://peer")), (1, 200));
    site.step_until_idle().await;
    assert_eq!(seen("by https://peer"), 201, "it waits for the next life");
}

/// A follower of a move follows anew, and so do all: not again and again.
#[tokio::test]
async fn w9_an_actor_moves_once_in_a_week() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    for host in ["new.test", "newer.test"] {
        let id = format!("https://{host}/users/bob");
        let document = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": id, "type": "Person", "preferredUsername": "bob",
            "inbox": format!("{id}/inbox"), "outbox": format!("{id}/outbox"),
            "alsoKnownAs": [bob.id.as_str()],
        });
        world.net.connect(
            host,
            Arc::new(move |_| {
                let answer = http::Response::builder().header("content-type", "application/activity+json");
                let answer = answer.body(document.to_string().into()).unwrap();
                Box::pin(std::future::ready(Ok(answer)))
            }),
        );
    }
    let moving = async |number: u32, host: &str| {
        let target = format!("https://{host}/users/bob");
        let it = bob.activity(
            number,
            json!({ "type": "Move", "object": bob.id.as_str(), "target": target }),
        );
        assert_eq!(bob.post(&site, &it).await.status(), 202);
        site.step_until_idle().await;
        site.app.take_seen()
    };
    let seen = ["Move by https://peer.test/users/bob"];
    assert_eq!(moving(1, "new.test").await, seen);
    world.clock.advance(Duration::from_secs(6 * 86_400));
    assert_eq!(moving(2, "newer.test").await, [""; 0]);
    world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(moving(3, "newer.test").await, seen);
}

/// The same Follow twice, under another id, before and after an Undo: one follower, and an answer to each that is new.
#[tokio::test]
async fn w13_a_follow_repeated_is_one_follower() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let alice = "https://site.test/users/alice";
    let follow = |n: u32| bob.activity(n, json!({ "type": "Follow", "object": alice }));
    let followers = async || site.federation.stores().followers.count("alice").await.unwrap();
    for n in [1, 1, 2, 3] {
        assert_eq!(bob.post(&site, &follow(n)).await.status(), 202);
    }
    site.step_until_idle().await;
    assert_eq!(followers().await, 1);
    assert_eq!(bob.received_types(), ["Accept"; 3]);
    let undo = bob.activity(4, json!({ "type": "Undo", "object": follow(3) }));
    assert_eq!(bob.post(&site, &undo).await.status(), 202);
    // The Undo of one that is undone already changes nothing; nor does the first Follow, which was handled long ago.
    let again = bob.activity(5, json!({ "type": "Undo", "object": follow(2) }));
    assert_eq!(bob.post(&site, &again).await.status(), 202);
    assert_eq!(bob.post(&site, &follow(1)).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(followers().await, 0);
    assert_eq!(bob.post(&site, &follow(6)).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(followers().await, 1);
}
