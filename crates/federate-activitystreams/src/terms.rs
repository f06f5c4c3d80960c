//! The properties that the library knows: one declaration each.
//!
//! Each line makes the constant that names the property (for `get`, `set`, `remove`), the accessor of
//! [`Object`], and the entry by which [`Object::warnings`] knows what belongs there.

use std::{collections::HashMap, fmt, sync::LazyLock, time::SystemTime};

use crate::{Iri, Label, Object, Property, Ref, Source, Value, names, tape::Node};

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

/// One term that the library knows, as it was declared.
///
/// [`terms::known`](known) finds it by its name on the wire, [`terms::all`](all) has them all.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Term {
    /// The name on the wire.
    pub name: &'static str,
    /// The full IRI.
    pub iri: &'static str,
    /// Where it is specified.
    pub spec: &'static str,
    /// What it holds, in a word or two: what a [`Warning`](crate::Warning) expects.
    pub expected: &'static str,
    /// Whether it has one value at most.
    pub functional: bool,
    /// Whether `nameMap` may stand beside it or in its place: text by language.
    pub by_language: bool,
    pub(crate) fits: fn(Node<'_>) -> bool,
    rewrite: fn(&mut Object),
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.iri)
    }
}

/// All terms that the library knows, in the order of their declaration.
#[must_use]
pub fn all() -> &'static [Term] {
    KNOWN
}

/// The term of this name on the wire.
#[must_use]
pub fn known(name: &str) -> Option<&'static Term> {
    static BY_NAME: LazyLock<HashMap<&str, &Term>> =
        LazyLock::new(|| KNOWN.iter().map(|term| (term.name, term)).collect());
    BY_NAME.get(name).copied()
}

/// The term of this full IRI, whichever of its spellings; of several, the first that is declared.
pub(crate) fn of_iri(iri: &str) -> Option<&'static Term> {
    static BY_IRI: LazyLock<HashMap<String, &Term>> = LazyLock::new(|| {
        let terms = KNOWN.iter().rev();
        terms
            .map(|term| (names::without_varieties(term.iri), term))
            .collect()
    });
    BY_IRI.get(&names::without_varieties(iri)).copied()
}

/// Whether this full IRI is of a vocabulary that the library knows terms of.
pub(crate) fn is_in_known_space(iri: &str) -> bool {
    let rest = iri
        .strip_prefix("https://")
        .or_else(|| iri.strip_prefix("http://"))
        .unwrap_or(iri);
    SPACES.iter().any(|space| rest.starts_with(space))
}

const SPACES: [&str; 14] = [
    "www.w3.org/ns/activitystreams#",
    "www.w3.org/ns/ldp#",
    "w3id.org/security",
    "w3id.org/fep/",
    "schema.org",
    "joinmastodon.org/ns#",
    "ostatus.org#",
    "misskey-hub.net/ns#",
    "litepub.social/ns#",
    "fedibird.com/ns#",
    "join-lemmy.org/ns#",
    "joinpeertube.org/ns#",
    "funkwhale.audio/ns#",
    "gotosocial.org/ns#",
];

/// The properties that hold text in a language.
const BY_LANGUAGE: [&str; 4] = ["content", "name", "summary", "preferredUsername"];

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let (mut one, mut other) = (one, other);
    while let ([a, rest @ ..], [b, others @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest, others);
    }
    true
}

const fn is_by_language(name: &str) -> bool {
    let [a, b, c, d] = BY_LANGUAGE;
    same(name, a) || same(name, b) || same(name, c) || same(name, d)
}

macro_rules! terms {
    ($($(#[$doc:meta])* $how:ident $accessor:ident $constant:ident: $of:ty = $name:literal in $space:ident $(as $local:literal)?;)*) => {
        $(
            #[doc = concat!("`", $name, "`: see [`Object::", stringify!($accessor), "`].")]
            pub const $constant: Property<$of> = Property::new($name, terms!(@iri $space $name $($local)?));
        )*

        impl Object {
            $(terms!(@accessor $how $accessor $constant $of, $(#[$doc])* #[doc = ""]
                #[doc = concat!("Spec: <", terms!(@link $space $name), ">")]);)*
        }

        /// All of them.
        const KNOWN: &[Term] = &[
            $(Term {
                name: $name,
                iri: $constant.iri(),
                spec: terms!(@link $space $name),
                expected: <$of as Value>::EXPECTED,
                functional: terms!(@functional $how),
                by_language: is_by_language($name),
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
    // One value.
    (@accessor one $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Option<$of> {
            self.get(&$constant)
        }
    };
    // Of several values the first is what is wanted.
    (@accessor any $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        terms!(@accessor one $accessor $constant $of, $(#[$doc])*);
    };
    (@accessor many $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Vec<$of> {
            self.get_all(&$constant)
        }
    };
    // Ids or objects.
    (@accessor refs $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Ref {
            self.refer(&$constant)
        }
    };
    // One id or object.
    (@accessor refer $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        terms!(@accessor refs $accessor $constant $of, $(#[$doc])*);
    };
    // Read elsewhere; only declared here.
    (@accessor none $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {};
    (@functional one) => { true };
    (@functional refer) => { true };
    (@functional $how:ident) => { false };
    (@iri $space:ident $name:literal) => { concat!(terms!(@space $space), $name) };
    (@iri $space:ident $name:literal $local:literal) => { concat!(terms!(@space $space), $local) };
    (@space as) => { "https://www.w3.org/ns/activitystreams#" };
    (@space ap) => { "https://www.w3.org/ns/activitystreams#" };
    (@space ldp) => { "http://www.w3.org/ns/ldp#" };
    (@space toot) => { "http://joinmastodon.org/ns#" };
    (@space sec) => { "https://w3id.org/security#" };
    (@space schema) => { "http://schema.org#" };
    (@space dc) => { "http://purl.org/dc/terms/" };
    (@space misskey) => { "https://misskey-hub.net/ns#" };
    (@space litepub) => { "http://litepub.social/ns#" };
    (@space ostatus) => { "http://ostatus.org#" };
    (@space fedibird) => { "http://fedibird.com/ns#" };
    (@space lemmy) => { "https://join-lemmy.org/ns#" };
    (@space pt) => { "https://joinpeertube.org/ns#" };
    (@space pixelfed) => { "http://pixelfed.org/ns#" };
    (@space fw) => { "https://funkwhale.audio/ns#" };
    (@space gts) => { "https://gotosocial.org/ns#" };
    (@space fep044f) => { "https://w3id.org/fep/044f#" };
    (@space fep844e) => { "https://w3id.org/fep/844e/" };
    (@space vcard) => { "http://www.w3.org/2006/vcard/ns#" };
    (@space keyword) => { "@" };
    (@link as $name:literal) => { concat!("https://www.w3.org/TR/activitystreams-vocabulary/#dfn-", $name) };
    (@link ldp $name:literal) => { concat!("https://www.w3.org/TR/activitypub/#", $name) };
    (@link ap $name:literal) => { concat!("https://www.w3.org/TR/activitypub/#", $name) };
    (@link toot $name:literal) => { concat!("https://docs.joinmastodon.org/spec/activitypub/#", $name) };
    (@link sec $name:literal) => { concat!("https://w3c-ccg.github.io/security-vocab/#", $name) };
    (@link schema $name:literal) => { concat!("https://schema.org/", $name) };
    (@link dc $name:literal) => { concat!("http://purl.org/dc/terms/", $name) };
    (@link misskey $name:literal) => { concat!("https://misskey-hub.net/ns#", $name) };
    (@link litepub $name:literal) => { concat!("http://litepub.social/ns#", $name) };
    (@link ostatus $name:literal) => { "https://www.w3.org/community/ostatus/wiki/Main_Page" };
    (@link fedibird $name:literal) => { "https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md" };
    (@link lemmy $name:literal) => { "https://codeberg.org/fediverse/fep/src/branch/main/fep/1b12/fep-1b12.md" };
    (@link pt $name:literal) => { "https://docs.joinpeertube.org/api/activitypub" };
    (@link pixelfed $name:literal) => { "https://docs.pixelfed.org/spec/ActivityPub.html" };
    (@link fw $name:literal) => { "https://docs.funkwhale.audio/developer/federation/index.html" };
    (@link gts $name:literal) => { "https://docs.gotosocial.org/en/latest/federation/interaction_controls/" };
    (@link fep044f $name:literal) => { "https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md" };
    (@link fep844e $name:literal) => { "https://codeberg.org/fediverse/fep/src/branch/main/fep/844e/fep-844e.md" };
    (@link vcard $name:literal) => { "https://www.w3.org/TR/vcard-rdf/" };
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
    refer replies REPLIES: Ref = "replies" in as;
    /// The likes of it: a collection.
    refer likes LIKES: Ref = "likes" in ap;
    /// The boosts of it: a collection.
    refer shares SHARES: Ref = "shares" in ap;
    /// The text, as HTML that nobody has made safe yet: see `safe_html` and [`Object::plain_text`].
    ///
    /// `content` before `contentMap`; of a map, the first.
    any content CONTENT: String = "content" in as;
    /// The name, as plain text.
    any name NAME: String = "name" in as;
    /// The summary: of a post its content warning, of an actor its profile text (as HTML).
    any summary SUMMARY: String = "summary" in as;
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
    any url URL: Iri = "url" in as;
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
    any former_type FORMER_TYPE: String = "formerType" in as;
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
    refer first FIRST: Ref = "first" in as;
    /// Its last page.
    refer last LAST: Ref = "last" in as;
    /// The next page.
    refer next NEXT: Ref = "next" in as;
    /// The page before.
    refer prev PREV: Ref = "prev" in as;
    /// The page shown now.
    refer current CURRENT: Ref = "current" in as;
    /// The collection that this is a page of.
    refer part_of PART_OF: Ref = "partOf" in as;
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
    any closed CLOSED: SystemTime = "closed" in as;
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
    one conversation CONVERSATION: String = "conversation" in ostatus;
    /// Whether it is a direct message, by LitePub.
    one direct_message DIRECT_MESSAGE: bool = "directMessage" in litepub;
    /// What is quoted, by Misskey.
    one misskey_quote MISSKEY_QUOTE: Iri = "_misskey_quote" in misskey;
    /// What is quoted, by Fedibird.
    one quote_uri QUOTE_URI: Iri = "quoteUri" in fedibird;
    /// What is quoted, by Pleroma and others.
    one quote_url QUOTE_URL: Iri = "quoteUrl" in as;
    /// What is quoted, by FEP-044f. [`Object::quoted`] reads all ways to quote.
    refer quote QUOTE: Ref = "quote" in fep044f;
    /// The proof that the quoted author agreed, by FEP-044f.
    refer quote_authorization QUOTE_AUTHORIZATION: Ref = "quoteAuthorization" in fep044f;
    /// Who may do what with it: see [`Object::can_like`] and its neighbours.
    one interaction_policy INTERACTION_POLICY: Object = "interactionPolicy" in gts;
    /// Of an interaction policy: who may like it.
    one can_like CAN_LIKE: Object = "canLike" in gts;
    /// Of an interaction policy: who may answer it.
    one can_reply CAN_REPLY: Ref = "canReply" in gts;
    /// Of an interaction policy: who may boost it.
    one can_announce CAN_ANNOUNCE: Object = "canAnnounce" in gts;
    /// Of an interaction policy: who may quote it (FEP-044f).
    one can_quote CAN_QUOTE: Object = "canQuote" in gts;
    /// Of one rule of an interaction policy: who always may.
    refs always ALWAYS: Ref = "always" in gts;
    /// Of one rule of an interaction policy: who may after asking; what [`Object::manual_approval`] was called
    /// first.
    refs approval_required APPROVAL_REQUIRED: Ref = "approvalRequired" in gts;
    /// Of one rule of an interaction policy: whose asking is answered with a yes at once.
    refs automatic_approval AUTOMATIC_APPROVAL: Ref = "automaticApproval" in gts;
    /// Of one rule of an interaction policy: whose asking the author looks at.
    refs manual_approval MANUAL_APPROVAL: Ref = "manualApproval" in gts;
    /// The proof that the author of what it answers agreed.
    refer approved_by APPROVED_BY: Ref = "approvedBy" in gts;
    /// The proof that a like was agreed to.
    refer like_authorization LIKE_AUTHORIZATION: Ref = "likeAuthorization" in gts;
    /// The proof that an answer was agreed to.
    refer reply_authorization REPLY_AUTHORIZATION: Ref = "replyAuthorization" in gts;
    /// The proof that a boost was agreed to.
    refer announce_authorization ANNOUNCE_AUTHORIZATION: Ref = "announceAuthorization" in gts;
    /// What an authorization is for.
    refer interacting_object INTERACTING_OBJECT: Ref = "interactingObject" in gts;
    /// What was interacted with by leave of an authorization.
    refer interaction_target INTERACTION_TARGET: Ref = "interactionTarget" in gts;
    /// What it can do, by specification (FEP-844e; of an Application, FEP-2677).
    refs implements IMPLEMENTS: Ref = "implements" in fep844e;
    /// Who may find it by searching.
    refs searchable_by SEARCHABLE_BY: Ref = "searchableBy" in fedibird;
    /// The emoji with which somebody reacted, by Misskey.
    one misskey_reaction MISSKEY_REACTION: String = "_misskey_reaction" in misskey;
    /// What an author wrote, by Misskey; [`Object::source`] is the standard.
    one misskey_content MISSKEY_CONTENT: String = "_misskey_content" in misskey;
    /// The profile text before it was made HTML, by Misskey.
    one misskey_summary MISSKEY_SUMMARY: String = "_misskey_summary" in misskey;
    /// How many voted for a choice, by Misskey.
    one misskey_votes MISSKEY_VOTES: u64 = "_misskey_votes" in misskey;
    /// Whether it may be seen by those who are not logged in, by Misskey.
    one misskey_require_signin MISSKEY_REQUIRE_SIGNIN: bool = "_misskey_requireSigninToViewContents" in misskey;
    /// What new followers are shown, by Misskey.
    one misskey_followed_message MISSKEY_FOLLOWED_MESSAGE: String = "_misskey_followedMessage" in misskey;
    /// Whether it is a cat.
    one is_cat IS_CAT: bool = "isCat" in misskey;
    /// Whether it speaks like a cat.
    one speak_as_cat SPEAK_AS_CAT: bool = "speakAsCat" in misskey;
    /// The day of birth: `2001-12-31`.
    one birthday BIRTHDAY: String = "vcard:bday" in vcard as "bday";
    /// Where it lives.
    one address ADDRESS: String = "vcard:Address" in vcard as "Address";
    /// The id of the post, by OStatus.
    one atom_uri ATOM_URI: Iri = "atomUri" in ostatus;
    /// The id of what it answers, by OStatus.
    one in_reply_to_atom_uri IN_REPLY_TO_ATOM_URI: Iri = "inReplyToAtomUri" in ostatus;
    /// The sites that may name it as their author.
    many attribution_domains ATTRIBUTION_DOMAINS: String = "attributionDomains" in toot;
    /// Devices for encrypted messages.
    refer devices DEVICES: Ref = "devices" in toot;
    /// What the server can do or whom it lets do what, by LitePub and Pixelfed.
    one capabilities CAPABILITIES: Object = "capabilities" in litepub;
    /// Whether the account is not to be shown, by LitePub.
    one invisible INVISIBLE: bool = "invisible" in litepub;
    /// The list it was sent to, by LitePub.
    one list_message LIST_MESSAGE: Iri = "listMessage" in litepub;
    /// What it was before it was edited, by LitePub.
    refer former_representations FORMER_REPRESENTATIONS: Ref = "formerRepresentations" in litepub;
    // The rest of ActivityStreams.
    /// A short look at it.
    refs preview PREVIEW: Ref = "preview" in as;
    /// What a Profile describes.
    refer describes DESCRIBES: Ref = "describes" in as;
    /// Of a Relationship, the one side.
    refer subject SUBJECT: Ref = "subject" in as;
    /// Of a Relationship, what it is.
    refs relationship RELATIONSHIP: Ref = "relationship" in as;
    /// Of a Place: how good its coordinates are, in percent.
    one accuracy ACCURACY: f64 = "accuracy" in as;
    /// Of a Place: its height, in [`Object::units`].
    one altitude ALTITUDE: f64 = "altitude" in as;
    /// Of a Place.
    one latitude LATITUDE: f64 = "latitude" in as;
    /// Of a Place.
    one longitude LONGITUDE: f64 = "longitude" in as;
    /// Of a Place: how far around its coordinates it reaches, in [`Object::units`].
    one radius RADIUS: f64 = "radius" in as;
    /// Of a Place: `m`, `km`, `cm`, `feet`, `inches`, `miles`.
    one units UNITS: String = "units" in as;
    /// Other collections of an actor.
    refs streams STREAMS: Ref = "streams" in ap;
    /// Where a client can have documents fetched.
    one proxy_url PROXY_URL: Iri = "proxyUrl" in ap;
    /// Where a client sends its user to ask for leave.
    one oauth_authorization_endpoint OAUTH_AUTHORIZATION_ENDPOINT: Iri = "oauthAuthorizationEndpoint" in ap;
    /// Where a client gets its token.
    one oauth_token_endpoint OAUTH_TOKEN_ENDPOINT: Iri = "oauthTokenEndpoint" in ap;
    /// Where a client has its key vouched for.
    one provide_client_key PROVIDE_CLIENT_KEY: Iri = "provideClientKey" in ap;
    /// Where a client's key is signed.
    one sign_client_key SIGN_CLIENT_KEY: Iri = "signClientKey" in ap;
    /// Where a client puts files.
    one upload_media UPLOAD_MEDIA: Iri = "uploadMedia" in ap;
    /// Where to deliver to all of a server; [`Object::shared_inbox`] looks in [`Object::endpoints`] too.
    none shared_inbox SHARED_INBOX: Iri = "sharedInbox" in ap;
    // Keys and proofs.
    /// The keys with which it signs documents (FEP-521a): Multikeys.
    refs assertion_method ASSERTION_METHOD: Ref = "assertionMethod" in sec;
    /// The keys with which it shows who it is.
    refs authentication AUTHENTICATION: Ref = "authentication" in sec as "authenticationMethod";
    /// Whose key it is.
    one controller CONTROLLER: Iri = "controller" in sec;
    /// A key, by multibase and multicodec.
    one public_key_multibase PUBLIC_KEY_MULTIBASE: String = "publicKeyMultibase" in sec;
    /// Proofs that the document is its author's (FEP-8b32).
    refs proof PROOF: Ref = "proof" in sec;
    /// By which rules a proof was made: `eddsa-jcs-2022`.
    one cryptosuite CRYPTOSUITE: String = "cryptosuite" in sec;
    /// What a proof is for: `assertionMethod`.
    one proof_purpose PROOF_PURPOSE: String = "proofPurpose" in sec;
    /// The proof itself, by multibase.
    one proof_value PROOF_VALUE: String = "proofValue" in sec;
    /// The key by which a proof was made.
    refer verification_method VERIFICATION_METHOD: Ref = "verificationMethod" in sec;
    /// A signature of the old kind (RsaSignature2017). Nothing should believe it.
    one signature SIGNATURE: Object = "signature" in sec;
    /// The old signature itself.
    one signature_value SIGNATURE_VALUE: String = "signatureValue" in sec;
    /// The key by which an old signature was made.
    one creator CREATOR: Iri = "creator" in dc;
    /// When a proof was made.
    one created CREATED: SystemTime = "created" in dc;
    /// When it is over: a proof, a ban.
    one expires EXPIRES: SystemTime = "expires" in sec;
    // Groups (FEP-1b12) and Lemmy.
    /// Who looks after a group: a collection.
    refer moderators MODERATORS: Ref = "moderators" in lemmy;
    /// Whether only those may write.
    one posting_restricted_to_mods POSTING_RESTRICTED_TO_MODS: bool = "postingRestrictedToMods" in lemmy;
    /// Whether it stays at the top of its group.
    one stickied STICKIED: bool = "stickied" in lemmy;
    /// Whether nobody may answer any more.
    one locked LOCKED: bool = "locked" in lemmy;
    /// Whether it may be answered.
    one comments_enabled COMMENTS_ENABLED: bool = "commentsEnabled" in pt;
    /// Whether it was written by a moderator as such.
    one distinguished DISTINGUISHED: bool = "distinguished" in lemmy;
    /// Whether a ban takes all that was written with it.
    one remove_data REMOVE_DATA: bool = "removeData" in lemmy;
    /// Its Matrix account.
    one matrix_user_id MATRIX_USER_ID: String = "matrixUserId" in lemmy;
    /// Its language, or the languages of a group.
    many language LANGUAGE: Label = "language" in schema as "inLanguage";
    // PeerTube.
    /// Its id without an address.
    one uuid UUID: String = "uuid" in schema as "identifier";
    /// What it is about.
    one category CATEGORY: Label = "category" in schema;
    /// Under which licence it is.
    one licence LICENCE: Label = "licence" in schema as "license";
    /// How often it was seen.
    one views VIEWS: u64 = "views" in pt;
    /// How to support its author.
    one support SUPPORT: String = "support" in pt;
    /// Who may answer: 1 everybody, 2 nobody, 3 after a look.
    one comments_policy COMMENTS_POLICY: u64 = "commentsPolicy" in pt;
    /// Whether it may be kept.
    one download_enabled DOWNLOAD_ENABLED: bool = "downloadEnabled" in pt;
    /// Whether it waits for its files to be made.
    one wait_transcoding WAIT_TRANSCODING: bool = "waitTranscoding" in pt;
    /// Of a video, how far it is.
    one state STATE: u64 = "state" in pt;
    /// When it was first shown anywhere.
    one originally_published_at ORIGINALLY_PUBLISHED_AT: SystemTime = "originallyPublishedAt" in schema as "datePublished";
    /// When it was put there.
    one upload_date UPLOAD_DATE: SystemTime = "uploadDate" in schema;
    /// Whether it is seen as it happens.
    one is_live_broadcast IS_LIVE_BROADCAST: bool = "isLiveBroadcast" in schema;
    /// Whether it can be seen afterwards.
    one live_save_replay LIVE_SAVE_REPLAY: bool = "liveSaveReplay" in pt;
    /// Whether it happens again and again.
    one permanent_live PERMANENT_LIVE: bool = "permanentLive" in pt;
    /// How long after it happens it is seen.
    one latency_mode LATENCY_MODE: u64 = "latencyMode" in pt;
    /// Texts that run along, by language.
    many subtitle_language SUBTITLE_LANGUAGE: Object = "subtitleLanguage" in schema;
    /// Pictures a second.
    one fps FPS: f64 = "fps" in pt;
    /// Width by height.
    one aspect_ratio ASPECT_RATIO: f64 = "aspectRatio" in pt;
    /// Bytes.
    one size SIZE: u64 = "size" in pt;
    /// Those who did not like it: a collection.
    refer dislikes DISLIKES: Ref = "dislikes" in pt;
    /// What is said about it: a collection.
    refer comments COMMENTS: Ref = "comments" in pt;
    /// Its lists: a collection.
    refer playlists PLAYLISTS: Ref = "playlists" in pt;
    /// Its chapters.
    refer has_parts HAS_PARTS: Ref = "hasParts" in schema as "hasPart";
    // Funkwhale.
    /// The collection that a sound belongs to.
    refer library LIBRARY: Ref = "library" in fw;
    /// What is heard.
    refer track TRACK: Ref = "track" in fw;
    /// The album of a track.
    refer album ALBUM: Ref = "album" in fw;
    /// Who made a track or an album.
    refs artists ARTISTS: Ref = "artists" in fw;
    /// Its id in MusicBrainz.
    one musicbrainz_id MUSICBRAINZ_ID: String = "musicbrainzId" in fw;
    /// Which of an album it is.
    one position POSITION: u64 = "position" in fw;
    /// On which disc.
    one disc DISC: u64 = "disc" in fw;
    /// The day it came out.
    one released RELEASED: String = "released" in fw;
    /// Who holds the rights.
    one copyright COPYRIGHT: String = "copyright" in fw;
    /// Under which licence it is, by its address.
    one license LICENSE: String = "license" in fw;
    /// Bits a second.
    one bitrate BITRATE: u64 = "bitrate" in fw;
    /// The picture of an album.
    refer cover COVER: Ref = "cover" in fw;
}
