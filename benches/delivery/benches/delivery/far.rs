//! One host that takes half a second to answer.

use std::time::Duration;

use federate_benches_delivery::clock;
use federate_benches_delivery::sink::Expected;
use federate_benches_delivery::town::Town;
use federate_benches_delivery::worker::Options;

use crate::child::{Process, Sink};

const LATENCY: Duration = Duration::from_millis(500);
/// How long activities are posted, a few more a second than one host is sent at most: 64 at once.
const TIME: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_millis(7);

pub fn run() {
    let mut sink = Sink::start(1);
    let town = Town {
        hosts: 1,
        inboxes: 1,
        port: sink.port,
        named: false,
        dead: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let posts = usize::try_from(TIME.as_millis() / EVERY.as_millis()).unwrap();
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
        inboxes: 1,
        latency: LATENCY,
        patience: TIME,
    });
    let began = clock::now();
    worker.say("go");
    sink.wait();
    let arrivals = sink.arrivals();
    let report = sink.report();
    assert_eq!((report.twice, report.wrong, report.refused), (0, 0, None));
    let second = |arrival: &u64| (arrival - began) / 1_000_000_000;
    let mut each = vec![0_u32; usize::try_from(TIME.as_secs()).unwrap()];
    for arrival in arrivals.iter().filter(|arrival| **arrival > 0) {
        if let Some(count) = each.get_mut(usize::try_from(second(arrival)).unwrap()) {
            *count += 1;
        }
    }
    let half = each.len() / 2;
    let rate = |counts: &[u32]| f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    println!("\nActivities to one host that answers after {LATENCY:?}, one posted every {EVERY:?}");
    println!("  by second: {each:?}");
    println!(
        "  {:.1} a second in the first {TIME:?}, {:.1} in the last half of it (goal 50 once it is warm)",
        rate(&each),
        rate(&each[half..]),
    );
}
