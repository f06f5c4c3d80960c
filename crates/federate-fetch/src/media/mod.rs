//! Pictures, sounds and films of other servers, given to our people by us: so that those servers do not see who looks, and
//! are not asked by thousands at once.
//!
//! [`MediaProxy`] fetches within the limits of [`Limits`](federate_protocol::Limits) and passes on what is a
//! [`MediaType`](federate_protocol::media::MediaType) by its own bytes. With a [`MediaCache`] it keeps what it fetched; without one it
//! keeps nothing. [`MediaFolder`] is a cache of files on the disk, bounded in bytes.

mod cache;
mod fetch;
mod folder;
mod index;
mod proxy;
mod room;

pub use cache::{MediaCache, MediaPurge};
pub use folder::MediaFolder;
pub use proxy::{Media, MediaProxy};
