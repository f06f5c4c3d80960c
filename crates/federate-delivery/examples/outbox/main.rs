//! The delivery engine by itself, over a queue in SQLite or PostgreSQL. `outbox --help` says how.

mod application;
mod arguments;
mod enqueue;
mod lifecycle;
mod look;
mod operate;
mod store;
mod work;

use arguments::{Arguments, Command};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = include_str!("usage.txt");

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a program for the command line")]
async fn main() -> ExitCode {
    let texts: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|text| text.to_string_lossy().into_owned())
        .collect();
    if texts.iter().any(|text| text == "--help") {
        let _ = writeln!(std::io::stdout(), "{}", USAGE.trim_end());
        return ExitCode::SUCCESS;
    }
    let arguments = match Arguments::parse(&texts) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("outbox: {error}");
            return ExitCode::from(2);
        }
    };
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("outbox: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // All others are ended by a signal as every program is.
    let stop = match arguments.command {
        Command::Work(_) => Some(work::Stop::listen()?),
        _ => None,
    };
    let store = match arguments.command {
        Command::Transfer { .. } | Command::Backup { .. } | Command::Allow => {
            store::Store::existing(&arguments.store).await?
        }
        _ => store::Store::open(&arguments.store).await?,
    };
    let stores = store.stores();
    match arguments.command {
        Command::Enqueue { inboxes, count, each } => enqueue::enqueue(&stores, &inboxes, count, each).await?,
        Command::Work(how) => {
            let stop = stop.map_or_else(work::Stop::listen, Ok)?;
            work::work(&store, &how, stop).await?;
        }
        Command::Status { json } => operate::status(&stores, json).await?,
        Command::Retry { host } => operate::retry(&stores, host.as_deref()).await?,
        Command::Dead { host, json } => look::dead(&stores, host.as_deref(), json).await?,
        Command::Inspect { activity, inbox } => look::inspect(&stores, &activity, &inbox).await?,
        Command::Purge { host } => operate::purge(&stores, &host).await?,
        Command::Pause { host } => stores.queue.pause(&host).await?,
        Command::Resume { host } => stores.queue.resume(&host).await?,
        Command::Transfer { to } => lifecycle::move_to(&store, &to).await?,
        Command::Backup { to } => lifecycle::backup(&store, &to).await?,
        Command::Allow => stores.binding.allow().await?,
    }
    store.close().await;
    Ok(())
}

/// An error and what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
