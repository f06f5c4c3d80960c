//! The disk fills up under a worker that runs, and is freed again.

use super::{
    outbox::{Outbox, promised},
    sink::{Sink, Temper},
    small::{self, fill, free},
};
use std::time::Duration;

#[test]
fn p14_a_worker_survives_a_full_disk_and_delivers_when_there_is_space() {
    let Some(directory) = small::directory() else {
        let name = "processes::disk_full::p14_a_worker_survives_a_full_disk_and_delivers_when_there_is_space";
        return small::repeat_on("16m", name);
    };
    let sink = Sink::start(&[Temper::Steady; 2], 0);
    let inboxes = sink.inboxes(2);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("inboxes");
    std::fs::write(&file, inboxes.join("\n")).unwrap();
    let outbox = Outbox::new(format!("sqlite:{}", directory.join("queue.db").display()));
    let worker = outbox.work("worker", false);
    let mut runs = vec![outbox.enqueue(&file, 1, false).end()];
    sink.wait_for(inboxes.len());

    fill(&directory, 400_000);
    let (run, said) = outbox.enqueue(&file, 100_000, false).end_refused();
    assert!(said.contains("full"), "{said}");
    assert!(!run.promised.is_empty(), "there was some space");
    runs.push(run);
    fill(&directory, 0);
    // It cannot write down what becomes of them, and goes on trying: for longer than it pauses between two tries.
    std::thread::sleep(Duration::from_secs(3));
    let (run, _) = outbox.enqueue(&file, 1, false).end_refused();
    assert!(
        run.promised.is_empty(),
        "nothing is promised without space for it"
    );

    free(&directory);
    runs.push(outbox.enqueue(&file, 5, false).end());
    let promised = promised(&runs);
    sink.wait_for(promised.len());
    worker.stop();
    outbox.work("worker", true).end(Duration::from_secs(60));
    let arrived = sink.arrived();
    assert!(
        arrived.keys().eq(promised.iter()),
        "what was promised, and nothing else"
    );
    let status = outbox.status();
    assert_eq!(status["delivered"], arrived.len(), "{status:#}");
    assert_eq!(status["enqueued"], arrived.len(), "{status:#}");
}
