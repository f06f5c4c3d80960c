//! A rolling upgrade: workers are stopped and started in turn while deliveries flow, and the tables change under them.

use super::{
    Draw,
    outbox::{Outbox, Worker, promised},
    sink::{Sink, Temper},
};
use crate::cluster::{Database, database};
use std::time::Duration;

/// What a newer release does to the tables when its first process starts.
const NEWER: &str = include_str!("../../../../federate-postgres/tests/support/newer.sql");

/// Activities of a round.
const COUNT: usize = 60;

#[test]
fn p18_workers_that_are_restarted_in_turn_lose_nothing_and_send_nothing_twice() {
    let Some(database) = database() else { return };
    roll(&database, |_| {});
}

#[test]
fn p20_workers_go_on_when_a_newer_release_migrates_under_them() {
    let Some(database) = database() else { return };
    roll(&database, |round| {
        if round == 0 {
            database.execute(NEWER);
        }
    });
    // And one that takes away what this release uses lets it start no more.
    database.execute("INSERT INTO federate.migrations (version, works_with) VALUES (6, 5)");
    let said = Outbox::new(database.url.clone()).refuses();
    assert_eq!(said, "outbox: schema is at version 6, this release knows 4\n");
}

/// Two rounds, in each of which all workers are restarted; `meanwhile` is done in the middle of a round.
fn roll(database: &Database, meanwhile: impl Fn(usize)) {
    let sink = Sink::start(&[Temper::Steady; 5], 0);
    let inboxes = sink.inboxes(4);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inboxes");
    std::fs::write(&file, inboxes.join("\n")).unwrap();
    let outbox = Outbox::new(database.url.clone());
    let start = |number: usize| outbox.work(&format!("worker-{number}"), false);

    let mut workers: Vec<Worker> = (0..3).map(start).collect();
    let (mut runs, mut draw) = (Vec::new(), Draw(18));
    for round in 0..2 {
        let enqueuer = outbox.enqueue(&file, COUNT, false);
        for number in 0..workers.len() {
            // In the middle of it: something arrived since the last one was stopped, and more is to come.
            let more = usize::try_from(draw.below(200)).unwrap();
            sink.wait_for((round * COUNT + number * COUNT / 4) * inboxes.len() + 20 + more);
            if number == 1 {
                meanwhile(round);
            }
            workers.remove(number).stop();
            workers.insert(number, start(number));
        }
        runs.push(enqueuer.end());
    }
    let all = 2 * COUNT * inboxes.len();
    sink.wait_for(all);
    for worker in workers {
        worker.stop();
    }
    outbox.work("last", true).end(Duration::from_secs(60));

    let promised = promised(&runs);
    let arrived = sink.arrived();
    assert_eq!(promised.len(), all);
    assert!(
        arrived.keys().eq(promised.iter()),
        "what was promised, and nothing else"
    );
    let twice: Vec<_> = arrived.iter().filter(|(_, one)| one.taken != 1).collect();
    assert!(twice.is_empty(), "{} arrived twice: {twice:?}", twice.len());
    assert_eq!(outbox.status()["delivered"], arrived.len());
}
