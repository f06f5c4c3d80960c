//! Checks of the workspace itself.
//!
//! `cargo xtask layers` holds the arrows that `ARCHITECTURE.md` draws against what `cargo metadata` says, and
//! proves that the sans-io crates can reach neither a socket nor a runtime.
//! `cargo xtask lines` counts what the short examples cost.
//! `cargo xtask readme` proves that the commands and the program of `README.md` are those that are tested.
//! `cargo xtask threats` holds the table of `SECURITY.md` against the tests that there are; `--write` renews it.

mod layers;
mod lines;
mod readme;
mod threats;

use std::process::ExitCode;

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "a command line tool")]
fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let outcome = match task.as_str() {
        "layers" => layers::check(),
        "lines" => lines::check(),
        "readme" => readme::check(),
        "threats" => threats::check(std::env::args().nth(2).is_some_and(|word| word == "--write")),
        _ => {
            eprintln!("usage: cargo xtask layers|lines|readme|threats [--write]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            for problem in problems {
                eprintln!("{task}: {problem}");
            }
            ExitCode::FAILURE
        }
    }
}
