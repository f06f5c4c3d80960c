//! A rolling restart: workers are stopped and started in turn while deliveries flow.

use super::{
    Draw,
    outbox::{Outbox, Worker, promised},
    sink::{Sink, Temper},
};
use crate::cluster::database;
use std::time::Duration;

#[test]
fn p18_workers_that_are_restarted_in_turn_lose_nothing_and_send_nothing_twice() {
    let Some(database) = database() else { return };
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
        let enqueuer = outbox.enqueue(&file, 60, false);
        for number in 0..workers.len() {
            // In the middle of it: something of this round arrived since the last one stopped, and more is to come.
            let before = (round * 60 + number * 15) * inboxes.len();
            let more = usize::try_from(draw.below(200)).unwrap();
            sink.wait_for(before + 20 + more);
            workers.remove(number).stop();
            workers.insert(number, start(number));
        }
        runs.push(enqueuer.end());
    }
    sink.wait_for(120 * inboxes.len());
    for worker in workers {
        worker.stop();
    }
    outbox.work("last", true).end(Duration::from_secs(60));

    let promised = promised(&runs);
    let arrived = sink.arrived();
    assert_eq!(promised.len(), 120 * inboxes.len());
    assert!(
        arrived.keys().eq(promised.iter()),
        "what was promised, and nothing else"
    );
    let twice: Vec<_> = arrived.iter().filter(|(_, one)| one.taken != 1).collect();
    assert!(twice.is_empty(), "{} arrived twice: {twice:?}", twice.len());
    assert_eq!(outbox.status()["delivered"], arrived.len());
}
