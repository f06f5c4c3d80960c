//! Why a document is believed, as a value.

use super::super::webfinger::Handle;
use std::fmt;
use url::Url;

/// Why a [`Document`](super::Document) may be believed ([FEP-fe34]): its own origin answered for it, at its own id.
///
/// What led there differs; it is kept for those who want to know.
///
/// [FEP-fe34]: https://codeberg.org/fediverse/fep/src/branch/main/fep/fe34/fep-fe34.md
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provenance {
    /// It was fetched, and what was found at its id has that id.
    Fetched {
        /// The page of the same origin whose `alternate` link led to it.
        page: Option<Url>,
        /// Where it was found first, under an id that is elsewhere; it was fetched anew at that id.
        found_at: Option<Url>,
        /// How many redirects were followed.
        redirects: u8,
    },
    /// It was fetched earlier, and kept.
    Kept,
}

impl Default for Provenance {
    fn default() -> Self {
        Self::Fetched {
            page: None,
            found_at: None,
            redirects: 0,
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Fetched {
            page,
            found_at,
            redirects,
        } = self
        else {
            return f.write_str("kept from an earlier fetch");
        };
        match found_at {
            None => f.write_str("found at its own id")?,
            Some(url) => write!(f, "found at {url}, and again at the id that it states")?,
        }
        if let Some(page) = page {
            write!(f, ", which the page {page} names")?;
        }
        match redirects {
            0 => Ok(()),
            1 => f.write_str(", behind one redirect"),
            many => write!(f, ", behind {many} redirects"),
        }
    }
}

/// Why a handle is an actor's, beside the answer of the handle's host, which names the actor (W1, W4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bond {
    /// The actor gives itself this handle.
    OwnName,
    /// The actor gives itself another handle, whose host says that it is this one's.
    RoundTrip {
        /// The handle that the actor gives itself.
        through: Handle,
    },
    /// It was confirmed earlier, and kept.
    Kept,
}

impl fmt::Display for Bond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnName => {
                f.write_str("the handle's host names the actor, and the actor gives itself this handle")
            }
            Self::RoundTrip { through } => write!(
                f,
                "the handle's host names the actor, who calls itself {through}; that host names this handle and the same actor"
            ),
            Self::Kept => f.write_str("kept from an earlier look-up"),
        }
    }
}
