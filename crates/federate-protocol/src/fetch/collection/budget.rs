//! How much of a collection is read.

use crate::Limits;
use std::time::Duration;

/// How much of a collection is read at most. [`Limits`] give the most that may be asked for, and a caller asks for less:
///
/// ```
/// use federate_protocol::{Limits, fetch::CollectionBudget};
///
/// let limits = Limits::default();
/// let budget = CollectionBudget::of(&limits).pages(3).items(usize::MAX);
/// assert_eq!((budget.max_pages(), budget.max_items()), (3, limits.collection_items));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionBudget {
    pages: usize,
    items: usize,
    bytes: usize,
    time: Duration,
}

impl CollectionBudget {
    /// All that the limits allow.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self {
            pages: limits.collection_pages,
            items: limits.collection_items,
            bytes: limits.collection_bytes,
            time: limits.collection_time,
        }
    }

    /// At most so many pages, empty ones included. A collection that holds items itself counts as one. More than the limit is the limit.
    #[must_use]
    pub fn pages(self, pages: usize) -> Self {
        let pages = self.pages.min(pages);
        Self { pages, ..self }
    }

    /// At most so many items. More than the limit is the limit.
    #[must_use]
    pub fn items(self, items: usize) -> Self {
        let items = self.items.min(items);
        Self { items, ..self }
    }

    /// No other request once so many bytes have come, those of redirects and errors included. More than the limit is the limit.
    #[must_use]
    pub fn bytes(self, bytes: usize) -> Self {
        let bytes = self.bytes.min(bytes);
        Self { bytes, ..self }
    }

    /// At most so much time in which the peer is waited for, all requests together. More than the limit is the limit.
    #[must_use]
    pub fn time(self, time: Duration) -> Self {
        let time = self.time.min(time);
        Self { time, ..self }
    }

    /// The most pages that are given.
    pub fn max_pages(&self) -> usize {
        self.pages
    }

    /// The most items that are given.
    pub fn max_items(&self) -> usize {
        self.items
    }

    /// The bytes after which nothing more is asked for.
    pub fn max_bytes(&self) -> usize {
        self.bytes
    }

    /// The time that the peer is waited for.
    pub fn max_time(&self) -> Duration {
        self.time
    }
}
