//! Runs the forum: `cargo run -p embed -- https://forum.example`, behind a proxy that speaks TLS.
use embed::{SCHEMA, Site, app, federation};
use sqlx::SqlitePool;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let base_url = std::env::args()
        .nth(1)
        .ok_or("usage: embed https://forum.example")?;
    let db = SqlitePool::connect("sqlite:forum.db?mode=rwc").await?;
    sqlx::raw_sql(SCHEMA).execute(&db).await?;
    sqlx::raw_sql(federation::TABLES).execute(&db).await?;
    let (federation, engine) = federation::builder(&base_url, db.clone())
        .await
        .map_err(|e| e.to_string())?
        .build()
        .await?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    federate::axum::serve(listener, app(Site { db, federation }), engine).await?;
    Ok(())
}
