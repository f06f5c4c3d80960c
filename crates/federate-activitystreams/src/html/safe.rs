//! Remote HTML to safe HTML.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::Builder;

use super::{
    tags::{Piece, pieces},
    text_to_html, to_plain_text,
};

/// Tags within one another, beyond which HTML is shown as its text.
const MOST_DEPTH: usize = 256;

/// How often what comes out may still change when it is parsed again, before HTML is shown as its text.
const MOST_PASSES: usize = 4;

/// Bytes of one tag, beyond which HTML is shown as its text.
const MOST_TAG_BYTES: usize = 4_096;

const TAGS: [&str; 22] = [
    "p",
    "br",
    "a",
    "span",
    "del",
    "pre",
    "code",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "ul",
    "ol",
    "li",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
];

/// Microformats and what Mastodon's clients know: how mentions, hashtags and shortened links look.
const CLASSES: [&str; 8] = [
    "mention",
    "hashtag",
    "invisible",
    "ellipsis",
    "h-card",
    "u-url",
    "p-author",
    "quote-inline",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let classes: HashSet<&str> = CLASSES.into();
    let mut cleaner = Builder::empty();
    cleaner
        .tags(TAGS.into())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .allowed_classes(HashMap::from([
            ("a", classes.clone()),
            ("span", classes.clone()),
            ("p", classes),
        ]))
        .url_schemes(["http", "https"].into())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"))
        .strip_comments(true);
    cleaner
});

/// Makes HTML from another server safe to show.
///
/// What stays: `p br a span del pre code em strong b i u ul ol li blockquote h1`–`h6`; on links `href` with
/// `http` or `https`, to which `rel="nofollow noopener noreferrer"` is added; the classes `mention hashtag
/// invisible ellipsis h-card u-url p-author quote-inline`. Other tags go and their text stays; scripts and
/// styles go whole.
///
/// What comes out is parsed as it stands: made safe once more, it is the same bytes. What would not come to rest
/// is shown as its text.
///
/// It takes linear time: what is nested deeper than 256 tags, or has a tag of more than 4,096 bytes, is
/// shown as its text.
#[must_use]
pub fn sanitize(html: &str) -> String {
    if is_hostile(html) {
        return text_to_html(&to_plain_text(html), |_| None);
    }
    let mut safe = CLEANER.clean(html).to_string();
    // Where a tag goes and its text stays, what stood within it can come to stand where HTML does not allow it, and
    // the next parser builds another tree than the one that was looked at.
    for _ in 0..MOST_PASSES {
        let again = CLEANER.clean(&safe).to_string();
        if again == safe {
            return safe;
        }
        safe = again;
    }
    text_to_html(&to_plain_text(&safe), |_| None)
}

/// Whether parsing could take more than linear time: a parser looks at all open tags for each one that
/// opens, and at all attributes of a tag for each of them.
fn is_hostile(html: &str) -> bool {
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut depth = 0_usize;
    for piece in pieces(html) {
        let Piece::Tag { name, closes, bytes } = piece else {
            continue;
        };
        if bytes > MOST_TAG_BYTES {
            return true;
        }
        let name = name.to_ascii_lowercase();
        if matches!(
            name.as_str(),
            "br" | "img" | "hr" | "wbr" | "input" | "meta" | "link"
        ) {
            continue;
        }
        let count = open.entry(name).or_default();
        if !closes {
            *count += 1;
            depth += 1;
        } else if *count > 0 {
            // A closing tag closes only what is open under its name: others do not lower the count.
            *count -= 1;
            depth -= 1;
        }
        if depth > MOST_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_nothing_that_runs_gets_through() {
        for html in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
            "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
            "<style>*{color:red}</style>",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href='JaVa\tScript:alert(1)'>x</a>",
            "<a href='data:text/html,x'>x</a>",
            "<a href='//evil.example/'>x</a>",
            "<a href='/relative'>x</a>",
            "<p style='position:fixed' onclick='alert(1)' id='x'>x</p>",
            "<iframe src='https://evil.example'></iframe><form action=x><input name=y></form>",
        ] {
            let safe = sanitize(html).to_ascii_lowercase();
            for bad in [
                "script", "onerror", "onload", "onclick", "data:", "style", "href", "img", "iframe", "id=",
            ] {
                assert!(!safe.contains(bad), "{html} gave {safe}");
            }
        }
    }

    #[test]
    fn what_the_fediverse_uses_stays() {
        let mention = "<p><span class=\"h-card\"><a href=\"https://a.example/@b\" class=\"u-url mention evil\" rel=\"me\" target=\"_blank\">@<span>b</span></a></span><br>x</p>";
        let safe = sanitize(mention);
        assert!(safe.contains("class=\"u-url mention\""), "{safe}");
        assert!(safe.contains("rel=\"nofollow noopener noreferrer\""), "{safe}");
        assert!(!safe.contains("evil") && !safe.contains("target"), "{safe}");
        let lists =
            "<ul><li><em>a</em></li></ul><blockquote><pre><code>b</code></pre></blockquote><h2>c</h2>";
        assert_eq!(sanitize(lists), lists);
    }

    #[test]
    fn c1_what_is_safe_stays_as_it_is() {
        for html in [
            "<h1>a<x><h1>b</h1></x></h1>",
            "<b><<h1>a v|:</?1=1n></A><bb><<h1>&`\">></p>=ul>-uan>><b><<h1>&`\">;",
            "<p>a<x><p>b</p></x></p>",
            "<a href=https://a.example>a<x><a href=https://b.example>b</a></x></a>",
            "<li>a<x><li>b<ul><x><li>c</li></x></ul>",
        ] {
            let safe = sanitize(html);
            assert_eq!(sanitize(&safe), safe, "{html}");
        }
    }

    #[test]
    fn r18_hostile_html_takes_linear_time_and_becomes_text() {
        let deep = format!("{}<p>text</p>", "<div></x>".repeat(100_000));
        assert_eq!(sanitize(&deep), "<p>text</p>");
        let wide = format!("<a {}>text</a>", "x ".repeat(400_000));
        assert_eq!(sanitize(&wide), "<p>text</p>");
        let open = "<".repeat(100_000);
        assert!(sanitize(&open).starts_with("&lt;"));
        assert_eq!(sanitize(&"<!--".repeat(100_000)), "");
    }
}
