//! What a document's own context may not say.
//!
//! Contexts are never fetched: documents are read in their compact form. A second name for a term
//! (`"author": "as:attributedTo"`) is read as what it means, and a term that means something else is not read.
//! A context that gives a term on which security rests another meaning would make us believe something that
//! other readers would not. Such a document is refused.

use std::{borrow::Cow, cell::OnceCell, collections::HashMap};

use crate::{
    ParseError,
    names::{self, BARE, PREFIXES, bare, local, usual},
    spelling,
    tape::{Doc, Renamed, Token},
    terms,
};

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

/// Refuses the document where one of its inline contexts (the values of the names at `contexts`) redefines a
/// guarded term or the prefix by which one is spelled, or where an object has one property under two names
/// with two values. Answers with the names that mean something else than they say, sorted.
pub(crate) fn check(doc: &Doc, contexts: &[u32], odd_types: bool) -> Result<Vec<Renamed>, ParseError> {
    let declared = Declared::new(doc, contexts);
    let (mut renamed, mut prefixes) = (Vec::new(), Vec::new());
    for context in declared.objects() {
        for key in doc.keys(context) {
            let name = || doc.string(key).unwrap_or_default().into();
            match check_term(doc, &declared, context, key)? {
                Meaning::Usual => {}
                Meaning::Other(iri) => renamed.push(Renamed { name: name(), iri }),
                Meaning::Prefix(iri) => prefixes.push(Renamed { name: name(), iri }),
            }
        }
    }
    if renamed.is_empty() && prefixes.is_empty() {
        return Ok(Vec::new());
    }
    for names in [&mut renamed, &mut prefixes] {
        names.sort_by(|a, b| a.name.cmp(&b.name));
        names.dedup_by(|a, b| a.name == b.name);
        one_meaning(doc, &declared, names)?;
    }
    if !prefixes.is_empty() && (doc.odd || odd_types) {
        renamed.extend(prefixed(doc, contexts, &prefixes));
        renamed.sort_by(|a, b| a.name.cmp(&b.name));
        renamed.dedup_by(|a, b| a.name == b.name);
    }
    if !renamed.is_empty() {
        no_disagreement(doc, contexts, &renamed)?;
    }
    Ok(renamed)
}

/// What a name means that is sorted into these, where it is something else than it says.
pub(crate) fn find<'a>(renamed: &'a [Renamed], name: &str) -> Option<&'a str> {
    let at = renamed.binary_search_by(|one| (*one.name).cmp(name)).ok()?;
    renamed.get(at).map(|one| &*one.iri)
}

/// Refuses a document of which one context gives these names another meaning than the others do, where security
/// rests on one of the two.
fn one_meaning<'a>(doc: &'a Doc, declared: &Declared<'a>, names: &[Renamed]) -> Result<(), ParseError> {
    for context in declared.objects() {
        for key in doc.keys(context) {
            let name = doc.string(key).unwrap_or_default();
            let Some(one) = find(names, &name) else { continue };
            let other = match target(doc, key + 1) {
                Target::None => continue,
                Target::Nothing => Cow::Borrowed(""),
                Target::Iri(text) => declared.in_full(context, text),
            };
            if one != other
                && !names::same_iri(one, &other)
                && let Some(term) = meant(one).or_else(|| meant(&other))
            {
                let at = doc.entry(key).start as usize;
                return Err(ParseError::Redefined { term, at });
            }
        }
    }
    Ok(())
}

/// The names and types of the document that are spelled with one of its own prefixes.
fn prefixed(doc: &Doc, contexts: &[u32], prefixes: &[Renamed]) -> Vec<Renamed> {
    let mut found = Vec::new();
    let mut look = |spelled: Cow<'_, str>| {
        if let Some((before, rest)) = spelled.split_once(':')
            && !rest.starts_with("//")
            && let Some(space) = find(prefixes, before)
        {
            found.push(Renamed {
                iri: format!("{space}{rest}").into(),
                name: spelled.into(),
            });
        }
    };
    for object in objects(doc, contexts) {
        for key in doc.keys(object) {
            look(doc.string(key).unwrap_or_default());
            if doc.key_is(key, "type") || doc.key_is(key, "@type") {
                let value = key + 1;
                let names = value..value + doc.entry(value).size;
                names.filter_map(|at| doc.string(at)).for_each(&mut look);
            }
        }
    }
    found
}

/// The objects of the document that are no contexts and in none.
fn objects<'a>(doc: &'a Doc, contexts: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let mut index = 0;
    std::iter::from_fn(move || {
        while (index as usize) < doc.tape.len() {
            let at = index;
            let entry = doc.entry(at);
            let is_context = at > 0 && contexts.binary_search(&(at - 1)).is_ok();
            index += if is_context { entry.size.max(1) } else { 1 };
            if !is_context && entry.token == Token::Object {
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

fn check_term<'a>(
    doc: &'a Doc,
    declared: &Declared<'a>,
    context: u32,
    key: u32,
) -> Result<Meaning, ParseError> {
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
    let target = declared.in_full(context, target);
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
    if target.ends_with(['#', '/', ':']) {
        let usual = names::prefix(&name).map(names::space);
        let known = usual.is_some() || terms::is_in_known_space(&target);
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

/// What all contexts of a document declare, to be looked up by name.
struct Declared<'a> {
    doc: &'a Doc,
    contexts: &'a [u32],
    /// Made where a name is not found in the context that uses it, or that context is long.
    all: OnceCell<HashMap<Cow<'a, str>, u32>>,
}

impl<'a> Declared<'a> {
    /// Contexts of more terms than this are not searched one by one.
    const FEW: usize = 40;
    /// Prefixes that stand on prefixes, one on the other: more are not followed.
    const MOST: usize = 8;

    fn new(doc: &'a Doc, contexts: &'a [u32]) -> Self {
        Self {
            doc,
            contexts,
            all: OnceCell::new(),
        }
    }

    /// The objects that are contexts, and those within them.
    fn objects(&self) -> impl Iterator<Item = u32> + use<'a> {
        let doc = self.doc;
        let values = self.contexts.iter().map(|context| context + 1);
        values
            .flat_map(move |value| value..value + doc.entry(value).size)
            .filter(move |index| doc.entry(*index).token == Token::Object)
    }

    /// An IRI with a prefix that the document declares or that everybody knows, written out.
    fn in_full(&self, context: u32, text: Cow<'a, str>) -> Cow<'a, str> {
        let mut text = text;
        for _ in 0..Self::MOST {
            let Some((before, rest)) = text.split_once(':').filter(|(_, rest)| !rest.starts_with("//"))
            else {
                return text;
            };
            let declared = self.find(context, before).map(|key| target(self.doc, key + 1));
            text = match (declared, names::prefix(before)) {
                (Some(Target::Iri(space)), _) if space != before => format!("{space}{rest}").into(),
                (None, Some(space)) => format!("{space}{rest}").into(),
                _ => return text,
            };
        }
        text
    }

    fn find(&self, context: u32, name: &str) -> Option<u32> {
        let doc = self.doc;
        let long = doc.keys(context).nth(Self::FEW).is_some();
        let near = || doc.keys(context).find(|key| doc.key_is(*key, name));
        if !long && let Some(key) = near() {
            return Some(key);
        }
        let all = self.all.get_or_init(|| {
            let keys = self.objects().flat_map(|object| doc.keys(object));
            keys.map(|key| (doc.string(key).unwrap_or_default(), key))
                .collect()
        });
        all.get(name).copied()
    }
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
fn no_disagreement(doc: &Doc, contexts: &[u32], renamed: &[Renamed]) -> Result<(), ParseError> {
    let mut found: HashMap<Cow<'_, str>, u32> = HashMap::new();
    for object in objects(doc, contexts) {
        found.clear();
        let other_name = |key| find(renamed, &doc.string(key).unwrap_or_default()).is_some();
        if !(doc.odd || doc.keys(object).any(other_name)) {
            continue;
        }
        for key in doc.keys(object) {
            let name = doc.string(key).unwrap_or_default();
            let meaning = match find(renamed, &name) {
                Some("") => continue,
                Some(iri) => usual(iri),
                None => usual(&name).into_owned().into(),
            };
            if let Some(other) = found.insert(meaning.clone(), key + 1)
                && !spelling::same(&doc.text, &doc.tape, other, key + 1)
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
