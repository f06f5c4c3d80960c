//! Runs one of the forum's processes: `embed-postgres WORKER https://forum.example 127.0.0.1:8080 postgres://localhost/forum`.
//!
//! Each process has a name of its own that it keeps: at its start it takes back what its former life held. For a try on one machine,
//! the base URL may be `http://127.0.0.1:PORT`.
use std::io::Write as _;

use embed_postgres::{Oops, Site, app, federation, prepare};
use sqlx::PgPool;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Oops> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [worker, base_url, listen, database] = words.as_slice() else {
        return Err("usage: embed-postgres WORKER BASE-URL LISTEN DATABASE".into());
    };
    let db = PgPool::connect(database).await?;
    prepare(&db).await?;
    let mut builder = federation::builder(base_url, db.clone()).await?.worker(worker);
    if base_url.starts_with("http://127.0.0.1:") {
        builder = builder.dangerous().allow_loopback();
    }
    let (federation, engine) = builder.build().await?;
    let listener = TcpListener::bind(listen).await?;
    writeln!(std::io::stdout(), "listens at {}", listener.local_addr()?)?;
    federate::axum::serve(listener, app(Site { db, federation }), engine).await?;
    Ok(())
}
