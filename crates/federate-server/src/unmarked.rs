//! What one sender sent that was handled, and of which no mark says so yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use federate_store::ReceivedId;

/// A clone is the same list: whoever handles the next of the sender may mark it with its own, while it is being marked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unmarked(Arc<Mutex<Vec<ReceivedId>>>);

impl Unmarked {
    pub(crate) fn push(&self, id: ReceivedId) {
        self.list().push(id);
    }

    /// In the order of their names, in which all marks are written: of two transactions neither waits for what the other waits for.
    pub(crate) fn ids(&self) -> Vec<ReceivedId> {
        let mut ids = self.list().clone();
        ids.sort();
        ids
    }

    /// All of them are marked.
    pub(crate) fn clear(&self) {
        self.list().clear();
    }

    fn list(&self) -> MutexGuard<'_, Vec<ReceivedId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
