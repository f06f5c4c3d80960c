//! The properties that the library knows: one declaration each.
//!
//! Each line makes the constant that names the property (for `get`, `set`, `remove`), the accessor of
//! [`Object`], and the entry by which [`Object::warnings`] knows what belongs there.

use std::time::SystemTime;

use crate::{Iri, Object, Property, Ref, Source, Value, tape::Node};

impl Object {
    /// Reads every property that the library knows and writes it back as it was read: what a round trip
    /// through the types makes of a document. Properties with a value that cannot be read are left alone.
    #[must_use]
    pub fn rewritten(&self) -> Self {
        let mut object = self.clone();
        for term in KNOWN {
            (term.rewrite)(&mut object);
        }
        object
    }

    fn count<T>(&self, property: &Property<T>) -> usize {
        let found = crate::edit::find(self.node(), property.name(), property.iri());
        found.map_or(0, |node| node.each().count())
    }
}

/// What is known of one property.
pub(crate) struct Term {
    pub(crate) name: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) by_language: bool,
    pub(crate) fits: fn(Node<'_>) -> bool,
    rewrite: fn(&mut Object),
}

macro_rules! terms {
    ($($(#[$doc:meta])* $how:ident $accessor:ident $constant:ident: $of:ty = $name:literal in $space:ident;)*) => {
        $(
            #[doc = concat!("`", $name, "`: see [`Object::", stringify!($accessor), "`].")]
            pub const $constant: Property<$of> = Property::new($name, concat!(terms!(@space $space), $name));
        )*

        impl Object {
            $(terms!(@accessor $how $accessor $constant $of, $(#[$doc])* #[doc = ""]
                #[doc = concat!("Spec: <", terms!(@link $space $name), ">")]);)*
        }

        /// All of them, in no order.
        pub(crate) const KNOWN: &[Term] = &[
            $(Term {
                name: $name,
                expected: <$of as Value>::EXPECTED,
                by_language: <$of as Value>::BY_LANGUAGE,
                fits: |node| <$of as Value>::read(node).is_some(),
                rewrite: |object| {
                    let values = object.get_all(&$constant);
                    if !values.is_empty() && values.len() == object.count(&$constant) {
                        object.set_all(&$constant, values);
                    }
                },
            },)*
        ];
    };
    (@accessor one $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Option<$of> {
            self.get(&$constant)
        }
    };
    (@accessor many $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Vec<$of> {
            self.get_all(&$constant)
        }
    };
    (@accessor refs $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Ref {
            self.refer(&$constant)
        }
    };
    // Read elsewhere; only declared here.
    (@accessor none $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {};
    (@space as) => { "https://www.w3.org/ns/activitystreams#" };
    (@space ldp) => { "http://www.w3.org/ns/ldp#" };
    (@space toot) => { "http://joinmastodon.org/ns#" };
    (@space sec) => { "https://w3id.org/security#" };
    (@space schema) => { "http://schema.org#" };
    (@space ap) => { "https://www.w3.org/ns/activitystreams#" };
    (@space misskey) => { "https://misskey-hub.net/ns#" };
    (@space keyword) => { "@" };
    (@link as $name:literal) => { concat!("https://www.w3.org/TR/activitystreams-vocabulary/#dfn-", $name) };
    (@link ldp $name:literal) => { concat!("https://www.w3.org/TR/activitypub/#", $name) };
    (@link ap $name:literal) => { concat!("https://www.w3.org/TR/activitypub/#", $name) };
    (@link toot $name:literal) => { concat!("https://docs.joinmastodon.org/spec/activitypub/#", $name) };
    (@link sec $name:literal) => { concat!("https://w3c-ccg.github.io/security-vocab/#", $name) };
    (@link schema $name:literal) => { concat!("https://schema.org/", $name) };
    (@link misskey $name:literal) => { concat!("https://misskey-hub.net/ns#", $name) };
    (@link keyword $name:literal) => { "https://www.w3.org/TR/activitystreams-core/#jsonld" };
}

terms! {
    /// The id.
    none id ID: Iri = "id" in keyword;
    /// The type; [`Object::type_name`] reads it.
    none types TYPE: String = "type" in keyword;
    // Activities.
    /// Who does it.
    refs actor ACTOR: Ref = "actor" in as;
    /// What it is done to.
    refs object OBJECT: Ref = "object" in as;
    /// Where it is done to: the collection of an Add, the new account of a Move.
    refs target TARGET: Ref = "target" in as;
    /// Where it came from.
    refs origin ORIGIN: Ref = "origin" in as;
    /// What came of it.
    refs result RESULT: Ref = "result" in as;
    /// What it was done with.
    refs instrument INSTRUMENT: Ref = "instrument" in as;
    // Addressing.
    /// The primary recipients. [`Object::addressed`] reads all five at once.
    refs to TO: Ref = "to" in as;
    /// Who gets a copy.
    refs cc CC: Ref = "cc" in as;
    /// Who gets it without being named; to be taken out before it is sent.
    refs bto BTO: Ref = "bto" in as;
    /// Who gets a copy without being named; to be taken out before it is sent.
    refs bcc BCC: Ref = "bcc" in as;
    /// Who it is meant for.
    refs audience AUDIENCE: Ref = "audience" in as;
    // Every object.
    /// Who made it.
    refs attributed_to ATTRIBUTED_TO: Ref = "attributedTo" in as;
    /// What it answers.
    refs in_reply_to IN_REPLY_TO: Ref = "inReplyTo" in as;
    /// The conversation or the place that it belongs to.
    refs context CONTEXT: Ref = "context" in as;
    /// The answers to it: a collection.
    refs replies REPLIES: Ref = "replies" in as;
    /// The likes of it: a collection.
    refs likes LIKES: Ref = "likes" in ap;
    /// The boosts of it: a collection.
    refs shares SHARES: Ref = "shares" in ap;
    /// The text, as HTML that nobody has made safe yet: see `safe_html` and [`Object::plain_text`].
    ///
    /// `content` before `contentMap`; of a map, the first.
    one content CONTENT: String = "content" in as;
    /// The name, as plain text.
    one name NAME: String = "name" in as;
    /// The summary: of a post its content warning, of an actor its profile text (as HTML).
    one summary SUMMARY: String = "summary" in as;
    /// When it was published.
    one published PUBLISHED: SystemTime = "published" in as;
    /// When it was changed last.
    one updated UPDATED: SystemTime = "updated" in as;
    /// When it was deleted.
    one deleted DELETED: SystemTime = "deleted" in as;
    /// When it begins.
    one start_time START_TIME: SystemTime = "startTime" in as;
    /// When it ends: of a Question, when voting ends.
    one end_time END_TIME: SystemTime = "endTime" in as;
    /// How long it takes: an XML Schema duration such as `PT1M30S`.
    one duration DURATION: String = "duration" in as;
    /// Where people see it. Of several, those that are no HTML (a video's files) come too: see
    /// [`Object::get_all`] with [`URL`].
    one url URL: Iri = "url" in as;
    /// Mentions, hashtags, emoji.
    many tag TAG: Object = "tag" in as;
    /// Files; on actors, profile fields.
    many attachment ATTACHMENT: Object = "attachment" in as;
    /// A small picture of it: of an actor, the avatar. [`Object::icon_url`] is what is usually wanted.
    refs icon ICON: Ref = "icon" in as;
    /// A picture of it: of an actor, the header.
    refs image IMAGE: Ref = "image" in as;
    /// Media type of the content or of what a link leads to. Never trust it.
    one media_type MEDIA_TYPE: String = "mediaType" in as;
    /// What its author wrote, before it was made HTML.
    one source SOURCE: Source = "source" in ap;
    /// What made it.
    refs generator GENERATOR: Ref = "generator" in as;
    /// Where it is.
    refs location LOCATION: Ref = "location" in as;
    /// What a Tombstone was.
    one former_type FORMER_TYPE: String = "formerType" in as;
    // Links and media.
    /// Where a link (a Mention, a Hashtag) leads.
    one href HREF: Iri = "href" in as;
    /// The language of what a link leads to.
    one hreflang HREFLANG: String = "hreflang" in as;
    /// What a link means.
    many rel REL: String = "rel" in as;
    /// Height in pixels.
    one height HEIGHT: u64 = "height" in as;
    /// Width in pixels.
    one width WIDTH: u64 = "width" in as;
    /// A blurred preview, as a BlurHash.
    one blurhash BLURHASH: String = "blurhash" in toot;
    /// Where to crop: x and y, from -1 to 1.
    many focal_point FOCAL_POINT: f64 = "focalPoint" in toot;
    /// The value of a profile field, as HTML.
    one value VALUE: String = "value" in schema;
    // Collections.
    /// How many it has.
    one total_items TOTAL_ITEMS: u64 = "totalItems" in as;
    /// Its first page.
    refs first FIRST: Ref = "first" in as;
    /// Its last page.
    refs last LAST: Ref = "last" in as;
    /// The next page.
    refs next NEXT: Ref = "next" in as;
    /// The page before.
    refs prev PREV: Ref = "prev" in as;
    /// The page shown now.
    refs current CURRENT: Ref = "current" in as;
    /// The collection that this is a page of.
    refs part_of PART_OF: Ref = "partOf" in as;
    /// Its members, in no order. [`Object::members`] reads both.
    refs items ITEMS: Ref = "items" in as;
    /// Its members, newest first.
    refs ordered_items ORDERED_ITEMS: Ref = "orderedItems" in as;
    /// Where this page begins.
    one start_index START_INDEX: u64 = "startIndex" in as;
    // Questions.
    /// The choices of which one is right.
    refs one_of ONE_OF: Ref = "oneOf" in as;
    /// The choices of which any may be right.
    refs any_of ANY_OF: Ref = "anyOf" in as;
    /// When voting closed.
    one closed CLOSED: SystemTime = "closed" in as;
    /// How many people voted.
    one voters_count VOTERS_COUNT: u64 = "votersCount" in toot;
    // Actors.
    /// Where to deliver to it.
    one inbox INBOX: Iri = "inbox" in ldp;
    /// What it did.
    one outbox OUTBOX: Iri = "outbox" in as;
    /// Who follows it.
    one followers FOLLOWERS: Iri = "followers" in as;
    /// Whom it follows.
    one following FOLLOWING: Iri = "following" in as;
    /// What it liked.
    one liked LIKED: Iri = "liked" in as;
    /// Other endpoints; [`Object::shared_inbox`] is what is usually wanted.
    one endpoints ENDPOINTS: Object = "endpoints" in as;
    /// The posts that it shows first.
    one featured FEATURED: Iri = "featured" in toot;
    /// The hashtags that it shows.
    one featured_tags FEATURED_TAGS: Iri = "featuredTags" in toot;
    /// The name before the `@` of its handle.
    one preferred_username PREFERRED_USERNAME: String = "preferredUsername" in as;
    /// Whether it looks at each follow request before it accepts.
    one manually_approves_followers MANUALLY_APPROVES_FOLLOWERS: bool = "manuallyApprovesFollowers" in as;
    /// Whether it wants to be found.
    one discoverable DISCOVERABLE: bool = "discoverable" in toot;
    /// Whether its posts may be searched.
    one indexable INDEXABLE: bool = "indexable" in toot;
    /// Whether the person has died.
    one memorial MEMORIAL: bool = "memorial" in toot;
    /// Whether its own server has suspended it.
    one suspended SUSPENDED: bool = "suspended" in toot;
    /// Where it went. To be believed only after the other account says so too.
    one moved_to MOVED_TO: Iri = "movedTo" in as;
    /// Its other accounts, by its own word.
    many also_known_as ALSO_KNOWN_AS: Iri = "alsoKnownAs" in as;
    /// Its keys; [`Object::public_keys`] reads them.
    refs public_key PUBLIC_KEY: Ref = "publicKey" in sec;
    /// Whose key it is.
    one owner OWNER: Iri = "owner" in sec;
    /// A key in PEM.
    one public_key_pem PUBLIC_KEY_PEM: String = "publicKeyPem" in sec;
    // What servers add.
    /// Whether it is to be hidden until asked for.
    one sensitive SENSITIVE: bool = "sensitive" in as;
    /// The conversation, by OStatus.
    one conversation CONVERSATION: String = "conversation" in as;
    /// Whether it is a direct message, by LitePub.
    one direct_message DIRECT_MESSAGE: bool = "directMessage" in as;
    /// What is quoted, by Misskey.
    one misskey_quote MISSKEY_QUOTE: Iri = "_misskey_quote" in misskey;
    /// What is quoted, by Fedibird.
    one quote_uri QUOTE_URI: Iri = "quoteUri" in as;
    /// What is quoted, by Pleroma and others.
    one quote_url QUOTE_URL: Iri = "quoteUrl" in as;
}
