//! Integration tests of the types: one binary.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod captures;
mod content;
mod contexts;
mod corpus;
mod documents;
mod hostile;
mod properties;
mod writing;
