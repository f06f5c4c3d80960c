//! What a document's own context may not say.
//!
//! Contexts are never fetched and never applied: documents are read in their compact form. So a context that
//! gives a term on which security rests another meaning would make us believe something that a reader who
//! does apply it would not. Such a document is refused.

use std::{borrow::Cow, collections::HashMap};

use crate::{
    ParseError, spelling,
    tape::{Doc, Token},
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

/// The terms on which security rests. Each may be defined anew only as what it is: the term of this name in
/// one of the namespaces above.
const GUARDED: [&str; 43] = [
    "id",
    "type",
    "actor",
    "object",
    "target",
    "origin",
    "result",
    "instrument",
    "attributedTo",
    "to",
    "cc",
    "bto",
    "bcc",
    "audience",
    "inReplyTo",
    "inbox",
    "outbox",
    "followers",
    "following",
    "liked",
    "endpoints",
    "sharedInbox",
    "publicKey",
    "publicKeyPem",
    "owner",
    "controller",
    "assertionMethod",
    "authentication",
    "verificationMethod",
    "publicKeyMultibase",
    "proof",
    "proofValue",
    "proofPurpose",
    "signature",
    "signatureValue",
    "movedTo",
    "alsoKnownAs",
    "preferredUsername",
    "items",
    "orderedItems",
    "partOf",
    "first",
    "next",
];

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
/// guarded term or the prefix by which one is spelled, or gives a guarded term a second name and the document
/// uses both with two values.
pub(crate) fn check(doc: &Doc, contexts: &[u32]) -> Result<(), ParseError> {
    let mut aliases = HashMap::new();
    for context in contexts {
        for index in context + 1..doc.entry(context + 1).next {
            let declared = Declared::of(doc, index);
            for key in doc.keys(index) {
                if let Some((alias, term)) = check_term(doc, &declared, key)? {
                    aliases.insert(alias, term);
                }
            }
        }
    }
    if aliases.is_empty() {
        Ok(())
    } else {
        no_disagreement(doc, contexts, &aliases)
    }
}

/// Checks one definition; answers with the name and the guarded term where it is a second name for one.
fn check_term(
    doc: &Doc,
    declared: &Declared<'_>,
    key: u32,
) -> Result<Option<(String, &'static str)>, ParseError> {
    let name = doc.string(key).unwrap_or_default();
    if name.starts_with('@') {
        return Ok(None);
    }
    let at = doc.entry(key).start as usize;
    let target = match target(doc, key + 1) {
        Target::None => return Ok(None),
        Target::Nothing => String::new(),
        Target::Iri(text) => declared.in_full(text),
    };
    if let Some(known) = PREFIXES.iter().find(|known| **known == name) {
        let same = BARE
            .iter()
            .any(|(prefix, space)| prefix == known && *space == target);
        return if same {
            Ok(None)
        } else {
            Err(ParseError::Redefined { term: known, at })
        };
    }
    if let Some(term) = GUARDED.iter().find(|term| **term == name) {
        let same = means(&target, term);
        return if same {
            Ok(None)
        } else {
            Err(ParseError::Redefined { term, at })
        };
    }
    Ok(meant(&target).map(|term| (name.into_owned(), term)))
}

enum Target {
    /// The definition says nothing of the term's meaning.
    None,
    /// The term is to mean nothing.
    Nothing,
    Iri(String),
}

/// What a definition says that its term means.
fn target(doc: &Doc, value: u32) -> Target {
    let entry = doc.entry(value);
    match entry.token {
        Token::Plain | Token::Escaped => Target::Iri(doc.string(value).unwrap_or_default().into_owned()),
        Token::Object => {
            let mut target = Target::None;
            for key in doc.keys(value) {
                match doc.string(key).as_deref() {
                    Some("@id") => {
                        target = doc
                            .string(key + 1)
                            .map_or(Target::Nothing, |id| Target::Iri(id.into_owned()));
                    }
                    Some("@reverse") => return Target::Nothing,
                    _ => {}
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
    fn in_full(&self, text: String) -> String {
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
            Some(space) => format!("{space}{rest}"),
            None => text,
        }
    }
}

/// The guarded term that means this.
fn meant(target: &str) -> Option<&'static str> {
    match target {
        "@id" => Some("id"),
        "@type" => Some("type"),
        target => {
            let bare = bare(target)?;
            GUARDED.iter().copied().find(|term| *term == bare)
        }
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

/// Refuses a document in which one object has a guarded term under both its names, with two values.
fn no_disagreement(
    doc: &Doc,
    contexts: &[u32],
    aliases: &HashMap<String, &'static str>,
) -> Result<(), ParseError> {
    let text = doc.text();
    let mut index = 0;
    while (index as usize) < doc.tape.len() {
        if index > 0 && contexts.binary_search(&(index - 1)).is_ok() {
            index = doc.entry(index).next.max(index + 1);
            continue;
        }
        let mut found: HashMap<&str, u32> = HashMap::new();
        for key in doc.keys(index) {
            let name = doc.string(key).unwrap_or_default();
            let term = aliases
                .get(&*name)
                .or_else(|| GUARDED.iter().find(|term| **term == name));
            let Some(term) = term else { continue };
            if let Some(other) = found.insert(term, key + 1)
                && !spelling::same(text, &doc.tape, other, key + 1)
            {
                return Err(ParseError::Conflict {
                    property: term,
                    at: doc.entry(key).start as usize,
                });
            }
        }
        index += 1;
    }
    Ok(())
}
