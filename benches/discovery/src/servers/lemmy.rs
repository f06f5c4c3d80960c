//! activitypub_federation, as its guide has it: a middleware, an extractor, and types of the application's own.

use std::sync::Arc;

use activitypub_federation::axum::json::FederationJson;
use activitypub_federation::config::{Data, FederationConfig, FederationMiddleware};
use activitypub_federation::error::Error;
use activitypub_federation::fetch::webfinger::{Webfinger, build_webfinger_response, extract_webfinger_name};
use activitypub_federation::protocol::context::WithContext;
use activitypub_federation::protocol::public_key::PublicKey;
use activitypub_federation::traits::{Actor, Object};
use async_trait::async_trait;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::alice;

/// The application: one user, and the context that is written beside it.
#[derive(Clone, Debug)]
struct App(Arc<(User, Value)>);

impl App {
    fn user(&self, name: &str) -> Result<User, StatusCode> {
        (name == alice::NAME)
            .then(|| self.0.0.clone())
            .ok_or(StatusCode::NOT_FOUND)
    }
}

#[derive(Clone, Debug)]
struct User {
    id: Url,
    inbox: Url,
    public_key: String,
    person: Person,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: Url,
    #[serde(rename = "type")]
    kind: String,
    preferred_username: String,
    name: String,
    summary: String,
    url: Url,
    inbox: Url,
    outbox: Url,
    followers: Url,
    following: Url,
    featured: Url,
    manually_approves_followers: bool,
    discoverable: bool,
    indexable: bool,
    endpoints: Endpoints,
    public_key: Option<PublicKey>,
    tag: Vec<Value>,
    attachment: Vec<Field>,
    icon: Image,
    image: Image,
    published: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoints {
    shared_inbox: Url,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Field {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    value: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    #[serde(rename = "type")]
    kind: String,
    media_type: String,
    url: Url,
}

pub async fn app() -> Router {
    let config = FederationConfig::builder()
        .domain(alice::HOST)
        .app_data(App(Arc::new((user(), alice::context()))))
        .build()
        .await
        .unwrap();
    Router::new()
        .route("/users/{name}", get(actor))
        .route("/.well-known/webfinger", get(webfinger))
        .layer(FederationMiddleware::new(config))
}

async fn actor(
    Path(name): Path<String>,
    data: Data<App>,
) -> Result<FederationJson<WithContext<Person>>, StatusCode> {
    let person = data.user(&name)?.into_json(&data).await.unwrap();
    Ok(FederationJson(WithContext::new(person, data.0.1.clone())))
}

#[derive(Deserialize)]
struct Asked {
    resource: String,
}

async fn webfinger(Query(query): Query<Asked>, data: Data<App>) -> Result<Json<Webfinger>, StatusCode> {
    let name = extract_webfinger_name(&query.resource, &data).map_err(|_| StatusCode::BAD_REQUEST)?;
    let id = data.user(name)?.id;
    Ok(Json(build_webfinger_response(query.resource, id)))
}

fn user() -> User {
    let id = Url::parse(alice::ID).unwrap();
    let below = |part: &str| Url::parse(&format!("{id}/{part}")).unwrap();
    let image = |url: &str| Image {
        kind: "Image".to_owned(),
        media_type: "image/png".to_owned(),
        url: Url::parse(url).unwrap(),
    };
    let person = Person {
        id: id.clone(),
        kind: "Person".to_owned(),
        preferred_username: alice::NAME.to_owned(),
        name: alice::DISPLAY.to_owned(),
        summary: alice::SUMMARY.to_owned(),
        url: Url::parse(alice::PAGE).unwrap(),
        inbox: below("inbox"),
        outbox: below("outbox"),
        followers: below("followers"),
        following: below("following"),
        featured: below("featured"),
        manually_approves_followers: false,
        discoverable: true,
        indexable: true,
        endpoints: Endpoints {
            shared_inbox: Url::parse(&format!("{}/inbox", alice::BASE)).unwrap(),
        },
        public_key: None,
        tag: Vec::new(),
        attachment: alice::FIELDS
            .iter()
            .map(|(name, value)| Field {
                kind: "PropertyValue".to_owned(),
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
        icon: image(alice::ICON),
        image: image(alice::IMAGE),
        published: alice::PUBLISHED.to_owned(),
    };
    User {
        inbox: below("inbox"),
        public_key: alice::public_key(),
        person,
        id,
    }
}

#[async_trait]
impl Object for User {
    type DataType = App;
    type Kind = Person;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    async fn read_from_id(_id: Url, _data: &Data<App>) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    async fn into_json(self, _data: &Data<App>) -> Result<Person, Error> {
        let key = self.public_key();
        Ok(Person {
            public_key: Some(key),
            ..self.person
        })
    }

    async fn verify(_json: &Person, _domain: &Url, _data: &Data<App>) -> Result<(), Error> {
        Ok(())
    }

    async fn from_json(_json: Person, _data: &Data<App>) -> Result<Self, Error> {
        Err(Error::NotFound)
    }
}

impl Actor for User {
    fn public_key_pem(&self) -> &str {
        &self.public_key
    }

    fn private_key_pem(&self) -> Option<String> {
        None
    }

    fn inbox(&self) -> Url {
        self.inbox.clone()
    }
}
