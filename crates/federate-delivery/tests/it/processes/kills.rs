//! `kill -9` of enqueuers and workers, again and again: what `enqueue` printed arrives, each at its inbox.
//!
//! `FEDERATE_KILLS` says how often (6 unless said; `.ci/run` says 100, `.ci/nightly` 500), `PROPTEST_RNG_SEED` from which
//! seed the moments and the victims are drawn. Moments are times, so a seed repeats the plan and not the run.

use super::{
    Draw, chosen,
    outbox::{Enqueuer, Outbox, Run, Worker, promised},
    sink::{Sink, Temper},
};
use crate::cluster::database;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};

const TEMPERS: [Temper; 6] = [
    Temper::Steady,
    Temper::Steady,
    Temper::Steady,
    Temper::Overloaded,
    Temper::Broken,
    Temper::Cuts,
];

#[test]
fn p1_kill_9_of_enqueuers_and_workers_loses_nothing_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", directory.path().join("queue.db").display());
    Fleet::new("sqlite", store, 1).sail();
}

#[test]
fn p1_kill_9_of_enqueuers_and_workers_loses_nothing_on_postgres() {
    let Some(database) = database() else { return };
    Fleet::new("postgres", database.url.clone(), 2).sail();
}

/// Two enqueuers and two workers over one store.
struct Fleet {
    name: &'static str,
    outbox: Outbox,
    sink: Sink,
    seed: u64,
    draw: Draw,
    directory: tempfile::TempDir,
    enqueuers: Vec<Enqueuer>,
    workers: Vec<Worker>,
    runs: Vec<Run>,
}

impl Fleet {
    fn new(name: &'static str, store: String, salt: u64) -> Self {
        let seed = chosen("PROPTEST_RNG_SEED", 1922);
        let sink = Sink::start(&TEMPERS, seed);
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, inboxes: &[String]| {
            std::fs::write(directory.path().join(name), inboxes.join("\n") + "\n").unwrap();
        };
        write("some", &sink.inboxes(1));
        write("all", &sink.inboxes(3));
        Self {
            name,
            outbox: Outbox::new(store),
            sink,
            seed,
            draw: Draw(seed ^ (salt << 32)),
            directory,
            enqueuers: Vec::new(),
            workers: Vec::new(),
            runs: Vec::new(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "how long it took is reported")]
    #[expect(clippy::print_stdout, reason = "the figures, for whoever runs it")]
    fn sail(mut self) {
        let began = Instant::now();
        let kills = chosen("FEDERATE_KILLS", 6);
        for place in 0..2 {
            let enqueuer = self.enqueuer(place);
            self.enqueuers.push(enqueuer);
            self.workers.push(self.worker(place));
        }
        let (mut enqueuers, mut workers) = (0, 0);
        while enqueuers + workers < kills {
            let place = usize::from(self.draw.below(2) == 1);
            let a_worker = self.draw.below(2) == 1;
            // Half of them at any moment, while it opens the store too, and half in the middle of its work.
            let within = match (self.draw.below(2), a_worker) {
                (0, _) => 150_000,
                (_, true) => {
                    self.sink.wait();
                    5_000
                }
                (_, false) => {
                    self.enqueuers[place].wait();
                    20_000
                }
            };
            std::thread::sleep(Duration::from_micros(self.draw.below(within)));
            if a_worker {
                self.workers.remove(place).kill();
                self.workers.insert(place, self.worker(place));
                workers += 1;
            } else {
                let run = self.enqueuers.remove(place).kill();
                enqueuers += u64::from(run.killed);
                self.runs.push(run);
                let next = self.enqueuer(place);
                self.enqueuers.insert(place, next);
            }
        }
        let killing = began.elapsed();
        // Under a load of others, a drain took less than a second for each kill.
        self.finish(Duration::from_secs(60 + 3 * kills));
        let (promised, unprinted, duplicates) = self.compare();
        println!(
            "{}, seed {}: {} kills ({enqueuers} of enqueuers, {workers} of workers), {promised} promised, \
             {promised} arrived, {unprinted} more that were committed and not yet printed, \
             {duplicates} arrived again; {:.1} s, {:.1} s of them until the last kill",
            self.name,
            self.seed,
            enqueuers + workers,
            began.elapsed().as_secs_f64(),
            killing.as_secs_f64(),
        );
    }

    /// Lets the last enqueuers end, and works until nothing waits.
    fn finish(&mut self, patience: Duration) {
        self.runs.extend(self.enqueuers.drain(..).map(Enqueuer::end));
        for worker in self.workers.drain(..) {
            worker.stop();
        }
        let last = self.outbox.work("worker-0", true);
        last.end(patience);
    }

    /// Holds what arrived against what was promised: the number of promises, of deliveries whose promise was cut off by
    /// the kill, and of repetitions.
    fn compare(&self) -> (usize, usize, u32) {
        let promised = promised(&self.runs);
        let arrived = self.sink.arrived();
        let answered: BTreeSet<_> = arrived
            .iter()
            .filter(|(_, arrivals)| arrivals.answered > 0)
            .map(|(delivery, _)| delivery.clone())
            .collect();
        let lost: Vec<_> = promised.difference(&answered).collect();
        assert!(lost.is_empty(), "{} promised and lost: {lost:?}", lost.len());
        let others: Vec<_> = arrived.keys().filter(|one| !promised.contains(*one)).collect();
        for (id, inbox) in &others {
            assert!(
                self.runs.iter().any(|run| run.was_about_to_promise(id)),
                "made up: {id} {inbox}"
            );
        }
        assert!(promised.len() > self.runs.len(), "the enqueuers did something");
        let status = self.outbox.status();
        assert_eq!(status["delivered"], arrived.len(), "{status:#}");
        assert_eq!(status["enqueued"], arrived.len(), "{status:#}");
        let again = arrived.values().map(|arrivals| arrivals.taken - 1).sum();
        (promised.len(), others.len(), again)
    }

    fn enqueuer(&mut self, place: usize) -> Enqueuer {
        let path = |name: &str| -> PathBuf { self.directory.path().join(name) };
        if place == 0 {
            let count = self.draw.below(20) + 1;
            self.outbox
                .enqueue(&path("all"), usize::try_from(count).unwrap(), true)
        } else {
            let count = self.draw.below(16) + 1;
            self.outbox
                .enqueue(&path("some"), usize::try_from(count).unwrap(), false)
        }
    }

    fn worker(&self, place: usize) -> Worker {
        self.outbox.work(&format!("worker-{place}"), false)
    }
}
