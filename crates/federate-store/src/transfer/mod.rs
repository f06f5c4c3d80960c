//! From one store into another, whole: from SQLite to PostgreSQL when one machine is no longer enough, or back.

mod record;
mod run;
mod seams;

pub use record::{Due, OutgoingState, Part, ReceivedState, Record, Waits};
pub use run::{Side, TransferError, transfer};
pub use seams::{Arrival, Census, Departure, Export, Import};
