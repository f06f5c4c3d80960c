//! Several processes over one queue in PostgreSQL.

use std::time::Duration;

use federate_benches_delivery::clock;
use federate_benches_delivery::sink::Expected;
use federate_benches_delivery::town::Town;
use federate_benches_delivery::worker::Options;

use crate::child::{Process, Sink};
use crate::cluster;
use crate::median;

const LATENCY: Duration = Duration::from_millis(50);
const HOSTS: usize = 64;
/// Inboxes for each process.
const INBOXES: usize = 8_000;
const IN_FLIGHT: usize = 32;
/// A fair share of the hosts, as one of four.
const LANES: usize = 16;
const GOALS: [(usize, f64); 3] = [(1, 1.0), (2, 1.8), (4, 3.2)];

pub fn run(rounds: usize) {
    // It is the queue that is measured: RSA signatures of four would take more than two cores.
    let provider = "ed25519";
    println!(
        "\n{INBOXES} deliveries for each process to {HOSTS} hosts that answer after {LATENCY:?}, queue in PostgreSQL, {IN_FLIGHT} under way at once in each, \
         signed with {provider}, median of {rounds} rounds"
    );
    println!(
        "  {:>9} {:>12} {:>7} {:>6} {:>15} {:>6}",
        "processes", "deliveries/s", "to one", "goal", "CPU s each 1000", "twice"
    );
    let mut figures = GOALS.map(|_| (Vec::new(), Vec::new(), 0));
    for _ in 0..rounds {
        for ((processes, _), (rates, cpu, twice)) in GOALS.iter().zip(&mut figures) {
            let Some((rate, spent, again)) = round(*processes, provider) else {
                println!("  PostgreSQL is not installed");
                return;
            };
            rates.push(rate);
            cpu.push(spent);
            *twice += again;
        }
    }
    let one = figures[0].0.clone();
    for ((processes, goal), (rates, cpu, twice)) in GOALS.iter().zip(&mut figures) {
        let mut ratios: Vec<f64> = rates.iter().zip(&one).map(|(rate, one)| rate / one).collect();
        println!(
            "  {processes:>9} {:12.0} {:7.2} {goal:6.1} {:15.3} {twice:6}",
            median(rates),
            median(&mut ratios),
            median(cpu),
        );
    }
}

/// Deliveries a second, CPU seconds for a thousand, and how many came twice.
fn round(processes: usize, provider: &str) -> Option<(f64, f64, usize)> {
    let database = cluster::database()?;
    let mut sink = Sink::start(HOSTS);
    let town = Town {
        hosts: HOSTS,
        inboxes: INBOXES * processes,
        port: sink.port,
        named: false,
        dead: None,
    };
    let about = serde_json::to_string(&town).unwrap();
    Process::role(&["fill", &database.url, &about, "1"]).wait_for("filled");
    let options = Options {
        store: database.url.clone(),
        provider: provider.to_owned(),
        town,
        in_flight: Some(IN_FLIGHT),
        lanes: Some(LANES),
        posts: 0,
        every: Duration::ZERO,
    };
    let options = serde_json::to_string(&options).unwrap();
    let mut workers: Vec<Process> = (0..processes)
        .map(|_| Process::role(&["work", &options]))
        .collect();
    for worker in &mut workers {
        worker.wait_for("ready");
    }
    sink.expect(&Expected {
        activities: 1,
        inboxes: town.inboxes,
        latency: LATENCY,
        patience: Duration::from_secs(120),
    });
    let before: Duration = workers.iter().map(Process::cpu).sum();
    let began = clock::now();
    for worker in &mut workers {
        worker.say("go");
    }
    sink.wait();
    let cpu = workers.iter().map(Process::cpu).sum::<Duration>() - before;
    for worker in &mut workers {
        worker.say("stop");
        worker.hear();
    }
    let report = sink.report();
    assert_eq!((report.distinct, report.wrong), (town.inboxes, 0), "{report:?}");
    assert_eq!(report.refused, None);
    let count = town.inboxes as f64;
    let rate = count / (report.last - began) as f64 * 1e9;
    Some((rate, cpu.as_secs_f64() / count * 1e3, report.twice))
}
