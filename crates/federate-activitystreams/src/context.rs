//! What a document's own context may not say.

/// The namespace that everybody means by a prefix.
pub(crate) fn prefix(name: &str) -> Option<&'static str> {
    Some(match name {
        "as" => "https://www.w3.org/ns/activitystreams#",
        "sec" => "https://w3id.org/security#",
        "ldp" => "http://www.w3.org/ns/ldp#",
        "toot" => "http://joinmastodon.org/ns#",
        "schema" => "http://schema.org#",
        "misskey" => "https://misskey-hub.net/ns#",
        _ => return None,
    })
}
