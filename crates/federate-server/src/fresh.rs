//! What was accepted a moment ago, as it was proven.
//!
//! The worker of the same process takes it from here, instead of opening and reading again what the store holds of it. The store alone
//! says what is to be handled, and when: what is not here is opened, and what is here and never asked for makes room.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::Activity;
use federate_store::ReceivedId;

/// How many are kept at once, and how many bytes as they came: a little more than a worker has in hand.
const MOST: usize = 512;
const BYTES: usize = 4 << 20;

#[derive(Default)]
pub(crate) struct Fresh {
    is_wanted: AtomicBool,
    kept: Mutex<Kept<Box<Authenticated<Activity>>>>,
}

impl Fresh {
    /// Keeps what is accepted from now on: there is a worker in this process that goes on.
    pub(crate) fn wanted(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn keep(&self, id: ReceivedId, activity: Box<Authenticated<Activity>>) {
        if self.is_wanted.load(Ordering::Relaxed) {
            let bytes = activity.body().len();
            self.kept().keep(id, activity, bytes);
        }
    }

    pub(crate) fn take(&self, id: &ReceivedId) -> Option<Box<Authenticated<Activity>>> {
        self.kept().take(id)
    }

    fn kept(&self) -> MutexGuard<'_, Kept<Box<Authenticated<Activity>>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Kept<T> {
    /// Each with its bytes.
    activities: HashMap<ReceivedId, (T, usize)>,
    /// In the order in which they came; also those that were taken since.
    order: VecDeque<ReceivedId>,
    bytes: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            activities: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<T> Kept<T> {
    fn keep(&mut self, id: ReceivedId, activity: T, bytes: usize) {
        self.take(&id);
        self.bytes += bytes;
        self.order.push_back(id.clone());
        self.activities.insert(id, (activity, bytes));
        while self.order.len() > MOST || self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.take(&oldest);
        }
    }

    fn take(&mut self, id: &ReceivedId) -> Option<T> {
        let (taken, bytes) = self.activities.remove(id)?;
        self.bytes -= bytes;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use federate_protocol::activitystreams::Iri;

    use super::*;

    fn id(number: usize) -> ReceivedId {
        let iri = Iri::parse(&format!("https://a.example/{number}")).unwrap();
        ReceivedId::new("https://a.example", &iri)
    }

    #[test]
    fn so_many_are_kept_and_each_is_taken_once() {
        let mut kept = Kept::default();
        for number in 0..MOST {
            kept.keep(id(number), number, 1);
        }
        assert_eq!(kept.take(&id(0)), Some(0));
        assert_eq!(kept.take(&id(0)), None);
        // One more than there is room for: the place of the first, which was taken, is enough.
        kept.keep(id(MOST), MOST, 1);
        assert_eq!(kept.take(&id(1)), Some(1));
        kept.keep(id(MOST + 1), 0, 1);
        kept.keep(id(MOST + 2), 0, 1);
        assert_eq!(kept.take(&id(2)), None);
        assert_eq!(kept.take(&id(3)), Some(3));
        assert!(kept.order.len() <= MOST && kept.bytes == kept.activities.len());
    }

    #[test]
    fn so_many_bytes_are_kept_and_no_more() {
        let mut kept = Kept::default();
        kept.keep(id(0), 0, 1);
        kept.keep(id(1), 1, BYTES - 1);
        assert_eq!((kept.activities.len(), kept.bytes), (2, BYTES));
        kept.keep(id(2), 2, 1);
        assert_eq!(
            (kept.take(&id(0)), kept.take(&id(1)), kept.take(&id(2))),
            (None, Some(1), Some(2))
        );
        // What is larger than all the room is not kept.
        kept.keep(id(3), 3, BYTES + 1);
        assert_eq!((kept.take(&id(3)), kept.bytes), (None, 0));
        // Of the same again there is one.
        kept.keep(id(4), 4, 1);
        kept.keep(id(4), 5, 2);
        assert_eq!((kept.bytes, kept.take(&id(4))), (2, Some(5)));
        assert_eq!(kept.bytes, 0);
    }
}
