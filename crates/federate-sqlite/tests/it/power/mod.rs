//! Loss of power: what a process wrote, and in which order it waited for the disk, is taken from its system calls; from that
//! the directory is rebuilt as a disk may hold it that lost power at some moment.
//!
//! It needs `strace`. Where that is missing or may not trace, the tests are skipped and say so; with
//! `FEDERATE_REQUIRE_STRACE=1` that is a failure. `FEDERATE_POWER_POINTS` says how often the power goes (60 unless said).
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what fails here should fail the test"
)]

mod child;
mod disk;
mod trace;

use crate::kill::{everything, runtime};
use disk::Disk;
use federate_sqlite::Sqlite;
use federate_store::Backend;
use std::{collections::BTreeSet, path::Path, sync::OnceLock};
use trace::Event;

/// What the child did, once for all tests.
fn recorded() -> Option<&'static [Event]> {
    static RECORDED: OnceLock<Option<Vec<Event>>> = OnceLock::new();
    RECORDED.get_or_init(trace::record).as_deref()
}

/// The promises in a line of the child, in the words of `everything`.
fn promises(line: &str) -> impl Iterator<Item = String> {
    let (what, ids) = line.split_once(' ').unwrap();
    ids.split('\t').map(move |id| format!("{what} {id}"))
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures, for whoever runs it")]
fn p1_each_promise_comes_after_the_disk_has_what_it_promises() {
    let Some(events) = recorded() else { return };
    let mut disk = Disk::default();
    let (mut said, mut syncs, mut written) = (0, 0, false);
    for event in events {
        disk.happened(event);
        match event {
            Event::Write { file, .. } if file.ends_with("-wal") => written = true,
            Event::Synced { file, .. } if file.ends_with("-wal") => syncs += 1,
            Event::Said(line) => {
                said += 1;
                assert!(written, "nothing was written for {line:?}");
                written = false;
                assert_eq!(disk.waiting("-wal"), [""; 0], "not on the disk before {line:?}");
                assert_eq!(
                    disk.unlinked_names(),
                    [""; 0],
                    "not in the directory before {line:?}"
                );
            }
            _ => {}
        }
    }
    println!(
        "{said} promises, each after the last of {syncs} syncs of a log; {} events",
        events.len()
    );
    assert!(said >= 100 && syncs >= said, "{said} promises, {syncs} syncs");
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures, for whoever runs it")]
fn p1_what_was_promised_survives_the_loss_of_power_at_any_moment() {
    let Some(events) = recorded() else { return };
    let points = usize::try_from(chosen("FEDERATE_POWER_POINTS", 60)).unwrap();
    let seed = chosen("PROPTEST_RNG_SEED", 1922);
    let mut draw = Draw(seed);
    let said: Vec<usize> = (0..events.len())
        .filter(|&at| matches!(events[at], Event::Said(_)))
        .collect();
    let mut at: Vec<usize> = (0..points)
        .map(|point| {
            // The moment after a promise is the worst one.
            if point % 3 == 0 {
                said[draw.below(said.len())]
            } else {
                draw.below(events.len())
            }
        })
        .collect();
    at.sort_unstable();

    let (mut disk, mut promised, mut next) = (Disk::default(), BTreeSet::new(), 0);
    let (mut unsynced, mut checked) = (0, 0);
    for (point, at) in at.into_iter().enumerate() {
        for event in &events[next..next.max(at + 1)] {
            disk.happened(event);
            if let Event::Said(line) = event {
                promised.extend(promises(line));
            }
        }
        next = next.max(at + 1);
        unsynced += usize::from(disk.has_waiting());
        let directory = in_memory();
        // Nothing of what was not synced, all of it, or any of its sectors.
        disk.lose_power(directory.path(), [0, 50, 100, 10, 90][point % 5], &mut draw);
        runtime().block_on(check(
            &directory.path().join("app.db"),
            &promised,
            &format!("event {at}, seed {seed}"),
        ));
        checked += promised.len();
    }
    println!(
        "power lost at {points} of {} moments, {unsynced} of them with something unsynced; {checked} promises looked for, \
         {} different",
        events.len(),
        promised.len()
    );
    assert!(
        unsynced > points / 10,
        "the power was never lost in the middle of something"
    );
}

/// A directory that is fast where the machine has one: what is rebuilt need not survive anything.
fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// It opens, is whole, and has what was promised.
async fn check(file: &Path, promised: &BTreeSet<String>, moment: &str) {
    let store = Sqlite::open(file).await.unwrap();
    let queue = sqlx::SqlitePool::connect(&format!("sqlite://{}-federate", file.display()))
        .await
        .unwrap();
    for pool in [store.pool(), &queue] {
        let said: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(said, "ok", "{moment}");
    }
    queue.close().await;
    // The disk is rebuilt: the files are others than those that were made.
    store.stores().binding.allow().await.unwrap();
    store.close().await;
    let found = everything(file).await;
    let lost: Vec<_> = promised.difference(&found).collect();
    assert!(lost.is_empty(), "{moment}: promised and lost: {lost:?}");
}

/// Numbers that repeat themselves (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often and from which seed is a matter of patience"
)]
fn chosen(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(otherwise)
}
