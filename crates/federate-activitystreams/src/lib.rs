//! ActivityStreams 2.0 and ActivityPub types that read the whole fediverse and lose nothing.
//!
//! An [`Object`] is anything that a server sends. It is typed and forgiving at once: `note.content()` reads a
//! text, a list of one text or a language map; `activity.actor()` an id, an object or a Link; what cannot be
//! read is a [`Warning`], not an error. It keeps the bytes as they came, so that nothing is lost.
//!
//! ```
//! use federate_activitystreams::{Announce, Create, Follow, Iri, Note, Object, Property, vocabulary};
//!
//! vocabulary! {
//!     /// An `Event` of Mobilizon.
//!     Event
//! }
//! const SEATS: Property<f64> =
//!     Property::new("maximumAttendeeCapacity", "https://schema.org/maximumAttendeeCapacity");
//! const VENUE: Property<Iri> = Property::new("venue", "https://events.example/ns#venue");
//!
//! fn describe(activity: &Object) -> String {
//!     if let Some(create) = activity.as_::<Create<Note>>() {
//!         return format!("{:?} wrote {}", create.actor(), create.object().plain_text());
//!     }
//!     if let Some(create) = activity.as_::<Create<Event>>() {
//!         let event = create.object();
//!         return format!("at {:?}, {:?} seats", event.get(&VENUE), event.get(&SEATS));
//!     }
//!     match activity.type_name() {
//!         Follow::TYPE => "follow".into(),
//!         Announce::TYPE => "boost".into(),
//!         other => format!("unknown {other}"),
//!     }
//! }
//!
//! let came = Object::parse(
//!     br#"{"type": "Create", "actor": "https://a.example/u", "object": {"type": "Event",
//!          "maximumAttendeeCapacity": "12", "venue": {"id": "https://a.example/v"}}}"#,
//! )?;
//! assert_eq!(describe(&came), "at Some(<https://a.example/v>), Some(12.0) seats");
//!
//! let mine = Create::new(Note::builder(Iri::parse("https://me.example/1")?).text("hello").public());
//! assert_eq!(describe(&mine), "[] wrote hello");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is refused whole
//!
//! The table stands at [`ParseError`]; the limits at [`Limits`]. Everything else is read.
//!
//! Does it read your server? The example `roundtrip` tells, of folders with captured documents: what is refused and why,
//! what could not be read, and whether all that came is still there after reading and writing.
//!
//! ```text
//! cargo run --release -p federate-activitystreams --example roundtrip -- DIR...
//! ```
//!
//! # JSON-LD
//!
//! Documents are read in the compact form that everybody sends; contexts are never fetched. Beyond that form:
//!
//! | In the document | How it is read |
//! |---|---|
//! | `as:actor`, `https://www.w3.org/ns/activitystreams#actor`, `toot:featured` | as `actor`, `featured` |
//! | `x:actor`, where its own context says `"x": "https://www.w3.org/ns/activitystreams#"` | as `actor` |
//! | `@id`, `@type`, `@value` | as `id`, `type`, the value |
//! | a second name by the document's own context (`"author": "as:attributedTo"`, `"Post": "as:Note"`) | as what it means |
//! | a known term or prefix that the document's own context gives another meaning | not read under its name |
//! | a known term that it defines under the same name in another namespace (`"sensitive": "https://x.example/ns#sensitive"`) | as the known term: servers copy them |
//! | either of these two for a term on which security rests (`id`, `actor`, `publicKey` …) or a prefix of one | refused |
//! | one property under two of its names, with two values | refused |
//! | `@graph`, `@included`, `@reverse`, `@nest`, contexts at an address that we do not know | kept, and not followed |
//!
//! A document for which that is not enough (contexts of a type or a term, prefixes of a context at an address; see
//! [`Object::is_compact`]) is expanded by `Object::meant`, with the feature `jsonld` and the contexts that it ships.
//!
//! # The terms
//!
//! [`terms`] has one declaration for each, with its meaning and its specification; [`terms::all`] lists them.
//! What a server sends beside them is kept, and read through a [`Property`] of the application's own: see the
//! example `extend`.
//!
//! # Features
//!
//! - `html`: `Object::safe_html` and `html::sanitize`, on the ammonia sanitiser. The rest of [`html`] is always there.
//! - `jsonld`: `Object::meant` and `Object::expanded`, on `federate-jsonld`.
#![deny(missing_docs)]

mod actor;
mod address;
mod build;
mod closed;
mod context;
mod duration;
mod edit;
mod emoji;
mod error;
pub mod html;
mod iri;
mod kind;
mod kinds;
mod label;
mod language;
mod link;
#[cfg(feature = "jsonld")]
mod meaning;
mod names;
mod object;
mod property;
mod quote;
mod reference;
mod scan;
mod scope;
mod source;
mod spelling;
mod tape;
pub mod terms;
mod time;
mod types;
mod warnings;

pub use actor::{ActorKey, Field};
pub use address::{PUBLIC, Visibility, is_public};
pub use build::{CONTEXT_IRI, NoteBuilder, When};
pub use closed::Closed;
pub use emoji::CustomEmoji;
pub use error::{Limits, ParseError, Warning};
pub use iri::{BadIri, Iri, MAX_IRI_BYTES, Origin};
pub use kind::{Kind, Kind as Vocabulary};
pub use kinds::*;
pub use label::Label;
#[cfg(feature = "jsonld")]
pub use meaning::MeaningError;
pub use object::{Activity, Object};
pub use property::{Json, Property, Value};
pub use reference::Ref;
pub use source::Source;
pub use tape::{Member, Node};

/// The contexts by which [`Object::meant`] reads, and why it cannot.
#[cfg(feature = "jsonld")]
pub mod jsonld {
    pub use federate_jsonld::{Contexts, Error};
}
