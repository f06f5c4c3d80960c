//! Where no request may go, whatever names it: actor ids, key ids, redirects, links.

use super::*;
use federate_protocol::signatures::{Policy, parse};

/// A server inside, which nobody outside may make us ask. It speaks TLS for any name, so that only the guard keeps it apart.
async fn inside(net: &Net) -> Hostile {
    let server = net.another("inside.example.com").await;
    net.names.point("inside.example.com", &["127.0.0.1"]);
    server.otherwise(Answer::by(|request| {
        document(&note(&request.uri().to_string(), "urn:x"))
    }));
    server
}

/// Asks for the URL in each way in which somebody can make us ask.
async fn refused_everywhere(net: &Net, url: &str) {
    net.evil.answer("/1", Answer::redirect(url));
    net.evil.answer("/2", Answer::redirect("/1"));
    net.evil.answer("/3", Answer::redirect("/2"));
    net.evil
        .answer("/id", document(&json!({ "id": url, "type": "Note" })));
    net.evil.answer(
        "/key",
        document(&json!({ "id": net.evil.url("/key"), "type": "Key", "owner": url })),
    );
    let fetcher = net.fetcher();
    for hop in ["/1", "/2", "/3", "/id"] {
        let from = net.evil.url(hop);
        assert!(object(&fetcher, &from, 0).await.is_err(), "object {hop} {url}");
        assert!(actor(&fetcher, &from, 0).await.is_err(), "actor {hop} {url}");
        assert!(key(&fetcher, &from, 0).await.is_err(), "key {hop} {url}");
    }
    assert!(
        key(&fetcher, &net.evil.url("/key"), 0).await.is_err(),
        "owner {url}"
    );
    // Not every text is an id at all.
    if let Ok(id) = federate_protocol::activitystreams::Iri::parse(url) {
        assert!(fetcher.object(&id, at(0)).await.is_err(), "object {url}");
        assert!(fetcher.actor(&id, at(0)).await.is_err(), "actor {url}");
        assert!(fetcher.fresh_actor(&id, at(0)).await.is_err(), "fresh {url}");
    }
    assert!(key(&fetcher, url, 0).await.is_err(), "key {url}");
}

#[tokio::test]
async fn n1_n2_n3_addresses_in_every_spelling() {
    let net = Net::public().await;
    let inside = inside(&net).await;
    let port = inside.address().port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1.",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.168.0.1",
        "255.255.255.255",
        "224.0.0.1",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:1::]",
        "[fc00::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[3fff::1]",
        "[fe80::1%25lo]",
    ] {
        refused_everywhere(&net, &format!("https://{host}:{port}/users/alice")).await;
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn n4_names_with_addresses_that_are_not_public() {
    let net = Net::public().await;
    let inside = inside(&net).await;
    refused_everywhere(&net, &inside.url("/users/alice")).await;
    for addresses in [
        &["127.0.0.1", "10.0.0.1"][..],
        &["::1"],
        &["fd00::1", "fe80::1"],
        &["::ffff:127.0.0.1", "64:ff9b::7f00:1"],
        &["0.0.0.0"],
        &["169.254.169.254"],
        &[],
    ] {
        net.names.point("inside.example.com", addresses);
        refused_everywhere(&net, &inside.url("/users/alice")).await;
    }
    assert_eq!(inside.connections(), 0);

    // A name that leads elsewhere the second time is judged the second time: nothing of the first answer is kept.
    let url = net.evil.url("/x");
    net.evil.answer(
        "/x",
        Answer::document(note(&url, &net.evil.url("/u"))).unannounced(),
    );
    let fetcher = net.fetcher();
    assert!(object(&fetcher, &url, 0).await.is_ok());
    net.names.point("evil.example.net", &["10.0.0.1", "127.0.0.53"]);
    net.names.point("evil.example.net", &["10.0.0.1"]);
    let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
    assert!(why(&error).contains("Address"), "{}", why(&error));
    // What was believed before is still known.
    assert!(object(&fetcher, &url, 1).await.is_ok());
}

#[tokio::test]
async fn n5_a_redirect_to_loopback_at_each_hop_on_each_path() {
    let net = Net::public().await;
    let (inside, plain) = (inside(&net).await, Hostile::start().await);
    for url in [
        inside.url("/x"),
        plain.url("/x"),
        plain.url("/x").replace("http:", "https:"),
    ] {
        refused_everywhere(&net, &url).await;
    }
    assert_eq!((inside.connections(), plain.connections()), (0, 0));
    // A client that does not allow it asks nobody: the guard saw the address, and said so.
    net.evil.answer("/1", Answer::redirect(inside.url("/x")));
    let error = object(&net.fetcher(), &net.evil.url("/1"), 0).await.unwrap_err();
    assert!(why(&error).contains("Address"), "{}", why(&error));
    // That is an error of this request, and not of what the name says tomorrow.
    assert!(!error.is_permanent());
}

#[tokio::test]
async fn n6_n7_n8_credentials_ports_names_and_schemes() {
    let net = Net::public().await;
    let inside = inside(&net).await;
    let (port, evil) = (inside.address().port(), net.evil.authority());
    for host in [
        "localhost",
        "localhost.",
        "a.localhost",
        "printer.local",
        "db.internal",
        "x.onion",
        "x.i2p",
        "printer",
        "inside.example.com.",
    ] {
        net.names.point(host, &["127.0.0.1"]);
        refused_everywhere(&net, &format!("https://{host}:{port}/x")).await;
    }
    for url in [
        format!("https://user:pw@{evil}/x"),
        format!("https://user@{evil}/x"),
        format!("https://@{evil}/x"),
        format!("https://{}@{evil}/x", net.victim.authority()),
        format!("https://{}\\@{evil}/x", net.victim.authority()),
        "https://evil.example.net:22/x".to_owned(),
        "https://evil.example.net:25/x".to_owned(),
        "https://evil.example.net:6379/x".to_owned(),
        "https://evil.example.net:0/x".to_owned(),
        "https://evil.example.net:65536/x".to_owned(),
        format!("http://{evil}/x"),
        "file:///etc/passwd".to_owned(),
        format!("ftp://{evil}/x"),
        format!("gopher://{evil}/x"),
        "data:application/activity+json,{}".to_owned(),
        "javascript:alert(1)".to_owned(),
        "unix:/var/run/docker.sock".to_owned(),
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/x".to_owned(),
        format!("https:\\\\{evil}\\x"),
        format!("https://{evil}/x\r\nx: y"),
        format!("https://inside.exa\tmple.com:{port}/x"),
        format!("https://inside%00.example.com:{port}/x"),
        format!("https://127。0。0。1:{port}/x"),
        format!("https://１２７.0.0.1:{port}/x"),
        "acct:alice@victim.example.org".to_owned(),
        "https://".to_owned(),
    ] {
        // Some redirects cannot be sent as they stand: a line break in one is two headers.
        refused_everywhere(&net, &url).await;
    }
    assert_eq!(inside.connections(), 0);
    // Where a redirect only has an odd spelling of a place that may be asked, nothing of the spelling is sent.
    for request in net.evil.requests().iter().chain(&net.victim.requests()) {
        assert!(!request.headers().contains_key("authorization"));
        let host = request.headers()["host"].to_str().unwrap().to_owned();
        assert!(
            [net.evil.authority(), net.victim.authority()].contains(&host),
            "{host}"
        );
    }
}

#[tokio::test]
async fn i2_a_suspended_host_is_reached_by_no_redirect_and_given_out_of_no_cache() {
    let net = Net::public().await;
    let mut blocks = federate_protocol::Blocks::new();
    blocks.suspend("victim.example.org").unwrap();
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    net.evil.answer("/go", Answer::redirect(alice.id()));
    let fetcher = net.fetcher();
    // Cached through a redirect while it was allowed.
    assert!(object(&fetcher, &net.evil.url("/go"), 0).await.is_ok());
    assert!(key(&fetcher, alice.key_id().as_str(), 0).await.is_ok());
    fetcher.set_blocks(blocks);
    let asked = net.victim.requests().len();
    for url in [
        alice.id().to_owned(),
        net.evil.url("/go"),
        net.victim.url_at("sub.victim.example.org", "/x"),
    ] {
        let error = object(&fetcher, &url, 1).await.unwrap_err();
        assert!(why(&error).contains("Blocked"), "{url}: {}", why(&error));
        assert!(actor(&fetcher, &url, 1).await.is_err());
        assert!(fetcher.fresh_actor(&iri(&url), at(1)).await.is_err());
        assert!(fetcher.known_actor(&iri(&url)).await.is_none());
    }
    for lookup in [KeyLookup::Usual, KeyLookup::CachedOnly, KeyLookup::Refresh] {
        assert!(fetcher.key_by_id(&alice.key_id(), lookup, at(1)).await.is_err());
    }
    assert_eq!(net.victim.requests().len(), asked);
}

#[tokio::test]
async fn n5_n10_links_and_hosts_of_handles() {
    let net = Net::local().await;
    let inside = Hostile::start().await;
    let mallory = net.mallory();
    // WebFinger links, and redirects of WebFinger, to where nothing may go.
    for href in [
        "file:///etc/passwd".to_owned(),
        "ftp://evil.localhost/x".to_owned(),
        "http://10.0.0.1/x".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://[fd00::1]/x".to_owned(),
        format!("http://user:pw@{}/x", inside.authority()),
        "/users/mallory".to_owned(),
        "javascript:alert(1)".to_owned(),
    ] {
        net.evil
            .serve(&net.mallory().with_jrd("/links/0/href", href.as_str()));
        assert!(
            net.fetcher().lookup(&mallory.handle(), at(0)).await.is_err(),
            "{href}"
        );
        net.evil.answer(&mallory.webfinger(), Answer::redirect(&href));
        assert!(
            net.fetcher().lookup(&mallory.handle(), at(0)).await.is_err(),
            "to {href}"
        );
    }
    // In production none of these is a handle, and nobody is asked.
    let fetcher = net.fetcher_with(|rules| rules.allow_http_loopback = false);
    let before = net.requests();
    for host in [
        inside.authority(),
        "127.0.0.1".to_owned(),
        "[::1]".to_owned(),
        "localhost".to_owned(),
        format!("evil.localhost:{}", inside.address().port()),
        "evil.example.net/x".to_owned(),
        "evil.example.net?x".to_owned(),
        "evil.example.net#x".to_owned(),
        "user:pw@evil.example.net".to_owned(),
        "evil.example.net\\@inside".to_owned(),
        "evil.example.net%2Fx".to_owned(),
        "exam/ple.org".to_owned(),
        String::new(),
    ] {
        let error = fetcher
            .lookup(&format!("@alice@{host}"), at(0))
            .await
            .unwrap_err();
        assert!(error.is_permanent(), "{host}: {}", why(&error));
    }
    assert_eq!((inside.connections(), net.requests() - before), (0, 0));
}

#[tokio::test]
async fn n11_alt_svc_and_kept_connections_lead_nowhere_else() {
    let net = Net::public().await;
    let other = net.another("other.example.com").await;
    let (x, y) = (net.evil.url("/x"), net.evil.url("/y"));
    let services = format!(
        "h2=\":{}\"; ma=3600, h2=\"{}\"; persist=1",
        other.address().port(),
        other.authority()
    );
    for (path, url) in [("/x", &x), ("/y", &y)] {
        let page = document(&note(url, &net.evil.url("/u"))).header("alt-svc", &services);
        net.evil.answer(
            path,
            page.header("set-cookie", "a=b")
                .header("refresh", format!("0; {}", other.url("/"))),
        );
    }
    let fetcher = net.fetcher();
    object(&fetcher, &x, 0).await.unwrap();
    object(&fetcher, &y, 0).await.unwrap();
    assert_eq!((net.evil.connections(), other.connections()), (1, 0));
    assert!(
        net.evil
            .requests()
            .iter()
            .all(|request| !request.headers().contains_key("cookie"))
    );
    // One address, another name: another connection.
    let below = net.evil.url_at("sub.evil.example.net", "/x");
    assert!(
        object(&fetcher, &below, 0)
            .await
            .is_ok_and(|found| found.id().as_str() == x)
    );
    assert_eq!(net.evil.connections(), 2);
}

#[tokio::test]
async fn n5_s31_each_hop_gets_a_signature_for_itself_alone() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    net.evil.answer("/go", Answer::redirect(alice.id()));
    object(&net.signing_fetcher(), &net.evil.url("/go"), 0)
        .await
        .unwrap();
    let key = PrivateKey::from_pem("https://here.example/actor#main-key".into(), PRIVATE).unwrap();
    let policy = |server: &Hostile| Policy::mastodon().authorities([server.authority().as_str()]);
    for (server, other) in [(&net.evil, &net.victim), (&net.victim, &net.evil)] {
        let request = server.requests().remove(0);
        let (head, body) = request.into_parts();
        let verified = |policy| {
            parse(&head, &body)
                .unwrap()
                .verify(&key.public_key(), &policy, at(0))
        };
        assert!(verified(policy(server)).is_ok());
        // Whoever was asked first cannot pass the signature on.
        assert!(verified(policy(other)).is_err());
    }
}
