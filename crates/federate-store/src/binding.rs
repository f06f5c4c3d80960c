//! Whose store it is, and whether what lies in it may be delivered.

use crate::StoreError;
use std::fmt;

/// Why nothing is delivered out of a store.
///
/// What is in a copy was, or will be, delivered out of the original too. So a copy (a staging system, a backup that was
/// restored) delivers nothing until somebody who knows [says so](Binding::allow). All else goes on: what is recorded and
/// enqueued waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hold {
    /// It was made as a backup, or somebody [said](Binding::hold_back) that it is one.
    Restored,
    /// It lies elsewhere than where it was made: another file, another database.
    Copied,
    /// What was in it lies in another store now, or is on its way there. Nothing can be added either.
    Moved,
    /// What is to be in it is still on its way from another store.
    Arriving,
}

impl Hold {
    /// A short stable name, as a store writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Copied => "copied",
            Self::Moved => "moved",
            Self::Arriving => "arriving",
        }
    }

    /// What [`as_str`](Hold::as_str) gave; a name of a later release holds back as a backup does.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        match name {
            "copied" => Self::Copied,
            "moved" => Self::Moved,
            "arriving" => Self::Arriving,
            _ => Self::Restored,
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restored => "the store is a restored backup",
            Self::Copied => "the store is a copy: it lies elsewhere than where it was made",
            Self::Moved => "what was in the store has moved to another one",
            Self::Arriving => "a transfer into the store is not complete",
        })
    }
}

/// The instance that a store belongs to, and what holds its deliveries back.
///
/// The engine asks before it leases, and [`DeliveryQueue::lease`](crate::DeliveryQueue::lease) itself gives no lane while
/// there is a [`Hold`], so that no process misses it.
#[async_trait::async_trait]
pub trait Binding: fmt::Debug + Send + Sync {
    /// Binds the store to the instance at this URL, where it is bound to none yet. Whose it is from now on: of two at
    /// once, one is the first, and both are told which. Durable when `Ok`.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and nothing was changed.
    async fn bind(&self, instance: &str) -> Result<String, StoreError>;

    /// Binds the store to this URL, whatever it was bound to: the instance has moved. Durable when `Ok`.
    ///
    /// # Errors
    /// As [`bind`](Binding::bind).
    async fn rebind(&self, instance: &str) -> Result<(), StoreError>;

    /// The URL of the instance that it is bound to.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn instance(&self) -> Result<Option<String>, StoreError>;

    /// What holds its deliveries back; `None`: nothing does.
    ///
    /// # Errors
    /// As [`instance`](Binding::instance).
    async fn hold(&self) -> Result<Option<Hold>, StoreError>;

    /// Holds its deliveries back as those of a [restored backup](Hold::Restored). For an operator who knows what the store
    /// cannot see: a snapshot of the disk, a file that was written over in its place. A hold that is there stays.
    /// Durable when `Ok`.
    ///
    /// # Errors
    /// As [`bind`](Binding::bind).
    async fn hold_back(&self) -> Result<(), StoreError>;

    /// Ends any hold: this is the store that delivers, and where it lies now is its place. Say it of one copy only, and
    /// after the original has stopped for good. What was delivered since the copy was made is delivered once more, under
    /// the same ids. Durable when `Ok`.
    ///
    /// # Errors
    /// As [`bind`](Binding::bind).
    async fn allow(&self) -> Result<(), StoreError>;
}
