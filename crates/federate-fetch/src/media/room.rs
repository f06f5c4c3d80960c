//! How much of media files is in memory because somebody has not read it to the end.

use crate::error::FetchErrorKind;
use bytes::Bytes;
use federate_protocol::Limits;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long one waits for room: others read in this time, and who asks has not gone yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// What one permit is for.
const UNIT: usize = 1024;

/// Room for so many bytes, given back when the last of those that are in it is dropped: written, or its reader gone.
#[derive(Debug)]
pub(super) struct Room {
    free: Arc<Semaphore>,
    /// That of the longest file.
    largest: usize,
}

/// Room for one file of any length that is read.
#[derive(Debug)]
pub(super) struct Place(OwnedSemaphorePermit);

/// A file with the room that it takes.
struct Placed {
    file: Bytes,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.file
    }
}

impl Room {
    /// For [`Limits::media_held`] bytes, and for the longest file at least.
    pub(super) fn of(limits: &Limits) -> Self {
        let most = Semaphore::MAX_PERMITS.min(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        let largest = limits.media.div_ceil(UNIT).clamp(1, most);
        let all = (limits.media_held / UNIT).clamp(largest, most);
        Self {
            free: Arc::new(Semaphore::new(all)),
            largest,
        }
    }

    /// Room for the longest file, before it is known how long this one is.
    pub(super) async fn place(&self) -> Result<Place, FetchErrorKind> {
        let units = u32::try_from(self.largest).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.free).acquire_many_owned(units);
        match timeout(PATIENCE, place).await {
            Ok(Ok(place)) => Ok(Place(place)),
            _ => Err(FetchErrorKind::Busy),
        }
    }
}

impl Place {
    /// The file, which keeps of the room what it takes.
    pub(super) fn keep(mut self, file: Bytes) -> Bytes {
        let taken = file.len().div_ceil(UNIT);
        let rest = self.0.num_permits().saturating_sub(taken);
        drop(self.0.split(rest));
        Bytes::from_owner(Placed { file, _place: self.0 })
    }
}
