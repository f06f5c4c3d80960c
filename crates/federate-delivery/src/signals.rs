//! What other threads tell the engine's loop.

use crate::Snapshot;
use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{Notify, oneshot};

/// Hosts that may be remembered between two turns: whoever is left out speaks again.
const MAX_HEARD: usize = 1024;

/// Lanes that may be remembered between two turns: the others are looked at in a second.
const MAX_LANES: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Signals {
    pub(crate) notify: Notify,
    recorded: AtomicBool,
    enqueued: AtomicBool,
    /// Where something was enqueued.
    lanes: Mutex<BTreeSet<String>>,
    heard: Mutex<BTreeSet<String>>,
    askers: Mutex<Vec<Asker>>,
}

/// Who wants to see what the loop has in hand, and of how many hosts.
pub(crate) type Asker = (usize, oneshot::Sender<Snapshot>);

impl Signals {
    /// The outbox or the queue has something new.
    pub(crate) fn wake(&self) {
        self.recorded.store(true, Ordering::Release);
        self.enqueued();
    }

    /// The queue has something new in these lanes.
    pub(crate) fn enqueued_in(&self, lanes: impl Iterator<Item = String>) {
        let mut all = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        for lane in lanes {
            // What is left out is found when its lane is looked at the next time, or given back.
            if all.len() < MAX_LANES {
                all.insert(lane);
            }
        }
        drop(all);
        self.enqueued();
    }

    /// The queue has something new.
    fn enqueued(&self) {
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

    /// Asks the loop what it has in hand: it says so in its next turn.
    pub(crate) fn ask(&self, max: usize) -> oneshot::Receiver<Snapshot> {
        let (asker, answer) = oneshot::channel();
        {
            let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
            // A loop that stands still must not collect those who gave up.
            askers.retain(|(_, asker)| !asker.is_closed());
            askers.push((max, asker));
        }
        self.notify.notify_one();
        answer
    }

    pub(crate) fn take_askers(&self) -> Vec<Asker> {
        std::mem::take(&mut *self.askers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn take_recorded(&self) -> bool {
        self.recorded.swap(false, Ordering::AcqRel)
    }

    /// `None`: nothing was enqueued. Else the lanes in which something was, as far as they are known.
    pub(crate) fn take_enqueued(&self) -> Option<BTreeSet<String>> {
        let any = self.enqueued.swap(false, Ordering::AcqRel);
        any.then(|| std::mem::take(&mut *self.lanes.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    pub(crate) fn take_heard(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
