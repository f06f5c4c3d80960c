//! A small Mastodon-like instance: accounts, timelines, Mastodon's client API, SQLite inside.
fn main() {}
