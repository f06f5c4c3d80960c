//! Two complete instances, each with its own database file and its own listener on loopback, and everything that people do
//! crossing between them.

mod client;
mod run;
mod side;
mod steps;

pub(crate) use run::run;
