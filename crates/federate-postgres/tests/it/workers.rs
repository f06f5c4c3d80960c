//! Several workers on one database: who owns what, and that nothing is done twice.

use crate::{at, cluster::database, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{Backend, Delivery, DeliveryId, DeliveryQueue, LEASE, Lane, Settled, StoreErrorKind};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

const URL: &str = "FEDERATE_POSTGRES_STOP_URL";

fn is_fenced<T>(result: Result<T, federate_store::StoreError>) -> bool {
    result.is_err_and(|error| error.kind() == StoreErrorKind::Fenced)
}

#[test]
fn p3_a_worker_that_was_stopped_past_its_lease_has_no_say() {
    let Some(database) = database() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let queue = runtime.block_on(async {
        let queue = Postgres::open(&database.url).await.unwrap().stores().queue;
        let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/1"), at(0));
        queue.enqueue(&[delivery], at(0)).await.unwrap();
        queue
    });
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "workers::p3_child", "--nocapture"])
        .env(URL, &database.url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut hear = |prefix: &str| {
        let lines = said.by_ref().map_while(Result::ok);
        lines
            .filter_map(|line| Some(line.strip_prefix(prefix)?.to_owned()))
            .next()
    };
    assert_eq!(hear("leased ").unwrap(), "b.example");
    signal("-STOP", child.id());

    let taken_over = runtime.block_on(async {
        assert!(
            queue.lease("second", 9, at(59)).await.unwrap().is_empty(),
            "not before its lease ends"
        );
        let lane = queue.lease("second", 9, at(0) + LEASE).await.unwrap().remove(0);
        assert_eq!(queue.due(&lane, 9, at(60)).await.unwrap().len(), 1);
        lane
    });
    child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    signal("-CONT", child.id());
    assert_eq!(hear("refused ").unwrap(), "due renew delivered retry dead");
    assert!(child.wait().unwrap().success());

    runtime.block_on(async {
        let due = queue.due(&taken_over, 9, at(61)).await.unwrap();
        assert_eq!((due.len(), due[0].attempt), (1, 0), "nothing was changed");
        let outcome = [(due[0].id.clone(), Settled::Delivered)];
        queue.settle(&taken_over, &outcome, at(61)).await.unwrap();
        let counts = queue.counts().await.unwrap();
        assert_eq!((counts.delivered, counts.pending), (1, 0));
    });
}

fn signal(which: &str, process: u32) {
    let done = Command::new("kill")
        .args([which, &process.to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

/// Not a test of its own: the worker that is stopped.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells its child what to do"
)]
#[expect(clippy::print_stdout, reason = "what the parent waits for")]
fn p3_child() {
    let Ok(url) = std::env::var(URL) else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let queue = Postgres::open(&url).await.unwrap().stores().queue;
        let lane = queue.lease("first", 9, at(0)).await.unwrap().remove(0);
        let due = queue.due(&lane, 9, at(0)).await.unwrap();
        println!("\nleased {}", lane.host);
        // It is stopped here, and goes on when another has its lane.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let id = due[0].id.clone();
        let mut refused = Vec::new();
        if is_fenced(queue.due(&lane, 9, at(0)).await) {
            refused.push("due");
        }
        if is_fenced(queue.renew(&lane, at(0)).await) {
            refused.push("renew");
        }
        let again = Settled::Retry {
            at: at(9),
            reason: "late".into(),
        };
        let dead = Settled::Dead {
            reason: "late".into(),
        };
        for (name, outcome) in [
            ("delivered", Settled::Delivered),
            ("retry", again),
            ("dead", dead),
        ] {
            if is_fenced(queue.settle(&lane, &[(id.clone(), outcome)], at(0)).await) {
                refused.push(name);
            }
        }
        queue.release(lane, Some(at(9_999))).await.unwrap();
        println!("\nrefused {}", refused.join(" "));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_workers_beside_each_other_lose_nothing_and_do_nothing_twice() {
    let Some(database) = database() else { return };
    let done: Arc<Mutex<HashMap<DeliveryId, u32>>> = Arc::default();
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(Postgres::open(&database.url).await.unwrap().stores());
    }
    let mut tasks = Vec::new();
    for (number, stores) in stores.iter().cloned().enumerate() {
        // Each enqueues, half of it what another enqueues too ...
        let queue = Arc::clone(&stores.queue);
        tasks.push(tokio::spawn(async move {
            for activity in 0..40 {
                let shared = activity % 2 == 0;
                let activity = outgoing(if shared {
                    activity
                } else {
                    activity + 1_000 * (number + 1)
                });
                let inbox = |n: usize| iri(&format!("https://h{}.example/{n}", n % 9));
                let batch: Vec<Delivery> = (0..30)
                    .map(|n| Delivery::new(activity.id.clone(), "alice", inbox((n * 7) % 30), at(0)))
                    .collect();
                queue.enqueue(&batch, at(0)).await.unwrap();
            }
        }));
        // ... and works on whatever there is ...
        let (queue, done) = (Arc::clone(&stores.queue), Arc::clone(&done));
        tasks.push(tokio::spawn(async move {
            let mut idle = 0;
            while idle < 200 {
                let lanes = queue.lease(&format!("w{number}"), 2, at(1)).await.unwrap();
                idle = if lanes.is_empty() { idle + 1 } else { 0 };
                for lane in lanes {
                    work(&*queue, lane, &done).await;
                }
            }
        }));
    }
    // ... while an operator interferes.
    let queue = Arc::clone(&stores[0].queue);
    tasks.push(tokio::spawn(async move {
        for round in 0..30 {
            queue.cancel(&format!("h{}.example", round % 3)).await.unwrap();
            queue.supersede(&outgoing(round).id).await.unwrap();
            let dead = queue.dead(9).await.unwrap();
            let (again, never) = dead.split_at(dead.len() / 2);
            let ids = |letters: &[federate_store::DeadLetter]| -> Vec<DeliveryId> {
                letters.iter().map(|letter| letter.delivery.id.clone()).collect()
            };
            queue.retry_dead(&ids(again), at(1)).await.unwrap();
            queue.discard_dead(&ids(never)).await.unwrap();
            assert!(queue.counts().await.unwrap().conserved(), "at every instant");
        }
    }));
    for task in tasks {
        task.await.unwrap();
    }
    // What was left when the workers had nothing to do.
    let queue = &stores[1].queue;
    loop {
        let lanes = queue.lease("last", 99, at(100)).await.unwrap();
        if lanes.is_empty() {
            break;
        }
        for lane in lanes {
            work(&**queue, lane, &done).await;
        }
    }
    let counts = queue.counts().await.unwrap();
    assert!(counts.conserved(), "{counts:?}");
    assert_eq!(counts.pending, 0, "no lane was forgotten");
    assert_eq!(
        counts.enqueued,
        (20 + 4 * 20) * 30,
        "what several enqueue counts once"
    );
    let done = done.lock().unwrap();
    assert_eq!(counts.delivered, done.len() as u64);
    assert!(
        done.values().all(|times| *times == 1),
        "nothing is delivered twice"
    );
}

/// All of a lane; one in eleven dies.
async fn work(queue: &dyn DeliveryQueue, lane: Lane, done: &Mutex<HashMap<DeliveryId, u32>>) {
    loop {
        let due = match queue.due(&lane, 20, at(1)).await {
            Ok(due) if !due.is_empty() => due,
            Ok(_) => break,
            Err(error) => {
                // Only `cancel` takes a lane away here.
                assert_eq!(error.kind(), StoreErrorKind::Fenced);
                return;
            }
        };
        let outcomes: Vec<(DeliveryId, Settled)> = due
            .into_iter()
            .map(|delivery| {
                let dies = delivery.attempt == 0 && delivery.id.as_str().len() % 11 == 0;
                let reason = "as the test wants".to_owned();
                let settled = if dies {
                    Settled::Dead { reason }
                } else {
                    Settled::Delivered
                };
                (delivery.id, settled)
            })
            .collect();
        match queue.settle(&lane, &outcomes, at(1)).await {
            Ok(()) => {
                let mut done = done.lock().unwrap();
                for (id, settled) in outcomes {
                    if settled == Settled::Delivered {
                        *done.entry(id).or_default() += 1;
                    }
                }
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Fenced);
                return;
            }
        }
    }
    queue.release(lane, None).await.unwrap();
}

#[tokio::test]
async fn workers_that_lease_at_once_share_the_lanes() {
    let Some(database) = database() else { return };
    let mut queues = Vec::new();
    for _ in 0..4 {
        queues.push(Postgres::open(&database.url).await.unwrap().stores().queue);
    }
    let batch: Vec<Delivery> = (0..400)
        .map(|n| {
            Delivery::new(
                outgoing(1).id,
                "alice",
                iri(&format!("https://h{n}.example/1")),
                at(0),
            )
        })
        .collect();
    queues[0].enqueue(&batch, at(0)).await.unwrap();
    let last = Arc::clone(&queues[0]);
    let mut tasks = Vec::new();
    for queue in queues {
        tasks.push(tokio::spawn(async move {
            let mut hosts = Vec::new();
            // Rows that another is about to take are passed over, so an empty answer is not yet the end.
            let mut empty = 0;
            while empty < 20 {
                let lanes = queue.lease("w", 7, at(0)).await.unwrap();
                assert!(lanes.len() <= 7);
                empty = if lanes.is_empty() { empty + 1 } else { 0 };
                hosts.extend(lanes.into_iter().map(|lane| lane.host));
            }
            hosts
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(
        last.lease("w", usize::MAX, at(0)).await.unwrap(),
        [],
        "of any number"
    );
    all.sort_unstable();
    let leased = all.len();
    all.dedup();
    assert_eq!((leased, all.len()), (400, 400), "each lane once");
}

#[tokio::test]
async fn what_is_enqueued_while_a_lane_is_given_back_is_not_forgotten() {
    let Some(database) = database() else { return };
    let one = Postgres::open(&database.url).await.unwrap().stores().queue;
    let two = Postgres::open(&database.url).await.unwrap().stores().queue;
    for round in 0..100 {
        let delivery = |n: usize| {
            let activity = outgoing(2 * round + n).id;
            Delivery::new(activity, "alice", iri("https://b.example/1"), at(0))
        };
        one.enqueue(&[delivery(0)], at(0)).await.unwrap();
        let lane = one.lease("w", 1, at(0)).await.unwrap().remove(0);
        one.settle(&lane, &[(delivery(0).id, Settled::Delivered)], at(0))
            .await
            .unwrap();
        let batch = [delivery(1)];
        let (released, enqueued) = tokio::join!(one.release(lane, None), two.enqueue(&batch, at(0)));
        released.and(enqueued).unwrap();
        let lane = one.lease("w", 1, at(0)).await.unwrap().remove(0);
        one.settle(&lane, &[(delivery(1).id, Settled::Delivered)], at(0))
            .await
            .unwrap();
        one.release(lane, None).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_enqueued_while_its_activity_is_pruned_keeps_it() {
    let Some(database) = database() else { return };
    let one = Postgres::open(&database.url).await.unwrap().stores().queue;
    let two = Postgres::open(&database.url).await.unwrap().stores().queue;
    let delivery = |inbox: usize| {
        let inbox = iri(&format!("https://b.example/{inbox}"));
        Delivery::new(outgoing(1).id, "alice", inbox, at(0))
    };
    for round in 0..60 {
        one.enqueue(&[delivery(round)], at(0)).await.unwrap();
        let lane = one.lease("w", 1, at(0)).await.unwrap().remove(0);
        one.settle(&lane, &[(delivery(round).id, Settled::Delivered)], at(0))
            .await
            .unwrap();
        let batch = [delivery(round + 1_000)];
        let (pruned, enqueued) = tokio::join!(one.prune(at(9), 9), two.enqueue(&batch, at(0)));
        pruned.unwrap();
        enqueued.unwrap();
        let due = one.due(&lane, 9, at(0)).await.unwrap();
        assert_eq!(due.len(), 1, "it can be read with its activity");
        one.settle(&lane, &[(due[0].id.clone(), Settled::Delivered)], at(0))
            .await
            .unwrap();
        one.release(lane, None).await.unwrap();
    }
}
