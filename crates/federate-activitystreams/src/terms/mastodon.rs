//! What Mastodon added: <https://docs.joinmastodon.org/spec/activitypub/>

use super::declare::terms;
use crate::{Iri, Object, Ref};

terms! {
    /// A blurred preview, as a BlurHash.
    one blurhash BLURHASH: String = "blurhash" in toot;
    /// Where to crop: x and y, from -1 to 1.
    many focal_point FOCAL_POINT: f64 = "focalPoint" in toot;
    /// The value of a profile field, as HTML.
    one value VALUE: String = "value" in schema;
    /// How many people voted.
    one voters_count VOTERS_COUNT: u64 = "votersCount" in toot;
    /// The posts that it shows first.
    one featured FEATURED: Iri = "featured" in toot;
    /// The hashtags that it shows.
    one featured_tags FEATURED_TAGS: Iri = "featuredTags" in toot;
    /// Whether it wants to be found.
    one discoverable DISCOVERABLE: bool = "discoverable" in toot;
    /// Whether its posts may be searched.
    one indexable INDEXABLE: bool = "indexable" in toot;
    /// Whether the person has died.
    one memorial MEMORIAL: bool = "memorial" in toot;
    /// Whether its own server has suspended it.
    one suspended SUSPENDED: bool = "suspended" in toot;
    /// The conversation, by OStatus.
    one conversation CONVERSATION: String = "conversation" in ostatus;
    /// The id of the post, by OStatus.
    one atom_uri ATOM_URI: Iri = "atomUri" in ostatus;
    /// The id of what it answers, by OStatus.
    one in_reply_to_atom_uri IN_REPLY_TO_ATOM_URI: Iri = "inReplyToAtomUri" in ostatus;
    /// The sites that may name it as their author.
    many attribution_domains ATTRIBUTION_DOMAINS: String = "attributionDomains" in toot;
    /// Devices for encrypted messages.
    refer devices DEVICES: Ref = "devices" in toot;
    /// Where keys for encrypted messages are claimed.
    one claim CLAIM: Iri = "claim" in toot;
    /// Of a device, its name.
    one device_id DEVICE_ID: String = "deviceId" in toot;
    /// Of a device, the key by which people know it.
    one fingerprint_key FINGERPRINT_KEY: Object = "fingerprintKey" in toot;
    /// Of a device, the key by which it shows who it is.
    one identity_key IDENTITY_KEY: Object = "identityKey" in toot;
    /// A key in base 64.
    one public_key_base64 PUBLIC_KEY_BASE64: String = "publicKeyBase64" in toot;
    /// An encrypted message.
    one cipher_text CIPHER_TEXT: String = "cipherText" in toot;
    /// Of an encrypted message, its kind.
    one message_type MESSAGE_TYPE: u64 = "messageType" in toot;
    /// Of an encrypted message, what its server says of it.
    one message_franking MESSAGE_FRANKING: String = "messageFranking" in toot;
}
