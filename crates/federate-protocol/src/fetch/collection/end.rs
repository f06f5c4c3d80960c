//! Why a reading ended.

use crate::fetch::FetchRefusal;

/// Why the reading of a collection ended. Whatever it was, the pages that came before hold.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CollectionEnd {
    /// The last page names no other.
    Complete,
    /// There is more, and as many pages were given as were asked for (R6).
    PageLimit,
    /// There is more, and as many items were given as were asked for (R6).
    ItemLimit,
    /// There is more, and as many bytes have come as may come (R6).
    ByteLimit,
    /// There is more, and the peer was waited for as long as it may be (R6).
    Deadline,
    /// It leads to a place that was asked for already (R6).
    Loop,
    /// It leads to another origin (R6).
    Foreign,
    /// The collection, or a page that it leads to, was there once: 410.
    Gone,
    /// The collection, or a page that it leads to, must not be believed.
    Refused(FetchRefusal),
    /// The collection, or a page that it leads to, could not be had. Whoever drives the machine says so.
    Unreachable,
}

impl CollectionEnd {
    /// Whether all that the peer lists was given.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Whether a budget ended it: there is more, and nothing is wrong with what there is.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::PageLimit | Self::ItemLimit | Self::ByteLimit | Self::Deadline
        )
    }
}
