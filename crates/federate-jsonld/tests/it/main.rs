//! Tests over the public API: published vectors, the rows of the threat list, properties.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails like the test"
)]

mod bounds;
mod canon;
mod contexts;
mod meaning;
mod refusals;
mod signatures;
mod support;
