//! What could not be read, and why.

use crate::{
    Warning, names,
    tape::{Doc, Node, Token},
    terms::{self, Term},
};

/// How many warnings are made of one document at most.
const MOST: usize = 100;

/// Bytes of a name in a path, beyond which only its beginning stands there.
const MOST_OF_A_NAME: usize = 200;

/// What could not be read in this object and all within it. Contexts are no properties.
pub(crate) fn of(node: Node<'_>) -> Vec<Warning> {
    let mut finder = Finder::default();
    // Depth is bounded by the reader's limits; a list of what is still to be seen needs no recursion.
    let mut waiting = vec![(None, node)];
    while let Some((place, node)) = waiting.pop() {
        if finder.found.len() >= MOST {
            break;
        }
        if node.is_array() {
            for (n, one) in node.each().enumerate().filter(|(_, one)| !is_plain(*one)) {
                waiting.push((Some(finder.place(place, Segment::Item(n))), one));
            }
            continue;
        }
        for key in node.keys() {
            let value = Node::new(node.doc, key + 1);
            if value.is_null() {
                continue;
            }
            let here = At {
                doc: node.doc,
                around: place,
                segment: Segment::Name(key),
            };
            finder.check(&here, value);
            if !is_plain(value) && !node.doc.key_is(key, "@context") {
                waiting.push((Some(finder.place(place, here.segment)), value));
            }
        }
    }
    let mut found = finder.found;
    found.truncate(MOST);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn is_plain(node: Node<'_>) -> bool {
    !node.is_object() && !node.is_array()
}

/// One step of a path.
#[derive(Debug, Clone, Copy)]
enum Segment {
    /// The entry of a name.
    Name(u32),
    Item(usize),
}

/// Where a value stands: paths are written out only where there is something to say, for they are long.
struct At<'a> {
    doc: &'a Doc,
    around: Option<usize>,
    segment: Segment,
}

#[derive(Default)]
struct Finder {
    places: Vec<(Option<usize>, Segment)>,
    found: Vec<Warning>,
}

impl Finder {
    fn place(&mut self, around: Option<usize>, segment: Segment) -> usize {
        self.places.push((around, segment));
        self.places.len() - 1
    }

    fn warn(&mut self, at: &At<'_>, below: Option<&str>, expected: &'static str, came: String) {
        if self.found.len() >= MOST {
            return;
        }
        let mut segments = vec![segment(at.doc, at.segment)];
        let mut around = at.around;
        while let Some((outer, one)) = around.and_then(|place| self.places.get(place)) {
            segments.push(segment(at.doc, *one));
            around = *outer;
        }
        let mut path = String::new();
        for one in segments.iter().rev().map(String::as_str).chain(below) {
            path.push('/');
            path.push_str(one);
        }
        self.found.push(Warning { path, expected, came });
    }

    fn check(&mut self, at: &At<'_>, value: Node<'_>) {
        let Segment::Name(key) = at.segment else { return };
        let name = at.doc.string(key).unwrap_or_default();
        if name == "@context" {
            self.check_context(at, value);
            return;
        }
        let meant = match at.doc.scopes.meaning(key, &name) {
            Some(iri) => names::usual(&iri).into_owned(),
            None => names::usual(&name).into_owned(),
        };
        if let Some(term) = terms::known(&meant) {
            self.check_values(term, at, value);
            self.check_pages(term, at, value);
        } else if by_language(&meant) {
            self.check_languages(at, value);
        }
    }

    fn check_values(&mut self, term: &Term, at: &At<'_>, value: Node<'_>) {
        let several = value.is_array();
        for (n, one) in value.each().enumerate() {
            if self.found.len() >= MOST {
                return;
            }
            let public = one.as_str().is_some_and(|text| crate::is_public(&text));
            if !public && !(term.fits)(one) {
                let item = several.then(|| n.to_string());
                self.warn(at, item.as_deref(), term.expected, came(one));
            }
        }
    }

    fn check_languages(&mut self, at: &At<'_>, value: Node<'_>) {
        if !value.is_object() {
            self.warn(at, None, "text by language", came(value));
            return;
        }
        for (language, text) in value.entries() {
            if self.found.len() >= MOST {
                return;
            }
            if language != "@none" && !is_language_tag(&language) {
                self.warn(at, None, "language tag", short(&language));
            } else if !text.is_null() && text.each().any(|one| one.as_str().is_none()) {
                self.warn(at, Some(&language), "text", came(text));
            }
        }
    }

    /// A context is an address, an object, or several of these; one of them is that of ActivityStreams, where any
    /// address stands at all.
    fn check_context(&mut self, at: &At<'_>, value: Node<'_>) {
        let mut named = None;
        for one in value.each() {
            match one.as_str() {
                Some(iri) if is_context_of_activitystreams(&iri) => return,
                Some(_) => named = named.or(Some(one)),
                None if !one.is_object() => return self.warn(at, None, "context", came(one)),
                None => {}
            }
        }
        // Below the root a context adds to what is around it: only the whole has to be of ActivityStreams.
        if let Some(named) = named.filter(|_| at.around.is_none()) {
            self.warn(at, None, "context of ActivityStreams", came(named));
        }
    }

    /// What leads from page to page leads to pages.
    fn check_pages(&mut self, term: &Term, at: &At<'_>, value: Node<'_>) {
        if !matches!(term.name, "first" | "last" | "next" | "prev" | "current") {
            return;
        }
        for one in value.each().filter(|one| one.is_object()) {
            let mut types = crate::types::all(one).peekable();
            let is_page = |name: &str| name.ends_with("Page") || matches!(name, "Link" | "Mention");
            if types.peek().is_some() && !types.any(is_page) {
                self.warn(at, None, "collection page", came(one));
            }
        }
    }
}

/// One step of a JSON pointer; of a name that is meant to hurt, its beginning.
fn segment(doc: &Doc, segment: Segment) -> String {
    match segment {
        Segment::Item(n) => n.to_string(),
        Segment::Name(key) => {
            let name = doc.string(key).unwrap_or_default();
            let name = if name.len() > MOST_OF_A_NAME {
                short(&name).into()
            } else {
                name
            };
            name.replace('~', "~0").replace('/', "~1")
        }
    }
}

fn is_context_of_activitystreams(iri: &str) -> bool {
    let iri = iri.trim_end_matches('#');
    iri.ends_with("://www.w3.org/ns/activitystreams")
}

/// Whether this is a text by language: `contentMap`.
fn by_language(name: &str) -> bool {
    name.strip_suffix("Map")
        .and_then(terms::known)
        .is_some_and(|term| term.by_language)
}

/// Whether this has the form of a language tag: [RFC 5646](https://www.rfc-editor.org/rfc/rfc5646#section-2.1).
pub(crate) fn is_language_tag(tag: &str) -> bool {
    let all = |part: &str, of: fn(&u8) -> bool| part.as_bytes().iter().all(of);
    let mut parts = tag.split('-').peekable();
    let first = parts.next().unwrap_or_default();
    if !all(first, u8::is_ascii_alphabetic) {
        return false;
    }
    match first.len() {
        2 | 3 => {
            let extended = |part: &&str| part.len() == 3 && all(part, u8::is_ascii_alphabetic);
            for _ in 0..3 {
                let _ = parts.next_if(extended);
            }
        }
        4..=8 => {}
        // `x-…` is private and `i-…` of old: anything may follow.
        1 if matches!(first, "x" | "X" | "i" | "I") => {
            return parts.peek().is_some() && parts.all(|part| (1..=8).contains(&part.len()));
        }
        _ => return false,
    }
    let _ = parts.next_if(|part| part.len() == 4 && all(part, u8::is_ascii_alphabetic));
    let _ = parts.next_if(|part| {
        part.len() == 2 && all(part, u8::is_ascii_alphabetic)
            || part.len() == 3 && all(part, u8::is_ascii_digit)
    });
    let variant = |part: &&str| {
        part.len() >= 5 || part.len() == 4 && part.as_bytes().first().is_some_and(u8::is_ascii_digit)
    };
    while parts.next_if(variant).is_some() {}
    // Extensions: a single letter or digit, and what belongs to it.
    parts.peek().is_none_or(|part| part.len() == 1)
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && all(part, u8::is_ascii_alphanumeric))
}

fn came(node: Node<'_>) -> String {
    match node.token() {
        Token::Object => "object".into(),
        Token::Array => "array".into(),
        Token::Null => "null".into(),
        Token::True => "true".into(),
        Token::False => "false".into(),
        Token::Number => format!("number {}", short(node.as_number().unwrap_or_default())),
        Token::Plain | Token::Escaped => format!("text {:?}", short(&node.as_str().unwrap_or_default())),
    }
}

/// Enough to recognise it, too little to fill a log.
fn short(text: &str) -> String {
    let mut letters = text.chars();
    let begin: String = letters.by_ref().take(60).collect();
    if letters.next().is_some() {
        format!("{begin}…")
    } else {
        begin
    }
}
