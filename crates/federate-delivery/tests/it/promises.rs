//! The promises of a delivery engine, one by one.

use crate::faulty::Faulty;
use crate::support::{App, DAY, Reply, World, host_of, iri, seconds, start};
use federate_delivery::Clock as _;
use federate_http::{HttpErrorKind, Phase};
use federate_protocol::signatures::{self, KeyId, Policy, PrivateKey};
use federate_store::LEASE;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::oneshot;

const OK: Reply = Reply::Status(202);

#[tokio::test]
async fn what_is_recorded_arrives_once_with_the_right_type() {
    let world = World::new(|_, _| OK);
    let inboxes: Vec<String> = (0..10).map(|n| format!("https://h{n}.example/inbox")).collect();
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    world.post("https://a.example/1", &inboxes).await;
    let engine = world.builder().build();
    let progress = engine.step().await;
    assert_eq!(
        (progress.expanded, progress.enqueued, progress.delivered),
        (1, 10, 10)
    );
    assert_eq!(progress, engine.progress());
    assert!(engine.step().await.is_idle());
    assert_eq!(world.net.taken().len(), 10);
    assert_eq!(world.net.seen().len(), 10);
    for seen in world.net.seen() {
        assert_eq!(seen.request.method(), "POST");
        assert_eq!(
            seen.request.headers()["content-type"],
            "application/activity+json"
        );
        assert_eq!(seen.request.body(), "https://a.example/1");
        assert!(seen.request.headers().contains_key("signature"));
        assert!(seen.request.headers().contains_key("digest"));
    }
    assert_eq!(world.counts().await.delivered, 10);
    assert_eq!(engine.next_due().await, None);
}

#[tokio::test]
async fn p4_one_destination_never_delays_another() {
    // Black holes take the whole deadline; the living answer at once, and must not wait for a single one of them.
    let world = World::new(|url, _| {
        if url.contains("dead") {
            Reply::Slow(seconds(3600), 202)
        } else {
            OK
        }
    });
    for n in 0..20 {
        let dead: Vec<String> = (0..50)
            .map(|host| format!("https://dead{host}.example/inbox"))
            .collect();
        let mut inboxes: Vec<&str> = dead.iter().map(String::as_str).collect();
        inboxes.push("https://living.example/inbox");
        world.post(&format!("https://a.example/{n}"), &inboxes).await;
    }
    let engine = Arc::new(world.builder().build());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    for _ in 0..20_000 {
        tokio::task::yield_now().await;
        if world.net.taken().len() == 20 {
            break;
        }
    }
    assert_eq!(
        world.net.taken().len(),
        20,
        "the clock has not moved: nobody waited for the dead"
    );
    assert!(world.net.seen().iter().all(|seen| seen.at == start()));
    // After the first minute they are probed, not served.
    for _ in 0..60 {
        world.clock.advance(seconds(2));
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
    let before: usize = (0..50)
        .map(|host| world.net.count(&format!("dead{host}.example")))
        .sum();
    assert!(before <= 50 * 10, "{before}");
    let most = world.net.most_under_way.lock().unwrap().clone();
    assert!(
        most.iter()
            .filter(|(host, _)| host.starts_with("dead"))
            .all(|(_, most)| *most <= 2)
    );
    drop(stop);
    for _ in 0..200 {
        world.clock.advance(seconds(1));
        tokio::task::yield_now().await;
    }
    running.await.unwrap();
    world.counts().await;
}

#[tokio::test]
async fn p6_retry_after_holds_the_host_and_no_other() {
    let world = World::new(|url, at| match host_of(url).as_str() {
        "busy.example" if at < start() + seconds(600) => Reply::After(429, "600".into()),
        _ => OK,
    });
    for n in 0..30 {
        let id = format!("https://a.example/{n}");
        world
            .post(
                &id,
                &["https://busy.example/inbox", "https://other.example/inbox"],
            )
            .await;
    }
    let engine = world.builder().build();
    engine.step().await;
    let first = world.net.count("busy.example");
    assert!(first <= 2, "the window, and not one more: {first}");
    assert_eq!(world.net.count("other.example"), 30);
    world.clock.set(start() + seconds(590));
    engine.step().await;
    assert_eq!(world.net.count("busy.example"), first);
    while world.counts().await.pending > 0 {
        assert!(world.to_next_due(&engine).await);
        engine.step().await;
    }
    assert!(
        world
            .net
            .seen()
            .iter()
            .all(|seen| seen.at == start() || seen.at >= start() + seconds(600))
    );
    assert!(world.clock.now() < start() + seconds(1200));
}

#[tokio::test]
async fn p7_a_dead_host_is_tried_for_seven_days_and_then_said_to_be() {
    let world = World::new(|_, _| Reply::Fail(HttpErrorKind::Connect));
    for n in 0..200 {
        world
            .post(&format!("https://a.example/{n}"), &["https://dead.example/inbox"])
            .await;
    }
    let engine = world.builder().build();
    let mut steps = 0;
    loop {
        engine.step().await;
        let counts = world.counts().await;
        if counts.pending == 0 {
            break;
        }
        let age = world.clock.now().duration_since(start()).unwrap();
        assert!(age < DAY * 7 || counts.pending <= 200, "{age:?}");
        assert!(age < DAY * 8, "{counts:?}");
        if counts.dead > 0 {
            assert!(age >= DAY * 7, "{age:?} {counts:?}");
        }
        assert!(world.to_next_due(&engine).await);
        steps += 1;
        assert!(steps < 5000);
    }
    let dead = world.stores.queue.dead(1000).await.unwrap();
    assert_eq!(dead.len(), 200);
    assert!(dead.iter().all(|letter| !letter.reason.is_empty()), "{dead:?}");
    // About one probe in 45 minutes, whatever waits behind it.
    assert!(
        (150..=500).contains(&world.net.seen().len()),
        "{}",
        world.net.seen().len()
    );
}

#[tokio::test]
async fn p8_conservation_and_a_reason_for_each_dead_letter() {
    let world = World::new(|url, _| match host_of(url).as_str() {
        "gone.example" => Reply::Status(410),
        "no.example" => Reply::Status(403),
        _ => OK,
    });
    let inboxes = [
        "https://gone.example/i",
        "https://no.example/i",
        "https://yes.example/i",
    ];
    world.post("https://a.example/1", &inboxes).await;
    world.builder().build().step().await;
    let counts = world.counts().await;
    assert_eq!(
        (counts.enqueued, counts.delivered, counts.dead, counts.pending),
        (3, 1, 2, 0)
    );
    let mut reasons: Vec<_> = world
        .stores
        .queue
        .dead(10)
        .await
        .unwrap()
        .into_iter()
        .map(|letter| letter.reason)
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["answered 403 Forbidden", "answered 410 Gone"]);
}

#[tokio::test]
async fn p9_each_attempt_is_signed_afresh_with_the_key_of_that_moment() {
    let pem = |name: &str| {
        std::fs::read_to_string(format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let id = KeyId::from("https://a.example/users/alice#main-key");
    let old = PrivateKey::from_pem(id.clone(), &pem("one")).unwrap();
    let new = PrivateKey::from_pem(id, &pem("two")).unwrap();
    let public = [old.public_key(), new.public_key()];

    let mut world = World::new(|_, _| Reply::Status(503));
    world.app = App::with(Arc::new(old));
    world
        .post("https://a.example/1", &["https://b.example/inbox?x=1"])
        .await;
    let engine = world.builder().build();
    engine.step().await;
    *world.app.signer.lock().unwrap() = Arc::new(new);
    // An attempt after 13 hours, for a verifier that takes 12.
    while world.clock.now() < start() + seconds(13 * 3600) {
        assert!(world.to_next_due(&engine).await);
        engine.step().await;
    }
    let seen = world.net.seen();
    assert!(seen.len() > 5);
    let mut dates = vec![];
    for (n, seen) in seen.into_iter().enumerate() {
        let (head, body) = seen.request.into_parts();
        dates.push(head.headers["date"].clone());
        let parsed = signatures::parse(&head, &body).unwrap();
        let policy = Policy::mastodon().window(seconds(60)).authorities(["b.example"]);
        let [right, wrong] = if n == 0 { [0, 1] } else { [1, 0] };
        let _ = parsed.verify(&public[right], &policy, seen.at).unwrap();
        parsed.verify(&public[wrong], &policy, seen.at).unwrap_err();
    }
    dates.dedup();
    assert!(dates.len() > 5, "{dates:?}");
}

#[tokio::test]
async fn p10_half_open_lets_one_probe_through_and_inbound_brings_it_forward() {
    let world = World::new(|_, _| Reply::Fail(HttpErrorKind::Timeout(Phase::Head)));
    for n in 0..50 {
        world
            .post(&format!("https://a.example/{n}"), &["https://deaf.example/inbox"])
            .await;
    }
    let engine = world.builder().build();
    engine.step().await;
    let first = world.net.seen().len();
    assert!((5..=6).contains(&first), "{first}");
    for n in 1..=8 {
        assert!(world.to_next_due(&engine).await);
        engine.step().await;
        assert_eq!(world.net.seen().len(), first + n, "one probe at a time");
    }
    // It does not hear us, but it speaks: probed sooner, and still only probed.
    let due = engine.next_due().await.unwrap();
    let wait = due.duration_since(world.clock.now()).unwrap();
    assert!(wait > seconds(1000), "{wait:?}");
    world.clock.advance(seconds(40));
    engine.heard_from("DEAF.example");
    engine.step().await;
    assert_eq!(world.net.seen().len(), first + 9);
    for _ in 0..100 {
        engine.heard_from("deaf.example");
        engine.step().await;
    }
    assert_eq!(world.net.seen().len(), first + 9);
    world.clock.advance(seconds(31));
    engine.heard_from("deaf.example");
    engine.step().await;
    assert_eq!(world.net.seen().len(), first + 10);
    world.net.script(|_, _| OK);
    while world.counts().await.pending > 0 {
        assert!(world.to_next_due(&engine).await);
        engine.step().await;
    }
    assert_eq!(world.net.taken().len(), 50);
}

#[tokio::test]
async fn p12_a_bad_row_hurts_nobody_else() {
    let world = World::new(|url, _| if url.contains("panic") { Reply::Panic } else { OK });
    let good = "https://good.example/inbox";
    world
        .post("https://a.example/1", &["urn:not:a:url", "did:key:x", good])
        .await;
    world.post_as("nobody", "https://a.example/2", &[good]).await;
    world
        .post("https://a.example/3", &["https://panic.example/inbox", good])
        .await;
    world.post_as("panics", "https://a.example/4", &[good]).await;
    world.post_as("later", "https://a.example/5", &[good]).await;
    world.post("https://a.example/6", &[good]).await;
    // An activity whose body is gone.
    let lost = federate_store::Delivery::new(iri("https://a.example/7"), "alice", iri(good), start());
    world.stores.queue.enqueue(&[lost], start()).await.unwrap();

    let engine = world.builder().build();
    let progress = engine.step().await;
    assert_eq!(progress.delivered, 3, "{progress:?}");
    let counts = world.counts().await;
    assert_eq!(
        (counts.delivered, counts.dead, counts.pending),
        (3, 4, 1),
        "{counts:?}"
    );
    let mut reasons: Vec<_> = world
        .stores
        .queue
        .dead(10)
        .await
        .unwrap()
        .into_iter()
        .map(|letter| letter.reason)
        .collect();
    reasons.sort();
    assert_eq!(reasons[0], "body of the activity is missing");
    assert_eq!(reasons[3], "sender has no key");
    // What panicked is tried again; what could not be expanded is still in the outbox.
    assert_eq!(world.stores.outbox.unexpanded(10).await.unwrap().len(), 2);
    world.net.script(|_, _| OK);
    for _ in 0..5 {
        assert!(world.to_next_due(&engine).await);
        engine.step().await;
    }
    assert!(
        world
            .net
            .taken()
            .contains(&("https://a.example/3".into(), "https://panic.example/inbox".into()))
    );
}

#[tokio::test]
async fn p16_a_clock_that_jumps_neither_storms_nor_stalls() {
    let world = World::new(|url, _| match host_of(url).as_str() {
        "dead.example" => Reply::Fail(HttpErrorKind::Dns),
        _ => OK,
    });
    for n in 0..100 {
        world
            .post(&format!("https://a.example/{n}"), &["https://dead.example/inbox"])
            .await;
    }
    let engine = world.builder().build();
    engine.step().await;
    world.clock.advance(DAY * 365);
    let before = world.net.seen().len();
    engine.step().await;
    let counts = world.counts().await;
    assert_eq!(counts.dead, 0, "a year ahead loses nothing");
    assert_eq!(
        world.net.seen().len(),
        before + 1,
        "and is one probe, not a hundred"
    );
    world.clock.set(start() + DAY * 364);
    engine.step().await;
    world
        .post("https://a.example/new", &["https://living.example/inbox"])
        .await;
    engine.step().await;
    assert_eq!(world.net.count("living.example"), 1, "a day back holds up nobody");
    // The dead one comes back, the clock stays: no need to wait out the day.
    world.net.script(|_, _| OK);
    world.clock.advance(seconds(2 * 3600));
    engine.step().await;
    let delivered = world.counts().await.delivered;
    assert!(delivered > 90, "{delivered}");
}

#[tokio::test]
async fn p17_what_is_due_at_once_is_paced() {
    let world = World::new(|_, _| Reply::Slow(seconds(1), 202));
    for n in 0..600 {
        world
            .post(&format!("https://a.example/{n}"), &["https://big.example/inbox"])
            .await;
    }
    let engine = world.builder().in_flight(100).build();
    let ticker = async {
        loop {
            for _ in 0..2000 {
                tokio::task::yield_now().await;
            }
            world.clock.advance(seconds(1));
        }
    };
    tokio::select! {
        biased;
        progress = engine.step() => assert_eq!(progress.delivered, 600),
        () = ticker => unreachable!(),
    }
    let most = world.net.most_under_way.lock().unwrap()["big.example"];
    assert!((16..=64).contains(&most), "{most}");
    let mut per_second = std::collections::BTreeMap::<_, usize>::new();
    for seen in world.net.seen() {
        *per_second.entry(seen.at).or_default() += 1;
    }
    assert!(per_second.values().next().unwrap() <= &2, "it begins with two");
    assert!(per_second.values().all(|count| *count <= 64));
}

#[tokio::test]
async fn p18_a_graceful_stop_finishes_what_is_under_way_within_its_deadline() {
    let world = World::new(|url, _| match host_of(url).as_str() {
        "hangs.example" => Reply::Hang,
        _ => Reply::Slow(seconds(3), 202),
    });
    world
        .post(
            "https://a.example/1",
            &["https://hangs.example/inbox", "https://slow.example/inbox"],
        )
        .await;
    let engine = Arc::new(world.builder().drain(seconds(10)).build());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // Too late for this stop: it waits in the store.
    drop(stop);
    tokio::task::yield_now().await;
    world
        .post("https://a.example/2", &["https://slow.example/inbox"])
        .await;
    engine.wake();
    for _ in 0..11 {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        world.clock.advance(seconds(1));
    }
    let drained = running.await.unwrap();
    assert_eq!((drained.abandoned, drained.unreleased), (1, 0));
    let counts = world.counts().await;
    assert_eq!((counts.delivered, counts.pending), (1, 1));
    // The lanes are free for another engine at once, and what was cut off is not counted as failed.
    let lanes = world
        .stores
        .queue
        .lease("other", 10, world.clock.now())
        .await
        .unwrap();
    assert_eq!(lanes.len(), 1);
    let due = world
        .stores
        .queue
        .due(&lanes[0], 10, world.clock.now())
        .await
        .unwrap();
    assert_eq!(due[0].attempt, 0);
}

#[tokio::test]
async fn p3_a_worker_that_slept_past_its_lease_is_not_heard() {
    let calls = Arc::new(AtomicU64::new(0));
    let world = World::new({
        let calls = calls.clone();
        move |_, _| {
            if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                Reply::Slow(seconds(15), 410)
            } else {
                OK
            }
        }
    });
    world
        .post("https://a.example/1", &["https://b.example/inbox"])
        .await;
    let first = Arc::new(world.builder().worker("first").build());
    let step = tokio::spawn({
        let first = first.clone();
        async move { first.step().await }
    });
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    // It sleeps; its lease ends, another takes over and delivers. Then it wakes and says "dead".
    let later = world.clock.now() + LEASE + seconds(1);
    let lanes = world.stores.queue.lease("second", 1, later).await.unwrap();
    let due = world.stores.queue.due(&lanes[0], 1, later).await.unwrap();
    let outcome = (due[0].id.clone(), federate_store::Settled::Delivered);
    world
        .stores
        .queue
        .settle(&lanes[0], &[outcome], later)
        .await
        .unwrap();
    world.clock.set(later);
    step.await.unwrap();
    let counts = world.counts().await;
    assert_eq!((counts.delivered, counts.dead, counts.pending), (1, 0, 0));
}

#[tokio::test]
async fn run_until_sleeps_until_something_is_due_and_wakes_when_told() {
    let world = World::new(|_, at| {
        if at < start() + seconds(10) {
            Reply::Status(502)
        } else {
            OK
        }
    });
    world
        .post("https://a.example/1", &["https://b.example/inbox"])
        .await;
    let engine = Arc::new(world.builder().poll(seconds(3600)).build());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    let settle = || async {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    };
    settle().await;
    assert_eq!(world.net.seen().len(), 1);
    world.clock.advance(seconds(14));
    settle().await;
    assert_eq!(world.net.seen().len(), 1, "not before it is due");
    world
        .post("https://a.example/2", &["https://c.example/inbox"])
        .await;
    settle().await;
    assert_eq!(world.net.seen().len(), 1, "nobody polls");
    engine.wake();
    settle().await;
    assert_eq!(world.net.seen().len(), 2);
    world.clock.advance(seconds(16));
    settle().await;
    assert_eq!(world.net.seen().len(), 3);
    drop(stop);
    assert_eq!(running.await.unwrap().abandoned, 0);
    assert_eq!(world.counts().await.delivered, 2);
    assert_eq!(engine.progress().delivered, 2);
}

#[tokio::test]
async fn an_inbox_that_is_not_known_is_looked_up_in_its_own_lane() {
    let world = World::new(|_, _| OK);
    world.app.is_away.store(true, Ordering::Relaxed);
    let actors = ["https://b.example/users/bob", "https://c.example/users/gone"];
    world.post_as("looks-up", "https://a.example/1", &actors).await;
    world
        .post("https://a.example/2", &["https://d.example/inbox"])
        .await;
    let engine = world.builder().build();
    engine.step().await;
    let counts = world.counts().await;
    assert_eq!((counts.delivered, counts.dead, counts.pending), (1, 1, 1));
    assert_eq!(world.stores.outbox.unexpanded(10).await.unwrap(), []);
    world.app.is_away.store(false, Ordering::Relaxed);
    assert!(world.to_next_due(&engine).await);
    engine.step().await;
    let bob = (
        "https://a.example/1".to_owned(),
        "https://b.example/users/bob/inbox".to_owned(),
    );
    assert!(world.net.taken().contains(&bob));
    assert_eq!(world.counts().await.pending, 0);
}

#[tokio::test]
async fn p15_a_store_that_refuses_loses_nothing_and_is_asked_again() {
    let world = World::new(|_, _| OK);
    let faulty = Faulty::new(&world.stores, 3, 100);
    world
        .post(
            "https://a.example/1",
            &["https://b.example/inbox", "https://c.example/inbox"],
        )
        .await;
    let engine = Arc::new(world.builder_over(&faulty.stores()).build());
    let progress = engine.step().await;
    assert!(
        progress.store_errors > 0 && progress.attempts == 0,
        "{progress:?}"
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    let minutes = async |minutes: u64| {
        for _ in 0..minutes * 12 {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            world.clock.advance(seconds(5));
        }
    };
    minutes(10).await;
    let errors = engine.progress().store_errors;
    assert!(errors <= 600 / 5 + 20, "asked again, with pauses: {errors}");
    faulty.percent(0);
    minutes(1).await;
    assert_eq!(world.counts().await.delivered, 2);
    drop(stop);
    assert_eq!(running.await.unwrap().unreleased, 0);
}

#[tokio::test]
async fn a_host_gets_the_signature_that_it_has_shown_to_take() {
    let world = World::new(|url, _| match url.contains("asks") {
        true => Reply::AsksToSign(202),
        false => OK,
    });
    let inboxes = [
        "https://asks.example/inbox",
        "https://signs.example/inbox",
        "https://old.example/inbox",
    ];
    let engine = world.builder().build();
    let flavours = |engine_step: usize| {
        let seen = world.net.seen();
        let mut last: Vec<(String, bool, bool)> = seen[3 * engine_step..]
            .iter()
            .map(|seen| {
                let has = |name: &str| seen.request.headers().contains_key(name);
                (host_of(&seen.url), has("signature-input"), has("content-digest"))
            })
            .collect();
        last.sort();
        last
    };
    let draft = |host: &str| (host.to_owned(), false, false);
    let standard = |host: &str| (host.to_owned(), true, true);
    world.post("https://a.example/1", &inboxes).await;
    engine.step().await;
    assert_eq!(
        flavours(0),
        ["asks.example", "old.example", "signs.example"].map(draft)
    );
    engine.takes_rfc9421("signs.example").await;
    let second = [
        standard("asks.example"),
        draft("old.example"),
        standard("signs.example"),
    ];
    world.post("https://a.example/2", &inboxes).await;
    engine.step().await;
    assert_eq!(flavours(1), second);
    // A refusal is no evidence for the other one, and another process knows what this one has learnt.
    world.net.script(|_, _| Reply::Status(401));
    let other = world.builder().build();
    world.post("https://a.example/3", &inboxes).await;
    other.step().await;
    assert_eq!(flavours(2), second);
    world.clock.advance(DAY);
    other.step().await;
    assert_eq!(flavours(3), second);
}

#[tokio::test]
async fn p22_a_suspended_host_gets_nothing_of_what_is_in_hand() {
    let world = World::new(|_, _| OK);
    let inboxes: Vec<String> = (0..40)
        .map(|n| format!("https://bad.example/{n}/inbox"))
        .collect();
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    world.post("https://a.example/1", &inboxes).await;
    let engine = world.builder().in_flight(1).build();
    // Some have arrived, the others are read and wait for their turn.
    let step = engine.step();
    let suspended = async {
        while world.net.seen().len() < 3 {
            tokio::task::yield_now().await;
        }
        world
            .app
            .suspended
            .lock()
            .unwrap()
            .insert("bad.example".to_owned());
        let cancelled = world.stores.queue.cancel("bad.example").await.unwrap();
        (cancelled, world.net.seen().len())
    };
    let (_, (cancelled, begun)) = tokio::join!(step, suspended);
    assert!(cancelled > 30, "{cancelled}");
    assert!(
        world.net.seen().len() <= begun + 1,
        "nothing but what was under way"
    );
    let counts = world.counts().await;
    assert_eq!((counts.pending, counts.cancelled), (0, cancelled));
    // What somebody sends there all the same has its reason.
    world
        .post("https://a.example/2", &["https://bad.example/inbox"])
        .await;
    engine.step().await;
    let dead = world.stores.queue.dead(9).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason, "not to be delivered: suspended");
}

#[tokio::test]
async fn p18_what_has_ended_is_written_down_while_others_hang() {
    // One never answers; when the engine is told to stop, nobody knows how long it may still take.
    let world = World::new(|url, _| match url.contains("hangs") {
        true => Reply::Hang,
        false => OK,
    });
    let engine = Arc::new(world.builder().build());
    let inboxes: Vec<String> = (0..50).map(|n| format!("https://h{n}.example/inbox")).collect();
    let mut inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    inboxes.push("https://hangs.example/inbox");
    world.post("https://a.example/1", &inboxes).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    while world.net.seen().len() < 51 {
        tokio::task::yield_now().await;
    }
    drop(stop);
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.counts().await.delivered, 50, "the clock has not moved");
    for _ in 0..40 {
        world.clock.advance(seconds(1));
        tokio::task::yield_now().await;
    }
    running.await.unwrap();
    assert_eq!(world.counts().await.pending, 1);
}
