//! Checks of the workspace itself: the arrows between crates, and the like.
fn main() {}
