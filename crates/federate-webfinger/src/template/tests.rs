use proptest::prelude::*;

use super::*;

fn fill(template: &str, value: &str) -> Result<String, BadTemplate> {
    Template::parse(template)?
        .fill(&[("uri", value)])
        .map(String::from)
}

#[test]
fn what_servers_publish_is_filled() {
    let object = "https://a.example/@alice/1?x=y&z#w";
    let encoded = "https%3A%2F%2Fa.example%2F%40alice%2F1%3Fx%3Dy%26z%23w";
    for template in [
        "https://example.org/authorize_interaction?uri={uri}",
        "https://example.org/authorize_follow?acct={uri}",
        "https://example.org/index.php/apps/social/ostatus/follow/?uri={uri}",
        "https://example.org/?profile={uri}",
        "https://example.org?profile={uri}",
        "https://example.org:8443/interact/{uri}",
        "https://example.org/#/interact/{uri}",
        "HTTPS://Example.ORG/interact?uri={uri}&uri2={uri}",
    ] {
        let filled = fill(template, object).unwrap();
        let read = Url::parse(&filled).unwrap();
        assert_eq!(filled, read.as_str());
        assert_eq!(
            filled.matches(encoded).count(),
            template.matches("{uri}").count(),
            "{filled}"
        );
    }
}

#[test]
fn templates_that_lead_elsewhere_are_refused() {
    use BadTemplate::*;
    for (template, why) in [
        ("", NotHttps),
        ("/interact?uri={uri}", NotHttps),
        ("//example.org/?uri={uri}", NotHttps),
        ("http://example.org/?uri={uri}", NotHttps),
        ("javascript:alert('{uri}')", NotHttps),
        ("data:text/html,{uri}", NotHttps),
        ("{uri}", NotHttps),
        ("https:{uri}", NotHttps),
        ("https:/example.org/{uri}", NotHttps),
        ("https://{uri}", NotUrl),
        ("https://{uri}/x", NotUrl),
        ("https:///example.org{uri}", Host),
        ("https:///example.org/{uri}", Host),
        ("https://example.org{uri}", Host),
        ("https://example.org:{uri}/", Host),
        ("https://example.org:4{uri}/", Host),
        ("https://{uri}@example.org/", NotUrl),
        ("https://user@example.org/?uri={uri}", Credentials),
        ("https://user:pw@example.org/?uri={uri}", Credentials),
        ("https://:pw@example.org/?uri={uri}", Credentials),
        ("https://127.0.0.1/?uri={uri}", Host),
        ("https://0x7f.1/?uri={uri}", Host),
        ("https://[::1]/?uri={uri}", Host),
        ("https://localhost/?uri={uri}", Host),
        ("https://router/?uri={uri}", Host),
        ("https://example.org/", NoPlaceholder),
        ("https://example.org", NoPlaceholder),
        ("https://example.org/?uri=%7Buri%7D", NoPlaceholder),
        ("https://example.org/?uri={}", Placeholder),
        ("https://example.org/?uri={+uri}", Placeholder),
        ("https://example.org/{?uri}", Placeholder),
        ("https://example.org/{/uri}", Placeholder),
        ("https://example.org/?uri={uri*}", Placeholder),
        ("https://example.org/?uri={a,b}", Placeholder),
        ("https://example.org/?uri={{uri}}", Placeholder),
        ("https://example.org/?uri={uri", Placeholder),
        ("https://example.org/?uri=uri}", Placeholder),
        ("https://example.org/\\{uri}", NotUrl),
        ("https://exa mple.org/{uri}", NotUrl),
        ("https://example.org/\r\nX: {uri}", NotUrl),
        ("https:///{uri}", NotUrl),
        ("https://example.org:99999/{uri}", NotUrl),
    ] {
        assert_eq!(Template::parse(template), Err(why), "{template:?}");
    }
    let long = format!("https://example.org/{}{{uri}}", "a".repeat(2048));
    assert_eq!(Template::parse(&long), Err(TooLong));
}

#[test]
fn a_value_stays_one_value() {
    let template = "https://example.org/interact/{uri}/x?uri={uri}#{uri}";
    for value in [
        "a/b",
        "a\\b",
        "a?b=c&d",
        "#x",
        "%2e%2e",
        "%",
        "\r\nLocation: https://evil.example",
        "javascript:alert(1)",
        "\"><script>",
        "{uri}",
        "ü\u{202e}",
        "@evil.example",
    ] {
        let filled = Url::parse(&fill(template, value).unwrap()).unwrap();
        assert_eq!(filled.path_segments().unwrap().count(), 3, "{value:?}");
        assert_eq!(filled.query_pairs().count(), 1, "{value:?}");
        assert_eq!(filled.query_pairs().next().unwrap().1, value);
        assert_eq!(filled.host_str(), Some("example.org"));
    }
    for value in [".", ".."] {
        assert_eq!(fill(template, value), Err(BadTemplate::Path), "{value}");
        assert!(fill("https://example.org/?uri={uri}", value).is_ok());
    }
    let twice = Template::parse("https://example.org/{a}{b}").unwrap();
    assert_eq!(twice.fill(&[("a", "."), ("b", ".")]), Err(BadTemplate::Path));
    assert_eq!(fill("https://example.org/%2E{uri}", "."), Err(BadTemplate::Path));
    assert_eq!(fill(template, &"a".repeat(8193)), Err(BadTemplate::TooLong));
    assert_eq!(fill(template, &"ü".repeat(1000)), Err(BadTemplate::TooLong));
}

#[test]
fn what_has_no_value_is_empty() {
    let template = Template::parse("https://example.org/?a={object}&b={on-success}").unwrap();
    assert!(template.takes("object") && template.takes("on-success") && !template.takes("uri"));
    assert_eq!(
        template
            .fill(&[("object", "x"), ("unknown", "y")])
            .unwrap()
            .as_str(),
        "https://example.org/?a=x&b="
    );
}

proptest! {
    #[test]
    fn no_value_leads_elsewhere(value in "\\PC{0,60}", template in "https://example\\.org/[a-z/.]{0,9}\\{uri\\}[a-z/.?&#=]{0,9}") {
        if let Ok(url) = fill(&template, &value) {
            let plain = Url::parse(&template.replace("{uri}", "x")).unwrap();
            let url = Url::parse(&url).unwrap();
            prop_assert_eq!(url.origin(), plain.origin());
            prop_assert_eq!(url.path_segments().unwrap().count(), plain.path_segments().unwrap().count());
            prop_assert_eq!(url.query_pairs().count(), plain.query_pairs().count());
        }
    }

    #[test]
    fn nothing_panics(template in any::<String>(), value in any::<String>()) {
        let _ = fill(&template, &value);
        let _ = fill(&format!("https://example.org/{template}{{uri}}"), &value);
    }
}
