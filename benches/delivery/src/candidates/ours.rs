//! Ours: recorded, expanded and queued in SQLite, with a sync of the disk for each transaction; signed and posted by the
//! engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use federate_delivery::{Engine, SystemClock};
use federate_http::{Guard, GuardedClient};
use federate_sqlite::Sqlite;
use federate_store::{Backend as _, Iri, Outgoing};
use tokio::sync::oneshot;

use super::{AGENT, IN_FLIGHT};
use crate::alice;
use crate::app::App;
use crate::parent::Parent;
use crate::town::Town;

pub async fn run(provider: &str, town: &Town, folder: &Path, parent: &mut Parent) {
    let store = Sqlite::open(folder.join("queue.db")).await.unwrap();
    let stores = store.stores();
    let app = Arc::new(App {
        signer: alice::signer(provider),
        town: *town,
    });
    let guard = Guard::new().dangerous().allow_loopback();
    let client = Arc::new(GuardedClient::new(guard, AGENT).unwrap());
    let engine = Engine::builder(
        stores.clone(),
        client,
        Arc::clone(&app) as _,
        app,
        Arc::new(SystemClock),
    );
    let engine = Arc::new(engine.in_flight(IN_FLIGHT).build());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move {
            engine
                .run_until(async {
                    let _ = stopped.await;
                })
                .await
        }
    });
    parent.go().await;
    let audience = vec![Iri::parse(alice::FOLLOWERS).unwrap()];
    let outgoing = Outgoing::new(alice::activity_id(0), alice::NAME, alice::body(0), audience);
    stores.outbox.record(&outgoing).await.unwrap();
    engine.wake();
    parent.arrived().await;
    let all = u64::try_from(town.inboxes).unwrap();
    while engine.progress().delivered < all {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.send(()).unwrap();
    let drained = running.await.unwrap();
    assert_eq!((drained.abandoned, drained.unreleased), (0, 0));
    let counts = stores.queue.counts().await.unwrap();
    assert_eq!((counts.delivered, counts.pending), (all, 0), "{counts:?}");
    store.close().await;
}
