//! Who delivers one activity to all inboxes of a town.

mod activitypub_federation;
mod actpub;
mod bare;
mod ours;

use std::path::Path;

use crate::parent::Parent;
use crate::town::Town;

/// Requests under way at once, for everybody.
pub const IN_FLIGHT: usize = 64;
pub const AGENT: &str = "delivery-bench/0.0 (+https://social.example/)";

/// Says `ready`; delivers when it hears `go`; and when it hears that everything has arrived, ends its work and says `done`.
pub fn run(name: &str, town: &Town, folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut parent = Parent::listen();
        match name {
            "bare-ring" => bare::run("ring", town, &mut parent).await,
            "bare-aws-lc-rs" => bare::run("aws-lc-rs", town, &mut parent).await,
            "ours-ring" => ours::run("ring", town, folder, &mut parent).await,
            "ours-aws-lc-rs" => ours::run("aws-lc-rs", town, folder, &mut parent).await,
            "activitypub_federation" => activitypub_federation::run(town, &mut parent).await,
            "actpub" => actpub::run(town, &mut parent).await,
            other => panic!("there is no {other}"),
        }
        println!("done");
        // What is there is looked at before it ends.
        std::future::pending::<()>().await;
    });
}
