//! What others pass on: proofs that it carries, and those that do not hold.

use super::*;
use crate::activitystreams::Activity;
use crate::receive::{Answer, Forwarded, Forwarders, NotRefetched, gone, refetched};
use crate::signatures::{KeyId, PrivateKey, ProofOptions, proof};
use crate::{Authenticated, Document, Limits};
use std::time::SystemTime;

pub(super) const BOB: &str = "https://b.example/users/bob";
const ALICE_ED: &str = "https://a.example/users/alice#ed25519-key";
const ED25519: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/ed25519.pkcs8.pem"
));

fn key_id_of(actor: &str) -> String {
    format!("{actor}#main-key")
}

/// Bob's server passes these bytes on: the step after its own signature was found to hold.
fn passed_on(body: impl Into<Bytes>, by: &str) -> Step {
    passed_on_to(body, by, &config(), now())
}

fn passed_on_to(body: impl Into<Bytes>, by: &str, config: &Receiving, now: SystemTime) -> Step {
    let key_id = key_id_of(by);
    let need = need(receive(sign(post(body.into()), &key_id, now), config, now));
    assert_eq!(need.key_id().as_str(), key_id, "the forwarder is asked for first");
    need.resume(Ok(key_of(by, &key_id, true)), now)
}

pub(super) fn forwarded(body: &Value, by: &str) -> Forwarded {
    hint(passed_on(body.to_string(), by))
}

fn hint(step: Step) -> Forwarded {
    match step {
        Step::Forwarded(forwarded) => *forwarded,
        other => panic!("expected a hint, got {other:?}"),
    }
}

/// The document with a proof by this key, made at this time.
fn with_proof_at(body: &Value, key_id: &str, at: SystemTime) -> Vec<u8> {
    let key = PrivateKey::from_pem(KeyId::from(key_id), ED25519).unwrap();
    let options = ProofOptions::new(KeyId::from(key_id), at);
    proof(body.to_string().as_bytes(), &options)
        .unwrap()
        .sign(&key)
        .unwrap()
}

fn with_proof(body: &Value, key_id: &str) -> Vec<u8> {
    with_proof_at(body, key_id, now())
}

fn ed_key(owner: &str, key_id: &str) -> ResolvedKey {
    let key = PrivateKey::from_pem(KeyId::from(key_id), ED25519).unwrap();
    ResolvedKey {
        key: key.public_key(),
        ..key_of(owner, key_id, false)
    }
}

/// What alice signed, passed on by bob, authenticated.
pub(super) fn proven(body: &Value) -> Authenticated<Activity> {
    let asked = need(passed_on(with_proof(body, ALICE_ED), BOB));
    assert_eq!(asked.key_id().as_str(), ALICE_ED);
    done(asked.resume(Ok(ed_key(ALICE, ALICE_ED)), now()))
}

fn note() -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://a.example/notes/1/activity", "type": "Create", "actor": ALICE,
        "to": "https://www.w3.org/ns/activitystreams#Public",
        "object": { "id": "https://a.example/notes/1", "type": "Note", "attributedTo": ALICE, "content": "genuine" },
    })
}

fn document(body: &Value) -> Document {
    let id = iri(body["id"].as_str().unwrap());
    Document::from_cache(&id, body.to_string().into()).unwrap()
}

#[test]
fn i20_a_proof_of_its_own_is_the_actors_word_whoever_passes_it_on() {
    for by in [BOB, "https://a.example/users/bob"] {
        let bytes = with_proof(&note(), ALICE_ED);
        let asked = need(passed_on(bytes.clone(), by));
        assert!(!asked.refresh() && !asked.cached_only());
        let activity = done(asked.resume(Ok(ed_key(ALICE, ALICE_ED)), now()));
        assert_eq!(activity.by(), &iri(ALICE));
        assert_eq!(activity.id(), &iri("https://a.example/notes/1/activity"));
        assert_eq!(
            activity.evidence(),
            &Evidence::ObjectProof {
                key_id: KeyId::from(ALICE_ED)
            }
        );
        assert!(!activity.evidence().is_first_hand());
        assert_eq!(
            activity.body(),
            &Bytes::from(bytes),
            "as they came, to be verified by others"
        );
        assert_eq!(
            activity.object().object().unwrap().content().as_deref(),
            Some("genuine")
        );
    }
}

#[test]
fn i20_without_a_proof_that_holds_it_is_a_hint() {
    let evil = "https://evil.example/users/eve#main-key";
    // None; of somebody else's key; of the forwarder; of our own; of an address; two; too old; of tomorrow.
    let mut two: Value = serde_json::from_slice(&with_proof(&note(), ALICE_ED)).unwrap();
    two["proof"] = json!([two["proof"], two["proof"]]);
    let day = Duration::from_secs(86_400);
    for bytes in [
        note().to_string().into_bytes(),
        with_proof(&note(), evil),
        with_proof(&note(), &key_id_of(BOB)),
        with_proof(&note(), "https://here.example/users/me#main-key"),
        with_proof(&note(), "https://127.0.0.1/key"),
        with_proof(
            &note(),
            "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        ),
        two.to_string().into_bytes(),
        with_proof_at(&note(), ALICE_ED, now() - day * 8),
        with_proof_at(&note(), ALICE_ED, now() + day),
    ] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let hint = hint(passed_on(bytes, BOB));
        assert_eq!(hint.forwarder(), &iri(BOB), "{text}");
        assert_eq!(hint.wanted(), &iri("https://a.example/notes/1/activity"));
    }
}

#[test]
fn i20_a_proof_of_seven_days_counts_and_an_older_one_does_not() {
    let at = |age: Duration| passed_on(with_proof_at(&note(), ALICE_ED, now() - age), BOB);
    let week = Limits::default().proof_age;
    drop(need(at(week)));
    drop(hint(at(week + Duration::from_secs(1))));
}

#[test]
fn s2_a_proof_by_somebody_elses_key_proves_nothing() {
    // The key is of alice's server, and of another of its people: each way in which the look-up may say so.
    let bobs = "https://a.example/users/bob";
    let key_id = format!("{bobs}#ed25519-key");
    let asked = || need(passed_on(with_proof(&note(), &key_id), BOB));
    drop(hint(asked().resume(Ok(ed_key(bobs, &key_id)), now())));
    // Another key than the one that was asked for, another's of the same name, one of another origin than its owner.
    let asked = || need(passed_on(with_proof(&note(), ALICE_ED), BOB));
    for key in [
        ed_key(ALICE, ALICE_KEY),
        ed_key(bobs, ALICE_ED),
        key_of(ALICE, ALICE_ED, true),
        ResolvedKey {
            owner: iri("https://evil.example/users/eve"),
            ..ed_key(ALICE, ALICE_ED)
        },
    ] {
        drop(hint(asked().resume(Ok(key), now())));
    }
}

#[test]
fn s2_a_proof_over_other_bytes_proves_nothing() {
    let honest: Value = serde_json::from_slice(&with_proof(&note(), ALICE_ED)).unwrap();
    let change = |change: fn(&mut Value)| {
        let mut body = honest.clone();
        change(&mut body);
        body.to_string()
    };
    for body in [
        change(|body| body["object"]["content"] = json!("forged")),
        change(|body| body["to"] = json!("https://b.example/users/bob")),
        change(|body| body["id"] = json!("https://a.example/notes/2/activity")),
        change(|body| body["extra"] = json!(true)),
        change(|body| body["type"] = json!("Update")),
        change(|body| body["@context"] = json!(["https://www.w3.org/ns/activitystreams", { "x": "as:to" }])),
        change(|body| body["proof"]["created"] = json!("2026-09-20T00:00:00Z")),
    ] {
        let step = match passed_on(body.clone(), BOB) {
            Step::NeedKey(asked) => asked.resume(Ok(ed_key(ALICE, ALICE_ED)), now()),
            step => step,
        };
        drop(hint(step));
    }
}

#[test]
fn i20_a_key_that_cannot_be_had_leaves_a_hint() {
    for failure in [
        unavailable(),
        KeyFailure::Gone,
        KeyFailure::NotCached,
        KeyFailure::Refused {
            reason: "wrong type".to_owned(),
        },
    ] {
        let asked = need(passed_on(with_proof(&note(), ALICE_ED), BOB));
        drop(hint(asked.resume(Err(failure), now())));
    }
}

#[test]
fn i20_the_forwarder_is_proven_before_anything_else() {
    let key_id = key_id_of(BOB);
    let bytes = with_proof(&note(), ALICE_ED);
    // Unsigned, a flipped byte, a key that did not sign: what it carries is not looked at.
    assert_eq!(
        refused(receive(post(bytes.clone()), &config(), now())).status(),
        401
    );
    let asked = need(receive(
        sign(post(bytes.clone()), &key_id, now()),
        &config(),
        now(),
    ));
    let wrong = ResolvedKey {
        key: other_key(true).key,
        ..key_of(BOB, &key_id, true)
    };
    assert_eq!(refused(asked.resume(Ok(wrong), now())).status(), 401);
    let asked = need(receive(sign(post(bytes), &key_id, now()), &config(), now()));
    assert_eq!(refused(asked.resume(Err(unavailable()), now())).status(), 503);
}

#[test]
fn i20_nothing_changes_for_what_the_actor_itself_sends() {
    // It carries a proof, even a bad one: who signed the request is the actor, and nothing more is asked.
    for bytes in [
        with_proof(&note(), ALICE_ED),
        with_proof(&note(), "https://evil.example/key"),
    ] {
        let asked = need(receive(sign(post(bytes), ALICE_KEY, now()), &config(), now()));
        let activity = done(asked.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now()));
        assert!(matches!(activity.evidence(), Evidence::RequestSignature { .. }));
    }
}

#[test]
fn i20_blocks_hold_for_the_forwarder_and_for_the_actor() {
    for host in ["a.example", "b.example"] {
        let mut config = config();
        let mut blocks = Blocks::new();
        blocks.suspend(host).unwrap();
        config.blocks = blocks;
        let request = sign(post(with_proof(&note(), ALICE_ED)), &key_id_of(BOB), now());
        assert_eq!(refused(receive(request, &config, now())).status(), 403, "{host}");
    }
}

#[test]
fn w8_a_forwarded_delete_of_an_unknown_actor_costs_nothing() {
    let asked = need(receive(
        sign(
            post(with_proof(&delete_of_self(), ALICE_ED)),
            &key_id_of(BOB),
            now(),
        ),
        &config(),
        now(),
    ));
    let second = need(asked.resume(Ok(key_of(BOB, &key_id_of(BOB), false)), now()));
    assert!(second.cached_only(), "nor is alice asked for her key");
    assert!(matches!(
        second.resume(Err(KeyFailure::NotCached), now()),
        Step::Ignored(_)
    ));
}

#[test]
fn i5_what_is_embedded_of_others_is_an_id_under_a_proof_too() {
    let mut body = note();
    body["object"]["attributedTo"] = json!("https://c.example/carol");
    body["object"]["id"] = json!("https://c.example/notes/1");
    let activity = proven(&body);
    assert!(activity.object().object().is_none());
    assert_eq!(activity.object().id(), Some(iri("https://c.example/notes/1")));
}

#[test]
fn i9_ghsa_4qhx_hhwf_8685_a_copy_is_kept_under_its_forwarder_and_its_bytes() {
    let mut forged = note();
    forged["object"]["content"] = json!("forged");
    let (honest, forged) = (forwarded(&note(), BOB), forwarded(&forged, BOB));
    let others = forwarded(&note(), "https://c.example/users/carol");
    // Mallory has an account on alice's own server: the origin is that of the genuine one.
    let neighbours = forwarded(&note(), "https://a.example/users/mallory");
    let mut keys: Vec<_> = [&honest, &forged, &others, &neighbours]
        .map(Forwarded::key)
        .into();
    assert_eq!(
        honest.key(),
        forwarded(&note(), BOB).key(),
        "the same copy is the same"
    );
    assert!(keys.iter().all(|key| key.as_str().starts_with("urn:sha256:")));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4);
}

#[test]
fn i20_what_its_own_place_says_is_believed_and_not_a_word_of_the_copy() {
    let mut forged = note();
    forged["object"]["content"] = json!("forged");
    forged["actor"] = json!("https://a.example/users/mallory");
    let hint = forwarded(&forged, BOB);
    let activity = hint
        .answered(Answer::Found(&document(&note())), &config())
        .unwrap();
    assert_eq!(activity.by(), &iri(ALICE));
    assert_eq!(
        activity.object().object().unwrap().content().as_deref(),
        Some("genuine")
    );
    assert_eq!(
        activity.evidence(),
        &Evidence::Refetched {
            from: iri("https://a.example/notes/1/activity")
        }
    );
    assert!(!activity.evidence().is_first_hand());
}

#[test]
fn i20_what_its_own_place_does_not_say_is_dropped() {
    let hint = forwarded(&note(), BOB);
    let why = |answer: Answer<'_>| match hint.answered(answer, &config()).unwrap_err().kind() {
        RefusedKind::NotRefetched(why) => Some(*why),
        _ => None,
    };
    assert_eq!(why(Answer::Gone), Some(NotRefetched::Gone));
    let mut other = note();
    other["id"] = json!("https://a.example/notes/2/activity");
    assert_eq!(
        why(Answer::Found(&document(&other))),
        Some(NotRefetched::SomethingElse)
    );
    let mut follow = note();
    follow["type"] = json!("Follow");
    assert_eq!(
        why(Answer::Found(&document(&follow))),
        Some(NotRefetched::NotPassedOn)
    );
    let note_itself = json!({ "id": hint.id().as_str(), "type": "Note", "attributedTo": ALICE });
    assert_eq!(why(Answer::Found(&document(&note_itself))), None);
}

#[test]
fn i13_what_is_refetched_is_nobodys_here_and_of_nobody_suspended() {
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    let config = Receiving { blocks, ..config() };
    assert!(refetched(&document(&note()), &config).is_err());
    assert!(gone(&iri(ALICE), &iri("https://a.example/notes/1"), &config).is_err());
    let ours = json!({
        "id": "https://here.example/1", "type": "Like", "actor": "https://here.example/users/me", "object": ALICE,
    });
    assert!(refetched(&document(&ours), &self::config()).is_err());
    assert!(
        gone(
            &iri("https://here.example/users/me"),
            &iri("https://here.example/1"),
            &self::config()
        )
        .is_err()
    );
    assert!(gone(&iri(ALICE), &iri("https://c.example/notes/1"), &self::config()).is_err());
}

#[test]
fn i20_a_delete_is_what_its_objects_place_says() {
    let delete = json!({
        "id": "https://a.example/notes/1#delete", "type": "Delete", "actor": ALICE,
        "object": { "id": "https://a.example/notes/1", "type": "Tombstone" }, "content": "forged",
    });
    let hint = forwarded(&delete, BOB);
    assert_eq!(hint.wanted(), &iri("https://a.example/notes/1"));
    let activity = hint.answered(Answer::Gone, &config()).unwrap();
    assert_eq!((activity.by(), activity.is("Delete")), (&iri(ALICE), true));
    assert_eq!(activity.object().id(), Some(iri("https://a.example/notes/1")));
    assert!(activity.content().is_none(), "nothing of the copy is in it");
    assert_ne!(
        activity.id(),
        hint.id(),
        "a forged one does not stand in the way of alice's own"
    );
    let still = json!({ "id": "https://a.example/notes/1", "type": "Note", "attributedTo": ALICE });
    let refused = hint
        .answered(Answer::Found(&document(&still)), &config())
        .unwrap_err();
    assert!(matches!(
        refused.kind(),
        RefusedKind::NotRefetched(NotRefetched::StillThere)
    ));
    // Of what is elsewhere, of nothing, of two: nobody is asked.
    for object in [
        json!("https://victim.example/notes/1"),
        json!(null),
        json!(["https://a.example/notes/1", "https://a.example/notes/2"]),
    ] {
        let mut delete = delete.clone();
        delete["object"] = object;
        assert_eq!(refused_of(passed_on(delete.to_string(), BOB)), 403);
    }
}

fn refused_of(step: Step) -> u16 {
    refused(step).status()
}

#[test]
fn i7_what_has_no_id_is_not_passed_on() {
    let body = json!({ "type": "Like", "actor": ALICE, "object": "https://here.example/notes/1" });
    assert_eq!(refused_of(passed_on(body.to_string(), BOB)), 403);
}

#[test]
fn r15_what_one_domain_makes_us_look_up_is_counted_by_the_minute() {
    let limits = Limits {
        forwarded_per_minute: 3,
        forwarders: 2,
        ..Limits::default()
    };
    let mut forwarders = Forwarders::default();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 / 60 * 60);
    // All hosts below a domain are one.
    for by in [BOB, "https://x.b.example/users/bob", "https://y.z.b.example/u"] {
        forwarders.count(&iri(by), &limits, at).unwrap();
    }
    let refused = forwarders
        .count(&iri(BOB), &limits, at + Duration::from_secs(50))
        .unwrap_err();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(10)));
    assert!(!refused.peer_message().contains("b.example"));
    // Others are not held up, as long as there is a place for them.
    forwarders.count(&iri(ALICE), &limits, at).unwrap();
    assert!(
        forwarders
            .count(&iri("https://c.example/c"), &limits, at)
            .is_err()
    );
    forwarders.count(&iri(ALICE), &limits, at).unwrap();
    let next = at + Duration::from_secs(60);
    forwarders.count(&iri(BOB), &limits, next).unwrap();
    forwarders
        .count(&iri("https://c.example/c"), &limits, next)
        .unwrap();
}

#[cfg(feature = "ld")]
mod ld {
    use super::*;
    use crate::signatures::{LdSignatureOptions, ld_signature};

    const RSA: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../federate-signatures/tests/keys/rsa2048.pkcs8.pem"
    ));

    fn body() -> Value {
        let mut body = note();
        body["@context"] = json!([
            "https://www.w3.org/ns/activitystreams",
            "https://w3id.org/security/v1"
        ]);
        body
    }

    fn with_signature_at(body: &Value, key_id: &str, at: SystemTime) -> Value {
        let key = PrivateKey::from_pem(KeyId::from(key_id), RSA).unwrap();
        let options = LdSignatureOptions::new(KeyId::from(key_id), at);
        let signed = ld_signature(body.to_string().as_bytes(), &options).unwrap();
        serde_json::from_slice(&signed.sign(&key).unwrap()).unwrap()
    }

    fn with_signature(body: &Value) -> Value {
        with_signature_at(body, ALICE_KEY, now())
    }

    fn verified(body: &Value) -> Step {
        match passed_on(body.to_string(), BOB) {
            Step::NeedKey(asked) => {
                assert_eq!(asked.key_id().as_str(), ALICE_KEY);
                asked.resume(Ok(key_of(ALICE, ALICE_KEY, false)), now())
            }
            step => step,
        }
    }

    #[test]
    fn i20_a_linked_data_signature_is_the_actors_word() {
        let signed = with_signature(&body());
        let activity = done(verified(&signed));
        assert_eq!(
            activity.evidence(),
            &Evidence::LinkedDataSignature {
                key_id: KeyId::from(ALICE_KEY)
            }
        );
        assert_eq!(
            activity.object().object().unwrap().content().as_deref(),
            Some("genuine")
        );
        assert_eq!(
            activity.body(),
            &Bytes::from(signed.to_string()),
            "whole, to be passed on"
        );
        let secret = Secret::new(&[7; 32]).unwrap();
        let opened = activity.seal(&secret, now()).open(&secret).unwrap();
        assert_eq!(opened.evidence(), activity.evidence());
        assert_eq!(opened.to_value(), activity.to_value());
    }

    #[test]
    fn j6_cve_2022_24307_what_is_read_is_what_was_signed() {
        // The same statements, under words that a reader of plain JSON does not know, beside words that it does.
        let mut aliased = with_signature(&body());
        aliased["@context"] = json!([
            "https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1", { "note": "as:content" },
        ]);
        let content = aliased["object"]
            .as_object_mut()
            .unwrap()
            .remove("content")
            .unwrap();
        aliased["object"]["note"] = content;
        drop(hint(verified(&aliased)));
        aliased["object"]["contentMap"] = json!({ "en": "read by a careless reader" });
        drop(hint(verified(&aliased)));
        // A member without a meaning is not signed: anybody may put it there, and nobody reads it here.
        let mut more = with_signature(&body());
        more["object"]["unheardOf"] = json!("added on the way");
        more["alsoUnheardOf"] = json!("and here");
        let activity = done(verified(&more));
        let body = String::from_utf8(activity.body().to_vec()).unwrap();
        assert!(!body.contains("nheardOf"), "nor is it handed on: {body}");
        assert!(!activity.to_value().to_string().contains("nheardOf"));
    }

    #[test]
    fn j8_cve_2026_46349_what_was_restructured_proves_nothing() {
        let signed = with_signature(&body());
        let wrap = |name: &str, value: Value| {
            let mut body = signed.clone();
            body[name] = value;
            body
        };
        for body in [
            wrap("@graph", json!([{ "id": "https://a.example/x", "type": "Note" }])),
            wrap(
                "@included",
                json!([{ "id": "https://a.example/x", "type": "Note" }]),
            ),
            wrap("@reverse", json!({ "object": { "id": "https://a.example/x" } })),
        ] {
            drop(hint(verified(&body)));
        }
        let mut removed = signed.clone();
        drop(removed["object"].as_object_mut().unwrap().remove("content"));
        drop(hint(verified(&removed)));
        let mut outside = signed.clone();
        outside["object"] = json!({ "@graph": [signed["object"]], "id": "https://a.example/notes/1" });
        drop(hint(verified(&outside)));
    }

    #[test]
    fn s2_a_signature_by_another_over_other_bytes_or_of_last_week_proves_nothing() {
        let mut changed = with_signature(&body());
        changed["object"]["content"] = json!("forged");
        drop(hint(verified(&changed)));
        for by in ["https://evil.example/users/eve#main-key", &key_id_of(BOB)] {
            drop(hint(passed_on(
                with_signature_at(&body(), by, now()).to_string(),
                BOB,
            )));
        }
        let neighbours = "https://a.example/users/mallory";
        let key_id = key_id_of(neighbours);
        let asked = need(passed_on(
            with_signature_at(&body(), &key_id, now()).to_string(),
            BOB,
        ));
        drop(hint(asked.resume(Ok(key_of(neighbours, &key_id, true)), now())));
        let old = now() - Duration::from_secs(8 * 86_400);
        drop(hint(passed_on(
            with_signature_at(&body(), ALICE_KEY, old).to_string(),
            BOB,
        )));
    }
}

#[cfg(not(feature = "ld"))]
#[test]
fn i20_without_the_feature_a_linked_data_signature_is_none() {
    let mut body = note();
    body["signature"] = json!({
        "type": "RsaSignature2017", "creator": ALICE_KEY, "created": "2026-09-21T00:00:00Z", "signatureValue": "AAAA",
    });
    drop(forwarded(&body, BOB));
}
