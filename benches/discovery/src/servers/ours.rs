//! Ours: the layer on a router, everything in memory.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use federate_server::{Actors, Ask, Directory, Engine, Failure, Federation, Found, Profile};
use federate_store::Memory;

use crate::alice;

/// The application has its people in the program, and gives out what it has.
pub async fn app() -> (Router, Engine) {
    let (federation, engine) = federation(Actors::new([alice::profile()])).await;
    (router(&federation), engine)
}

/// The application describes its people anew for each request, as out of a database.
pub async fn app_anew() -> Router {
    router(&federation(Anew).await.0)
}

fn router<App: Directory>(federation: &Federation<App>) -> Router {
    let app = Router::new().route("/", get(async || "alice lives here"));
    app.layer(federate_axum::layer(federation))
}

pub async fn federation<App: Directory<Store = Memory>>(app: App) -> (Federation<App>, Engine) {
    Federation::builder(alice::BASE, Memory::new(), app)
        .paths(|paths| paths.profile("/@{name}"))
        .keygen(Arc::new(alice::Key))
        .build()
        .await
        .unwrap()
}

struct Anew;

#[async_trait]
impl Directory for Anew {
    type Store = Memory;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        Ok((name == alice::NAME).then(alice::profile).into())
    }

    async fn identify(&self, _ask: &Ask<'_>, username: &str) -> Result<Option<String>, Failure> {
        Ok((username == alice::NAME).then(|| username.to_owned()))
    }
}
