//! A small Mastodon-like instance: accounts, time lines, Mastodon's client API and pages on axum, SQLite inside, federation by
//! the `federate` crates.
//!
//! `instance demo` shows two of them talking; `instance serve` runs one; `instance account create` makes a person.

mod actions;
mod api;
mod cli;
mod db;
mod demo;
mod entities;
mod error;
mod federation;
mod ids;
mod pages;
mod serve;
mod site;
mod text;
mod time;
mod urls;

use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // One line, whatever the cause says.
            let line = stop.message.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(std::io::stderr(), "error: {line}");
            ExitCode::from(stop.code)
        }
    }
}
