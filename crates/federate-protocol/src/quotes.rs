//! Whether a quote may be shown: what FEP-044f asks of the stamp that the quoted author gave.
//!
//! Spec: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>

use crate::Document;
use crate::activitystreams::{Iri, Object};

/// Why a post may not be shown as a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadStamp {
    /// It quotes nothing that has an author, or has none itself.
    #[error("it is no quote of somebody's post")]
    NoQuote,
    /// It names no stamp, or there is none.
    #[error("the quoted author gave no leave")]
    NoStamp,
    /// The stamp lies elsewhere than on the quoted author's server.
    #[error("the stamp is of another origin than the quoted author")]
    OfAnotherOrigin,
    /// It is no `QuoteAuthorization`.
    #[error("the stamp is another kind of thing")]
    NotAStamp,
    /// Somebody else than the quoted author gave it.
    #[error("the stamp is another author's")]
    ByAnother,
    /// It is for another post than the one that quotes.
    #[error("the stamp is for another quote")]
    ForAnotherQuote,
    /// It is for another post than the one that is quoted.
    #[error("the stamp is for another post")]
    ForAnotherPost,
}

/// Whether a stamp, fetched from its own id, lets the post `quote` quote the post `quoted` of `author`.
///
/// A stamp that is embedded in a post, or was fetched from elsewhere, is not one: only a [`Document`] is.
///
/// # Errors
/// [`BadStamp`] (GHSA-8h43, CVE-2026-33869).
pub fn check_stamp(stamp: &Document, quote: &Iri, quoted: &Iri, author: &Iri) -> Result<(), BadStamp> {
    check(stamp.id(), stamp.object(), quote, quoted, author)
}

fn check(id: &Iri, stamp: &Object, quote: &Iri, quoted: &Iri, author: &Iri) -> Result<(), BadStamp> {
    let only = |reference: crate::activitystreams::Ref, one: &Iri| reference.ids() == [one.clone()];
    if !id.same_origin(author) {
        return Err(BadStamp::OfAnotherOrigin);
    }
    if !stamp.is("QuoteAuthorization") {
        return Err(BadStamp::NotAStamp);
    }
    if !only(stamp.attributed_to(), author) {
        return Err(BadStamp::ByAnother);
    }
    if !only(stamp.interacting_object(), quote) {
        return Err(BadStamp::ForAnotherQuote);
    }
    if !only(stamp.interaction_target(), quoted) {
        return Err(BadStamp::ForAnotherPost);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn iri(text: &str) -> Iri {
        Iri::parse(text).unwrap()
    }

    /// The stamp with one property changed.
    fn checked(id: &str, name: &str, value: serde_json::Value) -> Result<(), BadStamp> {
        let mut stamp = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", { "gts": "https://gotosocial.org/ns#",
                "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
                "interactingObject": { "@id": "gts:interactingObject", "@type": "@id" },
                "interactionTarget": { "@id": "gts:interactionTarget", "@type": "@id" } }],
            "type": "QuoteAuthorization", "id": id,
            "attributedTo": "https://a.example/users/alice",
            "interactingObject": "https://b.example/posts/2",
            "interactionTarget": "https://a.example/posts/1",
        });
        stamp[name] = value;
        let stamp = Object::from_value(stamp).unwrap();
        check(
            &iri(id),
            &stamp,
            &iri("https://b.example/posts/2"),
            &iri("https://a.example/posts/1"),
            &iri("https://a.example/users/alice"),
        )
    }

    #[test]
    fn cve_2026_33869_a_stamp_is_the_quoted_authors_and_for_these_two() {
        let (ours, evil) = ("https://a.example/stamps/1", "https://evil.example/stamps/1");
        assert_eq!(checked(ours, "x", json!(1)), Ok(()));
        assert_eq!(checked(evil, "x", json!(1)), Err(BadStamp::OfAnotherOrigin));
        for (name, value, why) in [
            ("type", json!("Note"), BadStamp::NotAStamp),
            (
                "attributedTo",
                json!("https://a.example/users/eve"),
                BadStamp::ByAnother,
            ),
            ("attributedTo", json!(null), BadStamp::ByAnother),
            (
                "interactingObject",
                json!("https://b.example/posts/3"),
                BadStamp::ForAnotherQuote,
            ),
            (
                "interactingObject",
                json!(["https://b.example/posts/2", "https://b.example/posts/3"]),
                BadStamp::ForAnotherQuote,
            ),
            (
                "interactionTarget",
                json!("https://a.example/posts/2"),
                BadStamp::ForAnotherPost,
            ),
        ] {
            assert_eq!(checked(ours, name, value.clone()), Err(why), "{name}: {value}");
        }
    }
}
