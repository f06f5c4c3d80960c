//! Making objects of a type, with what each must have.

use super::{
    Album, Application, Article, Artist, Audio, Collection, CollectionPage, Document, Emoji, Event, Group,
    Hashtag, Image, Library, Link, Mention, OrderedCollection, OrderedCollectionPage, Organization, Page,
    Person, Place, Playlist, PropertyValue, Question, Service, Tombstone, Track, Video,
};
use crate::{Iri, Kind, Object, terms};

macro_rules! named {
    ($($name:ident)*) => {$(
        impl $name {
            /// One with this id, and the usual context.
            #[must_use]
            pub fn new(id: &Iri) -> Self {
                Self(Object::of_type(<Self as Kind>::TYPE).with_id(id))
            }
        }
    )*};
}
named! { Article Page Video Audio Event Place Playlist Track Album Artist Library Tombstone }

macro_rules! actors {
    ($($name:ident)*) => {$(
        impl $name {
            /// An actor: its id, the name before the `@` of its handle, and where to deliver to it. Peers look for an
            /// [`OUTBOX`](terms::OUTBOX) and a [`PUBLIC_KEY`](terms::PUBLIC_KEY) too.
            ///
            /// Spec: <https://www.w3.org/TR/activitypub/#actor-objects>
            #[must_use]
            pub fn new(id: &Iri, preferred_username: &str, inbox: &Iri) -> Self {
                let actor = Object::of_type(<Self as Kind>::TYPE).with_id(id);
                Self(actor.with(&terms::PREFERRED_USERNAME, preferred_username).with(&terms::INBOX, inbox))
            }
        }
    )*};
}
actors! { Person Service Group Application Organization }

macro_rules! collections {
    ($($name:ident)*) => {$(
        impl $name {
            /// One with this id, that has so many members in all.
            #[must_use]
            pub fn new(id: &Iri, total: u64) -> Self {
                Self(Object::of_type(<Self as Kind>::TYPE).with_id(id).with(&terms::TOTAL_ITEMS, total))
            }
        }
    )*};
}
collections! { Collection OrderedCollection }

macro_rules! pages {
    ($($name:ident)*) => {$(
        impl $name {
            /// One with this id, of this collection.
            #[must_use]
            pub fn new(id: &Iri, part_of: &Iri) -> Self {
                Self(Object::of_type(<Self as Kind>::TYPE).with_id(id).with(&terms::PART_OF, part_of))
            }
        }
    )*};
}
pages! { CollectionPage OrderedCollectionPage }

impl Question {
    /// A poll with this id and these choices, each as plain text, of which one may be taken.
    ///
    /// ```
    /// use federate_activitystreams::{Iri, Question};
    ///
    /// let poll = Question::new(&Iri::parse("https://a.example/polls/1")?, ["tea", "coffee"]);
    /// let choices: Vec<_> = poll.one_of().iter().filter_map(|one| one.object()?.name()).collect();
    /// assert_eq!(choices, ["tea", "coffee"]);
    /// # Ok::<_, federate_activitystreams::BadIri>(())
    /// ```
    #[must_use]
    pub fn new(id: &Iri, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(Self::of(id).with_all(&terms::ONE_OF, choices.into_iter().map(choice)))
    }

    /// The same, of which any may be taken.
    #[must_use]
    pub fn of_any(id: &Iri, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(Self::of(id).with_all(&terms::ANY_OF, choices.into_iter().map(choice)))
    }

    fn of(id: &Iri) -> Object {
        Object::of_type(Self::TYPE).with_id(id)
    }
}

fn choice(name: impl Into<String>) -> crate::Ref {
    let votes = Object::new()
        .with(&terms::TYPE, "Collection")
        .with(&terms::TOTAL_ITEMS, 0_u64);
    let choice = Object::new()
        .with(&terms::TYPE, "Note")
        .with(&terms::NAME, name.into());
    crate::Ref::from(choice.with(&terms::REPLIES, crate::Ref::from(votes)))
}

/// What stands within something else needs no context of its own.
fn within(name: &str) -> Object {
    Object::new().with(&terms::TYPE, name)
}

impl Mention {
    /// Somebody, by id and by handle (`@alice@a.example`).
    #[must_use]
    pub fn new(actor: &Iri, handle: &str) -> Self {
        Self(
            within(Self::TYPE)
                .with(&terms::HREF, actor)
                .with(&terms::NAME, handle),
        )
    }
}

impl Hashtag {
    /// A topic (with or without `#`) and where it leads.
    #[must_use]
    pub fn new(name: &str, href: &Iri) -> Self {
        let name = format!("#{}", name.trim_start_matches('#'));
        Self(
            within(Self::TYPE)
                .with(&terms::HREF, href)
                .with(&terms::NAME, name),
        )
    }
}

impl Emoji {
    /// A picture that stands for a shortcode (with or without colons) in the text.
    #[must_use]
    pub fn new(id: &Iri, shortcode: &str, picture: &Iri) -> Self {
        let name = format!(":{}:", shortcode.trim_matches(':'));
        let picture = crate::Ref::from(Object::from(Image::new(picture)));
        Self(
            within(Self::TYPE)
                .with_id(id)
                .with(&terms::NAME, name)
                .with(&terms::ICON, picture),
        )
    }
}

impl PropertyValue {
    /// A field of a profile: its name as plain text, its value as HTML.
    #[must_use]
    pub fn new(name: &str, value: &str) -> Self {
        Self(
            within(Self::TYPE)
                .with(&terms::NAME, name)
                .with(&terms::VALUE, value),
        )
    }
}

impl Link {
    /// A link to this.
    #[must_use]
    pub fn new(href: &Iri) -> Self {
        Self(within(Self::TYPE).with(&terms::HREF, href))
    }
}

impl Image {
    /// A picture that lies there. Its description for those who do not see it is its [`NAME`](terms::NAME).
    #[must_use]
    pub fn new(url: &Iri) -> Self {
        Self(within(Self::TYPE).with(&terms::URL, url))
    }
}

impl Document {
    /// A file of this media type that lies there. A picture's description is its [`NAME`](terms::NAME).
    #[must_use]
    pub fn new(url: &Iri, media_type: &str) -> Self {
        Self(
            within(Self::TYPE)
                .with(&terms::URL, url)
                .with(&terms::MEDIA_TYPE, media_type),
        )
    }
}
