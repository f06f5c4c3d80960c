//! What could not be read, and why.

use crate::{
    Warning,
    tape::{Node, Token},
    terms::{self, Term},
};

/// How many warnings are made of one document at most.
const MOST: usize = 100;

/// What could not be read in this object and all within it. Contexts are no properties.
pub(crate) fn of(node: Node<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    // Depth is bounded by the reader's limits; a list of what is still to be seen needs no recursion.
    let mut waiting = vec![(String::new(), node)];
    while let Some((path, node)) = waiting.pop() {
        if node.is_array() {
            for (n, one) in node.each().enumerate() {
                waiting.push((format!("{path}/{n}"), one));
            }
            continue;
        }
        for (name, value) in node.entries() {
            if value.is_null() {
                continue;
            }
            let below = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            if name == "@context" {
                check_context(&below, value, &mut found);
                continue;
            }
            let meant = match node.doc.renamed(&name) {
                Some(iri) => crate::names::usual(iri).into_owned().into(),
                None => name.clone(),
            };
            if let Some(term) = term(&meant) {
                check(term, &below, value, &mut found);
                check_pages(term, &below, value, &mut found);
            } else if by_language(&meant) {
                check_languages(&below, value, &mut found);
            }
            if found.len() >= MOST {
                return found;
            }
            if value.is_object() || value.is_array() {
                waiting.push((below, value));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn term(name: &str) -> Option<&'static Term> {
    terms::known(&crate::names::usual(name))
}

fn check(term: &'static Term, path: &str, value: Node<'_>, found: &mut Vec<Warning>) {
    let several = value.is_array();
    for (n, one) in value.each().enumerate() {
        let public = one.as_str().is_some_and(|text| crate::is_public(&text));
        if !public && !(term.fits)(one) {
            let path = if several {
                format!("{path}/{n}")
            } else {
                path.to_owned()
            };
            let expected = term.expected;
            found.push(Warning {
                path,
                expected,
                came: came(one),
            });
        }
    }
}

/// Whether this is a text by language: `contentMap`.
fn by_language(name: &str) -> bool {
    name.strip_suffix("Map")
        .and_then(term)
        .is_some_and(|term| term.by_language)
}

fn check_languages(path: &str, value: Node<'_>, found: &mut Vec<Warning>) {
    if !value.is_object() {
        let path = path.to_owned();
        found.push(Warning {
            path,
            expected: "text by language",
            came: came(value),
        });
        return;
    }
    for (language, text) in value.entries() {
        let tag = is_language_tag(&language);
        if !tag && language != "@none" {
            found.push(Warning {
                path: path.to_owned(),
                expected: "language tag",
                came: short(&language),
            });
        } else if text.as_str().is_none() && !text.is_null() {
            found.push(Warning {
                path: format!("{path}/{language}"),
                expected: "text",
                came: came(text),
            });
        }
    }
}

/// Whether this has the form of a language tag: [RFC 5646](https://www.rfc-editor.org/rfc/rfc5646#section-2.1).
fn is_language_tag(tag: &str) -> bool {
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

/// A context is an address, an object, or several of these; one of them is that of ActivityStreams, where any
/// address stands at all.
fn check_context(path: &str, value: Node<'_>, found: &mut Vec<Warning>) {
    let mut warn = |came: Node<'_>, expected| {
        found.push(Warning {
            path: path.to_owned(),
            expected,
            came: self::came(came),
        });
    };
    let mut named = None;
    for one in value.each() {
        match one.as_str() {
            Some(iri)
                if iri
                    .trim_end_matches('#')
                    .ends_with("://www.w3.org/ns/activitystreams") =>
            {
                return;
            }
            Some(_) => named = named.or(Some(one)),
            None if !one.is_object() => return warn(one, "context"),
            None => {}
        }
    }
    // Below the root a context adds to what is around it: only the whole has to be of ActivityStreams.
    if let Some(named) = named.filter(|_| path == "/@context") {
        warn(named, "context of ActivityStreams");
    }
}

/// What leads from page to page leads to pages.
fn check_pages(term: &Term, path: &str, value: Node<'_>, found: &mut Vec<Warning>) {
    if !matches!(term.name, "first" | "last" | "next" | "prev" | "current") {
        return;
    }
    for one in value.each().filter(|one| one.is_object()) {
        let mut types = crate::types::all(one).peekable();
        let is_page = |name: &str| name.ends_with("Page") || matches!(name, "Link" | "Mention");
        if types.peek().is_some() && !types.any(is_page) {
            found.push(Warning {
                path: path.to_owned(),
                expected: "collection page",
                came: came(one),
            });
        }
    }
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
