//! activitypub_federation, as its guide has it: `receive_activity` with types of the application's own, and people out of a
//! map in memory.
//!
//! It looks up the host of each activity's id with the system. So this process has a file of hosts of its own (the bench sees
//! to it), in which every sender's host is.

use std::collections::HashMap;
use std::sync::Arc;

use activitypub_federation::axum::inbox::{ActivityData, receive_activity};
use activitypub_federation::config::{Data, FederationConfig, FederationMiddleware};
use activitypub_federation::error::Error;
use activitypub_federation::protocol::context::WithContext;
use activitypub_federation::traits::{Activity, Actor, Object};
use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::senders::{self, Sender};
use crate::tally::Tally;

#[derive(Clone)]
struct App {
    people: Arc<HashMap<Url, Person>>,
    tally: Arc<Tally>,
}

pub(super) async fn app(tally: Arc<Tally>) -> Router {
    let people = Sender::all().map(|sender| {
        let id: Url = sender.id().parse().unwrap();
        (id.clone(), Person { id })
    });
    let config = FederationConfig::builder()
        .domain(senders::HOST)
        .app_data(App {
            people: Arc::new(people.collect()),
            tally,
        })
        .build()
        .await
        .unwrap();
    Router::new()
        .route("/inbox", post(inbox))
        .layer(FederationMiddleware::new(config))
}

async fn inbox(data: Data<App>, activity: ActivityData) -> StatusCode {
    match receive_activity::<WithContext<Create>, Person, App>(activity, &data).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// One type alone: the application would have an enum of all that it takes, whose variants are tried in turn.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    id: Url,
    #[serde(rename = "type")]
    kind: CreateType,
    actor: Url,
    to: Vec<Url>,
    cc: Vec<Url>,
    object: Note,
}

#[derive(Debug, Deserialize, Serialize)]
enum CreateType {
    Create,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    id: Url,
    #[serde(rename = "type")]
    kind: NoteType,
    attributed_to: Url,
    content: String,
    published: String,
    in_reply_to: Option<Url>,
    to: Vec<Url>,
    cc: Vec<Url>,
    tag: Vec<Value>,
}

#[derive(Debug, Deserialize, Serialize)]
enum NoteType {
    Note,
}

#[async_trait]
impl Activity for Create {
    type DataType = App;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    fn actor(&self) -> &Url {
        &self.actor
    }

    async fn verify(&self, _: &Data<App>) -> Result<(), Error> {
        Ok(())
    }

    async fn receive(self, data: &Data<App>) -> Result<(), Error> {
        data.tally.note(self.id.as_str());
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Person {
    id: Url,
}

#[async_trait]
impl Object for Person {
    type DataType = App;
    type Kind = Value;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    async fn read_from_id(id: Url, data: &Data<App>) -> Result<Option<Self>, Error> {
        Ok(data.people.get(&id).cloned())
    }

    async fn into_json(self, _: &Data<App>) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    async fn verify(_: &Value, _: &Url, _: &Data<App>) -> Result<(), Error> {
        Ok(())
    }

    async fn from_json(_: Value, _: &Data<App>) -> Result<Self, Error> {
        Err(Error::NotFound)
    }
}

impl Actor for Person {
    fn public_key_pem(&self) -> &str {
        senders::public_pem()
    }

    fn private_key_pem(&self) -> Option<String> {
        None
    }

    fn inbox(&self) -> Url {
        self.id.clone()
    }
}
