//! A transaction in memory: what is staged is applied at the commit, all of it or nothing.

use super::{Shared, lock};
use crate::{Outgoing, ReceivedId, StoreError, StoreErrorKind};
use std::sync::Arc;

/// A transaction over [`Memory`](crate::Memory). Dropping it is the rollback.
#[derive(Debug)]
#[must_use = "dropping a transaction rolls it back"]
pub struct MemoryConnection {
    shared: Arc<Shared>,
    outgoing: Vec<Outgoing>,
    handled: Vec<ReceivedId>,
}

impl MemoryConnection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            outgoing: Vec::new(),
            handled: Vec::new(),
        }
    }

    pub(super) fn stage_outgoing(&mut self, outgoing: &Outgoing) {
        self.outgoing.push(outgoing.clone());
    }

    pub(super) fn stage_handled(&mut self, id: &ReceivedId) -> bool {
        let new = !self.handled.contains(id) && !lock(&self.shared.outbox).is_handled(id);
        if new {
            self.handled.push(id.clone());
        }
        new
    }

    /// Applies what was staged.
    ///
    /// # Errors
    /// [`Busy`](StoreErrorKind::Busy) where another transaction marked the same activity as handled meanwhile:
    /// nothing was applied.
    pub fn commit(self) -> Result<(), StoreError> {
        let mut state = lock(&self.shared.outbox);
        if self.handled.iter().any(|id| state.is_handled(id)) {
            return Err(StoreError::new(
                StoreErrorKind::Busy,
                "another transaction marked the activity as handled",
            ));
        }
        for id in self.handled {
            state.mark_handled(id);
        }
        for outgoing in self.outgoing {
            state.record(&outgoing);
        }
        Ok(())
    }
}
