//! `cargo bench -p federate-benches-delivery [-- PART..]`; see ../../../README.md.

use std::time::Duration;

mod child;
#[path = "../../../../crates/federate-postgres/tests/support/cluster.rs"]
mod cluster;
mod dead;
mod deliver;
mod far;
mod million;
mod processes;
mod queue;

/// How often each is measured, unless `--rounds=N` says otherwise.
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let option = |name: &str| {
        let mut options = arguments
            .iter()
            .filter_map(|argument| argument.strip_prefix("--"));
        options.find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    };
    let rounds = option("rounds").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let parts: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    if wanted("deliver") {
        let hosts = option("hosts").map_or(vec![1, 100, 1000], |hosts| vec![hosts.parse().unwrap()]);
        deliver::run(rounds, &hosts, option("only"));
    }
    if wanted("queue") {
        queue::run(rounds);
    }
    if wanted("far") {
        far::run();
    }
    if wanted("processes") {
        processes::run(rounds.min(3));
    }
    if wanted("million") {
        million::run(option("deliveries").map_or(1_000_000, |count| count.parse().unwrap()));
    }
    if wanted("dead") {
        dead::run(Duration::from_secs(
            option("seconds").map_or(120, |seconds| seconds.parse().unwrap()),
        ));
    }
}

/// The middle of some figures, which are sorted by it.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
