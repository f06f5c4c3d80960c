//! `cargo bench -p federate-benches-discovery [-- serve|lookup|post [--no-instructions]]`; see ../../../README.md.

mod child;
mod lookup;
mod post;
mod serve;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let instructions = !arguments.iter().any(|argument| argument == "--no-instructions");
    let parts: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    if wanted("serve") {
        serve::run(instructions);
    }
    if wanted("lookup") {
        lookup::run(1_000_000);
    }
    if wanted("post") {
        post::run(instructions);
    }
}

/// The middle of some figures, which are sorted by it.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
