//! `cargo bench -p federate-benches-inbox [-- receive|deletes|path]`; see ../../../README.md.

mod candidate;
mod child;
mod deletes;
mod path;
mod receive;

use federate_benches_inbox::load::CONNECTIONS;

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
    let number = |name, usual| option(name).map_or(usual, |number| number.parse().unwrap());
    let parts: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    if wanted("receive") {
        let rounds = usize::try_from(number("rounds", ROUNDS as u64)).unwrap();
        let connections = number("connections", CONNECTIONS);
        receive::run(rounds, number("requests", 10_000), connections, option("only"));
    }
    if wanted("deletes") {
        deletes::run(number("deletes", 100_000), option("only"));
    }
    if wanted("path") {
        path::run();
    }
}

/// The middle of some figures, which are sorted by it.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
