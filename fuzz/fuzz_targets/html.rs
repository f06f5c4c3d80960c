//! Content from strangers: no panic; what is safe is of the list alone and stays as it is; a name is short and plain.
#![no_main]

use federate_activitystreams::html;
use libfuzzer_sys::fuzz_target;

const TAGS: [&str; 54] = [
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

const ATTRIBUTES: [&str; 9] = [
    "href",
    "rel",
    "class",
    "lang",
    "dir",
    "translate",
    "start",
    "reversed",
    "value",
];

fuzz_target!(|text: &str| {
    let safe = html::sanitize(text);
    check(&safe);
    assert_eq!(html::sanitize(&safe), safe, "what is safe stays as it is");

    let made = html::text_to_html(text, |_| None);
    let bare = |html: &str| {
        html.replace(" rel=\"nofollow noopener noreferrer\"", "")
            .replace(" target=\"_blank\"", "")
    };
    assert_eq!(bare(&html::sanitize(&made)), bare(&made), "what we make is safe");

    let plain = html::to_plain_text(text);
    check(&html::escape(&plain));
    for link in html::links(text) {
        assert!(!link.href.as_str().to_ascii_lowercase().starts_with("javascript:"));
        let _ = (link.host(), link.is_misleading());
    }

    let name = html::display_name(text);
    assert!(name.chars().count() <= html::MAX_NAME_CHARS && !name.contains(char::is_control));
    assert!(!name.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}']));
    assert_eq!(html::display_name(&name), name, "a name stays as it is");
});

/// Every `<` begins a tag of the list, with attributes of the list.
fn check(safe: &str) {
    for tag in safe.split('<').skip(1) {
        let (inside, _) = tag.split_once('>').expect("a tag ends");
        let closes = inside.starts_with('/');
        let mut parts = inside.trim_start_matches('/').split(' ');
        let name = parts.next().unwrap_or_default();
        assert!(TAGS.contains(&name), "{safe}");
        assert!(!closes || parts.next().is_none(), "{safe}");
        // Values hold no quote, so every second piece is outside of them.
        for outside in inside.split('"').step_by(2) {
            for attribute in outside
                .split(' ')
                .skip(1)
                .filter_map(|text| text.strip_suffix('='))
            {
                assert!(ATTRIBUTES.contains(&attribute), "{safe}");
            }
        }
        assert!(
            !inside.contains("href=\"javascript") && !inside.contains("href=\"data"),
            "{safe}"
        );
    }
}
