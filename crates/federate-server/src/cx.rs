//! What a handler is given.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Accept, Follow, Iri, NoteBuilder, Object, Reject};
use federate_store::{Backend, Outgoing, ReceivedId, StoreError, StoreErrorKind};

use crate::unmarked::Unmarked;
use crate::{Directory, Draft, Error, Federation, Local, ObjectRef, RemoteActor, Uris};

/// What a handler has sent, until it is written together with the mark that the activity is handled.
pub(crate) type Sent = Arc<Mutex<Vec<Outgoing>>>;

/// The context of one run of a handler.
pub struct Cx<App: Directory> {
    pub(crate) federation: Federation<App>,
    pub(crate) received: ReceivedId,
    by: Iri,
    sent: Sent,
    marked: Arc<AtomicBool>,
    /// What the same sender sent before.
    before: Unmarked,
}

impl<App: Directory> Clone for Cx<App> {
    fn clone(&self) -> Self {
        Cx {
            federation: self.federation.clone(),
            received: self.received.clone(),
            by: self.by.clone(),
            sent: Arc::clone(&self.sent),
            marked: Arc::clone(&self.marked),
            before: self.before.clone(),
        }
    }
}

impl<App: Directory> fmt::Debug for Cx<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl<App: Directory> Cx<App> {
    pub(crate) fn new(federation: Federation<App>, received: ReceivedId, by: Iri) -> Self {
        Cx {
            federation,
            received,
            by,
            sent: Sent::default(),
            marked: Arc::default(),
            before: Unmarked::default(),
        }
    }

    /// Behind what the same sender sent before.
    pub(crate) fn behind(mut self, before: Unmarked) -> Self {
        self.before = before;
        self
    }

    /// The application.
    pub fn app(&self) -> &App {
        self.federation.app()
    }

    /// The instance.
    pub fn federation(&self) -> &Federation<App> {
        &self.federation
    }

    /// How URLs are made here.
    pub fn uris(&self) -> &Uris {
        self.federation.uris()
    }

    /// Now, by the clock of the instance.
    pub fn now(&self) -> SystemTime {
        self.federation.now()
    }

    /// The identifier of the actor of ours that an id names.
    pub fn local_actor(&self, id: Option<Iri>) -> Option<String> {
        match self.uris().parse(&id?)? {
            Local::Actor(name) => Some(name),
            Local::Object(_) => None,
        }
    }

    /// The object of ours that an id names.
    pub fn local_object(&self, id: Option<Iri>) -> Option<ObjectRef> {
        match self.uris().parse(&id?)? {
            Local::Object(object) => Some(object),
            Local::Actor(_) => None,
        }
    }

    /// The application's own key of one of its objects: `cx.local_id::<i64>("post", like.object_id())`.
    pub fn local_id<T: FromStr>(&self, kind: &str, id: Option<Iri>) -> Option<T> {
        self.local_object(id).filter(|object| object.kind() == kind)?.id()
    }

    /// Those of our actors whom a note mentions.
    pub fn mentioned(&self, note: &Object) -> Vec<String> {
        note.mentions()
            .into_iter()
            .filter_map(|mention| self.local_actor(Some(mention)))
            .collect()
    }

    /// An actor of another instance, from the cache or from there.
    ///
    /// # Errors
    ///
    /// Where it cannot be had; [`Error::is_permanent`] says whether that may change.
    pub async fn actor(&self, id: &Iri) -> Result<RemoteActor, Error> {
        self.federation.remote_actor(id).await
    }

    /// A public note of one of ours, with an id of our making. The store keeps what was sent and serves it, so that
    /// a bot needs no table.
    pub fn note(&self, by: &str) -> NoteBuilder {
        self.federation.note(by)
    }

    /// An activity of one of ours. Awaited, it leaves together with the mark that this activity is handled: a crash
    /// sends nothing twice. What is sent to whoever sent this activity is [counted](crate::Builder::answers).
    pub fn send(&self, sender: &str, activity: impl Into<Object>) -> Draft<App> {
        self.federation
            .send(sender, activity)
            .with_mark(self.sent.clone())
            .answering(self.by.clone())
    }

    /// Accepts a follow. The sender is the actor of ours that was followed.
    pub fn accept(&self, follow: &Authenticated<Follow>) -> Draft<App> {
        let me = self.local_actor(follow.object_id()).unwrap_or_default();
        self.send(&me, Accept::new(self.theirs(&me, follow)))
            .to(follow.by().clone())
    }

    /// Rejects a follow. The sender is the actor of ours that was followed.
    pub fn reject(&self, follow: &Authenticated<Follow>) -> Draft<App> {
        let me = self.local_actor(follow.object_id()).unwrap_or_default();
        self.send(&me, Reject::new(self.theirs(&me, follow)))
            .to(follow.by().clone())
    }

    fn theirs(&self, me: &str, follow: &Authenticated<Follow>) -> Object {
        let id = (**follow).id();
        self.federation.their_follow(me, follow.by(), id.as_ref())
    }

    /// Marks this activity as handled inside your transaction: effect and mark commit together, so that a crash never
    /// runs it twice. What was sent until now by awaiting, by the library's own behaviour too, goes into the same transaction; what this
    /// handler sends afterwards must, with [`Draft::enqueue_in`].
    ///
    /// # Errors
    ///
    /// `Fenced` where another worker or a former life already handled it: `?` leaves, and your transaction rolls back.
    pub async fn done_in(
        &self,
        connection: &mut <App::Store as Backend>::Connection,
    ) -> Result<(), StoreError> {
        // Whoever finds this one marked never takes up what came before it.
        for before in self.before.ids() {
            App::Store::handled(connection, &before).await?;
        }
        if !App::Store::handled(connection, &self.received).await? {
            return Err(StoreError::new(StoreErrorKind::Fenced, "already handled"));
        }
        // After the commit nobody comes here again. It stays in the list for a handler whose transaction did not commit.
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for outgoing in &sent {
            App::Store::record(connection, outgoing).await?;
        }
        self.marked.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// What is to leave together with the mark that the activity is handled.
    pub(crate) fn leaves(&self, outgoing: Outgoing) {
        push(&self.sent, outgoing);
    }

    /// What the handler has sent by awaiting.
    pub(crate) fn take_sent(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the handler has called [`done_in`](Cx::done_in), and it said yes.
    pub(crate) fn marked_itself(&self) -> bool {
        self.marked.load(Ordering::Relaxed)
    }
}

/// Keeps what a handler sends until the mark is written.
pub(crate) fn push(sent: &Sent, outgoing: Outgoing) {
    sent.lock().unwrap_or_else(PoisonError::into_inner).push(outgoing);
}
