//! The backend that forgets: everything in the process's memory, with the same promises while it lives.

mod binding;
mod cache;
mod connection;
mod inbox;
mod outbox;
mod people;
mod queue;
mod relations;
mod rules;

use crate::{Backend, BoxFuture, Outgoing, ReceivedId, StoreError, Stores};
pub use connection::MemoryConnection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many entries the cache of [`Memory::new`] holds.
const CACHE_ENTRIES: usize = 10_000;

/// A whole backend in memory: every promise of the seams except that it survives the process.
///
/// A clone is another handle on the same store. For tests, and for a bot that may forget.
#[derive(Clone, Debug)]
pub struct Memory {
    shared: Arc<Shared>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_cache(CACHE_ENTRIES)
    }

    /// An empty store whose cache holds at most so many entries, and at most 256 MiB.
    pub fn with_cache(entries: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                outbox: Mutex::default(),
                inbox: Mutex::default(),
                queue: Mutex::default(),
                people: Mutex::default(),
                relations: Mutex::default(),
                cache: Mutex::new(cache::State::new(entries)),
                binding: Mutex::default(),
                rules: Mutex::default(),
            }),
        }
    }

    /// A transaction, as an application would open one in its database.
    pub fn begin(&self) -> MemoryConnection {
        MemoryConnection::new(self.shared.clone())
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Memory {
    type Connection = MemoryConnection;

    fn stores(&self) -> Stores {
        Stores {
            outbox: self.shared.clone(),
            inbox: self.shared.clone(),
            queue: self.shared.clone(),
            keys: self.shared.clone(),
            followers: self.shared.clone(),
            relations: self.shared.clone(),
            cache: self.shared.clone(),
            binding: self.shared.clone(),
            rules: self.shared.clone(),
        }
    }

    fn record<'a>(
        connection: &'a mut Self::Connection,
        outgoing: &'a Outgoing,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        connection.stage_outgoing(outgoing);
        Box::pin(std::future::ready(Ok(())))
    }

    fn handled<'a>(
        connection: &'a mut Self::Connection,
        id: &'a ReceivedId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(connection.stage_handled(id))))
    }
}

/// What all handles share. Each part has its own lock; no lock is held while another is taken, or across an await.
#[derive(Debug)]
struct Shared {
    outbox: Mutex<outbox::State>,
    inbox: Mutex<inbox::State>,
    queue: Mutex<queue::State>,
    people: Mutex<people::State>,
    relations: Mutex<relations::State>,
    cache: Mutex<cache::State>,
    binding: Mutex<binding::State>,
    rules: Mutex<rules::State>,
}

/// No code below panics while it holds a lock, so a poisoned one holds a whole state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
