//! What a document's own context may not say.
//!
//! Contexts are never fetched: documents are read in their compact form. A second name for a term
//! (`"author": "as:attributedTo"`) is read as what it means, and a term that means something else is not read.
//! A context that gives a term on which security rests another meaning would make us believe something that
//! other readers would not. Such a document is refused.

use std::{borrow::Cow, collections::HashMap};

use crate::{
    ParseError, spelling,
    tape::{Doc, Renamed, Token},
    terms,
};

/// The namespaces whose terms everybody writes bare, by each of their spellings, with their usual prefix.
const BARE: [(&str, &str); 5] = [
    ("as", "https://www.w3.org/ns/activitystreams#"),
    ("as", "http://www.w3.org/ns/activitystreams#"),
    ("sec", "https://w3id.org/security#"),
    ("sec", "https://w3id.org/security/v1#"),
    ("ldp", "http://www.w3.org/ns/ldp#"),
];

/// The prefixes of those namespaces.
const PREFIXES: [&str; 3] = ["as", "sec", "ldp"];

macro_rules! guarded {
    ($($term:literal)*) => {
        /// The terms on which security rests. Each may be defined anew only as what it is: the term of this
        /// name in one of the namespaces above.
        fn guarded(name: &str) -> Option<&'static str> {
            match name {
                $($term => Some($term),)*
                _ => None,
            }
        }
    };
}
guarded! {
    "id" "type" "actor" "object" "target" "origin" "result" "instrument" "attributedTo" "to" "cc" "bto" "bcc" "audience" "inReplyTo" "inbox" "outbox" "followers" "following" "liked" "endpoints" "sharedInbox" "publicKey" "publicKeyPem" "owner" "controller" "assertionMethod" "authentication" "verificationMethod" "publicKeyMultibase" "proof" "proofValue" "proofPurpose" "signature" "signatureValue" "movedTo" "alsoKnownAs" "preferredUsername" "items" "orderedItems" "partOf" "first" "next"
}

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

/// The bare name of a term that is spelled in full or with a usual prefix: `actor` for `as:actor`.
pub(crate) fn bare(spelled: &str) -> Option<&str> {
    if let Some(name) = BARE.iter().find_map(|(_, space)| spelled.strip_prefix(space)) {
        return Some(name);
    }
    match spelled.split_once(':')? {
        (prefix, name) if PREFIXES.contains(&prefix) => Some(name),
        _ => None,
    }
}

/// Refuses the document where one of its inline contexts (the values of the names at `contexts`) redefines a
/// guarded term or the prefix by which one is spelled, or where an object has one property under two names
/// with two values. Answers with the names that mean something else than they say, sorted.
pub(crate) fn check(doc: &Doc, contexts: &[u32]) -> Result<Vec<Renamed>, ParseError> {
    let mut renamed = Vec::new();
    for context in contexts {
        let value = context + 1;
        for index in value..value + doc.entry(value).size {
            if doc.entry(index).token != Token::Object {
                continue;
            }
            let declared = Declared::of(doc, index);
            for key in doc.keys(index) {
                if let Some(iri) = check_term(doc, &declared, key)? {
                    let name = doc.string(key).unwrap_or_default();
                    renamed.push((
                        Renamed {
                            name: name.into(),
                            iri,
                        },
                        key,
                    ));
                }
            }
        }
    }
    if renamed.is_empty() {
        return Ok(Vec::new());
    }
    renamed.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    for pair in renamed.windows(2) {
        if let [(one, _), (other, key)] = pair
            && one.name == other.name
            && !same_iri(&one.iri, &other.iri)
            && let Some(term) = meant(&one.iri).or_else(|| meant(&other.iri))
        {
            let at = doc.entry(*key).start as usize;
            return Err(ParseError::Redefined { term, at });
        }
    }
    renamed.dedup_by(|(a, _), (b, _)| a.name == b.name);
    let renamed: Vec<Renamed> = renamed.into_iter().map(|(renamed, _)| renamed).collect();
    no_disagreement(doc, contexts, &renamed)?;
    Ok(renamed)
}

/// What a name means that is sorted into these, where it is something else than it says.
pub(crate) fn find<'a>(renamed: &'a [Renamed], name: &str) -> Option<&'a str> {
    let at = renamed.binary_search_by(|one| (*one.name).cmp(name)).ok()?;
    renamed.get(at).map(|one| &*one.iri)
}

/// Whether two full IRIs are the same term: `http:` or `https:`, `/` or `#` before the name.
pub(crate) fn same_iri(one: &str, other: &str) -> bool {
    one == other || (!local(one).is_empty() && local(one) == local(other) && space(one) == space(other))
}

/// The name at the end of an IRI, full or with a prefix.
pub(crate) fn local(iri: &str) -> &str {
    let before = iri.bytes().rposition(|byte| matches!(byte, b'#' | b'/' | b':'));
    before.and_then(|at| iri.get(at + 1..)).unwrap_or(iri)
}

fn space(iri: &str) -> &str {
    let space = iri.strip_suffix(local(iri)).unwrap_or(iri);
    let space = space.trim_end_matches(['#', '/']);
    space
        .strip_prefix("https:")
        .or_else(|| space.strip_prefix("http:"))
        .unwrap_or(space)
}

/// Checks one definition; answers with what its term means where that is not what its name says.
fn check_term(doc: &Doc, declared: &Declared<'_>, key: u32) -> Result<Option<Box<str>>, ParseError> {
    let name = doc.string(key).unwrap_or_default();
    if name.starts_with('@') {
        return Ok(None);
    }
    let target = match target(doc, key + 1) {
        Target::None => return Ok(None),
        Target::Nothing => Cow::Borrowed(""),
        Target::Iri(text) => text,
    };
    let guarded = guarded(&name);
    let prefix = PREFIXES.iter().find(|known| **known == name);
    if guarded.is_none() && prefix.is_none() && local(&target) == name {
        return Ok(None);
    }
    let target = declared.in_full(target);
    let at = doc.entry(key).start as usize;
    if let Some(known) = prefix {
        let same = BARE
            .iter()
            .any(|(prefix, space)| prefix == known && *space == target);
        return if same {
            Ok(None)
        } else {
            Err(ParseError::Redefined { term: known, at })
        };
    }
    if let Some(term) = guarded {
        return if means(&target, term) {
            Ok(None)
        } else {
            Err(ParseError::Redefined { term, at })
        };
    }
    let second = matches!(&*target, "@id" | "@type")
        || bare(&target).is_some_and(|name| !name.is_empty())
        || (!local(&target).is_empty() && terms::is_in_known_space(&target));
    if second || terms::known(&name).is_some() || crate::kinds::is_known(&name) {
        Ok(Some(target.into()))
    } else {
        Ok(None)
    }
}

enum Target<'a> {
    /// The definition says nothing of the term's meaning.
    None,
    /// The term is to mean nothing.
    Nothing,
    Iri(Cow<'a, str>),
}

/// What a definition says that its term means.
fn target(doc: &Doc, value: u32) -> Target<'_> {
    let entry = doc.entry(value);
    match entry.token {
        Token::Plain | Token::Escaped => Target::Iri(doc.string(value).unwrap_or_default()),
        Token::Object => {
            let mut target = Target::None;
            for key in doc.keys(value) {
                if doc.key_is(key, "@id") {
                    target = doc.string(key + 1).map_or(Target::Nothing, Target::Iri);
                } else if doc.key_is(key, "@reverse") {
                    return Target::Nothing;
                }
            }
            target
        }
        _ => Target::Nothing,
    }
}

/// What one context declares, to be looked up by name.
struct Declared<'a> {
    doc: &'a Doc,
    context: u32,
    /// Only of those that are long: a short one is searched.
    index: Option<HashMap<Cow<'a, str>, u32>>,
}

impl<'a> Declared<'a> {
    fn of(doc: &'a Doc, context: u32) -> Self {
        let long = doc.keys(context).nth(40).is_some();
        let index = long.then(|| {
            doc.keys(context)
                .map(|key| (doc.string(key).unwrap_or_default(), key))
                .collect()
        });
        Self { doc, context, index }
    }

    /// An IRI with a prefix that the same context declares, written out.
    fn in_full(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let Some((prefix, rest)) = text.split_once(':') else {
            return text;
        };
        let key = match &self.index {
            Some(index) => index.get(prefix).copied(),
            None => self
                .doc
                .keys(self.context)
                .find(|key| self.doc.key_is(*key, prefix)),
        };
        match key.and_then(|key| self.doc.string(key + 1)) {
            Some(space) => format!("{space}{rest}").into(),
            None => text,
        }
    }
}

/// The guarded term that means this.
fn meant(target: &str) -> Option<&'static str> {
    match target {
        "@id" => Some("id"),
        "@type" => Some("type"),
        target => guarded(bare(target)?),
    }
}

/// Whether this is what a guarded term means.
fn means(target: &str, term: &str) -> bool {
    let other = match term {
        // By the context of ActivityStreams both are `as:items`, and this one is in order.
        "orderedItems" => "items",
        "authentication" => "authenticationMethod",
        _ => term,
    };
    meant(target) == Some(term) || bare(target) == Some(other)
}

/// Refuses a document in which one object has a property under two names, with two values.
fn no_disagreement(doc: &Doc, contexts: &[u32], renamed: &[Renamed]) -> Result<(), ParseError> {
    let mut index = 0;
    let mut found: HashMap<Cow<'_, str>, u32> = HashMap::new();
    while (index as usize) < doc.tape.len() {
        if index > 0 && contexts.binary_search(&(index - 1)).is_ok() {
            index += doc.entry(index).size.max(1);
            continue;
        }
        found.clear();
        let other_name = |key| find(renamed, &doc.string(key).unwrap_or_default()).is_some();
        if doc.entry(index).token != Token::Object || !(doc.odd || doc.keys(index).any(other_name)) {
            index += 1;
            continue;
        }
        for key in doc.keys(index) {
            let name = doc.string(key).unwrap_or_default();
            let meaning = match find(renamed, &name) {
                Some("") => continue,
                Some(iri) => usual(iri),
                None => match terms::known(&name) {
                    Some(term) => usual(term.iri),
                    None => usual(&name).into_owned().into(),
                },
            };
            if let Some(other) = found.insert(meaning.clone(), key + 1)
                && !spelling::same(&doc.text, &doc.tape, other, key + 1)
            {
                let property =
                    guarded(&meaning).or_else(|| terms::known(local(&meaning)).map(|term| term.name));
                return Err(ParseError::Conflict {
                    property: property.unwrap_or("a property"),
                    at: doc.entry(key).start as usize,
                });
            }
        }
        index += 1;
    }
    Ok(())
}

/// One spelling for all of one IRI: bare, or without what varies.
fn usual(iri: &str) -> Cow<'_, str> {
    match iri {
        "@id" => Cow::Borrowed("id"),
        "@type" => Cow::Borrowed("type"),
        iri => match bare(iri) {
            Some(name) => Cow::Borrowed(name),
            None => format!("{}#{}", space(iri), local(iri)).into(),
        },
    }
}
