//! What goes before what, and what makes another needless.

use crate::faulty::Faulty;
use crate::support::{Reply, World, host_of, iri, seconds};
use federate_store::{OrderKey, Outgoing, Priority};
use std::sync::atomic::{AtomicU64, Ordering};

const OK: Reply = Reply::Status(202);

#[tokio::test]
async fn p11_what_is_about_one_object_arrives_in_its_order_whatever_fails() {
    let failures = AtomicU64::new(3);
    let world = World::new(move |_, _| {
        match failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Reply::Status(503),
            Err(_) => OK,
        }
    });
    let (note, inbox) = ("https://a.example/notes/1", ["https://b.example/inbox"]);
    let ids: Vec<String> = ["create", "update", "delete"]
        .map(|kind| format!("https://a.example/{kind}"))
        .into();
    for (id, priority) in ids.iter().zip([Priority::Low, Priority::Usual, Priority::High]) {
        world.post_about(Some(note), priority, id, &inbox).await;
    }
    world.post("https://a.example/other", &inbox).await;
    let engine = world.builder().build();
    loop {
        engine.step().await;
        if world.counts().await.pending == 0 {
            break;
        }
        assert!(world.to_next_due(&engine).await);
    }
    let arrived: Vec<String> = world.net.arrivals().into_iter().map(|(id, _)| id).collect();
    let about: Vec<&String> = arrived.iter().filter(|id| ids.contains(id)).collect();
    assert_eq!(about, ids.iter().collect::<Vec<_>>());
    assert_eq!(arrived.len(), 4);
}

#[tokio::test]
async fn p11_a_large_audience_does_not_overtake_what_could_not_be_written() {
    // The first is for one, the second for more than a page: both are about one object.
    let world = World::new(|_, _| OK);
    let many: Vec<String> = (0..8).map(|n| format!("https://h{n}.example/inbox")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let object = Some("https://a.example/notes/1");
    for (id, inboxes) in [
        ("https://a.example/0", &many[..1]),
        ("https://a.example/1", &many[..1]),
        ("https://a.example/2", &many[..]),
    ] {
        world.post_about(object, Priority::Usual, id, inboxes).await;
    }
    let store = Faulty::new(&world.stores, 1, 0);
    let engine = world.builder_over(&store.stores()).build();
    store.refuse_enqueue();
    for _ in 0..6 {
        engine.step().await;
        world.clock.advance(seconds(10));
    }
    let arrived: Vec<String> = world
        .net
        .arrivals()
        .into_iter()
        .filter(|(_, inbox)| inbox == many[0])
        .map(|(id, _)| id)
        .collect();
    assert_eq!(
        arrived,
        [
            "https://a.example/0",
            "https://a.example/1",
            "https://a.example/2"
        ]
    );
}

#[tokio::test]
async fn a_delete_takes_back_what_nobody_has_seen_and_is_sent_to_all() {
    // One was tried and is to be tried again, one is held back and was not.
    let world = World::new(|url, _| match url.contains("down") {
        true => Reply::Status(503),
        false => OK,
    });
    world.stores.queue.pause("held.example").await.unwrap();
    let inboxes = [
        "https://up.example/inbox",
        "https://down.example/inbox",
        "https://held.example/inbox",
    ];
    let object = Some("https://a.example/notes/1");
    world
        .post_about(object, Priority::Usual, "https://a.example/1", &inboxes)
        .await;
    let engine = world.builder().build();
    engine.step().await;
    world
        .post_about(object, Priority::Usual, "https://a.example/1#DELETE", &inboxes)
        .await;
    // And both at once: whoever expands them together takes back what it has just enqueued.
    world
        .post_about(
            Some("https://a.example/notes/2"),
            Priority::Usual,
            "https://a.example/2",
            &inboxes[2..],
        )
        .await;
    world
        .post_about(
            Some("https://a.example/notes/2"),
            Priority::Usual,
            "https://a.example/2#DELETE",
            &inboxes[2..],
        )
        .await;
    engine.step().await;
    let counts = world.counts().await;
    assert_eq!((counts.enqueued, counts.superseded), (8, 2));
    world.net.script(|_, _| OK);
    world.stores.queue.resume("held.example").await.unwrap();
    while world.to_next_due(&engine).await {
        engine.step().await;
    }
    let at = |host: &str| -> Vec<String> {
        let inbox = format!("https://{host}/inbox");
        let arrivals = world.net.arrivals().into_iter();
        let to_it = arrivals.filter(|(_, to)| *to == inbox);
        let mut ids: Vec<String> = to_it.map(|(id, _)| id).collect();
        ids.sort();
        ids
    };
    let both = ["https://a.example/1", "https://a.example/1#DELETE"];
    assert_eq!(at("up.example"), both);
    assert_eq!(at("down.example"), both, "it may have been seen");
    assert_eq!(
        at("held.example"),
        ["https://a.example/1#DELETE", "https://a.example/2#DELETE"]
    );
    let counts = world.counts().await;
    assert_eq!((counts.pending, counts.delivered, counts.dead), (0, 6, 0));
}

#[tokio::test]
async fn what_waits_for_one_object_holds_up_nobody_elses() {
    let world = World::new(|_, _| OK);
    let order = Some("https://a.example/notes/1");
    let head = Outgoing {
        order: order.map(|object| OrderKey::of(&iri(object))),
        ..Outgoing::new(
            iri("https://a.example/head"),
            "later",
            "x",
            vec![iri("https://b.example/inbox")],
        )
    };
    world.stores.outbox.record(&head).await.unwrap();
    for n in 0..200 {
        let id = format!("https://a.example/{n}");
        world
            .post_about(order, Priority::Usual, &id, &["https://b.example/inbox"])
            .await;
    }
    world
        .post("https://a.example/other", &["https://c.example/inbox"])
        .await;
    let engine = world.builder().build();
    engine.step().await;
    assert_eq!(
        world.net.arrivals(),
        [(
            "https://a.example/other".to_owned(),
            "https://c.example/inbox".to_owned()
        )]
    );
}

#[tokio::test]
async fn p4_an_answer_to_a_person_goes_before_a_flood() {
    let world = World::new(|_, _| OK);
    let flood: Vec<String> = (0..300).map(|n| format!("https://h{n}.example/inbox")).collect();
    let flood: Vec<&str> = flood.iter().map(String::as_str).collect();
    world
        .post_about(None, Priority::Low, "https://a.example/flood", &flood)
        .await;
    let answer = "https://a.example/answer";
    world
        .post_about(
            None,
            Priority::High,
            answer,
            &["https://h299.example/users/bob/inbox"],
        )
        .await;
    // All is in the queue before anything is sent.
    let paused = world.stores.queue.clone();
    for host in flood.iter().map(|inbox| host_of(inbox)) {
        paused.pause(&host).await.unwrap();
    }
    let engine = world.builder().in_flight(4).build();
    engine.step().await;
    assert_eq!((world.counts().await.pending, world.net.seen().len()), (301, 0));
    for host in flood.iter().map(|inbox| host_of(inbox)) {
        paused.resume(&host).await.unwrap();
    }
    engine.step().await;
    let place = world
        .net
        .arrivals()
        .iter()
        .position(|(id, _)| id == answer)
        .unwrap();
    assert!(place < 8, "it was the {place}th of 301");
}
