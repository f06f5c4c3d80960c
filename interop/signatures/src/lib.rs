//! What we sign, peers verify; what they sign, we verify; and what is altered on the way, neither takes.
//!
//! [`run`] draws requests from a seed and holds our verdict against a [`Peer`]'s. A disagreement that the peer does not
//! [explain](Peer::explains) is a failure. Fedify is a peer here; peers in Rust stand in `benches/differential`, so that
//! they enter no build but that one.
#![deny(missing_docs)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "it is a test: what fails here fails it"
)]

mod case;
mod draw;
mod fedify;
mod options;
mod run;

pub use case::{Alteration, Case, KEYS, Key, NOW};
pub use fedify::Fedify;
pub use options::Options;
pub use run::{Direction, Peer, run};
