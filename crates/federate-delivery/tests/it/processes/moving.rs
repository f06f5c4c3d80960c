//! A store that moves from under a worker that runs, and one that comes out of a backup.

use super::{
    outbox::{Outbox, promised},
    sink::{Sink, Temper},
};
use crate::cluster::database;
use std::time::Duration;

const COUNT: usize = 300;

#[test]
fn p8_a_store_moves_from_under_a_worker_and_nothing_is_lost_or_sent_twice() {
    let Some(database) = database() else { return };
    let sink = Sink::start(&[Temper::Steady; 5], 0);
    let inboxes = sink.inboxes(4);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inboxes");
    std::fs::write(&file, inboxes.join("\n")).unwrap();
    let source = Outbox::new(format!("sqlite:{}", directory.path().join("queue.db").display()));
    let target = Outbox::new(database.url.clone());

    let worker = source.work("worker", false);
    let runs = [source.enqueue(&file, COUNT, false).end()];
    // In the middle of it.
    sink.wait_for(40);
    let moved = source.does("transfer", &["--to", &database.url]).unwrap();
    assert!(moved.starts_with("moved "), "{moved}");
    let left = source.status();
    assert_eq!(left["held"], "moved");
    let arrived = target.status();
    assert_eq!(arrived["held"], serde_json::Value::Null);
    for figure in ["enqueued", "pending", "delivered", "unexpanded"] {
        assert_eq!(arrived[figure], left[figure], "{figure}");
    }
    // Once more: it is complete, and says the same.
    assert_eq!(source.does("transfer", &["--to", &database.url]).unwrap(), moved);
    let (late, said) = source.enqueue(&file, 1, false).end_refused();
    assert!(late.promised.is_empty(), "{said}");

    target.work("other", true).end(Duration::from_secs(120));
    worker.stop();
    let arrived = sink.arrived();
    assert!(arrived.keys().eq(promised(&runs).iter()), "all, and nothing else");
    let twice = arrived.values().filter(|arrivals| arrivals.taken > 1).count();
    assert_eq!(twice, 0, "a worker gives back what it has, and says what it did");
    assert_eq!(target.status()["delivered"], arrived.len());
}

#[test]
fn a_backup_is_worked_on_when_somebody_says_so() {
    let sink = Sink::start(&[Temper::Steady; 2], 0);
    let inboxes = sink.inboxes(2);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inboxes");
    std::fs::write(&file, inboxes.join("\n")).unwrap();
    let store = |name: &str| {
        let path = directory.path().join(name).display().to_string();
        (Outbox::new(format!("sqlite:{path}")), path)
    };
    let ((original, _), (backup, path)) = (store("queue.db"), store("backup.db"));
    let run = original.enqueue(&file, 10, false).end();
    original.does("backup", &["--to", &path]).unwrap();
    assert!(original.does("backup", &["--to", &path]).is_err(), "it exists");
    let refused = backup.does("work", &["--until-empty"]).unwrap_err();
    assert!(refused.contains("restored backup"), "{refused}");
    assert_eq!(backup.status()["held"], "restored");
    backup.does("allow", &[]).unwrap();
    backup.work("worker", true).end(Duration::from_secs(60));
    assert_eq!(sink.arrived().len(), run.promised.len());
}
