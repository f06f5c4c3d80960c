//! "Why 401?": holds a captured request against a key and prints the verdict as one JSON object; also signs, proves and
//! makes keys. `check --help` says how.

// By its path, so that tests that take it by its path find the same files below it.
#[path = "run.rs"]
mod run;

use std::process::ExitCode;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the command line"
)]
fn main() -> ExitCode {
    let arguments = match run::texts(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("check: {error}");
            return ExitCode::from(2);
        }
    };
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{}", run::USAGE);
        return ExitCode::SUCCESS;
    }
    match run::run(arguments) {
        Ok((verdict, verified)) => {
            println!("{verdict:#}");
            ExitCode::from(u8::from(!verified))
        }
        Err(error) => {
            eprintln!("check: {error}");
            ExitCode::from(2)
        }
    }
}
