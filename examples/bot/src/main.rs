//! A followable bot that answers mentions, in fewer than 40 lines.
fn main() {}
