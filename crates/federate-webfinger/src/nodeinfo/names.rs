//! What the schema names: whatever else stands in a document that is written would break it.

use super::Version;

/// `services.inbound`.
pub(super) const INBOUND: [&str; 8] = [
    "atom1.0",
    "gnusocial",
    "imap",
    "pnut",
    "pop3",
    "pumpio",
    "rss2.0",
    "twitter",
];

/// `services.outbound`.
pub(super) const OUTBOUND: [&str; 28] = [
    "atom1.0",
    "blogger",
    "buddycloud",
    "diaspora",
    "dreamwidth",
    "drupal",
    "facebook",
    "friendica",
    "gnusocial",
    "google",
    "insanejournal",
    "libertree",
    "linkedin",
    "livejournal",
    "mediagoblin",
    "myspace",
    "pinterest",
    "pnut",
    "posterous",
    "pumpio",
    "redmatrix",
    "rss2.0",
    "smtp",
    "tent",
    "tumblr",
    "twitter",
    "wordpress",
    "xmpp",
];

const PROTOCOLS: [&str; 10] = [
    "activitypub",
    "buddycloud",
    "dfrn",
    "diaspora",
    "libertree",
    "ostatus",
    "pumpio",
    "tent",
    "xmpp",
    "zot",
];

/// The protocols that a version names, and never none.
pub(super) fn protocols(names: &[String], version: Version) -> Vec<&str> {
    let mut protocols = known(names, &PROTOCOLS);
    if version >= Version::V2_2 {
        protocols.extend(known(names, &["nostr"]));
    }
    if protocols.is_empty() {
        protocols.push("activitypub");
    }
    protocols
}

/// Those of the names that the schema has.
pub(super) fn known<'a>(names: &'a [String], all: &[&str]) -> Vec<&'a str> {
    names
        .iter()
        .map(String::as_str)
        .filter(|name| all.contains(name))
        .collect()
}

/// `[a-z0-9-]+`.
pub(super) fn software_name(name: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name.chars().map(plain).collect()
    }
}
