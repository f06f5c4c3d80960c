//! Activities on their way out.

use std::fmt;

use federate_protocol::activitystreams::{Iri, Object};
use federate_store::{Backend, BoxFuture, Outgoing, StoreError};

use crate::cx::Sent;
use crate::{Directory, Error, Federation};

/// An activity on its way out. Await it, or put it into your own transaction.
///
/// `actor`, `id` and `@context` are filled in where they are missing; `to` and `cc` are taken from an embedded object
/// where the activity has none; `bto` and `bcc` count as audience and are removed.
#[must_use = "nothing is sent until this is awaited or enqueued in a transaction"]
pub struct Draft<App: Directory> {
    pub(crate) federation: Federation<App>,
    pub(crate) sender: String,
    pub(crate) activity: Object,
    pub(crate) also: Vec<Iri>,
    pub(crate) into: Option<Sent>,
}

/// What was written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Enqueued {
    /// The id of the activity.
    pub id: Iri,
    /// The activity as it goes out: what a later `Undo` embeds.
    pub activity: Object,
}

impl<App: Directory> fmt::Debug for Draft<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("sender", &self.sender)
            .field("type", &self.activity.type_name())
            .finish_non_exhaustive()
    }
}

impl<App: Directory> Draft<App> {
    pub(crate) fn new(federation: Federation<App>, sender: &str, activity: Object) -> Self {
        Draft { federation, sender: sender.to_owned(), activity, also: Vec::new(), into: None }
    }

    pub(crate) fn with_mark(mut self, sent: Sent) -> Self {
        self.into = Some(sent);
        self
    }

    /// Somebody who is not addressed in the activity itself.
    pub fn to(mut self, who: Iri) -> Self {
        self.also.push(who);
        self
    }

    /// The value that is stored: for a driver that the library does not know.
    ///
    /// # Errors
    ///
    /// Where the activity cannot be written: it is permanent.
    pub fn prepare(&self) -> Result<Outgoing, Error> {
        Err(Error::permanent("not written yet"))
    }

    /// One row in your transaction; no network, and no follower is read while you hold the write lock.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one where the activity cannot be written.
    pub async fn enqueue_in(self, connection: &mut <App::Store as Backend>::Connection) -> Result<Enqueued, Error> {
        let outgoing = self.prepare()?;
        App::Store::record(connection, &outgoing).await?;
        self.federation.wake();
        Ok(Enqueued { id: outgoing.id, activity: self.activity })
    }
}

impl<App: Directory> IntoFuture for Draft<App> {
    type Output = Result<Enqueued, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let outgoing = self.prepare()?;
            let id = outgoing.id.clone();
            let _: Result<(), StoreError> = self.federation.stores().outbox.record(&outgoing).await;
            self.federation.wake();
            Ok(Enqueued { id, activity: self.activity })
        })
    }
}
