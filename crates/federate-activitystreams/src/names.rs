//! What a name means: the spellings of one term.

use std::borrow::Cow;

use crate::terms;

/// The namespaces whose terms everybody writes bare, by each of their spellings, with their usual prefix.
pub(crate) const BARE: [(&str, &str); 5] = [
    ("as", "https://www.w3.org/ns/activitystreams#"),
    ("as", "http://www.w3.org/ns/activitystreams#"),
    ("sec", "https://w3id.org/security#"),
    ("sec", "https://w3id.org/security/v1#"),
    ("ldp", "http://www.w3.org/ns/ldp#"),
];

/// The prefixes of those namespaces.
pub(crate) const PREFIXES: [&str; 3] = ["as", "sec", "ldp"];

/// The namespace that everybody means by a prefix.
pub(crate) fn prefix(name: &str) -> Option<&'static str> {
    Some(match name {
        "as" | "activitystreams" => "https://www.w3.org/ns/activitystreams#",
        "sec" => "https://w3id.org/security#",
        "ldp" => "http://www.w3.org/ns/ldp#",
        "toot" => "http://joinmastodon.org/ns#",
        "schema" | "sc" => "http://schema.org#",
        "misskey" => "https://misskey-hub.net/ns#",
        "litepub" => "http://litepub.social/ns#",
        "ostatus" => "http://ostatus.org#",
        "fedibird" => "http://fedibird.com/ns#",
        "lemmy" => "https://join-lemmy.org/ns#",
        "pt" => "https://joinpeertube.org/ns#",
        "gts" => "https://gotosocial.org/ns#",
        "fw" => "https://funkwhale.audio/ns#",
        "vcard" => "http://www.w3.org/2006/vcard/ns#",
        "dcterms" => "http://purl.org/dc/terms/",
        _ => return None,
    })
}

/// The bare name of a term that is spelled in full or with a usual prefix: `actor` for `as:actor`.
pub(crate) fn bare(spelled: &str) -> Option<&str> {
    if let Some(name) = BARE.iter().find_map(|(_, space)| spelled.strip_prefix(space)) {
        return Some(name);
    }
    match spelled.split_once(':')? {
        (prefix, name) if PREFIXES.contains(&prefix) && !name.starts_with("//") => Some(name),
        _ => None,
    }
}

/// One spelling for all spellings of one term: its usual name where the library knows it, else its IRI without
/// what varies. Two names of one object that have the same are one property.
pub(crate) fn usual(name: &str) -> Cow<'_, str> {
    match name {
        "@id" => return Cow::Borrowed("id"),
        "@type" => return Cow::Borrowed("type"),
        _ => {}
    }
    let Some((before, rest)) = name.split_once(':') else {
        return Cow::Borrowed(name);
    };
    let full = match prefix(before) {
        // What has two slashes behind its colon is no name with a prefix.
        Some(space) if !rest.starts_with("//") => Cow::Owned(format!("{space}{rest}")),
        _ => Cow::Borrowed(name),
    };
    if let Some(term) = terms::of_iri(&full) {
        return Cow::Borrowed(term.name);
    }
    match bare(name) {
        Some(bare) => Cow::Borrowed(bare),
        None if full.contains("://") => Cow::Owned(without_varieties(&full)),
        None => full,
    }
}

/// An IRI without what varies between the spellings of one: `http:` or `https:`, `/` or `#` before the name.
pub(crate) fn without_varieties(iri: &str) -> String {
    format!("{}#{}", space(iri), local(iri))
}

/// Whether two full IRIs are the same term: `http:` or `https:`, `/` or `#` before the name.
pub(crate) fn same_iri(one: &str, other: &str) -> bool {
    one == other || (!local(one).is_empty() && local(one) == local(other) && space(one) == space(other))
}

/// Whether this name, which the document's own context does not define, spells the property of this name and IRI.
pub(crate) fn spells(spelled: &str, name: &str, iri: &str) -> bool {
    if spelled == name || spelled == iri {
        return true;
    }
    if let Some(keyword) = spelled.strip_prefix('@') {
        return iri.starts_with('@') && keyword == name && matches!(keyword, "id" | "type");
    }
    match spelled.split_once(':') {
        Some((before, rest)) => match prefix(before) {
            Some(namespace) if !rest.starts_with("//") => {
                rest == local(iri) && space(namespace) == space(iri)
            }
            _ => same_iri(spelled, iri),
        },
        None => false,
    }
}

/// The name at the end of an IRI, full or with a prefix.
pub(crate) fn local(iri: &str) -> &str {
    let before = iri.bytes().rposition(|byte| matches!(byte, b'#' | b'/' | b':'));
    before.and_then(|at| iri.get(at + 1..)).unwrap_or(iri)
}

/// What stands before the name, without what varies.
pub(crate) fn space(iri: &str) -> &str {
    let space = iri.strip_suffix(local(iri)).unwrap_or(iri);
    let space = space.strip_suffix(['#', '/']).unwrap_or(space);
    space
        .strip_prefix("https:")
        .or_else(|| space.strip_prefix("http:"))
        .unwrap_or(space)
}
