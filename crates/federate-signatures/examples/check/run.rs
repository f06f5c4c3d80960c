//! What the program does, without its edges, so that tests reach it.

mod arguments;
mod body;
mod instant;
mod keygen;
mod keys;
mod proofs;
mod request;
mod requests;

use serde_json::{Value, json};
use std::ffi::OsString;

pub(crate) const USAGE: &str = include_str!("usage.txt");

/// Why nothing could be said: the arguments, or a file that they name.
pub(crate) type Failed = Box<dyn std::error::Error>;

/// One object to be printed, and whether all is well.
pub(crate) type Told = (Value, bool);

/// Runs one command; what failed, with its causes, as text.
pub(crate) fn run(arguments: impl IntoIterator<Item = String>) -> Result<Told, String> {
    command(arguments.into_iter()).map_err(|failed| {
        let mut text = failed.to_string();
        let mut cause = failed.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    })
}

/// What the command line holds, where it is text.
pub(crate) fn texts(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, String> {
    let text = |argument: OsString| argument.into_string();
    arguments
        .into_iter()
        .map(text)
        .collect::<Result<_, _>>()
        .map_err(|argument| format!("{}: not text in UTF-8", argument.display()))
}

fn command(mut arguments: impl Iterator<Item = String>) -> Result<Told, Failed> {
    let command = arguments.next().unwrap_or_default();
    if !["verify", "sign", "proof", "keygen"].contains(&command.as_str()) {
        return Err(format!("a command is needed\n\n{USAGE}").into());
    }
    let arguments = arguments::Arguments::read(&command, arguments)?;
    match command.as_str() {
        "verify" => requests::verify(&arguments),
        "sign" => requests::sign(&arguments),
        "proof" => proofs::proof(&arguments),
        _ => keygen::keygen(&arguments.kind_of_key),
    }
}

/// Refused before there was anything to verify: what came cannot be used.
fn unusable(name: &str, text: &str) -> Told {
    let verdict = json!({
        "verdict": "refused",
        "flavour": null,
        "covered": [],
        "reason": { "name": name, "text": text },
        "signed_string": null,
    });
    (verdict, false)
}
