//! "Why 401?": holds a captured request against a key and prints the verdict as one JSON object; also signs, proves and
//! makes keys.
//!
//! ```sh
//! cargo run -p federate-signatures --example check -- verify --request FILE --key FILE \
//!     [--now RFC3339] [--policy NAME] [--scheme https|http] [--authority NAME]
//! cargo run -p federate-signatures --example check -- sign --request FILE --key FILE --key-id ID \
//!     [--now RFC3339] [--flavour cavage|rfc9421]
//! cargo run -p federate-signatures --example check -- proof --document FILE --key FILE [--now RFC3339] [--key-id ID]
//! cargo run -p federate-signatures --example check -- keygen [--type ed25519|p256]
//! ```
//!
//! `--request` is a raw HTTP/1.1 request, head and body as captured. `--key` is PEM, a Multikey, a JWK, or an actor
//! document in JSON; to sign it is a private key in PEM. `proof` verifies an eddsa-jcs-2022 proof, and with `--key-id`
//! makes one. Exit status: 0 verified or made, 1 refused, 2 bad arguments.

mod run;

use std::process::ExitCode;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the command line"
)]
fn main() -> ExitCode {
    match run::run(std::env::args().skip(1)) {
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
