//! Which delivery goes before which.

use crate::Iri;
use std::fmt;

/// Which of the deliveries that wait go first: a reply to a person before a relay's flood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits for it: an answer, a mention, an `Accept`.
    High,
    /// What people do.
    #[default]
    Usual,
    /// What may wait until the rest is done: backfills, what a relay hands on.
    Low,
}

impl Priority {
    /// 0 for [`High`](Self::High), then 1, then 2: as a store writes it.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::High => 0,
            Self::Usual => 1,
            Self::Low => 2,
        }
    }

    /// The priority of a rank; what is no rank is usual.
    #[must_use]
    pub fn of_rank(rank: i64) -> Self {
        match rank {
            0 => Self::High,
            2 => Self::Low,
            _ => Self::Usual,
        }
    }
}

/// Deliveries to one inbox with the same key go out one after the other, in the order in which their activities were enqueued: the
/// `Create` of an object before its `Update`, and that before its `Delete`. One that was given up on holds up the next no longer.
///
/// A digest of the object's id. That two objects share one does no harm: they wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderKey(u64);

impl OrderKey {
    /// The key of an object.
    #[must_use]
    pub fn of(object: &Iri) -> Self {
        // FNV-1a. The ids are our own; nobody gains by a collision.
        let digest = object
            .as_str()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
                (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self(digest)
    }

    /// As a store writes it.
    #[must_use]
    pub fn to_stored(self) -> i64 {
        self.0.cast_signed()
    }

    /// As a store has written it.
    #[must_use]
    pub fn from_stored(stored: i64) -> Self {
        Self(stored.cast_unsigned())
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        for priority in [Priority::High, Priority::Usual, Priority::Low] {
            assert_eq!(Priority::of_rank(i64::from(priority.rank())), priority);
        }
        assert_eq!(Priority::of_rank(-7), Priority::Usual);
        let key = OrderKey::of(&Iri::parse("https://a.example/notes/1").unwrap());
        assert_eq!(OrderKey::from_stored(key.to_stored()), key);
        // It lies in databases: it must stay what it is.
        assert_eq!(key.to_string(), "b8b04f15e583320f");
    }
}
