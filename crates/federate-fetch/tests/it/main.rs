//! The fetcher against a world of canned answers: what is asked, how often, and what is remembered.

mod actors;
mod keys;
mod world;
