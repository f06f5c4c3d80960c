//! `cargo run --release -p signature-differential [-- --requests N --seed N]`: against Fedify.

use signature_differential::{Fedify, Options, run};
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(line) => return say_and_end(&line, 2),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "CI tells by its environment that it is one"
    )]
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    let mut fedify = match Fedify::start() {
        Ok(fedify) => fedify,
        Err(why) if ci => return say_and_end(&format!("not run, and CI is set: {why}"), 1),
        Err(why) => return say_and_end(&format!("skipped: {why}"), 0),
    };
    if run(&mut fedify, options.seed, options.requests) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say_and_end(line: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::from(code)
}
