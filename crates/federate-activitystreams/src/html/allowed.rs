//! What may stand in content: the one list, for both passes of the sanitiser.

use std::borrow::Cow;

use super::{entities::decode_value, href};

/// The tags that stay.
pub(super) const TAGS: [&str; 54] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "wbr",
];

/// The attributes that stay on any tag.
pub(super) const GENERIC: [&str; 2] = ["lang", "dir"];

/// The attributes that stay on one tag beside the [`GENERIC`] ones.
pub(super) const ATTRIBUTES: [(&str, &[&str]); 6] = [
    ("a", &["href", "class", "translate"]),
    ("code", &["class"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed"]),
    ("p", &["class"]),
    ("span", &["class", "translate"]),
];

/// Classes on one tag, beyond which the others go.
const MOST_CLASSES: usize = 16;

/// Bytes of one class, beyond which it goes.
const MOST_CLASS_BYTES: usize = 64;

/// Bytes of a language tag, beyond which it goes.
const MOST_LANGUAGE_BYTES: usize = 35;

/// The tag that stands for one that a server sent; `None` where it goes and its text stays.
pub(super) fn tag(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = match name.as_str() {
        "strike" => "s",
        "tt" => "code",
        "acronym" => "abbr",
        "tfoot" => "tbody",
        // What parts text must go on to part it.
        "section" | "article" | "aside" | "header" | "footer" | "main" | "nav" | "address" | "center" => {
            "div"
        }
        name => name,
    };
    let at = TAGS.binary_search(&name).ok()?;
    TAGS.get(at).copied()
}

/// The attributes of a tag that stay where their value does.
pub(super) fn attributes(tag: &str) -> impl Iterator<Item = &'static str> {
    let own = ATTRIBUTES.iter().find(|(name, _)| *name == tag);
    own.map(|(_, names)| *names)
        .unwrap_or_default()
        .iter()
        .chain(&GENERIC)
        .copied()
}

/// The value of an attribute that may stand on this tag; `None` where it goes.
pub(super) fn value<'a>(tag: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match attribute {
        "href" => href::address(value),
        "class" => classes(tag, value).map(Cow::Owned),
        "translate" => value.eq_ignore_ascii_case("no").then_some(Cow::Borrowed("no")),
        "reversed" => Some(Cow::Borrowed("")),
        "start" | "value" => {
            let number: i32 = value.trim_ascii().parse().ok()?;
            Some(Cow::Owned(number.to_string()))
        }
        "dir" => ["ltr", "rtl", "auto"]
            .into_iter()
            .find(|one| value.eq_ignore_ascii_case(one))
            .map(Cow::Borrowed),
        "lang" => {
            let letters = value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            (letters && !value.is_empty() && value.len() <= MOST_LANGUAGE_BYTES)
                .then_some(Cow::Borrowed(value))
        }
        _ => None,
    }
}

/// The same for a value with its entities.
pub(super) fn raw_value<'a>(tag: &str, attribute: &str, raw: &'a str) -> Option<Cow<'a, str>> {
    match decode_value(raw) {
        Cow::Borrowed(text) => value(tag, attribute, text),
        Cow::Owned(text) => value(tag, attribute, &text).map(|value| Cow::Owned(value.into_owned())),
    }
}

/// The classes that mean something to those who show content.
fn classes(tag: &str, value: &str) -> Option<String> {
    let known = |class: &&str| {
        let name = class
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let meaning = match tag {
            "code" => class.starts_with("language-"),
            _ => {
                let microformat = class.split_once('-').map(|(prefix, _)| prefix);
                matches!(microformat, Some("h" | "p" | "u" | "dt" | "e"))
                    || matches!(
                        *class,
                        "mention" | "hashtag" | "invisible" | "ellipsis" | "quote-inline"
                    )
            }
        };
        name && meaning && class.len() <= MOST_CLASS_BYTES
    };
    let kept: Vec<&str> = value
        .split_ascii_whitespace()
        .filter(known)
        .take(MOST_CLASSES)
        .collect();
    (!kept.is_empty()).then(|| kept.join(" "))
}
