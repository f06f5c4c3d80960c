//! What could not be read, and why.

use crate::{
    Warning,
    tape::{Node, Token},
    terms::{KNOWN, Term},
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
            if name == "@context" || value.is_null() {
                continue;
            }
            let below = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(term) = term(&name) {
                check(term, &below, value, &mut found);
            } else if by_language(&name) {
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
    let short = match name {
        "@id" => "id",
        "@type" => "type",
        name => crate::types::short(name),
    };
    KNOWN.iter().find(|term| term.name == short)
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
        // BCP 47 as far as its shape goes: parts of one to eight letters and digits, the first of letters
        // (`x`, `i` and two to eight), or JSON-LD's `@none`.
        let mut parts = language.split('-');
        let first = parts.next().unwrap_or_default();
        let shape =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric());
        let tag = first.bytes().all(|c| c.is_ascii_alphabetic()) && shape(first) && parts.all(shape);
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
