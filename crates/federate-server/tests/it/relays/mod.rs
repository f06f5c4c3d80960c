//! Relays, of others and of ours.

mod subscribing;
