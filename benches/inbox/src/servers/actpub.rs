//! actpub: its router around its pipeline, with a fetcher that has everybody's document parsed in a map, which is the most
//! that a cache could do for it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use actpub_axum::{InboxState, inbox_router};
use actpub_federation::{ActivityHandler, Error, FederationConfig, FetchContext, Fetcher, InboxPipeline};
use actpub_httpsig::SigningKey;
use axum::Router;
use serde_json::Value;
use url::Url;

use crate::senders::Sender;
use crate::tally::Tally;

pub(super) fn app(tally: Arc<Tally>) -> Router {
    let documents = Sender::all().map(|sender| (sender.id(), sender.document()));
    let config = FederationConfig::builder()
        .signing_key(SigningKey::generate_ed25519())
        .key_id("https://social.example/actor#main-key".parse().unwrap())
        .build()
        .shared();
    let pipeline = InboxPipeline::new(People(documents.collect()), Counter(tally), config);
    inbox_router(InboxState::new(pipeline))
}

struct People(HashMap<String, Value>);

impl Fetcher for People {
    async fn fetch_raw(&self, url: &Url, _: &FetchContext) -> Result<Value, Error> {
        self.0
            .get(url.as_str())
            .cloned()
            .ok_or_else(|| Error::ActorWithoutKey(url.to_string()))
    }
}

struct Counter(Arc<Tally>);

impl ActivityHandler for Counter {
    type Error = Infallible;

    async fn handle(&self, activity: Value, _: Value, _: FetchContext) -> Result<(), Infallible> {
        self.0.note(activity["id"].as_str().unwrap());
        Ok(())
    }
}
