//! Content and names from strangers: rows C1, C2, C3, C6, C7, C8 and R18.

use std::time::{Duration, Instant};

use federate_activitystreams::{
    Iri, Note, Object,
    html::{self, Word},
};
use proptest::prelude::*;

#[cfg(feature = "html")]
const RUNS: [&str; 40] = [
    "<script>alert(1)</script>",
    "<script src=//x.example></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x srcset='javascript:alert(1)' alt='<img src=x onerror=alert(1)>'>",
    "<img/src=\"x\"/onerror=alert(1)//>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><desc><p><style><!--</style><img src=x onerror=alert(1)>--></style>",
    "<svg><animate href=#x attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a>",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<math><annotation encoding='application/x-tex'>&lt;img src=x onerror=alert(1)></annotation></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<style>*{color:red}</style><style><style/><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<title><a title='</title><img src=x onerror=alert(1)>'>",
    "<textarea><a title=\"</textarea><img src=x onerror=alert(1)>\">",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<plaintext><script>alert(1)</script>",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--x--!><img src=x onerror=alert(1)><!---->",
    "<?xml version=1?><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVa\tScript:alert(1)'>x</a>",
    "<a href='\u{1}javascript:alert(1)'>x</a>",
    "<a href='java&#10;script&colon;alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a><a href='view-source:x'>x</a><a href='blob:https://x'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='//evil.example/'>x</a><a href='/relative'>x</a><a href='#x'>x</a>",
    "<a href=x HREF='https://a.example' onclick=alert(1)>x</a>",
    "<p style='position:fixed' onclick='alert(1)' id='x' data-x=1 class='fixed modal'>x</p>",
    "<iframe src='https://evil.example'></iframe><form action=x><input name=y><button formaction=javascript:x>",
    "<object data='javascript:x'><embed src=x><link rel=stylesheet href=x><meta http-equiv=refresh><base href=//x>",
    "<table><td background='javascript:x'><tr onmouseover=x>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)><details open ontoggle=alert(1)>",
];

/// What a tag may be of what comes out, and nothing beside it.
#[cfg(feature = "html")]
fn assert_safe(safe: &str, what: &str) {
    const ATTRIBUTES: [&str; 10] = [
        "href",
        "rel",
        "class",
        "lang",
        "dir",
        "translate",
        "start",
        "reversed",
        "value",
        "title",
    ];
    let lower = safe.to_ascii_lowercase();
    for tag in lower.split('<').skip(1) {
        let (inside, _) = tag.split_once('>').unwrap();
        let name = inside.trim_start_matches('/').split(' ').next().unwrap();
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let bad = [
            "script", "style", "img", "svg", "math", "iframe", "form", "input", "object", "template", "link",
        ];
        assert!(plain && !bad.contains(&name), "{what} gave {safe}");
        // Values hold no quote, so every second piece is outside of them.
        for names in inside.split('"').step_by(2) {
            for attribute in names.split(' ').skip(1).filter(|text| text.ends_with('=')) {
                assert!(
                    ATTRIBUTES.contains(&attribute.trim_end_matches('=')),
                    "{what} gave {safe}"
                );
            }
        }
        assert!(
            !inside.contains("href=\"javascript:") && !inside.contains("href=\"data:"),
            "{what} gave {safe}"
        );
    }
}

#[cfg(feature = "html")]
#[test]
fn c1_nothing_that_runs_gets_through() {
    for came in RUNS {
        let safe = html::sanitize(came);
        assert_safe(&safe, came);
        assert_eq!(html::sanitize(&safe), safe, "{came}");
        // Nor does it where two of them are put together, or one is cut.
        for other in RUNS.iter().step_by(7) {
            let both = format!("<b>{came}{other}");
            assert_safe(&html::sanitize(&both), &both);
        }
        let cut: String = came.chars().take(came.chars().count() / 2).collect();
        assert_safe(&html::sanitize(&cut), &cut);
    }
}

#[cfg(feature = "html")]
#[test]
fn c1_what_is_safe_stays_as_it_is() {
    for came in [
        "<h1>a<x><h1>b</h1></x></h1>",
        "<b><<h1>a v|:</?1=1n></A><bb><<h1>&`\">></p>=ul>-uan>><b><<h1>&`\">;",
        "<p>a<x><p>b</p></x></p>",
        "<a href=https://a.example>a<x><a href=https://b.example>b</a></x></a>",
        "<li>a<x><li>b<ul><x><li>c</li></x></ul>",
        "<pre>&#10;&#10;&#10;&#10;&#10;&#10;a</pre>",
        "<table><a href=https://a.example>x<table><td><a href=https://b.example>y",
        "<ruby>a<p>b<rt>c<rp>d</ruby>e",
        "<a href='https://a.example/?x=\"&amp;y=<z>'>x</a>",
        "&l<x>t;b&am<x>p;lt;",
    ] {
        let safe = html::sanitize(came);
        assert_eq!(html::sanitize(&safe), safe, "{came}");
    }
}

#[cfg(feature = "html")]
#[test]
fn what_the_fediverse_sends_stays() {
    let link = "rel=\"nofollow noopener noreferrer\"";
    for kept in [
        // Mastodon
        format!("<p><span class=\"h-card\" translate=\"no\"><a href=\"https://a.example/@b\" class=\"u-url mention\" {link}>@<span>b</span></a></span></p>"),
        format!("<p><a href=\"https://a.example/tags/x\" class=\"mention hashtag\" {link}>#<span>x</span></a></p>"),
        format!("<p><a href=\"https://a.example/x\" {link}><span class=\"invisible\">https://</span><span class=\"ellipsis\">a.example</span><span class=\"invisible\">/x</span></a></p>"),
        format!("<p class=\"quote-inline\">RE: <a href=\"https://a.example/1\" {link}>https://a.example/1</a></p>"),
        "<ol start=\"3\" reversed=\"\"><li value=\"2\">a</li></ol>".to_owned(),
        "<ruby lang=\"ja\">漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>".to_owned(),
        "<p lang=\"fr\" dir=\"ltr\"><del>a</del><s>b</s><u>c</u></p>".to_owned(),
        // Lemmy, Discourse, NodeBB, WordPress, GoToSocial
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table><hr>".to_owned(),
        "<details><summary>a</summary><p>b</p></details><figure><figcaption>c</figcaption></figure>".to_owned(),
        "<pre><code class=\"language-rust\">fn</code></pre><blockquote><h2>c</h2></blockquote>".to_owned(),
        "<ul><li><em>a</em><strong>b</strong></li></ul><dl><dt>c</dt><dd>d</dd></dl>H<sub>2</sub>O<sup>2</sup>".to_owned(),
        format!("<a href=\"gemini://a.example/\" {link}>a</a><a href=\"xmpp:a@b.example\" {link}>b</a><a href=\"magnet:?xt=urn:x\" {link}>c</a><a href=\"mailto:a@b.example\" {link}>d</a>"),
    ] {
        assert_eq!(html::sanitize(&kept), kept);
    }
    for (came, safe) in [
        ("<a rel=me target=_blank href='https://a.example' class='evil u-url big'>x</a>".to_owned(), format!("<a href=\"https://a.example\" class=\"u-url\" {link}>x</a>")),
        ("<a href='relative'>x</a>".to_owned(), "x".to_owned()),
        ("a<img src='https://a.example/x' alt='a &lt;cat&gt;'>b<strike>c</strike><font>d</font>".to_owned(), "aa &lt;cat&gt;b<s>c</s>d".to_owned()),
        ("<section>a</section><article>b</article>".to_owned(), "<div>a</div><div>b</div>".to_owned()),
        ("<math display=block><semantics><mi>x</mi><annotation encoding='application/x-tex'>x&lt;y</annotation></semantics></math>".to_owned(), "$$x&lt;y$$".to_owned()),
        ("<span translate=yes lang='a b' dir=up class=' h-card  x '>a</span><ol start=x><li value=9999999999>b</ol>".to_owned(), "<span class=\"h-card\">a</span><ol><li>b</li></ol>".to_owned()),
        ("a\0b\r\nc\rd".to_owned(), "ab\nc\nd".to_owned()),
    ] {
        assert_eq!(html::sanitize(&came), safe, "{came}");
    }
}

#[test]
fn c2_what_is_text_stays_text() {
    let tag = "<img src=x onerror=alert(1)>\"'";
    let json = serde_json::json!({
        "type": "Person", "id": "https://a.example/u", "name": tag, "preferredUsername": "u",
        "attachment": [{"type": "PropertyValue", "name": tag, "value": tag}, {"type": "Document", "name": tag}],
        "tag": [{"type": "Emoji", "name": format!(":{tag}:"), "icon": {"url": "https://a.example/e"}}]
    });
    let person = Object::parse(json.to_string().as_bytes()).unwrap();
    let shown = [
        person.name().unwrap(),
        person.fields()[0].name.clone(),
        person.attachment().into_iter().nth(1).unwrap().name().unwrap(),
    ];
    for text in shown {
        let safe = html::escape(&html::display_name(&text));
        assert_eq!(safe, "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;");
        assert_eq!(html::to_plain_text(&safe), text, "and it says the same");
    }
    assert!(person.emoji().is_empty(), "no shortcode has tags in it");
}

#[test]
fn c3_a_name_of_a_megabyte_of_marks_is_short() {
    for name in [
        "\u{336}",
        "\u{202e}",
        "\u{200d}",
        "\u{e0041}",
        "a\u{489}",
        "👩\u{200d}",
        "\u{fe0f}",
        " ",
    ] {
        let shown = html::display_name(&name.repeat(1_000_000 / name.len()));
        assert!(shown.chars().count() <= html::MAX_NAME_CHARS, "{name:?}");
    }
}

#[test]
fn c6_the_host_behind_a_label_is_known() {
    let note = Note::builder(Iri::parse("https://a.example/1").unwrap())
        .html("<p><a href='https://evil.example/x'><span>https://bank</span>.example</a> <a href='https://a.example'>hi</a></p>")
        .build();
    let links = html::links(&note.content().unwrap());
    let said: Vec<_> = links
        .iter()
        .map(|link| (link.text.as_str(), link.host().unwrap(), link.is_misleading()))
        .collect();
    assert_eq!(
        said,
        [
            ("https://bank.example", "evil.example".to_owned(), true),
            ("hi", "a.example".to_owned(), false)
        ]
    );
}

#[test]
fn c7_an_emoji_is_of_the_host_that_sent_it() {
    let note = |id: &str, picture: &str| {
        let json = serde_json::json!({"id": id, "type": "Note", "tag": [
            {"type": "Emoji", "id": "https://good.example/emoji/1", "name": ":cat:",
             "icon": {"type": "Image", "url": picture}, "updated": "2026-01-01T00:00:00Z"},
            {"type": "Emoji", "name": "cat", "icon": {"url": "https://x.example/again"}},
            {"type": "Emoji", "name": "dog", "icon": picture},
            {"type": "Emoji", "name": "no_picture"}, {"type": "Emoji", "icon": picture},
            {"type": "Emoji", "name": ":a b:", "icon": picture}, {"type": "Emoji", "name": "::", "icon": picture},
            {"type": "Mention", "name": ":no:", "icon": picture}
        ]});
        Object::parse(json.to_string().as_bytes()).unwrap().emoji()
    };
    let good = note("https://good.example/1", "https://good.example/cat.png");
    let evil = note("https://EVIL.example:8443/1", "https://good.example/cat.svg");
    let keys: Vec<_> = good.iter().chain(&evil).map(|emoji| emoji.key()).collect();
    assert_eq!(
        keys,
        [
            ("cat", Some("good.example")),
            ("dog", Some("good.example")),
            ("cat", Some("evil.example:8443")),
            ("dog", Some("evil.example:8443")),
        ]
    );
    assert!(good[0].updated.is_some());
    assert_eq!(good[0].id, evil[0].id, "a claim like any other");
    let reaction = br#"{"type": "EmojiReact", "actor": "https://b.example/u", "tag": {"type": "Emoji", "name": "x", "icon": "https://c.example/x"}}"#;
    assert_eq!(
        Object::parse(reaction).unwrap().emoji()[0].key(),
        ("x", Some("b.example"))
    );
}

#[cfg(feature = "html")]
#[test]
fn c8_media_types_are_not_believed() {
    for media_type in ["text/plain", "text/markdown", "text/html", "image/png", "x"] {
        let json = serde_json::json!({"type": "Note", "mediaType": media_type, "content": "<script>x</script><b>y</b>"});
        let note = Object::parse(json.to_string().as_bytes()).unwrap();
        assert_eq!(note.safe_html(), "<b>y</b>");
        assert_eq!(note.plain_text(), "y");
    }
}

/// Asserts that the time grows with the length: four times the input takes four times as long, where the square would take
/// sixteen. What is quick is not looked at closer: memory that comes from the system all at once takes its time too.
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn linear(what: &str, bytes: usize, make: impl Fn(usize) -> String, run: impl Fn(&str)) {
    const QUICK: Duration = Duration::from_millis(600);
    let (small, large) = (make(bytes), make(4 * bytes));
    let time = |input: &str| {
        let begin = Instant::now();
        run(input);
        begin.elapsed()
    };
    if time(&large) < QUICK {
        return;
    }
    // Other work beside this one makes both longer, but hardly five times in a row only one of them.
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (short, long) = (time(&small), time(&large));
        if long < QUICK || long < short * 9 {
            return;
        }
        seen.push((short, long));
    }
    assert!(seen.is_empty(), "{what} takes more than linear time: {seen:?}");
}

const SHAPES: [&str; 56] = [
    "<b><i><u>",
    "<b a=1><i b=2>",
    "<a href=\"",
    "<a href=\"https://x.example/\">",
    "<a href='https://x.example/'>x</a>",
    "&",
    "&#",
    "&#0000000",
    "&amp;",
    "&amp",
    "&notit;",
    "a",
    "·",
    "é&·",
    "<p></p>",
    "<p>",
    "<b><p></b></p>",
    "<x><div></x></div>",
    "<div>",
    "</div>",
    "<a><b></a>",
    "<nobr>",
    "<font><p>",
    "<button><p></button>",
    "<li><ul>",
    "<dd><dt>",
    "<table><tr><b>x",
    "<table><td>",
    "<tr><td>x",
    "<h1>",
    "<ruby><rt>",
    "<select><option>",
    "<template>",
    "<svg><style><div>",
    "<math>",
    "<math><annotation encoding=\"text/plain\">x",
    "</math><math>",
    "<img alt=\"x\">",
    "<!--",
    "<!---",
    "<!--->",
    "--!>",
    "<![CDATA[",
    "<?",
    "</",
    "<",
    "<script>",
    "<script></",
    "<plaintext>",
    "<svg>\0",
    "\r",
    "\r\n",
    "\0<\0",
    "\"'=",
    "<p x=\"",
    "\u{301}",
];

const TEXTS: [&str; 24] = [
    "https://-",
    "https://a.example/(",
    "-http://",
    "https://",
    "(https://a.example)",
    "https://a.example/ ",
    "h",
    "@",
    "@a.",
    "@a@",
    "-@-",
    "@a@b.example ",
    "#",
    "#1",
    "#·",
    "#a·",
    "-#a",
    "\n",
    "\r\na",
    "a\u{301}",
    "&<>\"'\u{a0}",
    "\u{202e}",
    "https://a.example/)]}",
    "＃",
];

fn repeat(shape: &str, bytes: usize) -> String {
    shape.repeat(bytes / shape.len())
}

#[test]
fn r18_hostile_html_and_text_take_linear_time() {
    const BYTES: usize = 8_000;
    for shape in SHAPES.iter().chain(&TEXTS) {
        let make = |bytes| repeat(shape, bytes);
        linear(&format!("text of {shape}"), BYTES, make, |html| {
            let _ = html::to_plain_text(html);
        });
        linear(&format!("links of {shape}"), BYTES, make, |html| {
            let _ = html::links(html);
        });
        linear(&format!("html of {shape}"), BYTES, make, |text| {
            let _ = html::text_to_html(text, |_| None);
            let _ = html::text_to_html(text, |_| Iri::parse("https://a.example/").ok());
        });
        linear(&format!("line of {shape}"), BYTES, make, |text| {
            let _ = html::one_line(text, usize::MAX);
        });
    }
    let attributes = |bytes: usize| {
        let attributes: String = (0..bytes / 8).map(|n| format!(" a{n}=x")).collect();
        format!("<img{attributes}>")
    };
    linear("text of attributes", BYTES, attributes, |html| {
        let _ = html::to_plain_text(html);
    });
}

/// The shapes with which parsers and writers of HTML took more.
#[cfg(feature = "html")]
#[test]
fn r18_hostile_html_is_made_safe_in_linear_time() {
    let opened: String = (0..40).map(|n| format!("<p><b class={n}>")).collect();
    for (begin, shape) in [
        ("", "&"),
        ("<b>", "·"),
        ("", "<x><div></x></div>"),
        ("<table>", "<b>x</b>"),
        ("<svg><style>", "<div><b>"),
        (&opened, "</p><p>x"),
        ("", "<p a=1><a href=https://a.example><b></a>"),
    ] {
        let make = |bytes| format!("{begin}{}", repeat(shape, bytes));
        linear(&format!("{begin:.20}{shape}"), 20_000, make, |html| {
            let _ = html::sanitize(html);
        });
    }
}

#[cfg(feature = "html")]
#[test]
fn r18_hostile_html_keeps_its_text_and_stays_small() {
    let deep = format!("{}<p>text</p>", "<div><x>".repeat(100_000));
    let safe = html::sanitize(&deep);
    assert!(
        safe.len() < 1_000 && html::to_plain_text(&safe) == "text",
        "{safe}"
    );
    let wide = format!("<a href='https://a.example' {}>text</a>", "x ".repeat(400_000));
    assert_eq!(html::links(&html::sanitize(&wide)).len(), 1);
    assert!(html::sanitize(&"<".repeat(100_000)).starts_with("&lt;"));
    assert_eq!(html::sanitize(&"<!--".repeat(100_000)), "");
    // Formatting that stays open is not opened anew in each paragraph.
    let open: String = (0..250).map(|n| format!("<b lang=a{n}>")).collect();
    let came = format!("<p>{open}{}", "</p><p>x".repeat(10_000));
    assert!(html::sanitize(&came).len() < came.len() + 10_000);
}

/// Pieces of what people write.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z ]{0,12}",
        2 => "\\PC{0,6}",
        1 => "[\\n\\r\\t <>&\"'();.,#@·/:]{1,4}",
        1 => Just("https://a.example/x_(y)?z=1&w=2".to_owned()),
        1 => Just(" @bob@b.example ".to_owned()),
        1 => Just(" #größe ".to_owned()),
        1 => Just("&amp; <b>x</b> &#39;".to_owned()),
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn resolve(word: Word<'_>) -> Option<Iri> {
    match word {
        Word::Mention(name) => Iri::parse(&format!("https://a.example/@{name}?a=1&b='")).ok(),
        Word::Hashtag(_) => Iri::parse("https://a.example/tag").ok(),
    }
}

fn words(text: &str) -> Vec<String> {
    let text = text.replace('\0', "");
    text.split(|c: char| c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

proptest! {
    #[test]
    fn text_says_the_same_as_html_and_back(text in text()) {
        // A mention is shown by its name, a full-width sign as the usual one.
        let shown = text.replace('＃', "#");
        let html = html::text_to_html(&shown, |word| matches!(word, Word::Hashtag(_)).then(|| resolve(word)).flatten());
        prop_assert_eq!(words(&html::to_plain_text(&html)), words(&shown));
    }

    #[cfg(feature = "html")]
    #[test]
    fn c1_our_own_html_is_safe_as_it_stands(text in text()) {
        let html = html::text_to_html(&text, resolve);
        let rel = " rel=\"nofollow noopener noreferrer\"";
        let bare = |html: &str| html.replace(rel, "").replace(" rel=\"tag\"", "").replace(" target=\"_blank\"", "");
        prop_assert_eq!(bare(&html::sanitize(&html)), bare(&html));
    }

    #[cfg(feature = "html")]
    #[test]
    fn c1_any_html_comes_to_rest(pieces in proptest::collection::vec(prop_oneof![
        proptest::sample::select(&SHAPES[..]).prop_map(str::to_owned),
        proptest::sample::select(&RUNS[..]).prop_map(str::to_owned),
        "</?(p|b|a|li|ul|table|td|tr|caption|h1|h2|pre|ruby|rt|dd|dl|div|span|details|x)( href=https://a.example| class=mention)?>",
        "\\PC{0,5}",
    ], 0..24)) {
        let came = pieces.concat();
        let safe = html::sanitize(&came);
        assert_safe(&safe, &came);
        prop_assert_eq!(html::sanitize(&safe), safe);
    }
}
