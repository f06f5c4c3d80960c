//! What was accepted a moment ago, as it was proven.
//!
//! The worker of the same process takes it from here, instead of opening and reading again what the store holds of it. The store alone
//! says what is to be handled, and when. What is kept is known by the tag of its envelope, so it is what the store holds, whatever else came under
//! the same id. What is not here is opened, and what is here and never asked for makes room.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use federate_protocol::activitystreams::Activity;
use federate_protocol::{Authenticated, Sealed};

/// How many are kept at once, and how many bytes as they came: a little more than a worker has in hand.
const MOST: usize = 512;
const BYTES: usize = 4 << 20;
/// Of how many the order is known, with those that were taken since.
const ORDER: usize = 2 * MOST;

pub(crate) struct Fresh<T = Authenticated<Activity>> {
    is_wanted: AtomicBool,
    kept: Mutex<Kept<Arc<T>>>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self {
            is_wanted: AtomicBool::default(),
            kept: Mutex::default(),
        }
    }
}

impl<T> Fresh<T> {
    /// Keeps what is sealed from now on: there is a worker in this process that goes on.
    pub(crate) fn wanted(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    /// Keeps it, of so many bytes, while what is given back lives, and longer where it [stays](Keeping::stays).
    pub(crate) fn keep<'a>(&'a self, sealed: &'a Sealed, activity: &Arc<T>, bytes: usize) -> Keeping<'a, T> {
        if self.is_wanted.load(Ordering::Relaxed) {
            let tag = Bytes::copy_from_slice(sealed.tag());
            self.kept().keep(tag, Arc::clone(activity), bytes);
        }
        Keeping {
            fresh: self,
            sealed: Some(sealed),
        }
    }

    pub(crate) fn take(&self, sealed: &Sealed) -> Option<Arc<T>> {
        self.kept().take(sealed.tag())
    }

    fn kept(&self) -> MutexGuard<'_, Kept<Arc<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept, and nobody knows yet whether it is stored.
pub(crate) struct Keeping<'a, T> {
    fresh: &'a Fresh<T>,
    sealed: Option<&'a Sealed>,
}

impl<T> Keeping<'_, T> {
    /// It is stored, and is to be asked for.
    pub(crate) fn stays(mut self) {
        self.sealed = None;
    }
}

impl<T> Drop for Keeping<'_, T> {
    /// Also of a request that nobody waits for any more: what nobody may ever ask for is not kept until others take its place.
    fn drop(&mut self) {
        if let Some(sealed) = self.sealed {
            self.fresh.take(sealed);
        }
    }
}

struct Kept<T> {
    /// By their tags, each with its bytes.
    activities: HashMap<Bytes, (T, usize)>,
    /// In the order in which they came; also those that were taken since.
    order: VecDeque<Bytes>,
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
    fn keep(&mut self, tag: Bytes, activity: T, bytes: usize) {
        self.take(&tag);
        self.bytes += bytes;
        self.order.push_back(tag.clone());
        self.activities.insert(tag, (activity, bytes));
        while self.activities.len() > MOST || self.order.len() > ORDER || self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.take(&oldest);
        }
    }

    fn take(&mut self, tag: &[u8]) -> Option<T> {
        let (taken, bytes) = self.activities.remove(tag)?;
        self.bytes -= bytes;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(number: usize) -> Bytes {
        number.to_string().into()
    }

    #[test]
    fn what_is_not_known_to_be_stored_is_kept_no_longer_than_somebody_waits() {
        let fresh = Fresh::default();
        let sealed = |text: &'static str| Sealed::from_bytes(text.as_bytes());
        let (stored, known) = (sealed("stored"), sealed("known"));
        fresh.keep(&stored, &Arc::new(0), 1).stays();
        assert_eq!(fresh.take(&stored), None, "nobody wants it");
        fresh.wanted();
        fresh.keep(&stored, &Arc::new(1), 1).stays();
        let keeping = fresh.keep(&known, &Arc::new(2), 1);
        assert_eq!(fresh.kept().bytes, 2);
        drop(keeping);
        assert_eq!(fresh.kept().bytes, 1);
        assert_eq!(fresh.take(&known), None);
        // Somebody may have it in hand before it is known that it is stored.
        let keeping = fresh.keep(&known, &Arc::new(3), 1);
        assert_eq!(fresh.take(&known), Some(Arc::new(3)));
        keeping.stays();
        assert_eq!(
            (fresh.take(&known), fresh.take(&stored)),
            (None, Some(Arc::new(1)))
        );
    }

    #[test]
    fn so_many_are_kept_and_each_is_taken_once() {
        let mut kept = Kept::default();
        for number in 0..MOST {
            kept.keep(tag(number), number, 1);
        }
        assert_eq!((kept.take(&tag(0)), kept.take(&tag(0))), (Some(0), None));
        // There is room for one more, and the oldest goes for the next.
        kept.keep(tag(MOST), MOST, 1);
        assert_eq!(kept.activities.len(), MOST);
        kept.keep(tag(MOST + 1), 0, 1);
        assert_eq!((kept.take(&tag(1)), kept.take(&tag(2))), (None, Some(2)));
        assert_eq!(kept.activities.len(), kept.bytes);
    }

    /// Of what is sent again and again, all else that is kept stays, for a while.
    #[test]
    fn what_is_taken_at_once_makes_the_order_no_longer_than_this() {
        let mut kept = Kept::default();
        kept.keep(tag(0), 0, 1);
        for number in 1..ORDER {
            kept.keep(tag(number), number, 1);
            kept.take(&tag(number));
        }
        assert_eq!((kept.order.len(), kept.activities.len()), (ORDER, 1));
        kept.keep(tag(ORDER), ORDER, 1);
        assert_eq!((kept.order.len(), kept.take(&tag(0))), (ORDER, None));
        assert_eq!(kept.take(&tag(ORDER)), Some(ORDER));
    }

    #[test]
    fn so_many_bytes_are_kept_and_no_more() {
        let mut kept = Kept::default();
        kept.keep(tag(0), 0, 1);
        kept.keep(tag(1), 1, BYTES - 1);
        assert_eq!((kept.activities.len(), kept.bytes), (2, BYTES));
        kept.keep(tag(2), 2, 1);
        assert_eq!(
            (kept.take(&tag(0)), kept.take(&tag(1)), kept.take(&tag(2))),
            (None, Some(1), Some(2))
        );
        // What is larger than all the room is not kept.
        kept.keep(tag(3), 3, BYTES + 1);
        assert_eq!((kept.take(&tag(3)), kept.bytes), (None, 0));
        // Of the same again there is one.
        kept.keep(tag(4), 4, 1);
        kept.keep(tag(4), 5, 2);
        assert_eq!((kept.bytes, kept.take(&tag(4))), (2, Some(5)));
        assert_eq!(kept.bytes, 0);
    }
}
