//! Drives an instance against a peer that others wrote, and prints what crossed.
fn main() {}
