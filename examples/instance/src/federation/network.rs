//! The way out: activities are sent, people and posts are looked up.

use super::{App, Letter, remote};
use crate::{
    actions::people::Found,
    db::accounts::{self, Account},
    urls::{Local, Urls},
};
use bytes::Bytes;
use federate::{
    Enqueued, Error, Failure, Federation,
    activitystreams::{Iri, Object},
    server::Health,
};
use serde_json::Value;
use sqlx::{SqliteConnection, SqliteExecutor};
use std::time::SystemTime;

/// Sends and looks up. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    federation: Federation<App>,
}

impl Network {
    pub(crate) fn new(federation: Federation<App>) -> Network {
        Network { federation }
    }

    /// Writes an activity on its way, in the transaction of what it tells.
    pub(crate) async fn send(
        &self,
        tx: &mut SqliteConnection,
        me: &Account,
        letter: Letter,
    ) -> Result<(), Error> {
        let mut draft = self
            .federation
            .send(&me.username, Object::from_value(letter.activity)?);
        for who in &letter.also {
            draft = draft.to(Iri::parse(who)?);
        }
        draft.enqueue_in(tx).await?;
        Ok(())
    }

    /// One of ours moves to another account, if that one names it; their followers elsewhere are told.
    pub(crate) async fn move_away(&self, me: &Account, to: &Iri) -> Result<Enqueued, Error> {
        self.federation.move_away(&me.username, to).await
    }

    /// Who this is, asked for where we do not know.
    pub(crate) async fn account(&self, id: &Iri) -> Result<Option<Account>, Failure> {
        let app = self.federation.app();
        match known(&app.db, &app.urls, id).await? {
            Some(known) => Ok(Some(known)),
            None => remote::account(&self.federation, id).await,
        }
    }

    /// Where our people see a picture of another server: here, so that it does not see who looks.
    pub(crate) fn picture(&self, url: &str) -> Option<String> {
        let url = self.federation.media_url(&Iri::parse(url).ok()?)?;
        Some(url.to_string())
    }

    /// How the engine does, and the time by its clock.
    pub(crate) fn health(&self) -> (Health, SystemTime) {
        (self.federation.health(), self.federation.now())
    }

    /// What was written is committed now: nobody has to wait until the engine looks by itself.
    pub(crate) fn wake(&self) {
        self.federation.wake();
    }

    /// Asks the instance of a handle who that is. An instance that does not answer is no error of ours.
    pub(crate) async fn lookup(&self, handle: &str) -> Result<Option<i64>, sqlx::Error> {
        match self.federation.lookup(handle).await {
            Ok(found) => remote::store(self.federation.app(), &found.object, &found.handle).await,
            Err(error) => {
                tracing::info!(%handle, reason = %reason(&error), "a handle was not found");
                Ok(None)
            }
        }
    }

    /// Asks what is at an address.
    pub(crate) async fn fetch(&self, address: &str) -> Result<Option<Found>, sqlx::Error> {
        let Ok(address) = Iri::parse(address) else {
            return Ok(None);
        };
        match remote::fetch(&self.federation, &address).await {
            Ok(found) => Ok(found),
            Err(failure) => {
                tracing::info!(%address, reason = %failure.chain(), "nothing was found at an address");
                Ok(None)
            }
        }
    }

    /// The document of one of ours, as peers see it.
    pub(crate) async fn actor_document(&self, me: &Account) -> Option<Value> {
        let request = http::Request::get(format!("/users/{}", me.username))
            .header(http::header::ACCEPT, "application/activity+json")
            .body(Bytes::new())
            .ok()?;
        let response = self.federation.handle(request).await?;
        serde_json::from_slice(response.body()).ok()
    }
}

/// An error with its causes, on one line.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// The account behind an id of ours or of a peer's, if it is known.
pub(super) async fn known(
    c: impl SqliteExecutor<'_>,
    urls: &Urls,
    id: &Iri,
) -> Result<Option<Account>, sqlx::Error> {
    let found = match urls.local(id.as_str()) {
        Some(Local::Actor(name)) => accounts::local(c, name).await?,
        Some(_) => None,
        None => accounts::by_uri(c, id.as_str()).await?,
    };
    Ok(found.filter(|account| !account.deleted))
}
