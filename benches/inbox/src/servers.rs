//! Who is posted to.

mod activitypub_federation;
mod actpub;
pub mod bare;
pub mod ours;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::parent::Parent;
use crate::tally::Tally;

/// Serves until the parent ends. Prints the port; then answers
///
/// - `settled N` with a [`Report`](crate::tally::Report), once so many activities are handled and nothing waits;
/// - `engine` with `runs`, having started what handles, where that was not started before.
pub fn run(name: &str, folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let tally = Arc::new(Tally::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        match name {
            "bare" => inline(listener, bare::app(Arc::clone(&tally)), tally).await,
            "activitypub_federation" => {
                let app = activitypub_federation::app(Arc::clone(&tally)).await;
                inline(listener, app, tally).await;
            }
            "actpub" => inline(listener, actpub::app(Arc::clone(&tally)), tally).await,
            ours => ours::run(ours, folder, listener, tally).await,
        }
    });
}

/// A server that has handled what it has answered.
async fn inline(listener: TcpListener, app: Router, tally: Arc<Tally>) {
    let mut parent = Parent::listen();
    println!("{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    loop {
        let said = parent.hear().await;
        let target = said.strip_prefix("settled ").unwrap().parse().unwrap();
        tally.wait(target).await;
        println!("{}", serde_json::to_string(&tally.report(0)).unwrap());
    }
}
