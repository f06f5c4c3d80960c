//! The types of objects that the library knows.

use crate::{Iri, Kind, Object, Ref, vocabulary};

vocabulary! {
    /// A short text: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-note>
    Note;
    /// A text of several paragraphs: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-article>
    Article;
    /// A poll: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-question>
    Question;
    /// A web page (a post of Lemmy): <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-page>
    Page;
    /// A video: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-video>
    Video;
    /// A sound: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-audio>
    Audio;
    /// A picture: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-image>
    Image;
    /// A file: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-document>
    Document;
    /// What is left of something deleted: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-tombstone>
    Tombstone;

    /// A person: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-person>
    Person;
    /// A bot: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-service>
    Service;
    /// A group: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-group>
    Group;
    /// A program: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-application>
    Application;
    /// An organisation: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-organization>
    Organization;

    /// A collection: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-collection>
    Collection;
    /// An ordered one: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-orderedcollection>
    OrderedCollection;
    /// A page of one: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-collectionpage>
    CollectionPage;
    /// A page of an ordered one: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-orderedcollectionpage>
    OrderedCollectionPage;

    /// A link: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-link>
    Link;
    /// A link to somebody: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-mention>
    Mention;
    /// A link to a topic: <https://docs.joinmastodon.org/spec/activitypub/#Hashtag>
    Hashtag;
    /// A picture in the text: <https://docs.joinmastodon.org/spec/activitypub/#Emoji>
    Emoji;
    /// A field of a profile: <https://docs.joinmastodon.org/spec/activitypub/#PropertyValue>
    PropertyValue;

    /// Something new: <https://www.w3.org/TR/activitypub/#create-activity-inbox>
    Create<T>;
    /// Something changed: <https://www.w3.org/TR/activitypub/#update-activity-inbox>
    Update<T>;
    /// A yes: <https://www.w3.org/TR/activitypub/#accept-activity-inbox>
    Accept<T>;
    /// A no: <https://www.w3.org/TR/activitypub/#reject-activity-inbox>
    Reject<T>;
    /// Something taken back: <https://www.w3.org/TR/activitypub/#undo-activity-inbox>
    Undo<T>;
    /// Something deleted: <https://www.w3.org/TR/activitypub/#delete-activity-inbox>
    Delete;
    /// A wish to be told: <https://www.w3.org/TR/activitypub/#follow-activity-inbox>
    Follow;
    /// A favourite: <https://www.w3.org/TR/activitypub/#like-activity-inbox>
    Like;
    /// A boost: <https://www.w3.org/TR/activitypub/#announce-activity-inbox>
    Announce;
    /// Something put into a collection: <https://www.w3.org/TR/activitypub/#add-activity-inbox>
    Add;
    /// Something taken out of one: <https://www.w3.org/TR/activitypub/#remove-activity-inbox>
    Remove;
    /// A block: <https://www.w3.org/TR/activitypub/#block-activity-outbox>
    Block;
    /// A report: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-flag>
    Flag;
    /// An account that moves: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-move>
    Move;
    /// A reaction with an emoji: <https://codeberg.org/fediverse/fep/src/branch/main/fep/c0e0/fep-c0e0.md>
    EmojiReact
}

macro_rules! about {
    ($($name:ident)*) => {$(
        impl $name {
            /// One about this: an id, or an object to be embedded.
            #[must_use]
            pub fn new(object: impl Into<Ref>) -> Self {
                Self(Object::about(<Self as Kind>::TYPE, &object.into()))
            }
        }
    )*};
}
about! { Delete Follow Like Announce Add Remove Block Flag Move EmojiReact }

macro_rules! about_whole {
    ($($name:ident)*) => {$(
        impl $name {
            /// One about this. Who did it (`attributedTo` or `actor`), who it is for and when it was
            /// published are taken over from the object.
            #[must_use]
            pub fn new(object: impl Into<Object>) -> Self {
                let object = object.into();
                let whole = Object::about(<Self as Kind>::TYPE, &Ref::from(&object)).like(&object);
                Self { whole, object }
            }
        }
    )*};
}
about_whole! { Create Update }

macro_rules! answer {
    ($($name:ident)*) => {$(
        impl $name {
            /// One about this activity: an id, or the activity to be embedded.
            #[must_use]
            pub fn new(object: impl Into<Ref>) -> Self {
                let object = object.into();
                let inner = object.first().unwrap_or_default();
                Self { whole: Object::about(<Self as Kind>::TYPE, &object), object: inner }
            }
        }
    )*};
}
answer! { Accept Reject Undo }

impl Note {
    pub(crate) fn empty() -> Self {
        Self(Object::of_type(Self::TYPE))
    }
}

impl Object {
    /// The id of what an activity is about: `object`, as an id or embedded.
    #[must_use]
    pub fn object_id(&self) -> Option<Iri> {
        self.object().id()
    }
}
