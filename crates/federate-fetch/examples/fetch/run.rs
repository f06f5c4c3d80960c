//! The program without its process: arguments in, text out.

#[path = "arguments.rs"]
mod arguments;
#[path = "recorder.rs"]
mod recorder;
#[path = "report.rs"]
mod report;

use arguments::Arguments;
use federate_fetch::Fetcher;
use federate_http::{Guard, GuardedClient, HttpClient, user_agent};
use federate_protocol::FetchRules;
use federate_store::{Backend, Memory};
use recorder::Recorder;
use std::error::Error;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) const USAGE: &str = include_str!("usage.txt");

/// What is printed, and how it ends.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) believed: bool,
}

/// The arguments as text.
pub(crate) fn texts(arguments: impl Iterator<Item = OsString>) -> Result<Vec<String>, String> {
    arguments
        .map(|argument| {
            argument
                .into_string()
                .map_err(|argument| format!("{} is not UTF-8", argument.to_string_lossy()))
        })
        .collect()
}

/// Looks up, and reports. An error is one of the arguments.
#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
pub(crate) async fn run(arguments: &[String]) -> Result<Outcome, Box<dyn Error>> {
    let arguments = Arguments::parse(arguments)?;
    let mut guard = Guard::new();
    if let Some(path) = &arguments.extra_root_ca {
        let named = |error: &dyn Error| format!("--extra-root-ca {path}: {error}");
        let pem = std::fs::read(path).map_err(|error| named(&error))?;
        guard = guard.extra_root_ca(&pem).map_err(|error| named(&error))?;
    }
    if arguments.allow_loopback {
        guard = guard.dangerous().allow_loopback();
    }
    let agent = user_agent(
        "federate-fetch",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_REPOSITORY"),
    );
    let client = Arc::new(Recorder::new(GuardedClient::new(guard, &agent)?));
    let rules = FetchRules {
        allow_http_loopback: arguments.allow_loopback,
        ..FetchRules::default()
    };
    let fetcher = Fetcher::new(
        Arc::clone(&client) as Arc<dyn HttpClient>,
        Memory::new().stores().cache,
        None,
        rules,
    );
    let found = fetcher.resolve(&arguments.asked, SystemTime::now()).await;
    let exchanges = client.exchanges();
    let text = if arguments.json {
        report::json(&arguments.asked, &exchanges, &found)
    } else {
        report::text(&exchanges, &found)
    };
    Ok(Outcome {
        text,
        believed: found.is_ok(),
    })
}
