//! NodeInfo 2.0, 2.1 and 2.2: what software a server runs, and how much happens there ([schema], [FEP-f1d5]).
//!
//! Written strictly, read leniently: of the documents that servers really publish a quarter breaks the schema.
//!
//! ```
//! use federate_webfinger::nodeinfo::{Index, NodeInfo, Version};
//!
//! let mut info = NodeInfo::new("my-software", "1.0.0");
//! info.users_total = Some(3);
//! let document = info.to_bytes(Version::V2_1);
//! assert_eq!(NodeInfo::parse(&document)?, info);
//!
//! let index = Index::new("https://example.org").application_actor("https://example.org/actor");
//! let asked = "https://example.org/.well-known/nodeinfo".parse()?;
//! let url = index.best(&asked).ok_or("no document")?;
//! assert_eq!(url.as_str(), "https://example.org/nodeinfo/2.2");
//! let actor = index.application(&asked).ok_or("no actor")?;
//! assert_eq!(actor.as_str(), "https://example.org/actor");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [schema]: https://github.com/jhass/nodeinfo/blob/main/PROTOCOL.md
//! [FEP-f1d5]: https://w3id.org/fep/f1d5

mod document;
mod error;
mod index;
mod names;
mod read;
mod version;
mod write;

pub use document::NodeInfo;
pub use error::BadNodeInfo;
pub use index::Index;
pub use version::Version;

#[cfg(test)]
mod tests;
