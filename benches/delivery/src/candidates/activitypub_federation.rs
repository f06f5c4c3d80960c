//! activitypub_federation: `queue_activity`, as its guide has it; a channel in memory, and rsa 0.9.
//!
//! It takes names without a port and no addresses, and looks each up with the system before it is queued. So this process
//! has a file of hosts of its own (the bench sees to it), and its client knows which port it is.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use activitypub_federation::activity_queue::queue_activity;
use activitypub_federation::config::{Data, FederationConfig};
use activitypub_federation::error::Error;
use activitypub_federation::traits::{Activity, Actor, Object};
use async_trait::async_trait;
use reqwest::dns::{Name, Resolve, Resolving};
use serde::{Serialize, Serializer};
use serde_json::Value;
use url::Url;

use super::{AGENT, IN_FLIGHT};
use crate::alice;
use crate::parent::Parent;
use crate::town::Town;

pub async fn run(town: &Town, parent: &mut Parent) {
    let client = reqwest::Client::builder()
        .user_agent(AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(10))
        .dns_resolver(Hosts(town.port))
        .build()
        .unwrap();
    let config = FederationConfig::builder()
        .domain("social.example")
        .app_data(())
        .client(client.into())
        .allow_http_urls(true)
        .queue_worker_count(IN_FLIGHT)
        .build()
        .await
        .unwrap();
    let alice = Person {
        id: alice::ID.parse().unwrap(),
    };
    parent.go().await;
    let create = Create {
        id: alice::activity_id(0).as_str().parse().unwrap(),
        actor: alice.id.clone(),
        json: alice::document(0),
    };
    let inboxes = (0..town.inboxes)
        .map(|number| town.named_inbox(number).parse().unwrap())
        .collect();
    queue_activity(&create, &alice, inboxes, &config.to_request_data())
        .await
        .unwrap();
    parent.arrived().await;
}

/// Where the hosts are: on a port that is not in their URLs.
struct Hosts(u16);

impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let host = Town::host_of(name.as_str()).unwrap();
        let address = SocketAddr::from((Town::address(host), self.0));
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as _) })
    }
}

struct Create {
    id: Url,
    actor: Url,
    json: Value,
}

impl fmt::Debug for Create {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Create")
    }
}

impl Serialize for Create {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

#[async_trait]
impl Activity for Create {
    type DataType = ();
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    fn actor(&self) -> &Url {
        &self.actor
    }

    async fn verify(&self, _: &Data<()>) -> Result<(), Error> {
        Ok(())
    }

    async fn receive(self, _: &Data<()>) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
struct Person {
    id: Url,
}

#[async_trait]
impl Object for Person {
    type DataType = ();
    type Kind = Value;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    async fn read_from_id(_: Url, _: &Data<()>) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    async fn into_json(self, _: &Data<()>) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    async fn verify(_: &Value, _: &Url, _: &Data<()>) -> Result<(), Error> {
        Ok(())
    }

    async fn from_json(_: Value, _: &Data<()>) -> Result<Self, Error> {
        Err(Error::NotFound)
    }
}

impl Actor for Person {
    fn public_key_pem(&self) -> &str {
        ""
    }

    fn private_key_pem(&self) -> Option<String> {
        Some(alice::PEM.to_owned())
    }

    fn inbox(&self) -> Url {
        self.id.clone()
    }
}
