use super::*;
use crate::testing::{receive, *};
use crate::{Blocks, Evidence, Refused, RefusedKind, Sealed, Secret};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

mod forwarded;
mod seals;

fn like() -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://a.example/likes/1", "type": "Like", "actor": ALICE,
        "object": "https://here.example/notes/1",
    })
}

fn delete_of_self() -> Value {
    json!({ "id": "https://a.example/users/alice#delete", "type": "Delete", "actor": ALICE, "object": ALICE })
}

fn begin(body: &Value) -> Step {
    receive(signed(body, ALICE_KEY), &config(), now())
}

/// The refusal of a body that was signed well.
fn refusal_of(body: &Value) -> Refused {
    refused(begin(body))
}

fn changed(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut body = like();
    change(body.as_object_mut().unwrap());
    body
}

#[test]
fn a_signed_activity_is_the_signers() {
    let activity = from_alice(&like());
    assert_eq!(activity.by(), &iri(ALICE));
    assert_eq!(activity.id(), &iri("https://a.example/likes/1"));
    assert_eq!(activity.body(), &Bytes::from(like().to_string()));
    let Evidence::RequestSignature {
        key_id, signed_at, ..
    } = activity.evidence()
    else {
        panic!()
    };
    assert_eq!(key_id.as_str(), ALICE_KEY);
    assert_eq!(*signed_at, now());
    assert!(activity.is("Like"));
}

#[test]
fn an_unsigned_post_is_401_whatever_it_is() {
    for body in ["", "{}", "not json"] {
        let refused = refused(receive(post(body), &config(), now()));
        assert_eq!(refused.status(), 401, "{body}");
    }
    let mut plain = post("{}");
    plain.headers_mut().remove("content-type");
    assert_eq!(refused(receive(plain, &config(), now())).status(), 401);
}

#[test]
fn a_stale_post_is_401_without_a_fetch() {
    let old = sign(
        post(like().to_string()),
        ALICE_KEY,
        now() - Duration::from_secs(13 * 3600),
    );
    // Before any key is asked for: a sender of stale requests causes no look-up.
    assert_eq!(refused(receive(old, &config(), now())).status(), 401);
}

#[test]
fn r1_a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() {
    let mut config = config();
    config.limits.inbox_body = 100;
    assert_eq!(
        refused(receive(post(vec![b' '; 101]), &config, now())).status(),
        413
    );
    assert_eq!(
        refused(receive(post(vec![b' '; 100]), &config, now())).status(),
        401
    );
}

#[test]
fn s12_an_encoded_body_is_415() {
    let mut request = post("x");
    request
        .headers_mut()
        .insert("content-encoding", http::HeaderValue::from_static("gzip"));
    assert_eq!(refused(receive(request, &config(), now())).status(), 415);
}

#[test]
fn another_method_is_405_and_another_type_415() {
    let get = http::Request::get("https://here.example/inbox")
        .body(Bytes::new())
        .unwrap();
    let answer = refused(receive(get, &config(), now())).response();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["allow"].as_bytes()),
        (405, &b"POST"[..])
    );
    let mut html = post(like().to_string());
    html.headers_mut()
        .insert("content-type", http::HeaderValue::from_static("text/html"));
    assert_eq!(
        refused(receive(sign(html, ALICE_KEY, now()), &config(), now())).status(),
        415
    );
}

#[test]
fn what_is_no_activity_is_400() {
    for body in [
        "",
        "[]",
        "{",
        "\"x\"",
        r#"{"id":"a","id":"b"}"#,
        "{}",
        r#"{"type":"Note"}"#,
    ] {
        let request = sign(post(body), ALICE_KEY, now());
        assert_eq!(
            refused(receive(request, &config(), now())).status(),
            400,
            "{body}"
        );
    }
}

#[test]
fn i7_an_id_is_one_absolute_url() {
    for id in [
        json!(["https://a.example/likes/1"]),
        json!({ "id": "https://a.example/likes/1" }),
        json!(7),
        json!(""),
        json!("/likes/1"),
        json!("#1"),
        json!("urn:uuid:1"),
        json!("did:key:z6Mk"),
        json!("https://alice@a.example/likes/1"),
    ] {
        // A Like may come without an id, so nothing unreadable may pass for none.
        let refused = refusal_of(&changed(|body| drop(body.insert("id".into(), id.clone()))));
        assert_eq!(refused.status(), 400, "{id}");
    }
}

#[test]
fn i7_an_id_under_another_name_is_an_id() {
    let named = |id: &str| {
        changed(|body| {
            body.remove("id");
            body.insert("@context".into(), json!([{ "me": "@id" }]));
            body.insert("me".into(), json!(id));
        })
    };
    assert_eq!(refusal_of(&named("https://victim.example/likes/1")).status(), 400);
    let own = from_alice(&named("https://a.example/likes/1"));
    assert_eq!(own.id().as_str(), "https://a.example/likes/1");
}

#[test]
fn i7_without_an_id_only_where_that_is_customary() {
    let without = |ty: &str| {
        changed(|body| {
            body.remove("id");
            body.insert("type".into(), json!(ty));
        })
    };
    for ty in ["Accept", "Block", "Delete", "Follow", "Like", "Reject", "Undo"] {
        let activity = from_alice(&without(ty));
        assert!(activity.id().as_str().starts_with("urn:sha256:"), "{ty}");
    }
    for ty in ["Create", "Update", "Announce", "Move", "Flag", "Add", "Banana"] {
        assert_eq!(refusal_of(&without(ty)).status(), 400, "{ty}");
    }
}

#[test]
fn s17_a_replay_has_the_same_id_and_the_same_intent_later_another() {
    let undo = json!({ "type": "Undo", "actor": ALICE, "object": "https://a.example/follows/1" });
    let at = |time| {
        let need = need(receive(
            sign(post(undo.to_string()), ALICE_KEY, time),
            &config(),
            now(),
        ));
        done(need.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now()))
            .id()
            .clone()
    };
    assert_eq!(at(now()), at(now()));
    assert_ne!(at(now()), at(now() - Duration::from_secs(60)));
}

#[test]
fn i9_an_answer_may_be_named_after_what_it_answers() {
    let answer = |ty: &str, id: &str| {
        json!({
            "id": id, "type": ty, "actor": ALICE,
            "object": { "id": "https://here.example/follows/1", "type": "Follow", "actor": OURS, "object": ALICE },
        })
    };
    for ty in ["Accept", "Reject"] {
        let activity = from_alice(&answer(ty, "https://here.example/follows/1#accept"));
        assert!(activity.id().as_str().starts_with("urn:sha256:"), "{ty}");
        // Nobody else's name is lent.
        assert_eq!(
            refusal_of(&answer(ty, "https://b.example/1#accept")).status(),
            400,
            "{ty}"
        );
    }
    for ty in ["Follow", "Undo", "Create"] {
        assert_eq!(
            refusal_of(&answer(ty, "https://here.example/1")).status(),
            400,
            "{ty}"
        );
    }
}

#[test]
fn i8_one_actor_and_only_one() {
    for actor in [
        json!([ALICE, "https://a.example/users/bob"]),
        json!([]),
        json!(null),
        json!(7),
        json!({ "type": "Person" }),
        json!("http://a.example/users/alice"),
        json!("https://127.0.0.1/alice"),
        json!("https://u:p@a.example/users/alice"),
        json!("acct:alice@a.example"),
    ] {
        let refused = refusal_of(&changed(|body| drop(body.insert("actor".into(), actor.clone()))));
        assert_eq!(refused.status(), 400, "{actor}");
    }
    for actor in [json!([ALICE]), json!({ "id": ALICE, "type": "Person" })] {
        drop(from_alice(&changed(|body| {
            drop(body.insert("actor".into(), actor));
        })));
    }
}

#[test]
fn i8_an_activity_is_attributed_to_nobody_else() {
    let body = changed(|body| drop(body.insert("attributedTo".into(), json!("https://b.example/bob"))));
    assert_eq!(refusal_of(&body).status(), 400);
}

#[test]
fn i9_the_id_is_of_the_actors_origin_and_nobody_elses_name() {
    for id in [
        "https://b.example/likes/1",
        "https://a.example:8443/likes/1",
        "http://a.example/likes/1",
        ALICE,
        "https://here.example/notes/1",
    ] {
        let refused = refusal_of(&changed(|body| drop(body.insert("id".into(), json!(id)))));
        assert_eq!(refused.status(), 400, "{id}");
    }
    let own_object = changed(|body| drop(body.insert("object".into(), json!("https://a.example/likes/1"))));
    assert_eq!(refusal_of(&own_object).status(), 400);
}

#[test]
fn i13_nobody_outside_speaks_as_one_of_ours() {
    let body = json!({
        "id": "https://here.example/1", "type": "Like", "actor": "https://here.example/users/me", "object": ALICE,
    });
    assert_eq!(refusal_of(&body).status(), 403);
}

#[test]
fn s1_a_key_of_another_origin_than_its_owner_is_nobodys() {
    let evil = "https://evil.example/key";
    let need = need(receive(signed(&like(), evil), &config(), now()));
    let step = need.resume(Ok(key_of(ALICE, evil, true)), now());
    assert_eq!(refused(step).status(), 401);
}

#[test]
fn s2_signature_by_a_body_actor_b() {
    for signer in ["https://a.example/users/bob", "https://b.example/bob"] {
        let key_id = format!("{signer}#main-key");
        // What is between two is not taken from a third, whatever it carries.
        for ty in [
            "Follow",
            "Accept",
            "Reject",
            "Block",
            "Flag",
            "Join",
            "Offer",
            "QuoteRequest",
            "Banana",
        ] {
            let body = changed(|body| drop(body.insert("type".into(), json!(ty))));
            let need = need(receive(signed(&body, &key_id), &config(), now()));
            let refused = refused(need.resume(Ok(key_of(signer, &key_id, true)), now()));
            assert_eq!(refused.status(), 403, "{ty}");
            assert!(matches!(refused.kind(), RefusedKind::NotTheActor { .. }), "{ty}");
            assert!(refused.peer_message().contains("somebody else"));
        }
    }
}

#[test]
fn s2_a_flipped_byte_is_401() {
    let mut request = signed(&like(), ALICE_KEY);
    let mut body = request.body().to_vec();
    let at = body.iter().position(|byte| *byte == b'1').unwrap();
    body[at] = b'2';
    *request.body_mut() = body.into();
    let refused = match receive(request, &config(), now()) {
        Step::NeedKey(need) => refused(need.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now())),
        step => refused(step),
    };
    assert_eq!(refused.status(), 401);
}

#[test]
fn s17_the_same_body_on_another_path_is_401() {
    let mut request = signed(&like(), ALICE_KEY);
    *request.uri_mut() = http::Uri::from_static("/users/me/inbox");
    let need = need(receive(request, &config(), now()));
    assert_eq!(
        refused(need.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now())).status(),
        401
    );
}

#[test]
fn s28_a_cached_key_that_fails_is_fetched_anew_once() {
    let first = need(begin(&like()));
    assert!(!first.refresh());
    let second = need(first.resume(Ok(other_key(false)), now()));
    assert!(second.refresh() && !second.cached_only());
    assert_eq!(refused(second.resume(Ok(other_key(false)), now())).status(), 401);

    let second = need(need(begin(&like())).resume(Ok(other_key(false)), now()));
    drop(done(second.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now())));

    let fresh = need(begin(&like())).resume(Ok(other_key(true)), now());
    assert_eq!(refused(fresh).status(), 401);
}

#[test]
fn s29_a_key_that_is_gone_proves_the_delete_of_a_known_actor_and_nothing_else() {
    let again = need(need(begin(&delete_of_self())).resume(Ok(other_key(false)), now()));
    let activity = done(again.resume(Err(KeyFailure::Gone), now()));
    assert!(matches!(activity.evidence(), Evidence::Gone { .. }));

    assert_eq!(
        refused(need(begin(&like())).resume(Err(KeyFailure::Gone), now())).status(),
        401
    );
    let again = need(need(begin(&delete_of_self())).resume(Ok(other_key(false)), now()));
    assert_eq!(refused(again.resume(Err(unavailable()), now())).status(), 503);

    // Another server cannot say of its own key that it is gone, and so delete alice.
    let evil = "https://evil.example/key";
    let need_evil = need(receive(signed(&delete_of_self(), evil), &config(), now()));
    assert!(matches!(
        need_evil.resume(Err(KeyFailure::Gone), now()),
        Step::Ignored(_)
    ));
}

#[test]
fn s29_somebody_elses_key_that_is_gone_deletes_nobody() {
    // Bob of alice's server is known here, and closed his account. Whoever signs as him proves nothing about alice.
    let bobs_key = "https://a.example/users/bob#main-key";
    let bobs = ResolvedKey {
        key: other_key(false).key,
        ..key_of("https://a.example/users/bob", bobs_key, false)
    };
    let step = need(receive(signed(&delete_of_self(), bobs_key), &config(), now())).resume(Ok(bobs), now());
    let step = match step {
        Step::NeedKey(again) => again.resume(Err(KeyFailure::Gone), now()),
        step => step,
    };
    assert_eq!(refused(step).status(), 401);
}

#[test]
fn s29_a_key_that_was_replaced_is_no_actor_that_is_gone() {
    // A key of its own document, that alice had once: 410 where it was says that the key is gone, not that she is.
    let old = "https://a.example/keys/1";
    let cached = ResolvedKey {
        key: other_key(false).key,
        ..key_of(ALICE, old, false)
    };
    let again =
        need(need(receive(signed(&delete_of_self(), old), &config(), now())).resume(Ok(cached), now()));
    assert_eq!(refused(again.resume(Err(KeyFailure::Gone), now())).status(), 401);
}

#[test]
fn s30_no_key_is_fetched_from_ourselves_the_blocked_or_an_address() {
    let mut config = config();
    let mut blocks = Blocks::new();
    blocks.suspend("evil.example").unwrap();
    config.blocks = blocks;
    for (key_id, status) in [
        ("https://here.example/users/me#main-key", 401),
        ("https://127.0.0.1/key", 401),
        ("https://[::1]/key", 401),
        ("https://169.254.169.254/key", 401),
        ("http://a.example/users/alice#main-key", 401),
        ("http://127.0.0.1:8080/key", 401),
        ("acct:alice@a.example", 401),
        ("main-key", 401),
        ("https://u:p@a.example/key", 401),
        ("https://sub.evil.example/key", 403),
    ] {
        assert_eq!(
            refused(receive(signed(&like(), key_id), &config, now())).status(),
            status,
            "{key_id}"
        );
    }
}

#[test]
fn s30_loopback_only_where_it_is_named() {
    let mut config = config();
    config.allow_http_loopback = true;
    let actor = "http://127.0.0.1:9999/alice";
    let body = json!({ "id": format!("{actor}/1"), "type": "Like", "actor": actor, "object": ALICE });
    drop(need(receive(
        signed(&body, &format!("{actor}#main-key")),
        &config,
        now(),
    )));
    for elsewhere in [
        "http://a.example/alice",
        "http://10.0.0.1/alice",
        "https://10.0.0.1/alice",
    ] {
        let body =
            json!({ "id": format!("{elsewhere}/1"), "type": "Like", "actor": elsewhere, "object": ALICE });
        drop(refused(receive(
            signed(&body, &format!("{elsewhere}#main-key")),
            &config,
            now(),
        )));
    }
}

#[test]
fn a_suspended_actor_is_403_before_a_key_is_asked_for() {
    let mut config = config();
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    config.blocks = blocks;
    let refused = refused(receive(signed(&like(), ALICE_KEY), &config, now()));
    assert_eq!(refused.status(), 403);
    assert!(
        !refused.peer_message().contains("a.example"),
        "a list of blocks is not for peers"
    );
    assert!(refused.reason().contains("a.example"));
}

#[test]
fn r17_w8_a_delete_of_an_unknown_actor_is_ignored_from_the_cache_alone() {
    let asked = need(begin(&delete_of_self()));
    assert!(asked.cached_only());
    assert!(matches!(
        asked.resume(Err(KeyFailure::NotCached), now()),
        Step::Ignored(_)
    ));
    let known = need(begin(&delete_of_self()));
    drop(done(known.resume(Ok(key_of(ALICE, ALICE_KEY, false)), now())));
    let of_a_note = changed(|body| drop(body.insert("type".into(), json!("Delete"))));
    assert!(!need(begin(&of_a_note)).cached_only());
}

#[test]
fn a_key_that_cannot_be_had_for_now_is_503_with_retry_after() {
    let answer = refused(need(begin(&like())).resume(Err(unavailable()), now())).response();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "300");
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert!(
        body["error"]
            .as_str()
            .is_some_and(|text| !text.contains("timed out"))
    );
    let refused_key = KeyFailure::Refused {
        reason: "wrong type".to_owned(),
    };
    assert_eq!(
        refused(need(begin(&like())).resume(Err(refused_key), now())).status(),
        401
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn receive_never_panics_on_any_request(
        method in "(GET|POST|PUT|DELETE)",
        path in "/[a-z/?%#=&]{0,20}",
        headers in prop::collection::vec(
            ("(signature|signature-input|digest|content-digest|date|host|content-type|content-encoding|[a-z]{1,8})",
             "[ -~]{0,80}"), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut request = http::Request::builder().method(method.as_str()).uri(path.split('#').next().unwrap_or("/"));
        for (name, value) in &headers {
            request = request.header(name.as_str(), value.as_str());
        }
        if let Ok(request) = request.body(Bytes::from(body))
            && let Step::NeedKey(need) = receive(request, &config(), now())
        {
            drop(need.resume(Ok(key_of(ALICE, ALICE_KEY, false)), now()));
        }
    }

    #[test]
    fn receive_never_panics_on_any_signed_json(body in json_strategy()) {
        match receive(signed(&body, ALICE_KEY), &config(), now()) {
            Step::NeedKey(need) => drop(need.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now())),
            other => drop(other),
        }
    }
}

/// Documents that look like activities, with anything where anything may stand.
fn json_strategy() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z:/.#@]{0,12}".prop_map(Value::from),
        Just(Value::from(ALICE)),
        Just(Value::from("https://a.example/1")),
        Just(Value::from("https://b.example/2")),
        Just(Value::from("Create")),
        Just(Value::from("Note")),
    ];
    let name = prop::sample::select(vec![
        "id",
        "@id",
        "type",
        "@type",
        "actor",
        "object",
        "attributedTo",
        "as:actor",
        "target",
        "to",
        "owner",
        "inbox",
        "@context",
        "x",
    ]);
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}
