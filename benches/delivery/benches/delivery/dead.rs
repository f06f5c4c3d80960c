//! Living hosts beside as many that are dead.

use std::time::Duration;

use federate_benches_delivery::sink::Expected;
use federate_benches_delivery::town::{Dead, Town};
use federate_benches_delivery::worker::{Options, Seen};

use crate::child::{Process, Sink};

const LIVING: usize = 1_000;
const EVERY: Duration = Duration::from_secs(4);

/// What became of the living, and of the slots.
struct Figures {
    missing: usize,
    p50: f64,
    p99: f64,
    /// The 99th percentile of what was posted after the first minute.
    later: f64,
    /// Shares of the slots that dead hosts have, in the first minute and after it.
    share: (f64, f64),
}

pub fn run(time: Duration) {
    println!(
        "\nAn activity every {EVERY:?} for one inbox on each host, {time:?} long; seconds from its post to its arrival at {LIVING} living hosts"
    );
    println!(
        "  {:32} {:>7} {:>7} {:>7} {:>14} {:>26}",
        "", "missing", "p50", "p99", "p99, 2nd min.", "dead slots, 1st and 2nd min."
    );
    let mut p99 = Vec::new();
    for (name, is_dead) in [("living hosts alone", false), ("and as many dead ones", true)] {
        let figures = measure(time, is_dead);
        println!(
            "  {name:32} {:7} {:7.2} {:7.2} {:14.2} {:>26}",
            figures.missing,
            figures.p50,
            figures.p99,
            figures.later,
            format!(
                "{:.1} % {:.1} %",
                figures.share.0 * 100.0,
                figures.share.1 * 100.0
            ),
        );
        p99.push((figures.p99, figures.later));
    }
    println!(
        "  p99 {:.2} times that of the living alone, {:.2} after the first minute (goal 2); goal of the slots after it: 10 %",
        p99[1].0 / p99[0].0,
        p99[1].1 / p99[0].1
    );
}

fn measure(time: Duration, is_dead: bool) -> Figures {
    let mut sink = Sink::start(1);
    let mut dead = Process::role(&["dead"]);
    let ports: Dead = serde_json::from_str(&dead.hear()).unwrap();
    let hosts = if is_dead { 2 * LIVING } else { LIVING };
    let town = Town {
        hosts,
        inboxes: hosts,
        port: sink.port,
        named: true,
        dead: is_dead.then_some(ports),
    };
    let posts = usize::try_from(time.as_millis() / EVERY.as_millis()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        store: folder.path().join("queue.db").to_str().unwrap().to_owned(),
        provider: "ring".to_owned(),
        town,
        in_flight: None,
        lanes: None,
        posts,
        every: EVERY,
    };
    let mut worker = Process::role(&["work", &serde_json::to_string(&options).unwrap()]);
    worker.wait_for("ready");
    sink.expect(&Expected {
        activities: posts,
        inboxes: hosts,
        latency: Duration::ZERO,
        patience: time + EVERY,
    });
    worker.say("go");
    sink.wait();
    let arrivals = sink.arrivals();
    let report = sink.report();
    worker.say("stop");
    let seen: Seen = serde_json::from_str(&worker.hear()).unwrap();
    assert_eq!((report.twice, report.wrong, report.refused), (0, 0, None));
    figures(&town, &seen, &arrivals)
}

fn figures(town: &Town, seen: &Seen, arrivals: &[u64]) -> Figures {
    let minute = seen.posted[0] + 60_000_000_000;
    let (mut all, mut later, mut missing) = (Vec::new(), Vec::new(), 0);
    for (posted, arrivals) in seen.posted.iter().zip(arrivals.chunks(town.inboxes)) {
        let living = arrivals
            .iter()
            .enumerate()
            .filter(|(host, _)| town.dead.is_none() || host % 2 == 0);
        for (_, arrival) in living {
            if *arrival == 0 {
                missing += 1;
                continue;
            }
            let seconds = (arrival - posted) as f64 / 1e9;
            all.push(seconds);
            if *posted >= minute {
                later.push(seconds);
            }
        }
    }
    // Ten a second.
    let slots = seen.slots.split_at(600.min(seen.slots.len()));
    Figures {
        missing,
        p50: percentile(&mut all, 50),
        p99: percentile(&mut all, 99),
        later: percentile(&mut later, 99),
        share: (share(slots.0), share(slots.1)),
    }
}

/// Of all the slots that there are.
fn share(slots: &[(usize, usize)]) -> f64 {
    /// As the engine has them by default.
    const SLOTS: usize = 512;
    let dead: usize = slots.iter().map(|(dead, _)| dead).sum();
    dead as f64 / (SLOTS * slots.len().max(1)) as f64
}

fn percentile(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    let index = figures.len() * percent / 100;
    figures.get(index).or(figures.last()).copied().unwrap_or(f64::NAN)
}
