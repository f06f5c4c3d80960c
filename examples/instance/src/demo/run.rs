//! Starts both sides, lets everything cross in both directions, and says how it went.

use super::{side::Side, steps::cross};
use crate::cli::Stop;
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// More than this for one direction is a failure: something waits for a retry.
const PATIENCE: Duration = Duration::from_secs(20);

/// What has been observed, and which step runs.
pub(super) struct Report {
    started: Instant,
    step: &'static str,
    begun: Instant,
    done: usize,
}

impl Report {
    fn new() -> Report {
        let now = Instant::now();
        Report {
            started: now,
            step: "start",
            begun: now,
            done: 0,
        }
    }

    pub(super) fn step(&mut self, name: &'static str) {
        self.step = name;
        self.begun = Instant::now();
    }

    /// The step was seen to arrive.
    pub(super) fn observed(&mut self, what: &str) {
        self.done += 1;
        let (at, took) = (
            self.started.elapsed().as_millis(),
            self.begun.elapsed().as_millis(),
        );
        say(&format!("{at:>6} ms  {:<17} +{took:>4} ms  {what}", self.step));
    }
}

/// `Ok` only if every step was observed in both directions.
pub(crate) async fn run() -> Result<(), Stop> {
    let mut report = Report::new();
    let directory = Directory::new().map_err(Stop::failed)?;
    let result = both_ways(&mut report, &directory.0).await;
    match result {
        Ok(()) => {
            let seconds = report.started.elapsed().as_secs_f64();
            say(&format!(
                "all {} steps were observed on the other side, in {seconds:.1} s",
                report.done
            ));
            Ok(())
        }
        Err(why) => Err(Stop::failed(format!(
            "the demo failed at the step \"{}\": {why}",
            report.step
        ))),
    }
}

async fn both_ways(report: &mut Report, directory: &Path) -> Result<(), String> {
    let alice = Side::start("alice", directory).await?;
    let bob = Side::start("bob", directory).await?;
    say(&format!(
        "{} and {} are up, each with its own listener and database",
        alice.handle(),
        bob.handle()
    ));
    for (here, there) in [(&alice, &bob), (&bob, &alice)] {
        say(&format!("--- {} follows {}", here.handle(), there.handle()));
        timeout(PATIENCE, cross(report, here, there))
            .await
            .map_err(|_| format!("it was not observed within {} s", PATIENCE.as_secs()))??;
    }
    report.step("stop");
    alice.stop().await?;
    bob.stop().await
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A directory that goes away with the demo.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Directory, String> {
        let name = crate::db::tokens::random().ok_or("the system has no randomness")?;
        let path = std::env::temp_dir().join(format!("federate-demo-{name}"));
        std::fs::create_dir(&path).map_err(|e| format!("cannot make {}: {e}", path.display()))?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
