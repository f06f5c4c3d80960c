//! Tests over the public API: published vectors, the rows of the threat list, properties.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails like the test"
)]

mod support;

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod check;
mod json;
mod keys;
mod knock;
mod ld;
mod policies;
mod proofs;
mod properties;
mod refusals;
mod responses;
mod rfc_examples;
mod signing;
mod threats_cavage;
mod threats_rfc9421;
mod vectors;
mod wycheproof;
