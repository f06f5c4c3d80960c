//! The types of objects that the library knows.

mod make;

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
    /// Something that happens: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-event>
    Event;
    /// Somewhere: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-place>
    Place;
    /// Something about somebody: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-profile>
    Profile;
    /// How two are related: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-relationship>
    Relationship;
    /// A message of a chat: <https://codeberg.org/fediverse/fep/src/branch/main/fep/9967/fep-9967.md>
    ChatMessage;
    /// A list of videos: <https://docs.joinpeertube.org/api/activitypub>
    Playlist;
    /// A second source of a video: <https://docs.joinpeertube.org/api/activitypub>
    CacheFile;
    /// A piece of music: <https://docs.funkwhale.audio/developer/federation/index.html>
    Track;
    /// An album: <https://docs.funkwhale.audio/developer/federation/index.html>
    Album;
    /// A musician: <https://docs.funkwhale.audio/developer/federation/index.html>
    Artist;
    /// A collection of sounds: <https://docs.funkwhale.audio/developer/federation/index.html>
    Library;
    /// What is gone after a day: <https://docs.pixelfed.org/spec/ActivityPub.html>
    Story;
    /// A yes to a quote: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>
    QuoteAuthorization;
    /// A yes to a like: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>
    LikeAuthorization;
    /// A yes to an answer: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>
    ReplyAuthorization;
    /// A yes to a boost: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>
    AnnounceAuthorization;
    /// A collection of accounts that somebody recommends: <https://codeberg.org/fediverse/fep/src/branch/main/fep/7aa9/fep-7aa9.md>
    FeaturedCollection;
    /// An entry of one: <https://codeberg.org/fediverse/fep/src/branch/main/fep/7aa9/fep-7aa9.md>
    FeaturedItem;
    /// A yes to being in one: <https://codeberg.org/fediverse/fep/src/branch/main/fep/7aa9/fep-7aa9.md>
    FeatureAuthorization;
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

    /// A key in PEM, as a document: <https://w3c-ccg.github.io/security-vocab/#Key>
    Key;
    /// A key by multibase: <https://www.w3.org/TR/controller-document/#Multikey>
    Multikey;
    /// A key as a JSON Web Key: <https://www.w3.org/TR/cid-1.0/#JsonWebKey>
    JsonWebKey;
    /// A proof: <https://codeberg.org/fediverse/fep/src/branch/main/fep/8b32/fep-8b32.md>
    DataIntegrityProof;
    /// A signature of the old kind: <https://docs.joinmastodon.org/spec/security/#ld>
    RsaSignature2017;
    /// A word that somebody has an account elsewhere: <https://codeberg.org/fediverse/fep/src/branch/main/fep/c390/fep-c390.md>
    VerifiableIdentityStatement;
    /// The same by a proof on Keybase: <https://docs.joinmastodon.org/spec/activitypub/#IdentityProof>
    IdentityProof;
    /// A device for encrypted messages: <https://docs.joinmastodon.org/spec/activitypub/#devices>
    Device;
    /// An encrypted message: <https://docs.joinmastodon.org/spec/activitypub/#devices>
    EncryptedMessage;
    /// Where a post is sent to by mail: <https://schema.org/PostalAddress>
    PostalAddress;
    /// What a torrent is found by: <https://docs.joinpeertube.org/api/activitypub>
    Infohash;
    /// A tag that a group gives its posts: <https://join-lemmy.org/docs/contributors/05-federation.html>
    CommunityPostTag;

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
    /// A dislike: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-dislike>
    Dislike;
    /// An offer: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-offer>
    Offer;
    /// An invitation: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-invite>
    Invite;
    /// Somebody comes in: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-join>
    Join;
    /// Somebody leaves: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-leave>
    Leave;
    /// Somebody looked at it: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-view>
    View;
    /// Somebody read it: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-read>
    Read;
    /// Somebody listened to it: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-listen>
    Listen;
    /// Somebody does not care: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-ignore>
    Ignore;
    /// Nearly a yes: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-tentativeaccept>
    TentativeAccept;
    /// Nearly a no: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-tentativereject>
    TentativeReject;
    /// Somebody arrived: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-arrive>
    Arrive;
    /// Somebody is on the way: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-travel>
    Travel;
    /// A wish to quote: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>
    QuoteRequest;
    /// A wish to like: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>
    LikeRequest;
    /// A wish to answer: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>
    ReplyRequest;
    /// A wish to boost: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>
    AnnounceRequest;
    /// A wish to put somebody into a collection: <https://codeberg.org/fediverse/fep/src/branch/main/fep/7aa9/fep-7aa9.md>
    FeatureRequest;
    /// Something done that has no type of its own: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-activity>
    GenericActivity = "Activity";
    /// The same, done to nothing: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-intransitiveactivity>
    IntransitiveActivity;
    /// Somebody watched a video: <https://docs.joinpeertube.org/api/activitypub>
    WatchAction;
    /// Nobody may answer any more: <https://join-lemmy.org/docs/contributors/05-federation.html>
    Lock;
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
about! {
    Delete Follow Like Announce Add Remove Block Flag Move EmojiReact Dislike Offer Invite Join Leave View Read
    Listen Ignore TentativeAccept TentativeReject QuoteRequest LikeRequest ReplyRequest AnnounceRequest
    FeatureRequest GenericActivity WatchAction Lock
}

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

macro_rules! activities {
    ($($name:ident)*) => {
        /// What an activity does: one arm for each type of activity that the library knows, and one for all else.
        ///
        /// An application's own types are asked for with [`Object::as_`].
        ///
        /// ```
        /// use federate_activitystreams::{ActivityKind, Object};
        ///
        /// let came = Object::parse(br#"{"type": "Like", "object": "https://a.example/1"}"#)?;
        /// match came.activity() {
        ///     ActivityKind::Like(like) => assert!(like.object_id().is_some()),
        ///     ActivityKind::Create(create) => drop(create.object().as_note()),
        ///     ActivityKind::Unknown(object) => panic!("what is {}?", object.type_name()),
        ///     _ => {}
        /// }
        /// # Ok::<_, federate_activitystreams::ParseError>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum ActivityKind {
            $(
                #[doc = concat!("A [`", stringify!($name), "`].")]
                $name($name),
            )*
            /// Anything else, and what lacks the `object` that its type must have.
            Unknown(Object),
        }

        impl Object {
            /// What it does, by its first type that is known.
            #[must_use]
            pub fn activity(&self) -> ActivityKind {
                for name in crate::types::all(self.node()) {
                    let kind = match name {
                        $(name if name == <$name as Kind>::TYPE => $name::from_object(self).map(ActivityKind::$name),)*
                        _ => None,
                    };
                    if let Some(kind) = kind {
                        return kind;
                    }
                }
                ActivityKind::Unknown(self.clone())
            }
        }

        const ACTIVITIES: &[&str] = &[$(<$name as Kind>::TYPE),*];
    };
}
activities! {
    Create Update Delete Follow Accept Reject Like Announce Undo Add Remove Block Flag Move EmojiReact Dislike
    Offer Invite Join Leave View Read Listen Ignore TentativeAccept TentativeReject Arrive Travel Question
    QuoteRequest LikeRequest ReplyRequest AnnounceRequest FeatureRequest WatchAction Lock GenericActivity
    IntransitiveActivity
}

macro_rules! views {
    ($($method:ident $name:ident)*) => {
        impl Object {
            $(
                #[doc = concat!("This as a [`", stringify!($name), "`], where it is one.")]
                #[must_use]
                pub fn $method(&self) -> Option<$name> {
                    self.as_()
                }
            )*
        }

        impl Ref {
            $(
                #[doc = concat!("The embedded object as a [`", stringify!($name), "`], where it is one.")]
                #[must_use]
                pub fn $method(&self) -> Option<$name> {
                    self.as_()
                }
            )*
        }

        const OBJECTS: &[&str] = &[$(stringify!($name)),*];
    };
}
views! {
    as_note Note as_article Article as_question Question as_page Page as_video Video as_audio Audio
    as_image Image as_document Document as_event Event as_place Place as_profile Profile
    as_relationship Relationship as_chat_message ChatMessage as_playlist Playlist as_cache_file CacheFile
    as_track Track as_album Album as_artist Artist as_library Library as_story Story as_tombstone Tombstone
    as_quote_authorization QuoteAuthorization as_like_authorization LikeAuthorization
    as_reply_authorization ReplyAuthorization as_announce_authorization AnnounceAuthorization
    as_person Person as_service Service as_group Group as_application Application as_organization Organization
    as_collection Collection as_ordered_collection OrderedCollection as_collection_page CollectionPage
    as_ordered_collection_page OrderedCollectionPage as_link Link as_mention Mention as_hashtag Hashtag
    as_emoji Emoji as_property_value PropertyValue as_key Key as_multikey Multikey
    as_data_integrity_proof DataIntegrityProof as_json_web_key JsonWebKey as_rsa_signature_2017 RsaSignature2017
    as_verifiable_identity_statement VerifiableIdentityStatement as_identity_proof IdentityProof
    as_device Device as_encrypted_message EncryptedMessage as_postal_address PostalAddress
    as_infohash Infohash as_community_post_tag CommunityPostTag as_featured_collection FeaturedCollection
    as_featured_item FeaturedItem as_feature_authorization FeatureAuthorization
}

/// The names of all types that the library knows, as they stand on the wire.
pub fn known_types() -> impl Iterator<Item = &'static str> {
    OBJECTS.iter().chain(ACTIVITIES).copied()
}

/// Whether the library knows a type of this name.
pub(crate) fn is_known(name: &str) -> bool {
    OBJECTS.contains(&name) || ACTIVITIES.contains(&name)
}

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
