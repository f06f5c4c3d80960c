//! WebFinger that lies.

use super::*;

#[tokio::test]
async fn w1_a_subject_that_its_host_does_not_confirm() {
    let net = Net::local().await;
    let (alice, mallory) = (net.victim.person("alice"), net.mallory());
    let victim_subject = alice.jrd()["subject"].as_str().unwrap().to_owned();
    // The victim's host knows nobody of that name; then it does, and then it is Alice and not Mallory.
    net.evil
        .serve(&net.mallory().with_jrd("/subject", victim_subject.as_str()));
    let error = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err();
    assert_why(&error, "Refused(Status(404))", "nobody");
    net.victim.serve(&alice);
    let fetcher = net.fetcher();
    let found = fetcher.lookup(&mallory.handle(), at(0)).await.unwrap();
    assert_eq!(
        (found.actor.id().as_str(), found.handle.acct()),
        (alice.id(), victim_subject.clone())
    );
    assert!(fetcher.known_actor(&iri(mallory.id())).await.is_none());
    // The victim's handle leads to Alice afterwards too.
    let found = fetcher.lookup(&alice.handle(), at(1)).await.unwrap();
    assert_eq!(found.actor.id().as_str(), alice.id());

    // The victim's host answers about somebody else again: asked once, and no further.
    net.victim.answer(&alice.webfinger(), Answer::jrd(mallory.jrd()));
    let before = net.requests();
    let error = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err();
    assert_why(&error, "Refused(Subject)", "back and forth");
    assert_eq!(net.requests() - before, 2);
    for subject in [
        "",
        "acct:",
        "acct:@",
        "mallory",
        "https://victim.example.org/users/alice",
        "acct:a@b@c",
        "\u{0}",
    ] {
        net.evil.serve(&net.mallory().with_jrd("/subject", subject));
        match net.fetcher().lookup(&mallory.handle(), at(0)).await {
            // Without a subject it is about whom it was asked about.
            Ok(found) => assert_eq!((subject, found.actor.id().as_str()), ("", mallory.id())),
            Err(error) => assert_why(&error, "Refused(Subject)", subject),
        }
    }
}

#[tokio::test]
async fn w2_case_scheme_and_port_are_one_handle_and_one_request() {
    let net = Net::local().await;
    let mallory = net.mallory();
    let handle = mallory.handle();
    let shouted = mallory.jrd()["subject"]
        .as_str()
        .unwrap()
        .to_uppercase()
        .replace("ACCT:", "AcCt:");
    net.evil.serve(&net.mallory().with_jrd("/subject", shouted));
    // Users are compared without case, and asked for as they were typed.
    net.evil
        .answer("/.well-known/webfinger", Answer::jrd(mallory.jrd()));
    let fetcher = net.fetcher();
    for spelling in [
        handle.clone(),
        handle.trim_start_matches('@').to_owned(),
        format!("acct:{}", handle.trim_start_matches('@')),
        handle.replace("evil", "EVIL"),
        handle.replace("mallory", "MALLORY"),
    ] {
        let found = fetcher.lookup(&spelling, at(0)).await.unwrap();
        assert_eq!(found.actor.id().as_str(), mallory.id(), "{spelling}");
    }
    assert_eq!(
        (
            net.evil.asked("/.well-known/webfinger"),
            net.evil.requests().len()
        ),
        (1, 2)
    );
    // Another port is another server.
    let other = handle.replace(
        &net.evil.address().port().to_string(),
        &net.victim.address().port().to_string(),
    );
    assert!(fetcher.lookup(&other, at(0)).await.is_err());
}

#[tokio::test]
async fn w3_links_of_which_one_or_none_is_an_actor() {
    let net = Net::local().await;
    let (alice, mallory) = (net.victim.person("alice"), net.mallory());
    net.victim.serve(&alice);
    let link = |media_type: &str, href: &str| json!({ "rel": "self", "type": media_type, "href": href });
    let wrong = [
        link("text/html", alice.id()),
        link("application/json", alice.id()),
        json!({ "rel": "self", "href": alice.id() }),
        json!(7),
        json!(null),
    ];
    let mut links = wrong.to_vec();
    net.evil.serve(&net.mallory().with_jrd("/links", links.clone()));
    assert_why(
        &net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err(),
        "Refused(NoActorLink)",
        "none",
    );
    assert_eq!(net.victim.connections(), 0);
    links.push(link("application/activity+json", mallory.id()));
    links.push(link("application/activity+json", alice.id()));
    net.evil.serve(&net.mallory().with_jrd("/links", links));
    let found = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap();
    assert_eq!(
        (found.actor.id().as_str(), net.victim.connections()),
        (mallory.id(), 0)
    );

    // The link leads to the victim: Alice does not lead back to Mallory's handle.
    net.evil
        .serve(&net.mallory().with_jrd("/links/0/href", alice.id()));
    let fetcher = net.fetcher();
    assert_why(
        &fetcher.lookup(&mallory.handle(), at(0)).await.unwrap_err(),
        "Refused(NotBound)",
        "other host",
    );
    assert_eq!(
        fetcher
            .lookup(&alice.handle(), at(1))
            .await
            .unwrap()
            .actor
            .id()
            .as_str(),
        alice.id()
    );
    // To a page that redirects to the actor; to the actor under another spelling.
    net.evil.answer("/page", Answer::redirect(mallory.path()));
    for href in [
        net.evil.url("/page"),
        format!("{}/", mallory.id()),
        format!("{}?x", mallory.id()),
        format!("{}#x", mallory.id()),
    ] {
        net.evil
            .serve(&net.mallory().with_jrd("/links/0/href", href.as_str()));
        assert!(
            net.fetcher().lookup(&mallory.handle(), at(0)).await.is_err(),
            "{href}"
        );
    }
}

#[tokio::test]
async fn w4_an_actor_that_gives_itself_the_victims_handle() {
    let net = Net::local().await;
    let (alice, mallory) = (net.victim.person("alice"), net.mallory());
    net.victim.serve(&alice);
    for (property, value) in [
        ("/webfinger", alice.handle().trim_start_matches('@').to_owned()),
        ("/webfinger", format!("bob@{}", net.victim.authority())),
        ("/preferredUsername", "alice".to_owned()),
    ] {
        net.evil.serve(&net.mallory().with(property, value.as_str()));
        let fetcher = net.fetcher();
        let error = fetcher.lookup(&mallory.handle(), at(0)).await.unwrap_err();
        assert!(
            why(&error).starts_with("Refused(NotBound)") || why(&error).starts_with("Refused(Status(404))"),
            "{value}: {}",
            why(&error)
        );
        let found = fetcher.lookup(&alice.handle(), at(1)).await.unwrap();
        assert_eq!(found.actor.id().as_str(), alice.id(), "{value}");
    }
    // Another host confirms the handle, and leads to another actor.
    let other = net.another("other.localhost").await;
    let lies = net
        .mallory()
        .with_jrd("/links/0/href", other.url("/users/mallory"));
    other.answer("/.well-known/webfinger", Answer::jrd(lies.jrd()));
    let claims = net
        .mallory()
        .with("/webfinger", format!("mallory@{}", other.authority()));
    net.evil.serve(&claims);
    let error = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err();
    assert_why(&error, "Refused(NotBound)", "another actor");
    assert_eq!(other.requests().len(), 1);
    for name in [
        json!(null),
        json!(7),
        json!(""),
        json!("a@b"),
        json!("alice\nalice"),
        json!("x".repeat(5_000)),
    ] {
        net.evil
            .serve(&net.mallory().with("/preferredUsername", name.clone()));
        let error = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err();
        assert!(error.is_permanent(), "{name}: {}", why(&error));
    }
}

#[tokio::test]
async fn w5_what_is_typed_cannot_change_the_question() {
    let net = Net::local().await;
    let fetcher = net.fetcher();
    let host = net.evil.authority();
    let mut asked = 0;
    for user in [
        "a&rel=x",
        "a#b",
        "a?b=c",
        "a/../b",
        "%2e%2e",
        "ä",
        "a b",
        "a\r\nx: y",
        "a%0d%0ax: y",
    ] {
        let _ = fetcher.lookup(&format!("@{user}@{host}"), at(0)).await;
        let requests = net.evil.requests();
        for request in requests.iter().skip(asked) {
            let query = request.uri().query().unwrap_or_default();
            assert_eq!(request.uri().path(), "/.well-known/webfinger", "{user}");
            assert!(
                query.starts_with("resource=acct%3A") || query.starts_with("resource=acct:"),
                "{user}: {query}"
            );
            assert!(
                !query.contains('&') && !query.contains('='.to_string().repeat(2).as_str()),
                "{user}: {query}"
            );
            assert!(!request.headers().contains_key("x"), "{user}");
        }
        asked = requests.len();
    }
    assert!(asked > 0);
}

#[tokio::test]
async fn w6_w7_neither_nodeinfo_nor_host_meta_is_asked_for() {
    let net = Net::local().await;
    let mallory = net.mallory();
    let xml = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><XRD>&a;</XRD>"#;
    // A server that has moved its WebFinger says so in host-meta; and one that answers with XML.
    net.evil.answer(
        "/.well-known/host-meta",
        Answer::page(200, "application/xrd+xml", xml),
    );
    net.evil.answer(
        "/.well-known/nodeinfo",
        Answer::jrd(json!({ "links": [{ "href": "data:,x" }] })),
    );
    net.evil.answer(&mallory.path(), document(mallory.document()));
    for answer in [
        Answer::status(404),
        Answer::page(200, "application/xrd+xml", xml),
        Answer::page(200, "application/jrd+json", xml),
    ] {
        net.evil.answer(&mallory.webfinger(), answer);
        assert!(
            net.fetcher()
                .lookup(&mallory.handle(), at(0))
                .await
                .unwrap_err()
                .is_permanent()
        );
    }
    assert_eq!(net.evil.asked("/.well-known/webfinger"), 3);
    assert_eq!(net.evil.requests().len(), 3);
}

#[tokio::test]
async fn w1_a_handle_of_a_suspended_host_is_given_out_of_no_cache() {
    let net = Net::local().await;
    // A split domain: the handle is of one host, the actor of another.
    let host = net.another("split.localhost").await;
    let carol = net.evil.person("carol");
    let acct = format!("acct:carol@{}", host.authority());
    net.evil.serve(&carol);
    net.evil.answer(
        &carol.webfinger(),
        Answer::jrd(net.evil.person("carol").with_jrd("/subject", acct.as_str()).jrd()),
    );
    host.answer(
        "/.well-known/webfinger",
        Answer::jrd(net.evil.person("carol").with_jrd("/subject", acct.as_str()).jrd()),
    );
    let fetcher = net.fetcher();
    let typed = acct.replace("acct:", "@");
    assert_eq!(
        fetcher.lookup(&typed, at(0)).await.unwrap().actor.id().as_str(),
        carol.id()
    );
    let asked = (host.requests().len(), net.requests());
    let mut blocks = federate_protocol::Blocks::new();
    blocks.suspend("split.localhost").unwrap();
    fetcher.set_blocks(blocks);
    assert!(fetcher.lookup(&typed, at(1)).await.is_err());
    assert_eq!((host.requests().len(), net.requests()), asked);
}
