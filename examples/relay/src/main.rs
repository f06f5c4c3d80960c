//! A relay. Operators of Mastodon enter `https://relay.example/inbox`, those of Pleroma `https://relay.example/relay`.
use federate::server::{Admission, RelayKind};
use federate::{Sqlite, prelude::*};
use tokio::net::TcpListener;

type Relay = Federation<Actors<Sqlite>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (relay, engine) = Federation::builder(
        "https://relay.example",
        Sqlite::open("relay.db").await?,
        Actors::new([]),
    )
    .relay(Admission::Open)
    .build()
    .await?;
    let front = relay.clone();
    let page = axum::routing::get(async move || subscribers(&front).await);
    let app = axum::Router::new().route("/", page);
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    federate::axum::serve(listener, app.layer(relay.layer()), engine).await?;
    Ok(())
}

/// Who subscribes, for everybody to see.
async fn subscribers(relay: &Relay) -> Result<String, axum::http::StatusCode> {
    let mut page = String::new();
    for kind in [RelayKind::Mastodon, RelayKind::LitePub] {
        let mut from = Some(Cursor::start());
        while let Some(cursor) = from {
            let listed = relay.subscribers(kind, &cursor).await;
            let listed = listed.map_err(|_| axum::http::StatusCode::SERVICE_UNAVAILABLE)?;
            for subscriber in listed.items {
                page += &format!("{} ({:?})\n", subscriber.actor, subscriber.state);
            }
            from = listed.next;
        }
    }
    Ok(page)
}
