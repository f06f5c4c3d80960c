//! Linked Data Signatures (`RsaSignature2017`): captured ones, forged ones and ours.

use crate::support::{ED25519, OTHER_RSA, RSA, at, key, shared, shared_files};
use federate_signatures::{
    Algorithm, KeyId, LdPolicy, LdRefusal, LdSignatureOptions, PrivateKey, ProofOptions, PublicKey,
    Signer as _, VerifiedLdSignature, jsonld, ld_signature, parse_ld_signature, parse_ld_signature_with,
    parse_proof, proof,
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

const CREATOR: &str = "https://a.example/bob#main-key";

/// 2023-12-20T10:00:00Z.
fn then() -> SystemTime {
    at(1_703_066_400)
}

fn create() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": "https://a.example/1/activity", "type": "Create", "actor": "https://a.example/bob",
        "object": { "id": "https://a.example/1", "type": "Note", "content": "hello", "attributedTo": "https://a.example/bob" }
    })
}

fn options() -> LdSignatureOptions {
    LdSignatureOptions::new(KeyId::from(CREATOR), then())
}

fn made(document: &Value, options: &LdSignatureOptions) -> Value {
    let document = document.to_string();
    let signed = ld_signature(document.as_bytes(), options).unwrap();
    serde_json::from_slice(&signed.sign(&key(RSA)).unwrap()).unwrap()
}

fn verify(document: &Value, policy: &LdPolicy, now: SystemTime) -> Result<VerifiedLdSignature, LdRefusal> {
    verify_text(&document.to_string(), policy, now)
}

fn verify_text(document: &str, policy: &LdPolicy, now: SystemTime) -> Result<VerifiedLdSignature, LdRefusal> {
    parse_ld_signature(document.as_bytes())?.verify(&key(RSA).public_key(), policy, now)
}

/// Signs whatever stands there, as somebody would who has the key and not our scruples.
fn signed_anyhow(mut document: Value, options: Value) -> Value {
    let to_be_signed = jsonld::ld_to_be_signed(
        &document,
        options.as_object().unwrap(),
        &jsonld::Contexts::shipped(),
        &jsonld::Limits::default(),
    )
    .unwrap();
    let signature = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        key(RSA).sign(to_be_signed.as_bytes()).unwrap(),
    );
    document["signature"] = options;
    document["signature"]["signatureValue"] = json!(signature);
    document
}

fn said(created: &str) -> Value {
    json!({ "type": "RsaSignature2017", "creator": CREATOR, "created": created })
}

/// Vectors that end otherwise than they say, and why.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    (
        "fedidevs-actor.json",
        "ambiguous_root",
        "an actor's key names the actor, so the graph does not tell which of both the document is about; nobody delivers \
         such a document, and one that is fetched is believed for where it lies",
    ),
    (
        "pleroma-osada-actor.json",
        "ambiguous_root",
        "as fedidevs-actor.json",
    ),
];

#[test]
fn j6_the_published_vectors() {
    let vectors = shared_files("ld-signatures");
    if vectors.is_empty() {
        return;
    }
    let any_age = LdPolicy::default().past(None);
    let (mut taken, mut refused, mut excepted) = (0, 0, 0);
    for (name, vector) in vectors {
        let document = &vector["document"];
        let key = PublicKey::from_pem(vector["publicKeyPem"].as_str().unwrap()).unwrap();
        let parsed = parse_ld_signature(document.to_string().as_bytes());
        if let Some((_, reason, _)) = EXCEPTIONS.iter().find(|(known, ..)| *known == name.as_str()) {
            assert_eq!(parsed.unwrap_err().name(), *reason, "{name}");
            excepted += 1;
            continue;
        }
        let parsed = parsed.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(
            parsed.signed_string(),
            vector["intermediate"]["to_be_signed_ascii"],
            "{name}"
        );
        assert_eq!(
            parsed.canonical_document(),
            vector["intermediate"]["document_canonical_nquads"],
            "{name}"
        );
        assert_eq!(
            parsed.canonical_options(),
            vector["intermediate"]["options_canonical_nquads"],
            "{name}"
        );
        assert_eq!(
            parsed.creator().as_str(),
            document["signature"]["creator"],
            "{name}"
        );
        // The arithmetic alone, whatever is made of it.
        let now = parsed.created().unwrap();
        let arithmetic = parsed.verify(&key, &any_age.clone().renamed_terms(true), now);
        assert_eq!(
            arithmetic.is_ok(),
            vector["signature_mathematically_valid"] == true,
            "{name}"
        );
        let verdict = parsed.verify(&key, &any_age, now);
        assert_eq!(
            verdict.is_ok(),
            vector["must_accept"] == true,
            "{name}: {verdict:?}"
        );
        match verdict {
            Ok(_) => taken += 1,
            Err(_) => refused += 1,
        }
        // All of them are years old by now.
        let late = now + Duration::from_secs(7 * 86_400 + 1);
        assert_eq!(
            parsed
                .check(&LdPolicy::default().renamed_terms(true), late)
                .unwrap_err()
                .name(),
            "too_old",
            "{name}"
        );
    }
    assert_eq!((taken, refused, excepted), (10, 3, EXCEPTIONS.len()));
}

#[test]
fn j6_a_forged_alias_wrapping_is_refused_and_hands_on_only_what_was_signed() {
    let Some(vector) = shared("ld-signatures/mastodon-forged-alias-wrapping.json") else {
        return;
    };
    let key = PublicKey::from_pem(vector["publicKeyPem"].as_str().unwrap()).unwrap();
    let parsed = parse_ld_signature(vector["document"].to_string().as_bytes()).unwrap();
    let now = parsed.created().unwrap();
    let refusal = parsed.verify(&key, &LdPolicy::default(), now).unwrap_err();
    assert_eq!(refusal, LdRefusal::Renamed { at: "/id".to_owned() });
    let verified = parsed
        .verify(&key, &LdPolicy::default().renamed_terms(true), now)
        .unwrap();
    assert!(!verified.may_forward());
    assert!(vector["document"].to_string().contains("puck was here"));
    assert!(!verified.document().contains("puck was here") && verified.document().contains("hello world"));
}

#[test]
fn what_we_sign_we_verify_and_the_bytes_stay() {
    let text = "{ \"@context\": [\"https://www.w3.org/ns/activitystreams\", \"https://w3id.org/security/v1\"],\n \
                \"id\":\"https://a.example/1\", \"type\":\"Note\", \"content\":\"H\\u00e9llo\" }\n";
    let unsigned = ld_signature(text.as_bytes(), &options()).unwrap();
    assert!(unsigned.covers_all());
    let elsewhere = key(RSA).sign(unsigned.signed_string().as_bytes()).unwrap();
    let attached = unsigned.clone().attach(&elsewhere);
    let signed = unsigned.sign(&key(RSA)).unwrap();
    assert_eq!(attached, signed);
    let signed = String::from_utf8(signed).unwrap();
    assert!(
        signed.starts_with(text.trim_end().strip_suffix('}').unwrap()),
        "{signed}"
    );
    let verified = verify_text(&signed, &LdPolicy::default(), then()).unwrap();
    assert_eq!(
        (verified.creator().as_str(), verified.created()),
        (CREATOR, Some(then()))
    );
    assert_eq!(verified.expires(), None);
    assert!(verified.may_forward());
    let document: Value = serde_json::from_str(verified.document()).unwrap();
    assert_eq!(document["content"], "Héllo");
    assert!(document.get("signature").is_none());
    // Numbers mean what they say, to the last digit; a fraction that `serde_json` reads 2 units off.
    let mut numbers = create();
    numbers["object"]["startIndex"] = json!(9_007_199_254_740_993_u64);
    numbers["object"]["latitude"] = json!("FRACTION");
    let numbers = numbers.to_string().replace("\"FRACTION\"", "76.2047240740037283");
    let signed = ld_signature(numbers.as_bytes(), &options()).unwrap();
    let signed = signed.sign(&key(RSA)).unwrap();
    let parsed = parse_ld_signature(&signed).unwrap();
    assert!(
        parsed.canonical_document().contains("7.620472407400374"),
        "{}",
        parsed.canonical_document()
    );
    assert!(parsed.canonical_document().contains("9007199254740993"));
    let signed: Value = serde_json::from_slice(&signed).unwrap();
    let mut changed = signed;
    changed["object"]["startIndex"] = json!(9_007_199_254_740_992_u64);
    assert_eq!(
        verify(&changed, &LdPolicy::default(), then()).unwrap_err().name(),
        "mismatch"
    );
}

#[test]
fn a_change_of_anything_that_is_signed_is_a_mismatch() {
    let signed = made(&create(), &options().expires(then() + Duration::from_secs(600)));
    assert!(verify(&signed, &LdPolicy::default(), then()).is_ok());
    for (at, value) in [
        ("/id", json!("https://a.example/2/activity")),
        ("/type", json!("Announce")),
        ("/actor", json!("https://a.example/eve")),
        ("/object/content", json!("hello ")),
        ("/signature/creator", json!("https://a.example/eve#main-key")),
        ("/signature/created", json!("2023-12-20T10:00:01Z")),
        ("/signature/expires", json!("2023-12-20T11:00:00Z")),
    ] {
        let mut changed = signed.clone();
        *changed.pointer_mut(at).unwrap() = value;
        let refusal = verify(&changed, &LdPolicy::default(), then()).unwrap_err();
        assert_eq!(refusal.name(), "mismatch", "{at}");
        let LdRefusal::Mismatch { signed, .. } = &refusal else {
            unreachable!()
        };
        assert_eq!(signed.len(), 128);
        assert!(!refusal.to_string().contains(signed.as_str()));
    }
    let other = key(OTHER_RSA).public_key();
    let parsed = parse_ld_signature(signed.to_string().as_bytes()).unwrap();
    assert_eq!(
        parsed
            .verify(&other, &LdPolicy::default(), then())
            .unwrap_err()
            .name(),
        "mismatch"
    );
    // What is added without a meaning is not handed on, and the bytes are not forwarded.
    let mut added = signed.clone();
    added["object"]["attributionDomains"] = json!(["evil.example"]);
    let verified = verify(&added, &LdPolicy::default(), then()).unwrap();
    assert!(!verified.may_forward() && !verified.document().contains("evil"));
    let mut dropped = signed;
    dropped["signature"].as_object_mut().unwrap().remove("expires");
    assert_eq!(
        verify(&dropped, &LdPolicy::default(), then()).unwrap_err().name(),
        "mismatch"
    );
}

#[test]
fn j8_what_could_rebuild_a_document_is_refused_even_when_signed() {
    let signature = made(&create(), &options())["signature"].clone();
    for (keyword, change) in [
        (
            "@graph",
            json!({ "@graph": [{ "id": "https://a.example/1", "type": "Note" }] }),
        ),
        (
            "@included",
            json!({ "@included": [{ "id": "https://a.example/1", "type": "Note" }] }),
        ),
        (
            "@reverse",
            json!({ "@reverse": { "as:object": { "id": "https://a.example/2", "type": "Announce" } } }),
        ),
    ] {
        for place in ["", "/object"] {
            let mut document = create();
            let members = change.as_object().unwrap().clone();
            document
                .pointer_mut(place)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .extend(members);
            let unsigned = ld_signature(document.to_string().as_bytes(), &options()).unwrap_err();
            document["signature"] = signature.clone();
            let refusal = parse_ld_signature(document.to_string().as_bytes()).unwrap_err();
            for refusal in [unsigned, refusal] {
                assert_eq!(refusal.name(), "refused_keyword", "{keyword} {place}");
                assert!(
                    refusal.peer_message().contains(keyword),
                    "{}",
                    refusal.peer_message()
                );
            }
        }
        // Under another name.
        let mut document = create();
        document["@context"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "harmless": keyword }));
        document["harmless"] = change[keyword].clone();
        document["signature"] = signature.clone();
        let refusal = parse_ld_signature(document.to_string().as_bytes()).unwrap_err();
        assert_eq!(refusal.name(), "refused_keyword", "{keyword} renamed");
    }
}

#[test]
fn j1_j3_j5_what_two_readers_could_read_differently_is_not_read() {
    let signed = made(&create(), &options()).to_string();
    let doubled = |member: &str| signed.replacen('{', &format!("{{{member},"), 1);
    assert!(verify_text(&signed, &LdPolicy::default(), then()).is_ok());
    for (text, what) in [
        (doubled(r#""actor":"https://a.example/eve""#), "a name twice"),
        (
            doubled(r#""\u0061ctor":"https://a.example/eve""#),
            "a name twice, escaped",
        ),
        (doubled(r#""signature":{}"#), "two signatures"),
        (signed.replace("hello", r"\ud800"), "half a surrogate pair"),
        (format!("{signed} x"), "trailing bytes"),
        (format!("\u{feff}{signed}"), "a byte order mark"),
    ] {
        let refusal = verify_text(&text, &LdPolicy::default(), then()).unwrap_err();
        assert_eq!(refusal.name(), "json", "{what}: {refusal}");
        assert!(std::error::Error::source(&refusal).is_some());
        assert_eq!(
            ld_signature(text.as_bytes(), &options()).unwrap_err().name(),
            "json",
            "{what}"
        );
    }
    assert_eq!(
        verify_text("[]", &LdPolicy::default(), then())
            .unwrap_err()
            .name(),
        "not_an_object"
    );
}

#[test]
fn j6_renamed_terms_are_refused_unless_asked_for() {
    let mut document = create();
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "says": "as:content" }));
    document["object"].as_object_mut().unwrap().remove("content");
    document["object"]["says"] = json!("hello");
    // Nor are they signed here.
    let refusal = ld_signature(document.to_string().as_bytes(), &options()).unwrap_err();
    assert_eq!(refusal.name(), "renamed");
    let mut said = said("2023-12-20T10:00:00Z");
    said["type"] = json!("RsaSignature2017");
    let signed = signed_anyhow(document, said);
    let refusal = verify(&signed, &LdPolicy::default(), then()).unwrap_err();
    assert_eq!(
        refusal,
        LdRefusal::Renamed {
            at: "/object/content".to_owned()
        }
    );
    let taken = verify(&signed, &LdPolicy::default().renamed_terms(true), then()).unwrap();
    let document: Value = serde_json::from_str(taken.document()).unwrap();
    assert_eq!(document["object"]["content"], "hello");
    assert!(!taken.may_forward());
}

#[test]
fn what_is_signed_here_is_taken_here_at_once() {
    let refused = |document: &Value, options: &LdSignatureOptions| {
        ld_signature(document.to_string().as_bytes(), options).unwrap_err()
    };
    let second = Duration::from_secs(1);
    let over = options().expires(then() - second);
    assert_eq!(refused(&create(), &over), LdRefusal::ExpiresBeforeCreated);
    made(&create(), &options().expires(then()));
    let long = LdSignatureOptions::new(
        KeyId::from(format!("https://a.example/{}", "x".repeat(3000)).as_str()),
        then(),
    );
    assert_eq!(
        refused(&create(), &long),
        LdRefusal::BadOption { name: "creator" }
    );
    let mut proven = create();
    proven["proof"] = json!({ "type": "DataIntegrityProof" });
    assert_eq!(refused(&proven, &options()), LdRefusal::NoProofContext);
    let mut unmeant = create();
    unmeant["object"]["mood"] = json!({ "type": "Mood" });
    let refusal = refused(&unmeant, &options());
    assert_eq!(refusal.name(), "object_without_meaning");
    assert!(
        refusal.peer_message().contains("/object/mood"),
        "{}",
        refusal.peer_message()
    );
    for (name, value) in [
        ("to", json!(["https://b.example/x", "https://b.example/x"])),
        ("name", json!(["x", "x"])),
        ("type", json!(["Create", "Create"])),
        ("to", json!("as:Public")),
        (
            "cc",
            json!({ "@set": ["https://b.example/x", "https://b.example/y"] }),
        ),
        ("width", json!(1.5)),
    ] {
        let mut document = create();
        document[name] = value;
        verify(&made(&document, &options()), &LdPolicy::default(), then()).unwrap();
    }
}

#[test]
fn j6_a_signature_with_more_in_it_is_not_forwarded() {
    let mut signed = made(&create(), &options());
    assert!(
        verify(&signed, &LdPolicy::default(), then())
            .unwrap()
            .may_forward()
    );
    signed["signature"]["actor"] = json!("https://evil.example/");
    let verified = verify(&signed, &LdPolicy::default(), then());
    assert!(!verified.is_ok_and(|verified| verified.may_forward()));
    signed["signature"].as_object_mut().unwrap().remove("actor");
    signed["signature"]["evil"] = json!("x");
    assert!(
        !verify(&signed, &LdPolicy::default(), then())
            .unwrap()
            .may_forward()
    );
    let mut signed = made(&create(), &options());
    signed["proof"] = json!("evil");
    assert!(
        !verify(&signed, &LdPolicy::default(), then())
            .unwrap()
            .may_forward()
    );
    let mut signed = made(&create(), &options());
    signed["actor"] = json!([[signed["actor"]]]);
    assert!(
        !verify(&signed, &LdPolicy::default(), then())
            .unwrap()
            .may_forward()
    );
}

fn any_value() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let leaf = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(1.5),
        json!(12),
        json!("x"),
        json!("12"),
        json!("as:Public"),
        json!("https://b.example/x"),
        json!("/relative"),
        json!("2023-12-20T10:00:00Z"),
        json!([]),
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let name = prop::sample::select(vec![
            "id",
            "type",
            "to",
            "name",
            "@set",
            "@value",
            "@list",
            "width",
            "proof",
            "mood",
            "object",
            "as:cc",
            "contentMap",
            "tag",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((name, inner), 0..4).prop_map(|members| Value::Object(
                members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, ..Default::default() })]

    /// Whatever we sign, we take, with the default policy.
    #[test]
    fn what_is_signed_here_is_read_here(to in any_value(), object in any_value(), more in any_value(), life in -3i64..3) {
        let mut document = create();
        document["to"] = to;
        document["object"] = object;
        document["width"] = more.clone();
        document["tag"] = more;
        let expires = if life < 0 { then() - Duration::from_secs(life.unsigned_abs()) } else { then() + Duration::from_secs(life.unsigned_abs()) };
        let text = document.to_string();
        if let Ok(unsigned) = ld_signature(text.as_bytes(), &options().expires(expires)) {
            let signed = unsigned.attach(&[1; 256]);
            match parse_ld_signature(&signed).unwrap().check(&LdPolicy::default(), then()) {
                Ok(()) => {}
                // It ends in the second in which it was made.
                Err(LdRefusal::Expired { .. }) if life == 0 => {}
                Err(refusal) => proptest::prop_assert!(false, "{}: {}", refusal, text),
            }
        }
    }
}

#[test]
fn j7_contexts_are_never_fetched_and_can_be_given() {
    let mut document = create();
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!("https://a.example/context"));
    document["signature"] = made(&create(), &options())["signature"].clone();
    let text = document.to_string();
    let refusal = parse_ld_signature(text.as_bytes()).unwrap_err();
    assert_eq!(refusal.name(), "unknown_context");
    let contexts = jsonld::Contexts::shipped()
        .with(
            "https://a.example/context",
            &json!({ "@context": { "mood": "https://a.example/ns#mood" } }),
        )
        .unwrap();
    assert!(parse_ld_signature_with(text.as_bytes(), &contexts, &jsonld::Limits::default()).is_ok());
}

#[test]
fn r19_a_signed_poison_graph_ends_with_an_error() {
    let mut document = create();
    // Blank nodes that all look alike, each naming all others.
    let nodes: Vec<Value> = (0..12)
        .map(|_| json!({ "type": "Note", "tag": (0..12).map(|_| json!({ "type": "Note" })).collect::<Vec<_>>() }))
        .collect();
    document["object"]["tag"] = json!(nodes);
    document["signature"] = made(&create(), &options())["signature"].clone();
    let mut limits = jsonld::Limits::default();
    limits.steps = 1000;
    let text = document.to_string();
    let refusal =
        parse_ld_signature_with(text.as_bytes(), &jsonld::Contexts::shipped(), &limits).unwrap_err();
    assert_eq!(refusal.name(), "over_limit");
}

#[test]
fn the_key_decides_and_must_be_rsa() {
    let signed = made(&create(), &options()).to_string();
    let parsed = parse_ld_signature(signed.as_bytes()).unwrap();
    let pss = key(RSA)
        .public_key()
        .with_algorithm(Algorithm::RsaPssSha512)
        .unwrap();
    for key in [key(ED25519).public_key(), pss] {
        let refusal = parsed.verify(&key, &LdPolicy::default(), then()).unwrap_err();
        assert_eq!(refusal.name(), "wrong_key", "{key:?}");
    }
    let unsigned = ld_signature(create().to_string().as_bytes(), &options()).unwrap();
    assert!(unsigned.clone().sign(&key(ED25519)).is_err());
    let pss = PrivateKey::from_pem(KeyId::from(CREATOR), RSA).unwrap();
    assert!(
        unsigned
            .sign(&pss.with_algorithm(Algorithm::RsaPssSha512).unwrap())
            .is_err()
    );
}

#[test]
fn the_window() {
    let signed = made(
        &create(),
        &options().expires(then() + Duration::from_secs(2 * 86_400)),
    );
    let policy = LdPolicy::default();
    let name = |policy: &LdPolicy, now| match verify(&signed, policy, now) {
        Ok(_) => "verified",
        Err(refusal) => refusal.name(),
    };
    let seconds = Duration::from_secs;
    for (now, expected) in [
        (then() - seconds(3600), "verified"),
        (then() - seconds(3601), "too_new"),
        (then() + seconds(2 * 86_400 - 1), "verified"),
        (then() + seconds(2 * 86_400), "expired"),
        (then() + seconds(7 * 86_400), "expired"),
        (then() + seconds(7 * 86_400 + 1), "too_old"),
    ] {
        assert_eq!(name(&policy, now), expected);
    }
    assert_eq!(
        name(&policy.clone().future(seconds(10)), then() - seconds(11)),
        "too_new"
    );
    assert_eq!(
        name(&policy.clone().past(seconds(10)), then() + seconds(11)),
        "too_old"
    );

    let mut backwards = said("2023-12-20T10:00:00Z");
    backwards["expires"] = json!("2023-12-20T09:59:59Z");
    let refusal = verify(&signed_anyhow(create(), backwards), &policy, then() - seconds(10)).unwrap_err();
    assert_eq!(refusal, LdRefusal::ExpiresBeforeCreated);
    let mut timeless = said("");
    timeless.as_object_mut().unwrap().remove("created");
    let timeless = signed_anyhow(create(), timeless);
    assert_eq!(
        verify(&timeless, &policy, then()).unwrap_err(),
        LdRefusal::MissingOption { name: "created" }
    );
    assert!(verify(&timeless, &policy.clone().past(None), then()).is_ok());
    let odd = signed_anyhow(create(), said("yesterday"));
    assert_eq!(
        verify(&odd, &policy, then()).unwrap_err(),
        LdRefusal::BadOption { name: "created" }
    );
}

#[test]
fn signatures_that_cannot_be_read() {
    let good = made(&create(), &options());
    let name = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        verify(&document, &LdPolicy::default(), then())
            .unwrap_err()
            .name()
    };
    let remove = |name: &'static str| {
        move |document: &mut Value| drop(document["signature"].as_object_mut().unwrap().remove(name))
    };
    assert_eq!(name(&|document| document["signature"] = Value::Null), "unsigned");
    assert_eq!(
        name(&|document| drop(document.as_object_mut().unwrap().remove("signature"))),
        "unsigned"
    );
    assert_eq!(
        name(&|document| document["signature"] = json!([document["signature"]])),
        "json_ld"
    );
    assert_eq!(
        name(&|document| document["signature"]["type"] = json!("Ed25519Signature2018")),
        "unsupported_type"
    );
    assert_eq!(name(&remove("type")), "unsupported_type");
    assert_eq!(name(&remove("creator")), "missing_option");
    assert_eq!(name(&remove("signatureValue")), "missing_option");
    assert_eq!(
        name(&|document| document["signature"]["signatureValue"] = json!("!")),
        "bad_option"
    );
    assert_eq!(
        name(&|document| document["signature"]["signatureValue"] = json!("A".repeat(4096))),
        "bad_option"
    );
    assert_eq!(
        name(&|document| document["signature"]["signatureValue"] = json!("AAAA")),
        "mismatch"
    );
    assert_eq!(
        name(&|document| document["signature"]["creator"] = json!([CREATOR, "https://b.example/k"])),
        "bad_option"
    );
    assert_eq!(name(&|document| document["@context"] = json!([])), "meaningless");
}

#[test]
fn what_is_not_signed_by_us() {
    let refused = |document: &Value| {
        ld_signature(document.to_string().as_bytes(), &options())
            .unwrap_err()
            .name()
    };
    let mut bare = create();
    bare["@context"] = json!("https://www.w3.org/ns/activitystreams");
    assert_eq!(refused(&bare), "no_security_context");
    assert_eq!(refused(&made(&create(), &options())), "already_there");
    assert_eq!(refused(&json!([])), "not_an_object");
    let mut unmeant = create();
    unmeant["object"]["mood"] = json!("fine");
    let unsigned = ld_signature(unmeant.to_string().as_bytes(), &options()).unwrap();
    assert!(!unsigned.covers_all());
    let relative = LdSignatureOptions::new(KeyId::from("main-key"), then());
    let refusal = ld_signature(create().to_string().as_bytes(), &relative).unwrap_err();
    assert_eq!(refusal.name(), "bad_option");
}

#[test]
fn an_object_proof_stands_beside() {
    let mut document = create();
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!("https://w3id.org/security/data-integrity/v1"));
    let made_at = ProofOptions::new(KeyId::from("https://a.example/bob#ed25519-key"), then());
    let proven = proof(document.to_string().as_bytes(), &made_at)
        .unwrap()
        .sign(&key(ED25519))
        .unwrap();
    let signed = ld_signature(&proven, &options()).unwrap();
    assert!(signed.covers_all());
    let signed = signed.sign(&key(RSA)).unwrap();
    let verified = verify_text(
        std::str::from_utf8(&signed).unwrap(),
        &LdPolicy::default(),
        then(),
    )
    .unwrap();
    assert!(verified.may_forward());
    let proven = parse_proof(&signed).unwrap();
    assert!(
        proven
            .verify(&key(ED25519).public_key(), &Default::default(), then())
            .is_ok()
    );
}
