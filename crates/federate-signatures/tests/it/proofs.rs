//! J13: object integrity proofs, the published ones and ours.

use crate::support::{ED25519, RSA, at, key, shared, shared_bytes};
use federate_signatures::{
    KeyId, PrivateKey, ProofOptions, ProofPolicy, ProofRefusal, PublicKey, Signer as _, VerifiedProof,
    canonicalize, parse_proof, parse_proofs, proof,
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

const METHOD: &str = "https://me.example/users/a#ed25519-key";
const NOTE: &str = r#"{ "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"],
  "id":"https://me.example/1","type":"Note", "n": 1.50, "content":"H\u00e9llo" }"#;

/// 2023-02-24T23:36:38Z, as in the vectors.
fn then() -> SystemTime {
    at(1_677_281_798)
}

fn made(document: &str) -> Vec<u8> {
    let options = ProofOptions::new(KeyId::from(METHOD), then());
    proof(document.as_bytes(), &options)
        .unwrap()
        .sign(&key(ED25519))
        .unwrap()
}

fn verify(document: &[u8]) -> Result<VerifiedProof, ProofRefusal> {
    parse_proof(document)?.verify(&key(ED25519).public_key(), &ProofPolicy::default(), then())
}

/// The proven note with one thing changed.
fn changed(change: impl FnOnce(&mut Value)) -> Result<VerifiedProof, ProofRefusal> {
    let mut value: Value = serde_json::from_slice(&made(NOTE)).unwrap();
    change(&mut value);
    verify(&serde_json::to_vec(&value).unwrap())
}

/// A proof made by hand over whatever options, so that only the options are wrong.
fn signed_with(options: Value) -> Result<VerifiedProof, ProofRefusal> {
    use ring::digest::{SHA256, digest};
    let mut document: Value = serde_json::from_str(NOTE).unwrap();
    let hash = |value: &Value| {
        let canonical = canonicalize(&serde_json::to_vec(value).unwrap()).unwrap();
        digest(&SHA256, canonical.as_bytes()).as_ref().to_vec()
    };
    let signature = key(ED25519)
        .sign(&[hash(&options), hash(&document)].concat())
        .unwrap();
    // A proof of ours lends the writing of multibase.
    let empty = proof(b"{}", &ProofOptions::new(KeyId::from("k"), then()))
        .unwrap()
        .attach(&signature);
    let empty: Value = serde_json::from_slice(&empty).unwrap();
    document["proof"] = options;
    document["proof"]["proofValue"] = empty["proof"]["proofValue"].clone();
    verify(&serde_json::to_vec(&document).unwrap())
}

fn options() -> Value {
    let document: Value = serde_json::from_str(NOTE).unwrap();
    json!({
        "@context": document["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": METHOD, "proofPurpose": "assertionMethod", "created": "2023-02-24T23:36:38Z",
    })
}

fn signed_but(name: &str, value: Value) -> &'static str {
    let mut options = options();
    options[name] = value;
    signed_with(options).unwrap_err().name()
}

#[test]
fn ours_is_read_again_and_the_document_keeps_its_bytes() {
    let document = made(NOTE);
    let text = std::str::from_utf8(&document).unwrap();
    assert!(text.starts_with(NOTE.trim_end_matches('}')));
    let verified = verify(&document).unwrap();
    assert_eq!(verified.document(), canonicalize(NOTE.as_bytes()).unwrap());
    assert_eq!(verified.verification_method().as_str(), METHOD);
    assert_eq!(verified.created(), Some(then()));
    // Without members, without a context, with an end.
    let options = ProofOptions::new(KeyId::from(METHOD), then()).expires(then() + Duration::from_secs(1));
    let document = proof(b" {} ", &options).unwrap().sign(&key(ED25519)).unwrap();
    verify(&document).unwrap();
    let late = parse_proof(&document).unwrap().verify(
        &key(ED25519).public_key(),
        &ProofPolicy::default(),
        then() + Duration::from_secs(1),
    );
    assert_eq!(late.unwrap_err().name(), "expired");
}

#[test]
fn what_cannot_be_proven() {
    let options = ProofOptions::new(KeyId::from(METHOD), then());
    for (document, expected) in [
        ("[]", "not_an_object"),
        ("{", "json"),
        (r#"{"proof":{}}"#, "already_there"),
        (r#"{"signature":{}}"#, "already_there"),
    ] {
        assert_eq!(
            proof(document.as_bytes(), &options).unwrap_err().name(),
            expected,
            "{document}"
        );
    }
    proof(b"{}", &options).unwrap().sign(&key(RSA)).unwrap_err();
}

#[test]
fn j13_anything_changed() {
    changed(|_| {}).unwrap();
    for (pointer, value) in [
        ("/content", json!("Hello")),
        ("/n", json!(1.5000000000000002)),
        (
            "/@context/1",
            json!("https://w3id.org/security/data-integrity/v1"),
        ),
        ("/proof/created", json!("2023-02-24T23:36:37Z")),
        (
            "/proof/verificationMethod",
            json!("https://me.example/users/a#other"),
        ),
        ("/proof/proofPurpose", json!("authentication")),
        ("/proof/cryptosuite", json!("eddsa-rdfc-2022")),
        ("/proof/type", json!("Ed25519Signature2020")),
        ("/proof/proofValue", json!("z11111")),
        ("/proof/proofValue", json!("u11111")),
        ("/proof/@context", json!([])),
    ] {
        changed(|document| *document.pointer_mut(pointer).unwrap() = value.clone()).unwrap_err();
    }
    for (name, value) in [
        ("nonce", json!("x")),
        ("expires", json!("2033-02-24T23:36:38Z")),
        ("id", json!("urn:1")),
    ] {
        let refusal = changed(|document| document["proof"][name] = value).unwrap_err();
        assert_eq!(refusal.name(), "mismatch", "{name}");
    }
    for name in [
        "@context",
        "created",
        "type",
        "cryptosuite",
        "verificationMethod",
        "proofPurpose",
        "proofValue",
    ] {
        changed(|document| drop(document["proof"].as_object_mut().unwrap().remove(name))).unwrap_err();
    }
    assert_eq!(
        changed(|document| document["extra"] = json!(1))
            .unwrap_err()
            .name(),
        "mismatch"
    );
    // The same number in another spelling, and other spaces, are the same document.
    verify(
        String::from_utf8(made(NOTE))
            .unwrap()
            .replace("1.50", "15e-1")
            .as_bytes(),
    )
    .unwrap();
}

#[test]
fn j13_extra_options_even_signed() {
    signed_with(options()).unwrap();
    for name in ["domain", "challenge", "previousProof", "x"] {
        assert_eq!(signed_but(name, json!("a")), "bad_option");
    }
}

#[test]
fn j13_other_purpose_suite_context_and_time_even_signed() {
    assert_eq!(signed_but("proofPurpose", json!("authentication")), "purpose");
    assert_eq!(
        signed_but("cryptosuite", json!("ecdsa-jcs-2019")),
        "unsupported_suite"
    );
    assert_eq!(
        signed_but("type", json!("Ed25519Signature2020")),
        "unsupported_suite"
    );
    // A beginning of the document's context leaves the rest of it unsigned.
    assert_eq!(
        signed_but("@context", json!(["https://www.w3.org/ns/activitystreams"])),
        "context"
    );
    assert_eq!(signed_but("created", json!("2023-02-25T00:36:39Z")), "too_new");
    assert_eq!(signed_but("expires", json!("2023-02-24T23:36:38Z")), "expired");
    assert_eq!(
        signed_but("expires", json!("2023-02-24T23:36:37Z")),
        "expires_before_created"
    );
    for bad in [json!("yesterday"), json!(1), json!(null)] {
        assert_eq!(signed_but("created", bad), "bad_option");
    }
    let mut without = options();
    without.as_object_mut().unwrap().remove("created");
    signed_with(without).unwrap();
    let old = parse_proof(&made(NOTE)).unwrap().verify(
        &key(ED25519).public_key(),
        &ProofPolicy::default().past(Duration::from_secs(9)),
        then() + Duration::from_secs(10),
    );
    assert_eq!(old.unwrap_err().name(), "too_old");
}

#[test]
fn j13_several_proofs() {
    let Some(vector) = shared("eddsa-jcs-2022/fedify-two-proofs.json") else {
        return;
    };
    let bytes = serde_json::to_vec(&vector["document"]).unwrap();
    assert_eq!(parse_proof(&bytes).unwrap_err().name(), "several_proofs");
    let proofs = parse_proofs(&bytes).unwrap();
    assert_eq!(proofs.len(), 2);
    for one in &proofs {
        let multikey = vector["keys"][one.verification_method().as_str()]
            .as_str()
            .unwrap();
        let key = PublicKey::from_multikey(multikey).unwrap();
        one.verify(&key, &ProofPolicy::default(), then()).unwrap();
    }
    let other = PublicKey::from_multikey(vector["publicKeyMultibase"].as_str().unwrap()).unwrap();
    let refusal = proofs[1]
        .verify(&other, &ProofPolicy::default(), then())
        .unwrap_err();
    assert_eq!(refusal.name(), "mismatch");
}

#[test]
fn j13_the_key_is_the_one_that_is_named() {
    let did = key(ED25519).public_key().to_did_key();
    let options = ProofOptions::new(KeyId::from(did.as_str()), then());
    let document = proof(NOTE.as_bytes(), &options)
        .unwrap()
        .sign(&key(ED25519))
        .unwrap();
    let parsed = parse_proof(&document).unwrap();
    let own = parsed.did_key().unwrap();
    parsed.verify(&own, &ProofPolicy::default(), then()).unwrap();
    let other = PublicKey::from_multikey("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2").unwrap();
    let refusal = parsed
        .verify(&other, &ProofPolicy::default(), then())
        .unwrap_err();
    assert_eq!(refusal.name(), "wrong_key");
    let refusal = parsed
        .verify(&key(RSA).public_key(), &ProofPolicy::default(), then())
        .unwrap_err();
    assert_eq!(refusal.name(), "wrong_key");
}

#[test]
fn the_published_proofs() {
    for name in [
        "fep-8b32",
        "fep-c390-identity-proof",
        "mastodon-expires-future",
        "mastodon-expires-past",
        "vc-di-eddsa-jcs-2022",
    ] {
        let Some(vector) = shared(&format!("eddsa-jcs-2022/{name}.json")) else {
            return;
        };
        let bytes = serde_json::to_vec(&vector["document"]).unwrap();
        let public = PublicKey::from_multikey(vector["publicKeyMultibase"].as_str().unwrap()).unwrap();
        let now = then() + Duration::from_secs(86_400);
        let verdict = parse_proof(&bytes)
            .unwrap()
            .verify(&public, &ProofPolicy::default(), now);
        assert_eq!(
            verdict.is_ok(),
            vector["must_accept"] == json!(true),
            "{name}: {verdict:?}"
        );
        let steps = &vector["intermediate"][0];
        if let Ok(verified) = verdict {
            assert_eq!(
                verified.document(),
                steps["canonical_document"].as_str().unwrap(),
                "{name}"
            );
        }
        // With the published secret the same proof comes out.
        let Some(secret) = vector["secretKeyMultibase"]
            .as_str()
            .filter(|_| !name.starts_with("vc-"))
        else {
            continue;
        };
        let method = vector["document"]["proof"]["verificationMethod"]
            .as_str()
            .unwrap();
        let signer = PrivateKey::from_multikey(KeyId::from(method), secret).unwrap();
        assert_eq!(signer.public_key(), public);
        let mut document = vector["document"].clone();
        document.as_object_mut().unwrap().remove("proof");
        let unsigned = proof(
            &serde_json::to_vec(&document).unwrap(),
            &ProofOptions::new(KeyId::from(method), then()),
        )
        .unwrap();
        let hex: String = unsigned
            .hash_data()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, steps["hash_data_hex"].as_str().unwrap(), "{name}");
        let made: Value = serde_json::from_slice(&unsigned.sign(&signer).unwrap()).unwrap();
        assert_eq!(made, vector["document"], "{name}");
    }
}

#[test]
fn another_suite_is_named() {
    let Some(vector) = shared("eddsa-jcs-2022/mldsa44-jcs-2024.json") else {
        return;
    };
    let bytes = serde_json::to_vec(&vector["document"]).unwrap();
    let refusal = parse_proof(&bytes).unwrap_err();
    assert_eq!(refusal.name(), "unsupported_suite");
    assert!(refusal.to_string().contains("mldsa44-jcs-2024"), "{refusal}");
}

#[test]
fn the_vectors_of_the_w3c() {
    let (Some(signed), Some(canonical), Some(keys)) = (
        shared_bytes("vc-di-eddsa/eddsa-jcs-2022/signedJCS.json"),
        shared_bytes("vc-di-eddsa/eddsa-jcs-2022/canonDocJCS.txt"),
        shared("vc-di-eddsa/keyPair.json"),
    ) else {
        return;
    };
    let key = PublicKey::from_multikey(keys["publicKeyMultibase"].as_str().unwrap()).unwrap();
    let parsed = parse_proof(&signed).unwrap();
    let verified = parsed.verify(&key, &ProofPolicy::default(), then()).unwrap();
    assert_eq!(verified.document().as_bytes(), canonical.trim_ascii_end());
    // The hash, whose two halves the W3C prints as well. Their proof has the context of the document, and ours does too.
    let (Some(config), Some(hash)) = (
        shared("vc-di-eddsa/eddsa-jcs-2022/proofConfigJCS.json"),
        shared_bytes("vc-di-eddsa/eddsa-jcs-2022/combinedHashJCS.txt"),
    ) else {
        return;
    };
    let config = canonicalize(config.to_string().as_bytes()).unwrap();
    let digest = |text: &[u8]| ring::digest::digest(&ring::digest::SHA256, text);
    let hex: String = [digest(config.as_bytes()), digest(canonical.trim_ascii_end())]
        .iter()
        .flat_map(|half| half.as_ref().to_vec())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex.as_bytes(), hash.trim_ascii_end());
}

/// What of the same folder is not verified here, and by which name it is refused.
#[test]
fn the_other_suites_of_the_w3c_are_refused_by_name() {
    for (file, name) in [
        // Canonicalises as RDF, and the fediverse proves documents by JCS.
        ("eddsa-rdfc-2022/signedDataInt.json", "unsupported_suite"),
        ("eddsa-rdfc-2022/employ/signedDataInt.json", "unsupported_suite"),
        // A type of proof that came before Data Integrity.
        ("Ed25519Signature2020/signedEdSig.json", "unsupported_suite"),
        // Sets and chains are of eddsa-rdfc-2022 as well; a chain would be refused for `previousProof` besides.
        ("proof-set-chain/signedProofSet1.json", "unsupported_suite"),
        ("proof-set-chain/signedProofSet2.json", "unsupported_suite"),
        ("proof-set-chain/signedProofChain1.json", "unsupported_suite"),
        ("proof-set-chain/signedProofChain2.json", "unsupported_suite"),
    ] {
        let Some(document) = shared_bytes(&format!("vc-di-eddsa/{file}")) else {
            return;
        };
        assert_eq!(parse_proofs(&document).unwrap_err().name(), name, "{file}");
    }
}

#[test]
fn no_panic_on_odd_proofs() {
    for document in [
        r#"{"proof":1}"#,
        r#"{"proof":[]}"#,
        r#"{"proof":null}"#,
        r#"{"proof":[[]]}"#,
        r#"{"proof":{}}"#,
        r#"{"proof":["a",{}]}"#,
        "1",
        "",
        r#"{"proof":[{},{},{},{},{},{},{},{},{}]}"#,
    ] {
        parse_proof(document.as_bytes()).unwrap_err();
        parse_proofs(document.as_bytes()).unwrap_err();
    }
}

#[test]
fn a_refusal_says_what_the_peer_may_read() {
    let refusal = verify(br#"{"a":1,"a":2}"#).unwrap_err();
    let told = refusal.peer_message();
    assert_eq!(
        told,
        "the document cannot be read: a name stands twice in one object, again at byte 7"
    );
    let refusal = changed(|document| document["content"] = json!("changed")).unwrap_err();
    assert!(!refusal.peer_message().contains("changed"));
}
