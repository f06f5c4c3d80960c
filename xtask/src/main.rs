//! Checks of the workspace itself.
//!
//! `cargo xtask layers` holds the arrows that `ARCHITECTURE.md` draws against what `cargo metadata` says, and
//! proves that the sans-io crates can reach neither a socket nor a runtime.
//! `cargo xtask readme` proves that the commands and the program of `README.md` are those that are tested.

mod layers;
mod readme;

use std::process::ExitCode;

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "a command line tool")]
fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let outcome = match task.as_str() {
        "layers" => layers::check(),
        "readme" => readme::check(),
        _ => {
            eprintln!("usage: cargo xtask layers|readme");
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
