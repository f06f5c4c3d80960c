//! `Emoji` — <http://joinmastodon.org/ns#Emoji>, [FEP-9098](https://codeberg.org/fediverse/fep/src/branch/main/fep/9098/fep-9098.md)

use std::time::SystemTime;

use crate::{Iri, Object, actor::media_url, terms};

/// A custom emoji that an object carries in its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomEmoji {
    /// What stands between the colons: `blobcat` for `:blobcat:`. Letters, digits, `_`, and `-`, `+`, `.`, `@`, which some servers
    /// have; nothing that HTML could read.
    pub shortcode: String,
    /// The host, and port where it has one, of the object that carries it; `None` where that has no id and no author.
    ///
    /// Not the host of the emoji's own id: anybody can write that of somebody else.
    pub host: Option<String>,
    /// The picture, which may lie on any host.
    pub icon: Iri,
    /// The emoji's id. A claim: only a fetch of it shows whether it is.
    pub id: Option<Iri>,
    /// When the picture was last another.
    pub updated: Option<SystemTime>,
}

impl CustomEmoji {
    /// Under what to keep it: two hosts may have two pictures of one shortcode, and none may change another's.
    #[must_use]
    pub fn key(&self) -> (&str, Option<&str>) {
        (&self.shortcode, self.host.as_deref())
    }
}

impl Object {
    /// The custom emoji that its text may use, each shortcode once: the first counts.
    ///
    /// Where its text has `:shortcode:`, the picture may be shown; elsewhere, and on any other object, it stays text.
    /// What has no shortcode or no picture is left out.
    ///
    /// ```
    /// use federate_activitystreams::Object;
    ///
    /// let note = Object::parse(br#"{"id": "https://a.example/1", "content": ":cat:", "tag": {"type": "Emoji",
    ///     "name": ":cat:", "icon": {"type": "Image", "url": "https://cdn.example/cat.png"}}}"#)?;
    /// let emoji = note.emoji();
    /// assert_eq!(emoji[0].key(), ("cat", Some("a.example")));
    /// assert_eq!(emoji[0].icon.as_str(), "https://cdn.example/cat.png");
    /// # Ok::<_, federate_activitystreams::ParseError>(())
    /// ```
    #[must_use]
    pub fn emoji(&self) -> Vec<CustomEmoji> {
        let author = || self.actor().id().or_else(|| self.attributed_to().id());
        let host = self.id().and_then(|id| host(&id)).or_else(|| host(&author()?));
        let mut found: Vec<CustomEmoji> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for tag in self.tag().iter().filter(|tag| tag.is("Emoji")) {
            let shortcode = tag
                .name()
                .and_then(|name| shortcode(&name).map(ToOwned::to_owned));
            let (Some(shortcode), Some(icon)) = (shortcode, media_url(&tag.icon())) else {
                continue;
            };
            if seen.insert(shortcode.clone()) {
                found.push(CustomEmoji {
                    shortcode,
                    host: host.clone(),
                    icon,
                    id: tag.id(),
                    updated: tag.get(&terms::UPDATED),
                });
            }
        }
        found
    }
}

/// The shortcode of a name, which comes with and without colons.
fn shortcode(name: &str) -> Option<&str> {
    const MOST_BYTES: usize = 128;
    let name = name.trim();
    let name = name.strip_prefix(':').unwrap_or(name);
    let name = name.strip_suffix(':').unwrap_or(name);
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '@');
    (!name.is_empty() && name.len() <= MOST_BYTES && name.chars().all(letter)).then_some(name)
}

/// In its one spelling.
fn host(id: &Iri) -> Option<String> {
    id.origin().map(|origin| origin.authority())
}
