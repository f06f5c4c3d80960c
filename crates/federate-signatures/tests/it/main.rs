//! Tests over the public API: published vectors, the rows of the threat list, properties.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

mod support;

mod knock;
mod properties;
mod refusals;
mod signing;
mod threats_cavage;
mod threats_rfc9421;
mod vectors;
