//! What a document's own context may not say.
//!
//! Contexts are never fetched: documents are read in their compact form. A second name for a term
//! (`"author": "as:attributedTo"`) is read as what it means, and a term that means something else is not read.
//! A context that gives a term on which security rests another meaning would make us believe something that
//! other readers would not. Such a document is refused.

mod declared;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use self::declared::{Declared, Target, target};

use crate::{
    ParseError,
    names::{self, BARE, PREFIXES, bare, local, usual},
    scope::{Renamed, Scope, Scopes},
    spelling,
    tape::{Doc, Token},
    terms,
};

macro_rules! guarded {
    ($($term:literal)*) => {
        /// The terms on which security rests. Each may be defined anew only as what it is: the term of this
        /// name in one of the namespaces of [`BARE`].
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

/// Refuses the document where one of its inline contexts redefines a guarded term or the prefix by which one is
/// spelled, or where an object has one property under two names with two values. Answers with the names that mean
/// something else than they say, and where.
///
/// A context is known by its object and by its name in it.
pub(crate) fn check(doc: &Doc, contexts: &[(u32, u32)]) -> Result<Scopes, ParseError> {
    let declared = Declared::new(doc, contexts);
    let mut scopes = Scopes::default();
    for (n, (object, context)) in contexts.iter().enumerate() {
        let around = scopes.innermost(*object);
        let (mut names, mut prefixes) = (Vec::new(), Vec::new());
        for part in declared.parts(n) {
            for key in doc.keys(part) {
                match check_term(doc, &declared, (n, part), key)? {
                    Meaning::Other(iri) => names.push((key, renamed(doc, key, iri))),
                    Meaning::Prefix(iri) => prefixes.push((key, renamed(doc, key, iri))),
                    Meaning::Usual => {}
                }
            }
        }
        if around.is_none() && names.is_empty() && prefixes.is_empty() {
            continue;
        }
        // What is back to what it says, where another definition has another meaning for it.
        let (known, begins) = (other_names(&names), other_names(&prefixes));
        let seen: HashSet<u32> = names.iter().chain(&prefixes).map(|(key, _)| *key).collect();
        for part in declared.parts(n) {
            for key in doc.keys(part).filter(|key| !seen.contains(key)) {
                let name = doc.string(key).unwrap_or_default();
                let back = || (key, renamed(doc, key, declared.meaning((n, part), key)));
                if known.contains(&*name) || scopes.name(*object, &name).is_some() {
                    names.push(back());
                } else if begins.contains(&*name) || scopes.prefix(*object, &name).is_some() {
                    prefixes.push(back());
                }
            }
        }
        let (names, prefixes) = (in_order(names), in_order(prefixes));
        one_meaning(doc, *context, &names)?;
        one_meaning(doc, *context, &prefixes)?;
        scopes.push(Scope {
            from: *object,
            to: object + doc.entry(*object).size,
            context: *context,
            around,
            names,
            prefixes,
        });
    }
    if !scopes.is_empty() {
        no_disagreement(doc, contexts, &scopes)?;
    }
    Ok(scopes)
}

fn renamed(doc: &Doc, key: u32, iri: Box<str>) -> Renamed {
    let name = doc.string(key).unwrap_or_default().into();
    Renamed { name, iri }
}

fn other_names(found: &[(u32, Renamed)]) -> HashSet<Box<str>> {
    found.iter().map(|(_, one)| one.name.clone()).collect()
}

fn in_order(mut found: Vec<(u32, Renamed)>) -> Vec<Renamed> {
    found.sort_by_key(|(key, _)| *key);
    found.into_iter().map(|(_, one)| one).collect()
}

/// Refuses a context that gives one name two meanings, where security rests on one of them: the later holds, and
/// not every reader knows it.
fn one_meaning(doc: &Doc, context: u32, names: &[Renamed]) -> Result<(), ParseError> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for Renamed { name, iri } in names {
        if let Some(other) = seen.insert(name, iri)
            && !names::same_iri(other, iri)
            && let Some(term) = meant(other).or_else(|| meant(iri))
        {
            let at = doc.entry(context).start as usize;
            return Err(ParseError::Redefined { term, at });
        }
    }
    Ok(())
}

/// The objects of the document that are no contexts and in none.
fn objects<'a>(doc: &'a Doc, contexts: &'a [(u32, u32)]) -> impl Iterator<Item = u32> + 'a {
    let mut index = 0;
    let mut contexts = contexts.iter().map(|(_, key)| *key).peekable();
    std::iter::from_fn(move || {
        while (index as usize) < doc.tape.len() {
            let at = index;
            let entry = doc.entry(at);
            if contexts.next_if_eq(&at).is_some() {
                // The name and its value.
                index = at + 1 + doc.entry(at + 1).size.max(1);
                continue;
            }
            index += 1;
            if entry.token == Token::Object {
                return Some(at);
            }
        }
        None
    })
}

/// What a definition makes of its name.
enum Meaning {
    /// What everybody means by it, or nothing that we know.
    Usual,
    /// This IRI; empty where it is to mean nothing.
    Other(Box<str>),
    /// The beginning of IRIs of a vocabulary that we know, or of others where the prefix is a usual one.
    Prefix(Box<str>),
}

fn check_term(
    doc: &Doc,
    declared: &Declared<'_>,
    place: (usize, u32),
    key: u32,
) -> Result<Meaning, ParseError> {
    if says_its_name(doc, key) {
        return Ok(Meaning::Usual);
    }
    let name = doc.string(key).unwrap_or_default();
    if name.starts_with('@') {
        return Ok(Meaning::Usual);
    }
    let target = match target(doc, key + 1) {
        Target::None => return Ok(Meaning::Usual),
        Target::Nothing => Cow::Borrowed(""),
        Target::Iri(text) => text,
    };
    let guarded = guarded(&name);
    let prefix = PREFIXES.iter().find(|known| **known == name);
    if guarded.is_none() && prefix.is_none() && local(&target) == name {
        return Ok(Meaning::Usual);
    }
    let target = declared.in_full(place, &target);
    let at = doc.entry(key).start as usize;
    if let Some(known) = prefix {
        let same = BARE
            .iter()
            .any(|(prefix, space)| prefix == known && *space == target);
        return if same {
            Ok(Meaning::Usual)
        } else {
            Err(ParseError::Redefined { term: known, at })
        };
    }
    if let Some(term) = guarded {
        return if means(&target, term) {
            Ok(Meaning::Usual)
        } else {
            Err(ParseError::Redefined { term, at })
        };
    }
    if target.ends_with(['#', '/', ':', '?', '=']) || is_prefix(doc, key + 1) {
        let usual = names::prefix(&name).map(names::space);
        let known = usual.is_some() || terms::may_begin(&target);
        return Ok(if known && usual != Some(names::space(&target)) {
            Meaning::Prefix(target.into())
        } else {
            Meaning::Usual
        });
    }
    let second = matches!(&*target, "@id" | "@type")
        || bare(&target).is_some_and(|name| !name.is_empty())
        || terms::is_in_known_space(&target);
    Ok(
        if second || terms::known(&name).is_some() || crate::kinds::is_known(&name) {
            Meaning::Other(target.into())
        } else {
            Meaning::Usual
        },
    )
}

/// Whether a definition says that its name is a prefix, whatever its IRI ends in.
fn is_prefix(doc: &Doc, value: u32) -> bool {
    doc.keys(value)
        .any(|key| doc.key_is(key, "@prefix") && doc.entry(key + 1).token == Token::True)
}

/// Whether this is what nearly all definitions are: a name on which nothing rests, and the same with a prefix before it
/// (`"atomUri": "ostatus:atomUri"`).
fn says_its_name(doc: &Doc, key: u32) -> bool {
    let (name, target) = (doc.entry(key), doc.entry(key + 1));
    if name.token != Token::Plain || target.token != Token::Plain {
        return false;
    }
    let name = doc.text_of(name);
    let separates = |byte: &u8| matches!(byte, b'#' | b'/' | b':');
    let before = doc.raw(target.start, target.end).strip_suffix(name.as_bytes());
    before.and_then(<[u8]>::last).is_some_and(separates)
        && !name.as_bytes().iter().any(separates)
        && guarded(name).is_none()
        && !PREFIXES.contains(&name)
}

/// The guarded term that means this, or the prefix of such terms.
fn meant(target: &str) -> Option<&'static str> {
    match target {
        "@id" => Some("id"),
        "@type" => Some("type"),
        target => match bare(target)? {
            "" => BARE
                .iter()
                .find(|(_, space)| *space == target)
                .map(|(prefix, _)| *prefix),
            name => guarded(name),
        },
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
fn no_disagreement(doc: &Doc, contexts: &[(u32, u32)], scopes: &Scopes) -> Result<(), ParseError> {
    let mut found: HashMap<String, u32> = HashMap::new();
    for object in objects(doc, contexts) {
        if scopes.innermost(object).is_none() && !doc.odd {
            continue;
        }
        found.clear();
        for key in doc.keys(object) {
            let name = doc.string(key).unwrap_or_default();
            let meaning = match scopes.meaning(key, &name) {
                Some(iri) if iri.is_empty() => continue,
                Some(iri) => usual(&iri).into_owned(),
                None => usual(&name).into_owned(),
            };
            if let Some(other) = found.insert(meaning.clone(), key + 1)
                && !spelling::same(&doc.text, &doc.tape, (other, key + 1), meaning == "type")
            {
                let property = guarded(&meaning).or_else(|| terms::known(&meaning).map(|term| term.name));
                return Err(ParseError::Conflict {
                    property: property.unwrap_or("a property"),
                    at: doc.entry(key).start as usize,
                });
            }
        }
    }
    Ok(())
}
