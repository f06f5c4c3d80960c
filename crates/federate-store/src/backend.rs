//! A store as a whole: its seams, and the connection type of the application's transactions.

use crate::{
    Binding, Cache, DeliveryQueue, Followers, Inbox, KeyStore, Outbox, Outgoing, ReceivedId, Relations,
    Rules, StoreError,
};
use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is called when there is something to do: cheap, from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Listens until it is dropped; see [`Backend::listen`].
#[must_use = "dropping it ends the listening"]
pub struct Listening(
    #[expect(dead_code, reason = "what matters is when it is dropped")] Box<dyn Any + Send + Sync>,
);

impl Listening {
    /// Of a store whose listening ends when `guard` is dropped.
    pub fn new(guard: impl Any + Send + Sync) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listening")
    }
}

/// A store that is a value. Its connection type is what makes a transaction of the wrong database a type error.
///
/// Not object-safe, on purpose: it exists to name [`Backend::Connection`]; everything else is in [`Stores`].
pub trait Backend: Clone + Send + Sync + 'static {
    /// The application's connection, inside a transaction of its own.
    type Connection: Send;

    /// The seams of this store. Cheap: each is an `Arc`.
    fn stores(&self) -> Stores;

    /// Calls `wake` soon after another process over the same store has recorded, enqueued or accepted something, for as long as what it
    /// returns lives. `None`, the default: the store cannot tell, and whoever waits looks by itself now and then. It may be called
    /// where nothing happened, and must be called once after each break in which something could have been missed.
    ///
    /// Must be called inside a tokio runtime.
    fn listen(&self, wake: Wake) -> Option<Listening> {
        let _ = wake;
        None
    }

    /// Records what is to be sent in the caller's transaction: there when it commits, never when it does not.
    ///
    /// As durable as that transaction. Idempotent by [`Outgoing::id`]: the first record of an id stays.
    ///
    /// # Errors
    /// What the connection answers. The transaction should then be rolled back.
    fn record<'a>(
        connection: &'a mut Self::Connection,
        outgoing: &'a Outgoing,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Marks a received activity as handled in the caller's transaction. `false`: it was already, by another
    /// worker or in a former life; the caller should then roll back, as its effects are there.
    ///
    /// # Errors
    /// What the connection answers. The transaction should then be rolled back.
    fn handled<'a>(
        connection: &'a mut Self::Connection,
        id: &'a ReceivedId,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// The seams of a backend. Each can be replaced alone: a queue in Redis beside an outbox in SQLite.
#[derive(Clone, Debug)]
pub struct Stores {
    /// What the application wants sent.
    pub outbox: Arc<dyn Outbox>,
    /// What was received.
    pub inbox: Arc<dyn Inbox>,
    /// What is on its way, by destination.
    pub queue: Arc<dyn DeliveryQueue>,
    /// Secrets that this instance made.
    pub keys: Arc<dyn KeyStore>,
    /// Who follows whom here.
    pub followers: Arc<dyn Followers>,
    /// What ready-made behaviour remembers.
    pub relations: Arc<dyn Relations>,
    /// What others' servers told us.
    pub cache: Arc<dyn Cache>,
    /// Whose it is, and whether it may deliver.
    pub binding: Arc<dyn Binding>,
    /// What moderators decided.
    pub rules: Arc<dyn Rules>,
}
