//! The transfer itself.

use super::{Arrival, Census, Export, Import, Part};
use crate::{Hold, StoreError};
use std::{fmt, time::SystemTime};

/// Moves all that is in `source` into `target`: queue, outbox, what was received, keys and followers. (The cache is not moved: it
/// is lost without harm.) How much it was.
///
/// From its beginning on the source delivers nothing and takes nothing; the target delivers nothing before it is whole. So
/// nothing is sent twice, and nothing is lost, wherever it stops: call it again, and it goes on. It needs the memory of a page.
///
/// Stop the processes that work on the source, or wait: with [`InUse`](TransferError::InUse) it says that a worker has
/// something in hand. One that runs notices the hold and gives back what it has.
///
/// To give it up instead, [allow](crate::Binding::allow) the source to deliver again, and drop the target.
///
/// # Errors
/// [`TransferError`].
pub async fn transfer(
    source: &dyn Export,
    target: &dyn Import,
    now: SystemTime,
) -> Result<Census, TransferError> {
    let departure = source.departure().await.map_err(Side::Source.failed())?;
    if let Some(hold) = departure.hold
        && hold != Hold::Moved
    {
        return Err(TransferError::Held(hold));
    }
    let arrival = target.arrive(&departure).await.map_err(Side::Target.failed())?;
    match &arrival {
        Arrival::Open | Arrival::Complete => {}
        Arrival::NotEmpty => return Err(TransferError::NotEmpty),
        Arrival::OtherInstance(target) => {
            return Err(TransferError::OtherInstance {
                source: departure.instance,
                target: target.clone(),
            });
        }
    }
    let leased = source.seal(now).await.map_err(Side::Source.failed())?;
    if leased > 0 {
        return Err(TransferError::InUse { lanes: leased });
    }
    let census = source.census().await.map_err(Side::Source.failed())?;
    if arrival == Arrival::Complete {
        return Ok(census);
    }
    for part in Part::ALL {
        carry(source, target, part).await?;
    }
    target
        .import_counts(&census.counts)
        .await
        .map_err(Side::Target.failed())?;
    let arrived = target.census().await.map_err(Side::Target.failed())?;
    if arrived != census {
        return Err(TransferError::Differs {
            left: Box::new(census),
            arrived: Box::new(arrived),
        });
    }
    target.complete().await.map_err(Side::Target.failed())?;
    Ok(census)
}

async fn carry(source: &dyn Export, target: &dyn Import, part: Part) -> Result<(), TransferError> {
    let mut after = target.arrived(part).await.map_err(Side::Target.failed())?;
    loop {
        let page = source
            .records(part, after.as_deref(), part.at_once())
            .await
            .map_err(Side::Source.failed())?;
        let (cursors, records): (Vec<_>, Vec<_>) = page.into_iter().unzip();
        let Some(last) = cursors.into_iter().next_back() else {
            return Ok(());
        };
        target
            .import(part, &records, &last)
            .await
            .map_err(Side::Target.failed())?;
        after = Some(last);
    }
}

/// One of the two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that is moved out of.
    Source,
    /// The one that is moved into.
    Target,
}

impl Side {
    fn failed(self) -> impl FnOnce(StoreError) -> TransferError {
        move |source| TransferError::Store { side: self, source }
    }
}

/// Why a transfer stopped. Called again once the reason is gone, it goes on where it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum TransferError {
    /// The source is a copy, a restored backup, or itself not whole: nothing was begun.
    Held(Hold),
    /// Something lies in the target that did not come with this transfer: nothing was begun.
    NotEmpty,
    /// The target belongs to another instance: nothing was begun.
    OtherInstance {
        /// Whose the source is.
        source: Option<String>,
        /// Whose the target is.
        target: String,
    },
    /// Workers have lanes of the source in hand. They give them back, or lose them within a [lease](crate::LEASE).
    InUse {
        /// How many.
        lanes: u64,
    },
    /// What arrived is not what left; the target stays held back.
    Differs {
        /// What the source holds.
        left: Box<Census>,
        /// What the target holds.
        arrived: Box<Census>,
    },
    /// One of the stores failed.
    Store {
        /// Which.
        side: Side,
        /// How.
        source: StoreError,
    },
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(hold) => write!(f, "cannot move out of it: {hold}"),
            Self::NotEmpty => f.write_str("the target is not empty"),
            Self::OtherInstance { source, target } => {
                let source = source.as_deref().unwrap_or("nobody");
                write!(f, "the target belongs to {target}, the source to {source}")
            }
            Self::InUse { lanes } => write!(f, "workers have {lanes} hosts of the source in hand"),
            Self::Differs { left, arrived } => {
                write!(f, "what arrived differs: {arrived}; there were {left}")
            }
            Self::Store {
                side: Side::Source, ..
            } => f.write_str("the source failed"),
            Self::Store {
                side: Side::Target, ..
            } => f.write_str("the target failed"),
        }
    }
}

impl std::error::Error for TransferError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store { source, .. } => Some(source),
            _ => None,
        }
    }
}
