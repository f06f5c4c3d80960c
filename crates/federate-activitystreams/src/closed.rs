//! Whether voting is over.

use std::time::SystemTime;

use crate::{Json, Value, tape::Node};

/// Whether voting is over: since when, or only that it is (or is not).
///
/// Spec: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-closed>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// At this time, which may still come.
    At(SystemTime),
    /// Yes or no.
    Said(bool),
}

impl Closed {
    /// Whether it is over at this time.
    #[must_use]
    pub fn is_over(self, now: SystemTime) -> bool {
        match self {
            Self::At(time) => time <= now,
            Self::Said(over) => over,
        }
    }
}

impl From<SystemTime> for Closed {
    fn from(time: SystemTime) -> Self {
        Self::At(time)
    }
}

impl From<bool> for Closed {
    fn from(over: bool) -> Self {
        Self::Said(over)
    }
}

impl Value for Closed {
    const EXPECTED: &'static str = "date or truth value";

    fn read(node: Node<'_>) -> Option<Self> {
        let time = SystemTime::read(node).map(Self::At);
        time.or_else(|| bool::read(node).map(Self::Said))
            // What closed it, by an id or an object, says that it is closed.
            .or_else(|| crate::Ref::read(node).map(|_| Self::Said(true)))
    }

    fn write(&self) -> Json {
        match self {
            Self::At(time) => time.write(),
            Self::Said(over) => over.write(),
        }
    }
}
