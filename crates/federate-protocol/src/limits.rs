//! Every limit of the protocol, in one place.
//!
//! | limit | default | why |
//! |---|---|---|
//! | [`inbox_body`](Limits::inbox_body) | 1 MiB | what Mastodon takes; more is answered 413 |
//! | [`inbox_deadline`](Limits::inbox_deadline) | 30 s | that the body of a POST to an inbox may take, from its head to its last byte; then 408 |
//! | [`document`](Limits::document) | 1 MiB | a fetched actor, key or object |
//! | [`fetch`](Limits::fetch) | 2 MiB | all answers of one logical fetch together: a page, redirects, the document |
//! | [`webfinger`](Limits::webfinger) | 64 KiB | a JRD is a handful of links; NodeInfo is as small |
//! | [`redirects`](Limits::redirects) | 3 | of one logical fetch, the refetch at the stated id included |
//! | [`deadline`](Limits::deadline) | 30 s | of one logical fetch, from the first byte to the last |
//! | [`requests_per_domain`](Limits::requests_per_domain) | 32 | requests of ours that one domain has at once, with all below it; more wait, within the deadline |
//! | [`keys_per_actor`](Limits::keys_per_actor) | 10 | Mastodon's; the rest is not read |
//! | [`also_known_as`](Limits::also_known_as) | 256 | Mastodon's; the rest is not read |
//! | [`audience`](Limits::audience) | 10,000 | inboxes-to-be that one activity names itself |
//! | [`flag_objects`](Limits::flag_objects) | 200 | what one report may point at |
//! | [`flag_comment`](Limits::flag_comment) | 5,000 characters | what one report may say |
//! | [`handle`](Limits::handle) | 2,048 bytes | a handle or URL that somebody typed |
//! | [`memo`](Limits::memo) | 64 MiB | actors and keys that are kept parsed, in front of the cache |
//! | [`memo_lifetime`](Limits::memo_lifetime) | 1 min | how long; what another process learnt meanwhile is seen after that |
//! | [`cached_document`](Limits::cached_document) | 128 KiB | what is longer is believed and not cached; actors have 2 to 10 KiB |
//! | [`actor_lifetime`](Limits::actor_lifetime) | 24 h | how long a cached actor, and with it its keys, is fresh |
//! | [`document_lifetime`](Limits::document_lifetime) | 10 min | how long another cached document is fresh |
//! | [`webfinger_lifetime`](Limits::webfinger_lifetime) | 6 h | how long a confirmed handle is fresh |
//! | [`nodeinfo_lifetime`](Limits::nodeinfo_lifetime) | 24 h | how long what a server says that it is is fresh |
//! | [`failure_lifetime`](Limits::failure_lifetime) | 5 min | how long a failed fetch is not tried again |
//! | [`gone_lifetime`](Limits::gone_lifetime) | 24 h | how long a 410 is believed without asking again |
//! | [`key_refetch_interval`](Limits::key_refetch_interval) | 5 min | a cached key that fails is fetched anew at most this often |
//! | [`retry_after`](Limits::retry_after) | 5 min | what a sender is told whose key cannot be had for now |
//! | [`collection_pages`](Limits::collection_pages) | 100 | of one collection that is read; 2,000 posts of Mastodon's |
//! | [`collection_items`](Limits::collection_items) | 2,000 | of one collection that is read; each is a claim that costs a request to check |
//! | [`collection_bytes`](Limits::collection_bytes) | 16 MiB | of one collection that is read; its pages of 20 posts have about 100 KiB |
//! | [`collection_time`](Limits::collection_time) | 2 min | that one collection's server is waited for, all pages together |
//! | [`reply_chain`](Limits::reply_chain) | 100 | posts above one that are walked to, over all servers |
//! | [`reply_chain_time`](Limits::reply_chain_time) | 2 min | that the servers of one chain are waited for, all together |
//! | [`media`](Limits::media) | 16 MiB | of one picture, sound or film that is passed on |
//! | [`media_at_once`](Limits::media_at_once) | 8 | of them that are fetched at a time, and so are in memory |
//! | [`media_held`](Limits::media_held) | 256 MiB | of them that are in memory until whoever asked has read them; more waits 5 s, then it is 503. `federate_server::Pace` says how slowly one may read |
//! | [`media_deadline`](Limits::media_deadline) | 60 s | for one of them, all its redirects together |
//! | [`media_lifetime`](Limits::media_lifetime) | 7 days | how long one is kept before it is fetched again: what its author took away goes here too |
//! | [`forwarded_per_minute`](Limits::forwarded_per_minute) | 120 | activities without a proof of their own that one domain passes on; each costs a look-up, more are answered 429 |
//! | [`forwarded_wait`](Limits::forwarded_wait) | 1 h | that what was passed on waits for a look-up that is too much for its minute; then it is dropped, so that nobody fills the inbox with what waits |
//! | [`forwarders`](Limits::forwarders) | 10,000 | domains of which that is counted within one minute; others are answered 429 |
//! | [`proof_age`](Limits::proof_age) | 7 days | of the proof of a forwarded activity; the ids of what was received are known for longer, so that none counts twice |
//! | [`move_cooldown`](Limits::move_cooldown) | 7 days | between two moves of one actor; each makes all its followers follow anew |

use std::time::Duration;

/// The limits that hold for what peers send and for what is fetched from them. See the [table](self).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a POST to an inbox.
    pub inbox_body: usize,
    /// The time that the body of a POST to an inbox may take.
    pub inbox_deadline: Duration,
    /// Bytes of a fetched document, after decoding.
    pub document: usize,
    /// Bytes of all answers of one logical fetch together, redirects and pages included.
    pub fetch: usize,
    /// Bytes of a fetched WebFinger answer, and of NodeInfo.
    pub webfinger: usize,
    /// Redirects, and refetches at a stated id, in one logical fetch.
    pub redirects: u8,
    /// The time that one logical fetch may take, all its requests together.
    pub deadline: Duration,
    /// Requests of one fetcher that are under way to one domain, all its subdomains together. More wait, within their deadline.
    pub requests_per_domain: usize,
    /// Public keys of one actor that are read.
    pub keys_per_actor: usize,
    /// Entries of `alsoKnownAs` that are read.
    pub also_known_as: usize,
    /// Recipients that one activity may name.
    pub audience: usize,
    /// Objects that one `Flag` may point at.
    pub flag_objects: usize,
    /// Characters of the comment of one `Flag`.
    pub flag_comment: usize,
    /// Bytes of a handle or a URL that is looked up.
    pub handle: usize,
    /// Bytes of the actors and keys that are kept parsed.
    pub memo: usize,
    /// How long they are kept parsed.
    pub memo_lifetime: Duration,
    /// Bytes of a document that is cached.
    pub cached_document: usize,
    /// How long a cached actor is fresh.
    pub actor_lifetime: Duration,
    /// How long a cached document other than an actor is fresh.
    pub document_lifetime: Duration,
    /// How long a confirmed handle is fresh.
    pub webfinger_lifetime: Duration,
    /// How long NodeInfo of a server is fresh.
    pub nodeinfo_lifetime: Duration,
    /// How long a failure is remembered before the same is fetched again.
    pub failure_lifetime: Duration,
    /// How long a 410 is remembered before the same is fetched again.
    pub gone_lifetime: Duration,
    /// The shortest time between two fetches of one key because a signature failed with the cached one.
    pub key_refetch_interval: Duration,
    /// What `Retry-After` says where a key could not be had for now.
    pub retry_after: Duration,
    /// Pages of one collection that are read, empty ones included.
    pub collection_pages: usize,
    /// Items of one collection that are read.
    pub collection_items: usize,
    /// Bytes of one collection after which no other page of it is asked for. A page that goes over it is still given.
    pub collection_bytes: usize,
    /// The time that one collection's server is waited for, all pages together. What a caller does between pages does not count.
    pub collection_time: Duration,
    /// Posts above one, by `inReplyTo`, that are walked to.
    pub reply_chain: usize,
    /// The time that the servers of one chain of replies are waited for, all together.
    pub reply_chain_time: Duration,
    /// Bytes of one media file that is passed on.
    pub media: usize,
    /// Media files that are fetched at a time.
    pub media_at_once: usize,
    /// Bytes of media files that are held for those who read them, and the longest one at least. More are refused for now.
    pub media_held: usize,
    /// The time that one media file may take, all its requests together.
    pub media_deadline: Duration,
    /// How long a cached media file is given out.
    pub media_lifetime: Duration,
    /// Activities without a proof of their own that one domain, with all below it, passes on within a minute.
    pub forwarded_per_minute: u32,
    /// How long what was passed on, or what a group announced, waits for a look-up that is too much for its minute.
    pub forwarded_wait: Duration,
    /// Domains of which that is counted within one minute.
    pub forwarders: usize,
    /// How old the proof of a forwarded activity may be.
    pub proof_age: Duration,
    /// The shortest time between two moves of one actor.
    pub move_cooldown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        Self {
            inbox_body: MIB,
            inbox_deadline: Duration::from_secs(30),
            document: MIB,
            fetch: 2 * MIB,
            webfinger: 64 * 1024,
            redirects: 3,
            deadline: Duration::from_secs(30),
            requests_per_domain: 32,
            keys_per_actor: 10,
            also_known_as: 256,
            audience: 10_000,
            flag_objects: 200,
            flag_comment: 5_000,
            handle: 2_048,
            memo: 64 * MIB,
            memo_lifetime: Duration::from_secs(MINUTE),
            cached_document: 128 * 1024,
            actor_lifetime: Duration::from_secs(24 * HOUR),
            document_lifetime: Duration::from_secs(10 * MINUTE),
            webfinger_lifetime: Duration::from_secs(6 * HOUR),
            nodeinfo_lifetime: Duration::from_secs(24 * HOUR),
            failure_lifetime: Duration::from_secs(5 * MINUTE),
            gone_lifetime: Duration::from_secs(24 * HOUR),
            key_refetch_interval: Duration::from_secs(5 * MINUTE),
            retry_after: Duration::from_secs(5 * MINUTE),
            collection_pages: 100,
            collection_items: 2_000,
            collection_bytes: 16 * MIB,
            collection_time: Duration::from_secs(2 * MINUTE),
            reply_chain: 100,
            reply_chain_time: Duration::from_secs(2 * MINUTE),
            media: 16 * MIB,
            media_at_once: 8,
            media_held: 256 * MIB,
            media_deadline: Duration::from_secs(MINUTE),
            media_lifetime: Duration::from_secs(7 * 24 * HOUR),
            forwarded_per_minute: 120,
            forwarded_wait: Duration::from_secs(HOUR),
            forwarders: 10_000,
            proof_age: Duration::from_secs(7 * 24 * HOUR),
            move_cooldown: Duration::from_secs(7 * 24 * HOUR),
        }
    }
}
