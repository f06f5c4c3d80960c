//! Where files are kept.

use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::Blocks;
use federate_protocol::activitystreams::Iri;
use std::fmt::Debug;
use std::io;
use std::time::SystemTime;

/// Keeps media files by their URL. A help and never a hindrance: where it fails, files are fetched.
#[async_trait]
pub trait MediaCache: Debug + Send + Sync {
    /// What was stored under the URL, and when.
    ///
    /// # Errors
    /// It cannot be read; a file that is damaged is `None`.
    async fn get(&self, url: &Iri) -> io::Result<Option<(Bytes, SystemTime)>>;

    /// Keeps a file, in place of what was there, as long as there is room.
    ///
    /// # Errors
    /// It cannot be written, and what was there may be gone.
    async fn put(&self, url: &Iri, file: &Bytes, now: SystemTime) -> io::Result<()>;

    /// Removes files. How many.
    ///
    /// # Errors
    /// Some could not be removed.
    async fn purge(&self, which: &MediaPurge) -> io::Result<u64>;
}

/// Which files are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaPurge {
    /// That of one URL.
    Url(Iri),
    /// Those of these hosts, their subdomains included.
    Hosts(Blocks),
    /// Those that were stored in this time, its begin included and its end not.
    Stored {
        /// From here on.
        from: SystemTime,
        /// Before this.
        until: SystemTime,
    },
    /// All of them.
    All,
}

impl MediaPurge {
    /// Whether a file of this URL, stored then, is one of them.
    #[must_use]
    pub fn covers(&self, url: &Iri, stored: SystemTime) -> bool {
        match self {
            Self::Url(one) => one == url,
            Self::Hosts(hosts) => hosts.covering(url).is_some(),
            Self::Stored { from, until } => *from <= stored && stored < *until,
            Self::All => true,
        }
    }
}
