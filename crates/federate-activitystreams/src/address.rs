//! Who something is for.

use std::collections::HashSet;

use crate::{Iri, Object, Property, Ref, Value, edit, terms};

/// Everybody: <https://www.w3.org/TR/activitypub/#public-addressing>
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Whether this means everybody, in one of its three spellings.
#[must_use]
pub fn is_public(id: &str) -> bool {
    matches!(id, PUBLIC | "as:Public" | "Public")
}

/// Who may see something, as its addressing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everybody is a primary recipient.
    Public,
    /// Everybody gets a copy: seen by all, listed nowhere.
    Unlisted,
    /// Somebody's followers (or what looks like them: an id that ends in `/followers`), but not everybody.
    Followers,
    /// Only those who are named.
    Direct,
}

impl Object {
    /// All recipients: `to`, `cc`, `bto`, `bcc` and `audience`, each once, in this order; everybody is
    /// [`PUBLIC`], however it was spelled.
    #[must_use]
    pub fn addressed(&self) -> Vec<Iri> {
        let mut seen = HashSet::new();
        let fields = [terms::TO, terms::CC, terms::BTO, terms::BCC, terms::AUDIENCE];
        fields
            .iter()
            .flat_map(|field| self.recipients(field))
            .filter(|id| seen.insert(id.clone()))
            .collect()
    }

    /// Whether it is for everybody, listed or not.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self.visibility(), Visibility::Public | Visibility::Unlisted)
    }

    /// Who may see it.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        let to = self.recipients(&terms::TO);
        let all = self.addressed();
        if to.iter().any(|id| is_public(id.as_str())) {
            Visibility::Public
        } else if all.iter().any(|id| is_public(id.as_str())) {
            Visibility::Unlisted
        } else if all.iter().any(|id| id.as_str().ends_with("/followers")) {
            Visibility::Followers
        } else {
            Visibility::Direct
        }
    }

    /// Whom it names: the `href` of each tag of type Mention.
    #[must_use]
    pub fn mentions(&self) -> Vec<Iri> {
        self.tag()
            .iter()
            .filter(|tag| tag.is("Mention"))
            .filter_map(Self::href)
            .collect()
    }

    /// The hashtags that it carries, without `#`, as written.
    #[must_use]
    pub fn hashtags(&self) -> Vec<String> {
        let tags = self.tag();
        let names = tags.iter().filter(|tag| tag.is("Hashtag")).filter_map(Self::name);
        names
            .map(|name| name.trim_start_matches('#').to_owned())
            .collect()
    }

    /// The members of a collection or a page: `orderedItems` and `items`.
    #[must_use]
    pub fn members(&self) -> Vec<Ref> {
        self.ordered_items().iter().chain(self.items().iter()).collect()
    }

    fn recipients(&self, field: &Property<Ref>) -> Vec<Iri> {
        let Some(node) = edit::find(self.node(), field.name(), field.iri()) else {
            return Vec::new();
        };
        node.each()
            .filter_map(|one| match one.as_str() {
                Some(text) if is_public(&text) => Iri::parse(PUBLIC).ok(),
                _ => Iri::read(one),
            })
            .map(|id| {
                if is_public(id.as_str()) {
                    Iri::parse(PUBLIC).unwrap_or(id)
                } else {
                    id
                }
            })
            .collect()
    }

    /// Its content without tags.
    #[must_use]
    pub fn plain_text(&self) -> String {
        self.content()
            .map(|html| crate::html::to_plain_text(&html))
            .unwrap_or_default()
    }

    /// Its content, safe to be shown.
    #[cfg(feature = "html")]
    #[must_use]
    pub fn safe_html(&self) -> String {
        self.content()
            .map(|html| crate::html::sanitize(&html))
            .unwrap_or_default()
    }
}
