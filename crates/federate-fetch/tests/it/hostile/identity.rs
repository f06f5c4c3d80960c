//! Who says what: ids, redirects, content types, endpoints.

use super::*;
use federate_fetch::KeyLookup::{CachedOnly, Refresh};

#[tokio::test]
async fn i1_cve_2024_23832_who_calls_itself_the_victim_is_asked_for_at_the_victim() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    let forged = net
        .mallory()
        .with("/id", alice.id())
        .with("/inbox", format!("{}/inbox", alice.id()));
    net.evil.serve(&forged);
    let url = net.evil.url("/users/mallory");

    // The victim does not know it: refused, and nothing is remembered under the victim's id, no failure either.
    let fetcher = net.fetcher();
    assert_why(
        &object(&fetcher, &url, 0).await.unwrap_err(),
        "Refused(Status(404))",
        "object",
    );
    assert_why(
        &actor(&fetcher, &url, 0).await.unwrap_err(),
        "Refused(Status(404))",
        "actor",
    );
    assert!(fetcher.known_actor(&iri(alice.id())).await.is_none());
    assert_eq!(
        (net.victim.asked("/users/alice"), net.victim.requests().len()),
        (2, 2)
    );
    net.victim.serve(&alice);
    assert_eq!(
        actor(&fetcher, alice.id(), 1).await.unwrap().id().as_str(),
        alice.id()
    );

    // The victim knows it: what the victim says is what counts.
    let fetcher = net.fetcher();
    let found = object(&fetcher, &url, 0).await.unwrap();
    assert_eq!(found.id().as_str(), alice.id());
    assert_eq!(found.bytes(), &Bytes::from(alice.document().to_string()));
    assert_why(
        &actor(&fetcher, &url, 1).await.unwrap_err(),
        "Refused(WrongId",
        "actor",
    );
    let known = actor(&fetcher, alice.id(), 2).await.unwrap();
    assert_eq!(
        known.key(&alice.key_id()).unwrap().key,
        Some(alice.key().public_key())
    );
}

#[tokio::test]
async fn i1_another_spelling_of_the_place_is_another_place() {
    let net = Net::public().await;
    let other_port = net.another("evil.example.net").await;
    let url = net.evil.url("/x");
    let ids = [
        net.evil.url("/X"),
        net.evil.url("/x/"),
        net.evil.url("/%78"),
        net.evil.url("/x#me"),
        url.replace("https:", "http:"),
        other_port.url("/x"),
        net.evil.url_at("www.evil.example.net", "/x"),
        net.evil.url_at("evil.example.net.", "/x"),
        net.victim.url("/x"),
        format!("https://user@{}/x", net.evil.authority()),
        format!("//{}/x", net.evil.authority()),
    ];
    for id in ids {
        net.evil.answer("/x", document(&note(&id, &net.evil.url("/u"))));
        let before = net.requests();
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert!(
            error.is_permanent() || why(&error).contains("Address"),
            "{id}: {}",
            why(&error)
        );
        // Once where it was said to be, and once where it said that it is: never a third time.
        assert!(net.requests() - before <= 2, "{id}");
    }
    // The same place in another spelling of its own server is asked for in that spelling, and is nobody else's.
    for id in [net.evil.url("/x?"), net.evil.url("/y/../x")] {
        net.evil.answer("/x", document(&note(&id, &net.evil.url("/u"))));
        let fetcher = net.fetcher();
        assert_eq!(object(&fetcher, &url, 0).await.unwrap().id().as_str(), id);
        assert_why(
            &actor(&fetcher, &url, 0).await.unwrap_err(),
            "Refused(WrongId",
            &id,
        );
    }
    // The same place in the spelling that its server prefers.
    let shouted = url.replace("evil.example", "EVIL.example");
    net.evil
        .answer("/x", document(&note(&shouted, &net.evil.url("/u"))));
    assert_eq!(
        object(&net.fetcher(), &shouted, 0).await.unwrap().id().as_str(),
        shouted
    );
}

#[tokio::test]
async fn i1_an_id_that_answers_something_else_each_time_is_nobodys() {
    let net = Net::public().await;
    // Each answer names the next place.
    let origin = net.evil.url("");
    net.evil.otherwise(Answer::by(move |request| {
        let next = format!("{origin}{}x", request.uri().path());
        document(&note(&next, &next))
    }));
    let error = object(&net.fetcher(), &net.evil.url("/"), 0).await.unwrap_err();
    assert_why(&error, "Refused(WrongId", "a chain of ids");
    assert_eq!(net.evil.requests().len(), 2);
}

#[tokio::test]
async fn i2_redirects_between_victim_and_attacker() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    // The victim has an open redirect; what stands at its end calls itself the victim's.
    let open = net.victim.url("/go");
    net.victim.answer("/go", Answer::redirect(net.evil.url("/x")));
    for id in [alice.id().to_owned(), open.clone()] {
        net.evil
            .answer("/x", document(net.mallory().with("/id", id.as_str()).document()));
        let fetcher = net.fetcher();
        match object(&fetcher, &open, 0).await {
            Ok(found) => assert_eq!(found.bytes(), &Bytes::from(alice.document().to_string())),
            Err(error) => assert_why(&error, "Refused(WrongId", &id),
        }
        assert_why(
            &actor(&fetcher, &open, 1).await.unwrap_err(),
            "Refused(WrongId",
            &id,
        );
        assert!(key(&fetcher, &format!("{open}#main-key"), 2).await.is_err());
        // None of it stands under the victim's names.
        assert!(fetcher.known_actor(&iri(&open)).await.is_none());
        let known = actor(&fetcher, alice.id(), 3).await.unwrap();
        assert_eq!(
            known.key(&alice.key_id()).unwrap().key,
            Some(alice.key().public_key())
        );
    }
    // The attacker's place leads to the victim: that is the victim, under the victim's name alone.
    net.evil.answer("/y", Answer::redirect(alice.id()));
    let fetcher = net.fetcher();
    assert_eq!(
        object(&fetcher, &net.evil.url("/y"), 0)
            .await
            .unwrap()
            .id()
            .as_str(),
        alice.id()
    );
    let error = actor(&fetcher, &net.evil.url("/y"), 0).await.unwrap_err();
    assert_why(&error, "Refused(WrongId", "evil to victim");
}

#[tokio::test]
async fn i2_chains_loops_and_other_schemes() {
    let net = Net::public().await;
    let (target, evil) = (net.evil.url("/0"), &net.evil);
    evil.answer("/0", document(&note(&target, &net.evil.url("/u"))));
    for n in 1..=4 {
        // Relative, absolute, and with each status that redirects.
        let to = if n % 2 == 0 {
            format!("/{}", n - 1)
        } else {
            net.evil.url(&format!("/{}", n - 1))
        };
        let status = [301, 303, 307, 308][n % 4];
        evil.answer(&format!("/{n}"), Answer::status(status).header("location", to));
    }
    let fetcher = net.fetcher();
    assert_eq!(
        object(&fetcher, &net.evil.url("/3"), 0)
            .await
            .unwrap()
            .id()
            .as_str(),
        target
    );
    assert_eq!(evil.requests().len(), 4);
    let error = object(&net.fetcher(), &net.evil.url("/4"), 0).await.unwrap_err();
    assert_why(&error, "Refused(TooManyRedirects)", "one past the limit");
    assert_eq!(evil.requests().len(), 8);

    // Round and round, also over two hosts; and with another target each time.
    evil.answer("/self", Answer::redirect("/self"));
    evil.answer("/ping", Answer::redirect(net.victim.url("/pong")));
    net.victim
        .answer("/pong", Answer::redirect(net.evil.url("/ping")));
    evil.answer(
        "/fresh",
        Answer::by(|request| Answer::redirect(format!("/fresh?{}x", request.uri().query().unwrap_or("")))),
    );
    for path in ["/self", "/ping", "/fresh"] {
        let before = net.requests();
        let error = object(&net.fetcher(), &net.evil.url(path), 0).await.unwrap_err();
        assert_why(&error, "Refused(TooManyRedirects)", path);
        assert_eq!(net.requests() - before, 4, "{path}");
    }

    // Nowhere, and where nothing is fetched from.
    let plain = Hostile::start().await;
    evil.answer("/none", Answer::status(302));
    evil.answer("/two", Answer::redirect("/0").header("location", "/1"));
    for (path, expected) in [("/none", "NoLocation"), ("/two", "NoLocation")] {
        let error = object(&net.fetcher(), &net.evil.url(path), 0).await.unwrap_err();
        assert_why(&error, &format!("Refused({expected}"), path);
    }
    for to in [
        plain.url("/0"),
        target.replace("https:", "http:"),
        "ftp://evil.example.net/0".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:application/activity+json,{}".to_owned(),
        "javascript:alert(1)".to_owned(),
    ] {
        evil.answer("/to", Answer::redirect(&to));
        let error = object(&net.fetcher(), &net.evil.url("/to"), 0).await.unwrap_err();
        assert!(
            why(&error).starts_with("Refused(Redirect(") || why(&error).starts_with("Refused(NoLocation"),
            "{to}: {}",
            why(&error)
        );
    }
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn i3_uploads_that_pose_as_documents() {
    let net = Net::public().await;
    let id = net.evil.url("/x");
    let body = note(&id, &net.evil.url("/u"));
    let profile = r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#;
    for good in [
        "application/activity+json",
        "Application/Activity+JSON; charset=UTF-8",
        profile,
    ] {
        net.evil.answer("/x", Answer::page(200, good, &body));
        assert!(object(&net.fetcher(), &id, 0).await.is_ok(), "{good}");
    }
    let double = Answer::document(&body).header("content-type", "application/activity+json");
    let contradicting =
        Answer::page(200, "text/html", &body).header("content-type", "application/activity+json");
    let mut bad = vec![("twice", double), ("contradicting", contradicting)];
    for media_type in [
        "",
        "application/json",
        "text/plain",
        "text/html",
        "application/octet-stream",
        "image/png",
        "application/ld+json",
        r#"application/ld+json; profile="https://www.w3.org/ns/other""#,
        "application/activity+json; charset=utf-16",
        "application/activity+json, text/html",
        "application/activity+jsonx",
        "multipart/mixed; boundary=x",
    ] {
        bad.push((media_type, Answer::page(200, media_type, &body)));
    }
    for (about, answer) in bad {
        net.evil.answer("/x", answer);
        assert_why(
            &object(&net.fetcher(), &id, 0).await.unwrap_err(),
            "Refused(ContentType)",
            about,
        );
        assert!(key(&net.fetcher(), &id, 0).await.is_err(), "{about}");
    }
    // It says what it must, but not with 200.
    for status in [201, 203, 204, 206, 300, 304, 400, 401, 403, 404, 500, 503] {
        net.evil
            .answer("/x", Answer::page(status, "application/activity+json", &body));
        let error = object(&net.fetcher(), &id, 0).await.unwrap_err();
        assert_why(&error, &format!("Refused(Status({status}))"), "status");
    }
}

#[tokio::test]
async fn i4_an_upload_on_the_victims_own_host_does_not_get_the_victims_key() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    // The victim's server serves what its users upload as documents: somebody's actor, and a key said to be Alice's.
    let (upload, upload_key) = (net.victim.url("/media/1.json"), net.victim.url("/media/2.json"));
    let pem = net.mallory().key().public_key().to_pem();
    let posing = net
        .victim
        .person("alice")
        .keyed(1)
        .with("/id", upload.as_str())
        .with("/publicKey/id", upload_key.as_str());
    net.victim.answer("/media/1.json", document(posing.document()));
    net.victim.answer(
        "/media/2.json",
        document(&json!({
            "@context": "https://w3id.org/security/v1", "id": upload_key, "type": "Key",
            "owner": alice.id(), "publicKeyPem": pem,
        })),
    );
    let fetcher = net.fetcher();
    let failure = key(&fetcher, &upload_key, 0).await.unwrap_err();
    assert!(format!("{failure:?}").contains("does not list"), "{failure:?}");
    // It speaks for itself at the most: the actor at the upload's own URL.
    let found = actor(&fetcher, &upload, 0).await.unwrap();
    assert_eq!(found.id().as_str(), upload);
    let known = key(&fetcher, alice.key_id().as_str(), 1).await.unwrap();
    assert_eq!(
        (known.owner.as_str(), known.key),
        (alice.id(), alice.key().public_key())
    );
}

#[tokio::test]
async fn i5_i6_i12_what_is_embedded_is_an_id_and_nobody_is_asked_for_it() {
    let net = Net::public().await;
    let (alice, mallory) = (net.victim.person("alice"), net.mallory());
    let (outer, stolen) = (net.evil.url("/page"), net.victim.url("/notes/1"));
    let forged = note(&stolen, alice.id());
    net.evil.answer(
        "/page",
        document(&json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": outer, "type": "CollectionPage",
            "attributedTo": mallory.id(), "partOf": net.evil.url("/all"),
            "items": [
                forged,
                { "type": "Announce", "actor": mallory.id(), "object": forged },
                { "type": "Note", "attributedTo": alice.id(), "content": "of no name" },
                net.mallory().with("/id", alice.id()).document(),
            ],
        })),
    );
    let fetcher = net.fetcher();
    let page = object(&fetcher, &outer, 0).await.unwrap();
    let seen = String::from_utf8(page.object().to_bytes()).unwrap();
    assert!(seen.contains(&stolen) && seen.contains(alice.id()), "{seen}");
    for lie in [
        "hello",
        "of no name",
        &mallory.key().public_key().to_pem()[40..80],
    ] {
        assert!(!seen.contains(lie), "{lie}: {seen}");
    }
    assert_eq!((net.victim.connections(), net.evil.requests().len()), (0, 1));
    assert!(fetcher.known_actor(&iri(alice.id())).await.is_none());
}

#[tokio::test]
async fn i7_ids_that_are_none() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    for id in [
        json!([url]),
        json!([url, net.victim.url("/users/alice")]),
        json!({ "id": url }),
        json!(7),
        json!(null),
        json!(true),
        json!(""),
        json!("/x"),
        json!("#x"),
        json!("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"),
        json!("did:key:z6Mkhw"),
        json!(url.replace("https://", "https://user:pw@")),
        json!(format!(" {url}")),
        json!(format!("{url}\n")),
        json!(url.replace("https://", "https:\\\\")),
        json!(format!("{url}{}", "x".repeat(3_000))),
    ] {
        net.evil
            .answer("/x", document(net.mallory().with("/id", id.clone()).document()));
        let before = net.requests();
        let error = actor(&net.fetcher(), &url, 0).await.unwrap_err();
        assert!(why(&error).starts_with("Refused("), "{id}: {}", why(&error));
        assert_eq!(net.requests() - before, 1, "{id}");
    }
    assert_eq!(net.victim.connections(), 0);
}

#[tokio::test]
async fn i8_i9_somebody_elses_words_and_an_activity_of_another_origin() {
    let net = Net::public().await;
    let (url, alice) = (net.evil.url("/x"), net.victim.url("/users/alice"));
    let mallory = net.mallory();
    let by = |property: &str, who: Value| {
        let mut note = note(&url, mallory.id());
        note[property] = who;
        note
    };
    for lie in [
        by("attributedTo", json!(alice)),
        by("attributedTo", json!([mallory.id(), alice])),
        by("attributedTo", json!({ "type": "Person", "id": alice })),
        by("actor", json!(alice)),
        by("actor", json!([alice, mallory.id()])),
        by("owner", json!(alice)),
        by("as:attributedTo", json!(alice)),
        by(
            "https://www.w3.org/ns/activitystreams#attributedTo",
            json!({ "@id": alice }),
        ),
    ] {
        net.evil.answer("/x", document(&lie));
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert!(why(&error).starts_with("Refused("), "{lie}: {}", why(&error));
    }
    // An activity that is named after the victim's place is asked for there.
    let named = net.victim.url("/activities/1");
    let like = json!({ "id": named, "type": "Like", "actor": mallory.id(), "object": alice });
    net.evil.answer("/x", document(&like));
    assert_why(
        &object(&net.fetcher(), &url, 0).await.unwrap_err(),
        "Refused(Status(404))",
        "activity",
    );
    net.victim.answer("/activities/1", document(&like));
    assert_why(
        &object(&net.fetcher(), &url, 0).await.unwrap_err(),
        "Refused(ForeignOwner)",
        "activity",
    );
}

#[tokio::test]
async fn i10_i11_endpoints_and_keys_of_others() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    let theirs = |name: &str| format!("{}/{name}", alice.id());
    for inbox in [
        json!(theirs("inbox")),
        json!(null),
        json!([]),
        json!("/inbox"),
        json!("https://[/inbox"),
        json!("as:Public"),
    ] {
        net.evil.serve(&net.mallory().with("/inbox", inbox.clone()));
        let error = actor(&net.fetcher(), net.mallory().id(), 0).await.unwrap_err();
        assert_why(&error, "Refused(NoInbox)", &inbox.to_string());
    }
    let liar = net
        .mallory()
        .with("/outbox", theirs("outbox"))
        .with("/followers", theirs("followers"))
        .with("/following", "https://www.w3.org/ns/activitystreams#Public")
        .with("/featured", theirs("featured"))
        .with("/endpoints/sharedInbox", net.victim.url("/inbox"))
        .with("/publicKey/id", alice.key_id().as_str());
    net.evil.serve(&liar);
    let fetcher = net.fetcher();
    let found = actor(&fetcher, liar.id(), 0).await.unwrap();
    let dropped = [
        found.outbox(),
        found.followers(),
        found.following(),
        found.featured(),
        found.shared_inbox(),
    ];
    assert!(dropped.iter().all(Option::is_none), "{dropped:?}");
    assert!(found.keys().is_empty());
    // Nor is the victim's key to be had through whom the attacker says it belongs to.
    assert!(key(&fetcher, liar.key_id().as_str(), 1).await.is_err());
    assert_eq!(net.victim.connections(), 0);
    assert_eq!(
        key(&fetcher, alice.key_id().as_str(), 2).await.unwrap().key,
        alice.key().public_key()
    );
}

#[tokio::test]
async fn i10_s1_a_key_document_that_names_a_victim() {
    let net = Net::public().await;
    let (alice, mallory) = (net.victim.person("alice"), net.mallory());
    net.victim.serve(&alice);
    let key_url = net.evil.url("/key");
    let pem = mallory.key().public_key().to_pem();
    for owner in [
        json!(alice.id()),
        json!([alice.id()]),
        json!([mallory.id(), alice.id()]),
        json!(null),
    ] {
        for property in ["owner", "controller"] {
            net.evil.answer(
                "/key",
                document(&json!({ "id": key_url, "type": "Key", property: owner, "publicKeyPem": pem })),
            );
            let fetcher = net.fetcher();
            assert!(key(&fetcher, &key_url, 0).await.is_err(), "{property} {owner}");
            assert!(
                fetcher
                    .key_by_id(&key_url.as_str().into(), CachedOnly, at(1))
                    .await
                    .is_err()
            );
        }
    }
    assert_eq!(net.victim.connections(), 0);
}

#[tokio::test]
async fn i13_nothing_of_ours_is_asked_for() {
    let net = Net::public().await;
    // The "victim" is ourselves here.
    let own = iri(&net.victim.url("/")).origin().unwrap();
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    net.evil.answer("/go", Answer::redirect(alice.id()));
    net.evil
        .answer("/x", document(net.mallory().with("/id", alice.id()).document()));
    net.evil.answer(
        "/key",
        document(&json!({ "id": net.evil.url("/key"), "type": "Key", "owner": alice.id() })),
    );
    let fetcher = net.fetcher_with(|rules| rules.own_origins = vec![own]);
    for url in [
        alice.id().to_owned(),
        alice.id().replace("victim", "VICTIM"),
        net.evil.url("/go"),
        net.evil.url("/x"),
    ] {
        let error = object(&fetcher, &url, 0).await.unwrap_err();
        assert!(why(&error).contains("OwnOrigin"), "{url}: {}", why(&error));
        assert!(actor(&fetcher, &url, 0).await.is_err());
        assert!(key(&fetcher, &url, 0).await.is_err());
    }
    assert!(key(&fetcher, &net.evil.url("/key"), 0).await.is_err());
    assert_eq!(net.victim.connections(), 0);
}

#[tokio::test]
async fn i16_s29_an_actor_that_was_seen_to_be_gone_is_not_given_out_of_the_cache() {
    let net = Net::public().await;
    let mallory = net.mallory();
    net.evil.serve(&mallory);
    let fetcher = net.fetcher();
    actor(&fetcher, mallory.id(), 0).await.unwrap();
    key(&fetcher, mallory.key_id().as_str(), 0).await.unwrap();
    net.evil.answer(&mallory.path(), Answer::status(410));
    assert!(
        fetcher
            .fresh_actor(&iri(mallory.id()), at(1))
            .await
            .unwrap_err()
            .is_gone()
    );
    let before = net.requests();
    assert!(actor(&fetcher, mallory.id(), 2).await.unwrap_err().is_gone());
    assert_eq!(
        key(&fetcher, mallory.key_id().as_str(), 2).await.unwrap_err(),
        KeyFailure::Gone
    );
    assert!(net.requests() - before <= 1, "it is remembered that it is gone");
    // For its own Delete what was known is still there.
    assert!(fetcher.known_actor(&iri(mallory.id())).await.is_some());
    let known = fetcher
        .key_by_id(&mallory.key_id(), CachedOnly, at(3))
        .await
        .unwrap();
    assert_eq!(known.key, mallory.key().public_key());
}

#[tokio::test]
async fn i16_s29_a_key_that_was_seen_to_be_gone_is_not_given_out_of_the_cache() {
    let net = Net::public().await;
    let mallory = net.mallory();
    net.evil.serve(&mallory);
    let fetcher = net.fetcher();
    key(&fetcher, mallory.key_id().as_str(), 0).await.unwrap();
    net.evil.answer(&mallory.path(), Answer::status(410));
    let refreshed = fetcher.key_by_id(&mallory.key_id(), Refresh, at(1)).await;
    assert_eq!(refreshed.unwrap_err(), KeyFailure::Gone);
    assert_eq!(
        key(&fetcher, mallory.key_id().as_str(), 2).await.unwrap_err(),
        KeyFailure::Gone
    );
    assert!(actor(&fetcher, mallory.id(), 3).await.unwrap_err().is_gone());
    assert_eq!(net.evil.requests().len(), 3);
}

#[tokio::test]
async fn s29_who_was_gone_by_mistake_is_back() {
    let net = Net::public().await;
    let mallory = net.mallory();
    let fetcher = net.fetcher();
    net.evil.answer(&mallory.path(), Answer::status(410));
    assert!(actor(&fetcher, mallory.id(), 0).await.unwrap_err().is_gone());
    assert_eq!(
        key(&fetcher, mallory.key_id().as_str(), 0).await.unwrap_err(),
        KeyFailure::Gone
    );
    net.evil.serve(&mallory);
    // Believed for a day, unless it is looked at.
    assert!(actor(&fetcher, mallory.id(), 1).await.unwrap_err().is_gone());
    fetcher.fresh_actor(&iri(mallory.id()), at(2)).await.unwrap();
    fetcher
        .key_by_id(&mallory.key_id(), Refresh, at(2))
        .await
        .unwrap();
    // Also where the cache has lost it meanwhile.
    fetcher.forget_actor(&iri(mallory.id())).await;
    assert!(key(&fetcher, mallory.key_id().as_str(), 3).await.is_ok());
    fetcher.forget_actor(&iri(mallory.id())).await;
    assert!(actor(&fetcher, mallory.id(), 3).await.is_ok());
}

#[tokio::test]
async fn i15_a_document_that_changes_its_kind_is_no_actor_any_more() {
    let net = Net::public().await;
    let mallory = net.mallory();
    net.evil.answer(
        &mallory.path(),
        Answer::turns([
            document(mallory.document()),
            document(&note(mallory.id(), mallory.id())),
        ]),
    );
    let fetcher = net.fetcher();
    actor(&fetcher, mallory.id(), 0).await.unwrap();
    assert_why(
        &fetcher.fresh_actor(&iri(mallory.id()), at(1)).await.unwrap_err(),
        "Refused(NotAnActor)",
        "note",
    );
    assert_why(
        &actor(&fetcher, mallory.id(), 2).await.unwrap_err(),
        "Refused(NotAnActor)",
        "note",
    );
}

#[tokio::test]
async fn i18_a_move_is_said_by_the_actor_itself_and_its_other_names_are_counted() {
    let net = Net::public().await;
    let names: Vec<_> = (0..5_000).map(|n| net.victim.url(&format!("/u/{n}"))).collect();
    let moved = net
        .mallory()
        .with("/movedTo", net.victim.url("/users/alice"))
        .with("/alsoKnownAs", names);
    net.evil.serve(&moved);
    let found = actor(&net.fetcher(), moved.id(), 0).await.unwrap();
    assert_eq!(found.also_known_as().len(), 256);
    assert!(found.moved_to().is_some());
    // To itself is nowhere.
    net.evil.serve(&net.mallory().with("/movedTo", moved.id()));
    assert!(
        actor(&net.fetcher(), moved.id(), 0)
            .await
            .unwrap()
            .moved_to()
            .is_none()
    );
    assert_eq!(net.victim.connections(), 0);
}

#[tokio::test]
async fn i19_a_page_leads_to_nobody_elses_document() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    let types = [
        "application/activity+json",
        r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#,
    ];
    for (media_type, href) in types.iter().flat_map(|media_type| {
        let odd = alice.id().replace("https:", "");
        [
            alice.id().to_owned(),
            odd,
            net.victim.url("/go"),
            "http://127.0.0.1/".to_owned(),
        ]
        .map(|href| (media_type, href))
    }) {
        let quoted = media_type.replace('"', "&quot;");
        let html = format!(
            r#"<!doctype html><base href="{}"><link rel="alternate" type="{quoted}" href="{href}"><link rel=canonical href="{href}">
            <meta http-equiv=refresh content="0; {href}">"#,
            net.victim.url("/"),
        );
        let link = format!("<{href}>; rel=\"alternate\"; type=\"application/activity+json\"");
        net.evil
            .answer("/x", Answer::page(200, "text/html", html).header("link", link));
        let fetcher = net.fetcher();
        let error = object(&fetcher, &net.evil.url("/x"), 0).await.unwrap_err();
        assert!(error.is_permanent(), "{href}: {}", why(&error));
        assert!(actor(&fetcher, &net.evil.url("/x"), 0).await.is_err());
        assert!(key(&fetcher, &net.evil.url("/x"), 0).await.is_err());
    }
    assert_eq!(net.victim.connections(), 0);
}

#[tokio::test]
async fn i20_what_came_from_elsewhere_is_what_its_own_place_says() {
    // A forwarded activity, an activity about an activity: fetched from its id, and from nowhere else.
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    let undo = net.victim.url("/activities/9");
    let forged =
        json!({ "id": undo, "type": "Undo", "actor": alice.id(), "object": net.victim.url("/follows/1") });
    net.evil.answer("/forwarded", document(&forged));
    let fetcher = net.fetcher();
    let error = object(&fetcher, &net.evil.url("/forwarded"), 0)
        .await
        .unwrap_err();
    assert_why(&error, "Refused(Status(404))", "never made");
    let real =
        json!({ "id": undo, "type": "Undo", "actor": alice.id(), "object": net.victim.url("/follows/2") });
    net.victim.answer("/activities/9", document(&real));
    let found = object(&net.fetcher(), &net.evil.url("/forwarded"), 0)
        .await
        .unwrap();
    assert_eq!(found.bytes(), &Bytes::from(real.to_string()));
    // Made by somebody else of that origin: it is whose it says, and not whose the forwarder says.
    assert_eq!(
        found.owner().map(ToString::to_string),
        Some(alice.id().to_owned())
    );
}
