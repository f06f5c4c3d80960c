//! Who may do what: whether the sender of an activity may do to its object what the activity says.
//!
//! Pure, and apart from [`receive`](mod@crate::receive): *who sent this* is known when a request comes in, *may they* depends on what the
//! application knows, and on the blocks of today, so it is asked when the activity is handled. [`questions`] says which
//! ids the application is to be asked about, [`Facts`] carries its answers, [`authorise`] decides.
//!
//! | rule | refuses | row |
//! |---|---|---|
//! | [`Broken::Blocked`] | an object whose author's host is suspended, whoever sends it | CVE-2026-23961 |
//! | [`Broken::NoObject`] | an activity that needs an object and has none with an id | I7 |
//! | [`Broken::OfThisInstance`] | making, changing or deleting what has an id on our own host | I13 |
//! | [`Broken::ForeignObject`] | making or changing what is of another origin than the sender | I5, I9 |
//! | [`Broken::NotTheOwner`] | doing to somebody else's object what only its owner may | I14, CVE-2024-37903 |
//! | [`Broken::NotTheAuthor`] | a `Create` or `Update` of what is attributed to somebody else | I8 |
//! | [`Broken::Deleted`] | bringing back what was deleted, or acting on it | I16 |
//! | [`Broken::TypeChanged`] | an `Update` that makes a person of a note | I15 |
//! | [`Broken::NeverAsked`] | an `Accept` or `Reject` of what we never sent, or by somebody whom it did not ask | I14 |
//! | [`Broken::NotForUs`] | a `Follow` or `Block` of somebody who is not here, a `Flag` of nothing that is ours | I14, W11 |
//! | [`Broken::OfItself`] | a `Follow`, `Announce` or `Move` of itself | I9, I18 |
//! | [`Broken::NestedAnnounce`] | an `Announce` of an `Announce` | R8 |
//! | [`Broken::UnconfirmedMove`] | a `Move` of somebody else, or to an actor that does not say `alsoKnownAs` | I18 |
//! | [`Broken::MovedLately`] | a second `Move` within seven days | I18 |
//! | [`Broken::TooMuch`] | a `Flag` or an audience over the limit | R20, R21 |
//!
//! An `Update` or `Delete` of what the application does not know is allowed when it is of the sender's own origin
//! (W14): a `Delete` may come before its `Create`, and is to be remembered.
//!
//! What an `Undo`, `Accept` or `Reject` embeds, and who else is named anywhere in it, was reduced before to what the sender
//! answers for: see [`Authenticated`](crate::Authenticated).

mod facts;
mod rules;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Known, Ownership, Questions, questions};
pub use rules::{Broken, authorise};
