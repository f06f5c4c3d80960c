use super::*;

fn parse(json: &str) -> Jrd {
    Jrd::parse(json.as_bytes()).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let handle = Handle::parse("alice@example.org").unwrap();
    let mut jrd = Jrd::for_actor(
        &handle,
        "https://example.org/users/alice",
        Some("https://example.org/@alice"),
    );
    jrd.links.push(Link::with_template(
        rel::SUBSCRIBE,
        "https://example.org/authorize_interaction?uri={uri}",
    ));
    assert_eq!(Jrd::parse(&jrd.to_bytes()).unwrap(), jrd);
    assert_eq!(jrd.subject_handle(), Some(handle));
    assert_eq!(
        jrd.aliases,
        ["https://example.org/@alice", "https://example.org/users/alice"]
    );
    assert_eq!(
        Jrd::for_server("https://example.org/", "https://example.org/actor").actor_link(),
        Some("https://example.org/actor")
    );
}

#[test]
fn w1_the_subject_is_what_was_claimed() {
    let jrd = parse(r#"{"subject":"acct:trump@whitehouse.example","links":[]}"#);
    assert_eq!(jrd.subject_handle().unwrap().host(), "whitehouse.example");
}

#[test]
fn w2_the_subject_is_canonical() {
    for subject in [
        "acct:alice@Example.ORG",
        "alice@example.org",
        "ACCT:alice@example.org",
    ] {
        let jrd = parse(&format!(r#"{{"subject":"{subject}"}}"#));
        assert_eq!(jrd.subject_handle().unwrap().acct(), "acct:alice@example.org");
    }
    for subject in [
        "acct:alice@example.org:443",
        "https://example.org/alice",
        "acct:alice@127.0.0.1",
        "",
    ] {
        assert_eq!(
            parse(&format!(r#"{{"subject":"{subject}"}}"#)).subject_handle(),
            None,
            "{subject}"
        );
    }
}

#[test]
fn w3_the_first_self_link_of_an_activitypub_type() {
    let jrd = parse(
        r#"{"links":[
        {"rel":"self","type":"text/html","href":"https://a.example/html"},
        {"rel":"self","type":"application/json","href":"https://a.example/json"},
        {"rel":"self","type":"application/ld+json","href":"https://a.example/ld-without-profile"},
        {"rel":"self","href":"https://a.example/untyped"},
        {"rel":"self","type":"application/activity+json"},
        {"rel":"self","type":"application/activity+json","href":"javascript:alert(1)"},
        {"rel":"self","type":"application/activity+json","href":"/users/relative"},
        {"rel":"self","type":"application/activity+json","href":"http://a.example/plain"},
        {"rel":"alternate","type":"application/activity+json","href":"https://a.example/alternate"},
        {"rel":"self","type":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"","href":"https://a.example/first"},
        {"rel":"self","type":"application/activity+json","href":"https://b.example/second"}]}"#,
    );
    assert_eq!(jrd.actor_link(), Some("https://a.example/first"));
    let plain =
        r#"{"links":[{"rel":"self","type":"application/activity+json","href":"http://127.0.0.1:1/a"}]}"#;
    assert_eq!(parse(plain).actor_link(), Some("http://127.0.0.1:1/a"));
}

#[test]
fn odd_members_are_passed_over() {
    let jrd = parse(
        r#"{"subject":7,"aliases":[1,"https://a.example/"],"properties":{"x":null},"expires":"never",
            "links":[null,"x",[],{},{"rel":1},{"rel":"x","href":null,"titles":{"und":"t"}}]}"#,
    );
    assert_eq!(jrd.subject, "");
    assert_eq!(jrd.aliases, ["https://a.example/"]);
    assert_eq!(jrd.links.len(), 1);
    assert_eq!((jrd.links[0].rel.as_str(), &jrd.links[0].href), ("x", &None));
    assert_eq!(parse(r#"{"links":{},"aliases":"x"}"#), Jrd::default());
}

#[test]
fn what_is_no_answer() {
    assert!(matches!(Jrd::parse(b"<XRD/>"), Err(BadJrd::NotJson(_))));
    assert!(matches!(Jrd::parse(b""), Err(BadJrd::NotJson(_))));
    assert!(matches!(
        Jrd::parse("[".repeat(60_000).as_bytes()),
        Err(BadJrd::NotJson(_))
    ));
    assert!(matches!(Jrd::parse(b"[]"), Err(BadJrd::NotAnObject)));
    assert!(matches!(
        Jrd::parse(&vec![b' '; MAX_BYTES + 1]),
        Err(BadJrd::TooLarge)
    ));
    let many = format!(r#"{{"links":[{}]}}"#, vec![r#"{"rel":"x"}"#; 1000].join(","));
    assert_eq!(parse(&many).links.len(), MAX_LINKS);
}

#[test]
fn w5_relations_filter() {
    let handle = Handle::parse("alice@example.org").unwrap();
    let mut jrd = Jrd::for_actor(&handle, "https://example.org/a", Some("https://example.org/@a"));
    jrd.retain_rels(&[]);
    assert_eq!(jrd.links.len(), 2);
    jrd.links
        .push(Link::intent("Follow", "https://example.org/follow?id={object}"));
    let mut two = jrd.clone();
    two.retain_rels(&["unknown".into(), rel::intent("Follow"), rel::PROFILE_PAGE.into()]);
    assert_eq!(two.links.len(), 2);
    two.retain_rels(&["unknown".into()]);
    assert!(two.to_bytes().ends_with(br#""links":[]}"#));
    jrd.retain_rels(&["self".into()]);
    assert_eq!(jrd.links.len(), 1);
    assert_eq!(jrd.actor_link(), Some("https://example.org/a"));
}

#[test]
fn what_is_said_beside_is_kept() {
    let written = r#"{"subject":"acct:a@a.example","properties":{"http://a.example/ext":null,"http://a.example/role":"editor"},"links":[{"rel":"author","href":"https://a.example/a","titles":{"fr":"Le Monde","und":"World"},"properties":{"https://www.w3.org/ns/activitystreams#type":"Person"},"x-order":[1,{"y":2}]}],"expires":"2030-01-01T00:00:00Z"}"#;
    let jrd = parse(written);
    assert_eq!(jrd.properties["http://a.example/ext"], Value::Null);
    assert_eq!(jrd.links[0].titles["fr"], "Le Monde");
    assert_eq!(jrd.links[0].other.len(), 1);
    assert_eq!(String::from_utf8(jrd.to_bytes()).unwrap(), written);
    // Names that are known and values that cannot be are gone: nothing is written twice.
    let odd =
        parse(r#"{"subject":1,"links":[{"rel":"x","type":null,"titles":[],"properties":1,"template":{}}]}"#);
    assert_eq!(odd.to_bytes(), br#"{"links":[{"rel":"x"}]}"#);
}

#[test]
fn w3_types_in_the_spellings_that_are_served() {
    for (type_, is_one) in [
        ("application/activity+json", true),
        ("application/activity+json; charset=utf-8", true),
        (
            r#"application/ld+json;profile=\"https://www.w3.org/ns/activitystreams\""#,
            true,
        ),
        (
            "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
            true,
        ),
        ("application/ld+json", false),
        (
            r#"application/ld+json; profile=\"https://example.org/ns\""#,
            false,
        ),
        ("application/activity+jsonx", false),
        ("text/html; x=application/activity+json", false),
    ] {
        let jrd = parse(&format!(
            r#"{{"links":[{{"rel":"self","type":"{type_}","href":"https://a.example/a"}}]}}"#
        ));
        assert_eq!(jrd.actor_link().is_some(), is_one, "{type_}");
    }
}

#[test]
fn the_actor_of_a_server() {
    let link = |rel: &str, href: &str| Link::new(rel, "application/activity+json", href);
    let mut jrd = Jrd::for_server("https://example.org/", "https://example.org/actor");
    assert_eq!(jrd.server_actor_link(), Some("https://example.org/actor"));
    jrd.links = vec![
        link("self", "https://example.org/users/admin"),
        link(rel::SERVICE, "javascript:alert(1)"),
        link(rel::SERVICE, "https://example.org/service"),
    ];
    assert_eq!(jrd.server_actor_link(), Some("https://example.org/service"));
    assert_eq!(jrd.actor_link(), Some("https://example.org/users/admin"));
    // As Mastodon answers for its root: `self` alone.
    jrd.links.truncate(1);
    assert_eq!(jrd.server_actor_link(), Some("https://example.org/users/admin"));
    jrd.links.clear();
    assert_eq!(jrd.server_actor_link(), None);
}

#[test]
fn w7_no_xml_is_read() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE XRD [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
        <XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="https://evil.example/?{uri}">&b;&f;</Link></XRD>"#;
    assert!(matches!(Jrd::parse(bomb.as_bytes()), Err(BadJrd::NotJson(_))));
    assert!(crate::nodeinfo::Index::parse(bomb.as_bytes()).is_err());
    assert!(crate::nodeinfo::NodeInfo::parse(bomb.as_bytes()).is_err());
}
