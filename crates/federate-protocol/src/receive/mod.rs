//! Who sent this: from a POST to an inbox to an [`Authenticated`] activity, sans-io.
//!
//! [`receive`] takes the request as it came and answers with a [`Step`]. The only thing that it ever asks for is the key that
//! signed; the caller has it looked up and [resumes](NeedKey::resume). In this order, the cheap before the dear:
//!
//! | check | refused with | row |
//! |---|---|---|
//! | POST; no `Content-Encoding`; size | 405, 415, 413 | S12, R1 |
//! | a signature that can be read | 401, 400 where it is malformed | S8-S11, S18, S19 |
//! | it is fresh, covers enough, and is for this host | 401 | S8, S13, S16 |
//! | the media type is ActivityPub's | 415 | |
//! | JSON that is read | 400 | B5 |
//! | one type, one actor, an id of the actor's origin | 400 | I7, I8, I9 |
//! | the actor is not one of ours | 403 | I13 |
//! | neither the actor's host nor the key's is suspended | 403 | |
//! | the key id is an https URL of somebody else | 401 | S30 |
//! | a `Delete` of the actor itself, whose key we never had | ignored: 202, nothing fetched | R17, W8 |
//! | the key can be had | 503 for now, 401 for good | S1, S3-S5 |
//! | the signature holds; with a cached key a fresh one is tried, once | 401 | S28 |
//! | the key's owner is the actor, or this is something that others pass on | 403 | S2, I20 |
//!
//! Only what could hold with some key asks for one, and only a signature that another key could mend asks for it anew.
//!
//! # What others pass on
//!
//! Servers forward replies, and relays everything, signed with their own keys. Who signed the request is then a forwarder, who is proven as any other
//! sender is, and who answers for nothing that the activity says.
//!
//! - Where the activity carries a proof of its own (FEP-8b32; with the feature `ld` also a Linked Data Signature), a second key is asked for: it must
//!   be of the actor's origin and listed by the actor, as a key of a request must. What was signed is then the actor's:
//!   [`Evidence::ObjectProof`], [`Evidence::LinkedDataSignature`]. Not the bytes around it: nothing else is read (CVE-2022-24307).
//! - Without such a proof, or where it does not hold, or its key cannot be had: [`Step::Forwarded`]. It is answered 202, and what is
//!   believed later is what the activity's own place says of it ([`Forwarded`]).
//! - Where that place does not have the activity, but the post that it tells of is to be had, that is believed, of its own author
//!   ([`Instead`]).
//! - A repetition of an old copy would do again what was undone since. So a proof has an age, [`Limits::proof_age`], and
//!   what is between two (`Follow`, `Accept`, `Block`, `Flag`) is not taken from a third.
//!
//! # Activities without an id
//!
//! An `id` is what duplicates are told by, so it is demanded, but for the types that some servers send without
//! one and that can be handled twice without harm: `Accept`, `Block`, `Delete`, `Follow`, `Like`, `Reject`, `Undo`. Such an activity is known by a
//! `urn:` made of its sender, its bytes and the time of its signature: the same request again is a duplicate, the
//! same intent again (follow, undo, follow, undo) is not.

mod created;
mod forwarded;
mod forwarders;
mod head;
mod instead;
mod key;
mod machine;
mod own_proof;
mod shape;
#[cfg(test)]
mod tests;

pub use created::created;
pub use forwarded::{Answer, Forwarded, NotRefetched, announced, gone, is_passed_on, refetched};
pub use forwarders::Forwarders;
pub use instead::Instead;
pub use key::{KeyFailure, ResolvedKey};
pub use machine::{NeedKey, Receiving, Step, receive};

#[cfg(doc)]
use crate::{Authenticated, Evidence, Limits};
