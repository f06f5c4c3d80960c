//! The bodies of what is being sent: read once for many inboxes.

use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use federate_store::{Outbox, StoreError};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// A few bodies, the latest last. What is not here is read from the store.
#[derive(Debug, Default)]
pub(crate) struct Bodies(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<(Iri, Bytes)>,
    bytes: usize,
}

/// At once there are few activities on their way to many inboxes.
const MAX_ENTRIES: usize = 64;
const MAX_BYTES: usize = 8 * 1024 * 1024;

impl Bodies {
    pub(crate) async fn get(&self, outbox: &dyn Outbox, activity: &Iri) -> Result<Option<Bytes>, StoreError> {
        if let Some(body) = self.kept(activity) {
            return Ok(Some(body));
        }
        let body = outbox.body(activity).await?;
        if let Some(body) = &body {
            self.keep(activity, body);
        }
        Ok(body)
    }

    fn kept(&self, activity: &Iri) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries
            .iter()
            .rev()
            .find(|(id, _)| id == activity)
            .map(|(_, body)| body.clone())
    }

    fn keep(&self, activity: &Iri, body: &Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.iter().any(|(id, _)| id == activity) {
            return;
        }
        kept.bytes += body.len();
        kept.entries.push_back((activity.clone(), body.clone()));
        while kept.entries.len() > MAX_ENTRIES || kept.bytes > MAX_BYTES {
            let Some((_, old)) = kept.entries.pop_front() else {
                break;
            };
            kept.bytes -= old.len();
        }
    }
}
