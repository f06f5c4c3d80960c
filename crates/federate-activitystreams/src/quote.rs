//! What a post quotes, in all the ways to say so.

use crate::{Iri, Object};

/// By this a link says that it is a quote.
const QUOTE_RELATION: &str = "https://misskey-hub.net/ns#_misskey_quote";

impl Object {
    /// What it quotes: `quote` ([FEP-044f]), `_misskey_quote`, `quoteUri` (Fedibird), `quoteUrl` (Pleroma), or a
    /// tag of [FEP-e232] that says it is a quote. The first that is there, in this order.
    ///
    /// Whether the quoted author agreed is for the reader to find out: see [`Object::quote_authorization`].
    ///
    /// [FEP-044f]: https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md
    /// [FEP-e232]: https://codeberg.org/fediverse/fep/src/branch/main/fep/e232/fep-e232.md
    #[must_use]
    pub fn quoted(&self) -> Option<Iri> {
        self.quote()
            .id()
            .or_else(|| self.misskey_quote())
            .or_else(|| self.quote_uri())
            .or_else(|| self.quote_url())
            .or_else(|| {
                let says_so = |link: &Self| link.rel().iter().any(|rel| rel == QUOTE_RELATION);
                self.links().filter(says_so).find_map(|link| link.href())
            })
    }

    /// The objects that its text links to ([FEP-e232]): tags of type Link that lead to ActivityStreams.
    ///
    /// [FEP-e232]: https://codeberg.org/fediverse/fep/src/branch/main/fep/e232/fep-e232.md
    #[must_use]
    pub fn object_links(&self) -> Vec<Iri> {
        self.links().filter_map(|link| link.href()).collect()
    }

    fn links(&self) -> impl Iterator<Item = Self> {
        let is_object = |tag: &Self| {
            tag.is("Link")
                && tag.media_type().is_some_and(|media| {
                    let media = media.to_ascii_lowercase();
                    media.starts_with("application/activity+json")
                        || (media.starts_with("application/ld+json") && media.contains("activitystreams"))
                })
        };
        self.tag().into_iter().filter(is_object)
    }
}
