//! A million deliveries that wait.

use std::time::Duration;

use federate_benches_delivery::clock;
use federate_benches_delivery::sink::Expected;
use federate_benches_delivery::town::Town;
use federate_benches_delivery::worker::Options;

use crate::child::{Process, Sink};

/// Inboxes on each host.
const EACH: usize = 33;
/// What waits in a queue that is empty but for it: more than is delivered in the time.
const FEW: usize = 60_000;
const TIME: Duration = Duration::from_secs(10);

pub fn run(deliveries: usize) {
    println!(
        "\nDeliveries that wait in SQLite when a process starts, {EACH} for each host; it works for {TIME:?}"
    );
    println!(
        "  {:>10} {:>8} {:>18} {:>12} {:>10} {:>10} {:>8}",
        "deliveries", "hosts", "s to the first one", "deliveries/s", "after 2 s", "CPU s/1000", "peak MB"
    );
    let few = start(FEW);
    let many = start(deliveries);
    println!(
        "  ratio of the rates {:.2}, after 2 s {:.2} (goal 0.8), of the CPU {:.2}; goals: first one within 2 s, 300 MB",
        many.rate / few.rate,
        many.later / few.later,
        many.cpu / few.cpu
    );
}

struct Figures {
    /// Deliveries a second, from the first one on, and from two seconds after it on.
    rate: f64,
    later: f64,
    /// CPU seconds for a thousand, from the start on.
    cpu: f64,
}

fn start(deliveries: usize) -> Figures {
    let mut sink = Sink::start(1);
    let hosts = deliveries / EACH;
    let town = Town {
        hosts,
        inboxes: deliveries,
        port: sink.port,
        named: true,
        dead: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("queue.db").to_str().unwrap().to_owned();
    let about = serde_json::to_string(&town).unwrap();
    Process::role(&["fill", &store, &about, "1"]).wait_for("filled");
    let options = Options {
        store,
        provider: "ring".to_owned(),
        town,
        in_flight: None,
        lanes: None,
        posts: 0,
        every: Duration::ZERO,
    };
    sink.expect(&Expected {
        activities: 1,
        inboxes: deliveries,
        latency: Duration::ZERO,
        patience: TIME,
    });
    let began = clock::now();
    let mut worker = Process::role(&["restart", &serde_json::to_string(&options).unwrap()]);
    sink.wait();
    let (cpu, peak) = (worker.cpu(), worker.peak());
    let report = sink.report();
    let arrivals = sink.arrivals();
    worker.say("stop");
    worker.wait_for("done");
    assert_eq!((report.twice, report.wrong, report.refused), (0, 0, None));
    assert!(
        report.distinct > 0 && report.distinct < deliveries,
        "{}",
        report.distinct
    );
    let seconds = |from: u64| (report.last - from) as f64 / 1e9;
    let late = report.first + 2_000_000_000;
    let later = arrivals.iter().filter(|arrival| **arrival >= late).count();
    let figures = Figures {
        rate: report.distinct as f64 / seconds(report.first),
        later: later as f64 / seconds(late),
        cpu: cpu.as_secs_f64() / report.distinct as f64 * 1e3,
    };
    println!(
        "  {deliveries:>10} {hosts:>8} {:18.2} {:12.0} {:10.0} {:10.3} {peak:8.1}",
        (report.first - began) as f64 / 1e9,
        figures.rate,
        figures.later,
        figures.cpu,
    );
    figures
}
