//! Looks a handle or an object up as an instance would, and says what is believed and why. `fetch --help` says how.

// By its path, so that tests that take it by its path find the same files below it.
#[path = "run.rs"]
mod run;

use std::io::Write as _;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "a program for the command line")]
async fn main() -> ExitCode {
    let arguments = match run::texts(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("fetch: {error}");
            return ExitCode::from(2);
        }
    };
    if arguments.iter().any(|argument| argument == "--help") {
        let _ = writeln!(std::io::stdout(), "{}", run::USAGE.trim_end());
        return ExitCode::SUCCESS;
    }
    match run::run(&arguments).await {
        Ok(outcome) => {
            // Nobody has to read to the end.
            let _ = writeln!(std::io::stdout(), "{}", outcome.text);
            ExitCode::from(u8::from(!outcome.believed))
        }
        Err(error) => {
            eprintln!("fetch: {error}");
            ExitCode::from(2)
        }
    }
}
