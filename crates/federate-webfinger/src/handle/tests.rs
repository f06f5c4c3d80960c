use proptest::prelude::*;

use super::*;
use crate::request_url;

#[test]
fn reads_every_form_of_one_handle() {
    for text in [
        "@alice@example.org",
        "alice@example.org",
        "acct:alice@example.org",
        "ACCT:alice@EXAMPLE.org",
        " @alice@example.org\n",
    ] {
        let handle = Handle::parse(text).unwrap();
        assert_eq!((handle.user(), handle.host()), ("alice", "example.org"), "{text}");
        assert_eq!(handle.to_string(), "@alice@example.org");
        assert_eq!(handle.acct(), "acct:alice@example.org");
    }
}

#[test]
fn the_user_is_as_it_came_and_folds_on_demand() {
    let handle = Handle::parse("Alice@example.org").unwrap();
    assert_eq!(handle.user(), "Alice");
    assert_ne!(handle, Handle::parse("alice@example.org").unwrap());
    assert_eq!(handle.folded(), Handle::parse("alice@example.org").unwrap());
}

#[test]
fn rfc7565_an_at_sign_in_the_user_is_escaped() {
    let handle = Handle::parse("acct:juliet%40capulet.example@shoppingsite.example").unwrap();
    assert_eq!(handle.user(), "juliet@capulet.example");
    assert_eq!(
        handle.acct(),
        "acct:juliet%40capulet.example@shoppingsite.example"
    );
    assert_eq!(Handle::parse(&handle.to_string()).unwrap(), handle);
    assert_eq!(
        request_url(&handle, "https").unwrap().as_str(),
        "https://shoppingsite.example/.well-known/webfinger?resource=acct:juliet%2540capulet.example@shoppingsite.example"
    );
    assert_eq!(Handle::parse("a@b.example@c.example"), Err(BadHandle::User));
}

#[test]
fn odd_users_that_exist_are_taken() {
    // Bridges name accounts after domains; others use letters beyond ASCII.
    for (text, user) in [
        ("@example.com@web.brid.gy", "example.com"),
        ("@a_b-c.d~e@example.org", "a_b-c.d~e"),
        ("acct:%C3%BCnal@example.org", "ünal"),
        ("@ünal@example.org", "ünal"),
        ("@a+b@example.org", "a+b"),
    ] {
        let handle = Handle::parse(text).unwrap();
        assert_eq!(handle.user(), user);
        assert_eq!(Handle::parse(&handle.acct()).unwrap(), handle);
    }
}

#[test]
fn c3_invisible_and_turning_characters_in_a_user() {
    for user in [
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{200d}b",
        "a\u{feff}",
        "a\u{e0041}",
        "a\u{ad}b",
        "%E2%80%AEa",
        "a%00b",
    ] {
        assert_eq!(
            Handle::parse(&format!("{user}@example.org")),
            Err(BadHandle::User),
            "{user:?}"
        );
    }
    // A letter of another script that looks alike is another user, and stays visible as such in the URI.
    assert_eq!(
        Handle::parse("аlice@example.org").unwrap().acct(),
        "acct:%D0%B0lice@example.org"
    );
}

#[test]
fn c4_hosts_have_one_spelling() {
    for (text, host) in [
        ("EXAMPLE.org", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("XN--bcher-KVA.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("example。org", "example.org"),
        ("ｅｘａｍｐｌｅ.org", "example.org"),
        ("sub_domain.example.org", "sub_domain.example.org"),
    ] {
        assert_eq!(
            Handle::parse(&format!("a@{text}")).unwrap().host(),
            host,
            "{text}"
        );
    }
}

#[test]
fn c4_hosts_that_are_none() {
    let long_label = format!("{}.org", "a".repeat(64));
    let long_name = format!("{}org", "a.".repeat(126));
    for host in [
        "",
        ".",
        "..",
        "example.org.",
        ".example.org",
        "example..org",
        "xn--.org",
        "xn--example-.org",
        "xn--\u{fc}.org",
        "-a.org",
        "a-.org",
        "exam/ple.org",
        "example.org/",
        "exam%2Fple.org",
        "example%2eorg",
        "exam／ple.org",
        "example.org?x",
        "example.org#x",
        "exam ple.org",
        "exam\tple.org",
        "example.org\\x",
        "ex*mple.org",
        "<b>.org",
        &long_label,
        &long_name,
    ] {
        assert_eq!(
            Handle::parse(&format!("a@{host}")),
            Err(BadHandle::Host),
            "{host:?}"
        );
    }
}

#[test]
fn c5_users_that_are_none() {
    for user in [
        "a/b", "a b", "a%2Fb", "a%", "a%4", "a%zz", "a%FF", "a:b", "a?b", "a#b", "a\\b", "<a>",
    ] {
        assert_eq!(
            Handle::parse(&format!("{user}@example.org")),
            Err(BadHandle::User),
            "{user:?}"
        );
    }
    assert!(Handle::parse(&format!("{}@example.org", "a".repeat(2048))).is_ok());
    assert_eq!(
        Handle::parse(&format!("{}@example.org", "a".repeat(2049))),
        Err(BadHandle::User)
    );
    for text in ["", "@", "@example.org", "alice", "@alice", "acct:", "acct:alice"] {
        assert_eq!(Handle::parse(text), Err(BadHandle::Shape), "{text:?}");
    }
}

/// One account for each name, however it is written: what an application has taken, nobody takes again in capitals.
#[test]
fn c5_case_variants_are_one_user_of_ours() {
    let folded = |user: &str| Handle::new(user, "example.org").unwrap().folded();
    for (one, other) in [
        ("alice", "ALICE"),
        ("Ünal", "üNAL"),
        ("ΣΑΣ", "σας"),
        ("σασ", "σας"),
        ("ДМИТРИЙ", "дмитрий"),
        ("\u{212a}im", "kim"),
    ] {
        assert_eq!(folded(one), folded(other), "{one} {other}");
        assert_eq!(folded(one), folded(one).folded(), "{one}");
    }
    // No letter becomes another than its own lower case.
    assert_ne!(folded("ı"), folded("i"));
    assert_ne!(folded("straße"), folded("strasse"));
}

#[test]
fn n10_hosts_that_lead_elsewhere() {
    for host in [
        "example.org:443",
        "example.org:22",
        "user:pw@example.org",
        "user@example.org",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0",
        "[::1]",
        "::1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "example.org:",
        "１２７.0.0.1",
    ] {
        assert!(Handle::parse(&format!("a@{host}")).is_err(), "{host:?}");
    }
}

#[test]
fn a_port_is_taken_where_it_is_allowed() {
    for (text, host) in [
        ("@a@127.0.0.1:8080", "127.0.0.1:8080"),
        ("@a@localhost:1", "localhost:1"),
        ("@a@localhost", "localhost"),
        ("@a@[::1]:65535", "[::1]:65535"),
        ("@a@example.org", "example.org"),
    ] {
        let handle = Handle::parse_allowing_port(text).unwrap();
        assert_eq!(handle.host(), host);
        assert_eq!(
            request_url(&handle, "http").unwrap().host_str(),
            Some(
                host.rsplit_once(':')
                    .filter(|(_, p)| !p.ends_with(']'))
                    .map_or(host, |(h, _)| h)
            )
        );
    }
    for text in [
        "a@h:0",
        "a@h:65536",
        "a@h:+1",
        "a@h:",
        "a@h:1:2",
        "a@:1",
        "a@h:1/x",
    ] {
        assert!(Handle::parse_allowing_port(text).is_err(), "{text}");
    }
    assert_eq!(
        request_url(&Handle::new("a", "example.org").unwrap(), "ftp"),
        None
    );
}

proptest! {
    #[test]
    fn what_is_read_reads_back(text in "\\PC{0,40}@\\PC{1,40}") {
        for parse in [Handle::parse, Handle::parse_allowing_port] {
            if let Ok(handle) = parse(&text) {
                prop_assert_eq!(&parse(&handle.acct()).unwrap(), &handle);
                prop_assert_eq!(&parse(&handle.to_string()).unwrap(), &handle);
                prop_assert_eq!(&parse(&handle.folded().acct()).unwrap(), &handle.folded());
                prop_assert_eq!(handle.folded().folded(), handle.folded());
                let url = request_url(&handle, "https").unwrap();
                prop_assert_eq!(url.path(), "/.well-known/webfinger");
                let query = crate::parse_query(url.query().unwrap()).unwrap();
                prop_assert_eq!(query, crate::Query::Account { user: handle.user().into(), host: handle.host().into() });
            }
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        let _ = Handle::parse(&text);
        let _ = Handle::parse_allowing_port(&text);
        let _ = crate::parse_query(&text);
        let _ = crate::parse_rels(&text);
    }
}
