//! What other threads tell the engine's loop.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// Hosts that may be remembered between two turns: whoever is left out speaks again.
const MAX_HEARD: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Signals {
    pub(crate) notify: Notify,
    recorded: AtomicBool,
    enqueued: AtomicBool,
    heard: Mutex<BTreeSet<String>>,
}

impl Signals {
    /// The outbox or the queue has something new.
    pub(crate) fn wake(&self) {
        self.recorded.store(true, Ordering::Release);
        self.enqueued();
    }

    /// The queue has something new.
    pub(crate) fn enqueued(&self) {
        self.enqueued.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// A request came from this host.
    pub(crate) fn heard_from(&self, host: &str) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() < MAX_HEARD {
            heard.insert(host.to_ascii_lowercase());
        }
    }

    pub(crate) fn take_recorded(&self) -> bool {
        self.recorded.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take_enqueued(&self) -> bool {
        self.enqueued.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take_heard(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
