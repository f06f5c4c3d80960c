//! What the contexts of a document declare.

use std::{borrow::Cow, cell::OnceCell, collections::HashMap};

use crate::{
    names::{self, PREFIXES},
    tape::{Doc, Token},
    terms,
};

/// What the contexts of a document declare, to be looked up by name from a place in one of them: which context it is,
/// and which of its objects.
pub(super) struct Declared<'a> {
    doc: &'a Doc,
    contexts: &'a [(u32, u32)],
    /// Made where a name is not found at the place itself.
    sites: OnceCell<HashMap<Cow<'a, str>, Vec<Site>>>,
}

/// Where a name is defined, and where that holds.
struct Site {
    from: u32,
    to: u32,
    key: u32,
    /// Which definition of the name is around it.
    around: Option<usize>,
}

impl<'a> Declared<'a> {
    /// Objects of more entries than this are not searched one by one.
    const FEW: u32 = 160;
    /// Names that stand on names, one on the other: more are not followed.
    const MOST: usize = 8;

    pub(super) fn new(doc: &'a Doc, contexts: &'a [(u32, u32)]) -> Self {
        Self {
            doc,
            contexts,
            sites: OnceCell::new(),
        }
    }

    /// The objects that a context consists of, and those within them.
    pub(super) fn parts(&self, n: usize) -> impl Iterator<Item = u32> + use<'a> {
        let doc = self.doc;
        let value = self.contexts.get(n).map_or(0, |(_, key)| key + 1);
        (value..value + doc.entry(value).size).filter(move |index| doc.entry(*index).token == Token::Object)
    }

    /// What a definition makes of its name, in full.
    pub(super) fn meaning(&self, place: (usize, u32), key: u32) -> Box<str> {
        match target(self.doc, key + 1) {
            Target::None | Target::Nothing => Box::default(),
            Target::Iri(text) => self.in_full(place, &text).into(),
        }
    }

    /// An IRI written out, whose prefix, or which as a whole, is a name that is declared there or that everybody
    /// knows.
    pub(super) fn in_full<'t>(&self, place: (usize, u32), text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for _ in 0..Self::MOST {
            let (name, rest) = match text.split_once(':') {
                Some((_, rest)) if rest.starts_with("//") => return text,
                // No document can give these another meaning.
                Some((before, rest)) if PREFIXES.contains(&before) => {
                    return format!("{}{rest}", names::prefix(before).unwrap_or_default()).into();
                }
                Some((before, rest)) => (before, rest),
                None if text.starts_with('@') || text.is_empty() => return text,
                None => (&*text, ""),
            };
            let prefix = name.len() < text.len();
            let declared = self.find(place, name).map(|key| target(self.doc, key + 1));
            let usual = match prefix {
                true => names::prefix(name),
                false => terms::known(name).map(|term| term.iri),
            };
            text = match (declared, usual) {
                (Some(Target::Iri(space)), _) if space != name => format!("{space}{rest}").into(),
                (None, Some(space)) if !space.starts_with('@') => format!("{space}{rest}").into(),
                (None, Some(_)) => format!("@{name}").into(),
                _ => return text,
            };
        }
        text
    }

    /// The definition of a name that holds at a place: in the object itself, in its context, or in one around it.
    fn find(&self, (n, part): (usize, u32), name: &str) -> Option<u32> {
        let doc = self.doc;
        if doc.entry(part).size <= Self::FEW
            && let Some(key) = doc.keys(part).find(|key| doc.key_is(*key, name))
        {
            return Some(key);
        }
        let (object, _) = self.contexts.get(n)?;
        let sites = self.sites.get_or_init(|| self.all()).get(name)?;
        let mut at = sites.partition_point(|site| site.from <= *object).checked_sub(1);
        while let Some(site) = at.and_then(|at| sites.get(at)) {
            if *object < site.to {
                return Some(site.key);
            }
            at = site.around;
        }
        None
    }

    fn all(&self) -> HashMap<Cow<'a, str>, Vec<Site>> {
        let doc = self.doc;
        let mut all: HashMap<Cow<'a, str>, Vec<Site>> = HashMap::new();
        for (n, (object, _)) in self.contexts.iter().enumerate() {
            for key in self.parts(n).flat_map(|part| doc.keys(part)) {
                let sites = all.entry(doc.string(key).unwrap_or_default()).or_default();
                let mut around = sites.len().checked_sub(1);
                while around
                    .and_then(|at| sites.get(at))
                    .is_some_and(|site| site.to <= *object)
                {
                    around = around.and_then(|at| sites.get(at)?.around);
                }
                sites.push(Site {
                    from: *object,
                    to: object + doc.entry(*object).size,
                    key,
                    around,
                });
            }
        }
        all
    }
}

pub(super) enum Target<'a> {
    /// The definition says nothing of the term's meaning.
    None,
    /// The term is to mean nothing.
    Nothing,
    Iri(Cow<'a, str>),
}

/// What a definition says that its term means.
pub(super) fn target(doc: &Doc, value: u32) -> Target<'_> {
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
