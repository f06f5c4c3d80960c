//! Drives an instance against a peer that others wrote, and prints what crossed.
//!
//! `cargo run -p interop` builds and starts the instance of `examples/instance`, starts the peers of
//! `interop/peer` (a small server on Fedify) and `interop/apkit` (one on apkit), one after the other, and has people on both follow, post, reply, like, boost, take back,
//! edit, delete and unfollow, in both directions. Each step counts when it is *observed on the other side*.
//! See README.md beside the manifest.
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value has `Null` where it has nothing"
)]

mod author;
mod capture;
mod further;
mod http;
mod instance;
mod launch;
mod node;
mod options;
mod peer;
mod proven;
mod python;
mod report;
mod scenario;
mod side;
mod trouble;

use std::io::Write as _;
use std::process::ExitCode;

use crate::instance::Instance;
use crate::launch::Kind;
use crate::options::Options;
use crate::peer::Peer;
use crate::report::Report;
use crate::trouble::Trouble;

/// What a run comes to.
enum End {
    AllCrossed,
    SomethingDidNot,
    Skipped(String),
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(line) => return say_and_end(&line, 2),
    };
    // A program may do this; the libraries never do.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        return say_and_end("a crypto provider was installed already", 1);
    }
    match run(&options).await {
        Ok(End::AllCrossed) => ExitCode::SUCCESS,
        Ok(End::SomethingDidNot) => ExitCode::FAILURE,
        Ok(End::Skipped(why)) if options.skipping_is_failure => {
            say_and_end(&format!("not run, and CI is set: {why}"), 1)
        }
        Ok(End::Skipped(why)) => say_and_end(&format!("skipped: {why}"), 0),
        Err(trouble) => say_and_end(&format!("interop: {trouble}"), 1),
    }
}

async fn run(options: &Options) -> Result<End, Trouble> {
    let mut all = End::AllCrossed;
    for kind in Kind::ALL {
        if options.peer.is_some_and(|only| only != kind) {
            continue;
        }
        match against(kind, options).await? {
            End::AllCrossed => {}
            End::Skipped(why) => {
                out(&format!("{} is skipped: {why}", kind.name()));
                if matches!(all, End::AllCrossed) {
                    all = End::Skipped(format!("{}: {why}", kind.name()));
                }
            }
            End::SomethingDidNot => all = End::SomethingDidNot,
        }
    }
    Ok(all)
}

async fn against(kind: Kind, options: &Options) -> Result<End, Trouble> {
    let name = match kind {
        Kind::Fedify => "fedi",
        Kind::Apkit => "apkit",
    };
    let launch = match kind.launch(name, options).await? {
        Ok(launch) => launch,
        Err(why) => return Ok(End::Skipped(why)),
    };
    let peer = Peer::start(&launch, name).await?;
    let mut report;
    let crossed;
    if options.self_check {
        let Ok(launch) = kind.launch("other", options).await? else {
            return Err(Trouble::new("the peer went away"));
        };
        let other = Peer::start(&launch, "other").await?;
        report = Report::new();
        scenario::run(&other, &peer, &mut report).await;
        crossed = peer.crossed().await?;
        scenario::repeat(&other, &peer, &crossed, &mut report).await;
        further::run(&other, &peer, &mut report).await;
    } else {
        let instance = Instance::start(options).await?;
        report = Report::new();
        scenario::run(&instance, &peer, &mut report).await;
        crossed = peer.crossed().await?;
        scenario::repeat(&instance, &peer, &crossed, &mut report).await;
        further::run(&instance, &peer, &mut report).await;
        further::others(&peer, &instance, &mut report).await;
        further::moves(&peer, &instance, &mut report).await;
        let home = Instance::start(options).await?;
        further::moves_out(&instance, &home, &peer, &mut report).await;
        proven::run(&peer, &mut report).await?;
        if !report.all_crossed() {
            report.note("the end of the instance's log", &instance.log_tail());
            report.note("the end of the other instance's log", &home.log_tail());
        }
    }
    if !report.all_crossed() {
        report.note("errors in the peer", &peer.errors().await.unwrap_or_default());
    }
    report.finish();
    for (from, direction) in [("to the peer", "in"), ("from the peer", "out")] {
        out(&format!(
            "accepted {from}: {}",
            capture::signatures(&crossed, direction)
        ));
    }
    if let Some(folder) = &options.capture {
        let kept = capture::write(&folder.join(kind.name()), &crossed).await?;
        out(&format!("{kept} documents are in {}", folder.display()));
    }
    out(&format!(
        "{} against {}",
        if options.self_check {
            "the peer"
        } else {
            "the instance"
        },
        peer.software()
    ));
    Ok(if report.all_crossed() {
        End::AllCrossed
    } else {
        End::SomethingDidNot
    })
}

fn say_and_end(line: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::from(code)
}

/// Prints a line; a closed pipe is no reason to stop.
fn out(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
