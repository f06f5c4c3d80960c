//! Runs the forum: `cargo run -p embed -- https://forum.example`, behind a proxy that speaks TLS.
use embed::{Oops, SCHEMA, Site, app};
use sqlx::SqlitePool;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Oops> {
    let db = SqlitePool::connect("sqlite:forum.db?mode=rwc").await?;
    sqlx::raw_sql(SCHEMA).execute(&db).await?;
    sqlx::raw_sql(embed::federation::TABLES).execute(&db).await?; // +
    sqlx::raw_sql(embed::moderation::TABLES).execute(&db).await?; // +
    let base_url = std::env::args().nth(1).unwrap_or("https://forum.example".into()); // +
    let builder = embed::federation::builder(&base_url, db.clone()).await?; // +
    let (federation, engine) = builder.build().await?; // +
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    federate::axum::serve(listener, app(Site { db, federation }), engine).await?; // +
    Ok(())
}
