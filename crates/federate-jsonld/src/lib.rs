#![doc = include_str!("../README.md")]

mod canon;
mod compact;
mod contexts;
mod error;
mod guard;
mod ld;
mod limits;
mod meaning;
mod nquads;
mod quad;
mod rdf;
mod same;

pub use canon::{Canonical, CanonicalHash};
pub use contexts::Contexts;
pub use error::Error;
pub use ld::{LdSigned, ld_signed, ld_to_be_signed};
pub use limits::Limits;
pub use quad::{Dataset, Quad, Term};
pub use rdf::{Expanded, expand};
pub use same::{reads_the_same, renamed};
