//! Published vectors, read as data. Where the folder is absent the test says so; what the RFC prints always runs.

use crate::support::{at, shared};
use base64::Engine as _;
use bytes::Bytes;
use federate_signatures::{
    Algorithm, Flavour, KeyId, Parsed, Policy, PublicKey, SharedSecret, Verifier, parse, parse_response,
    parse_rfc9421,
};
use http::Request;
use serde_json::Value;
use std::time::Duration;

/// The public keys of appendix B.1 and its cases, from <https://www.rfc-editor.org/rfc/rfc9421#appendix-B>.
const RFC9421_B: &str = include_str!("../vectors/rfc9421-appendix-b.json");

const NEVER_STALE: Duration = Duration::from_secs(100 * 365 * 86_400);

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn request<'a>(
    method: &str,
    uri: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    body: &str,
) -> Request<Bytes> {
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(Bytes::from(body.to_owned())).unwrap()
}

fn of_object(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    value
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
}

fn of_pairs(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
}

/// The target as it is on the wire.
fn target(url: &str) -> String {
    http::Uri::try_from(url)
        .unwrap()
        .path_and_query()
        .unwrap()
        .to_string()
}

fn parsed(request: Request<Bytes>) -> Result<Parsed, federate_signatures::Refusal> {
    let (head, body) = request.into_parts();
    parse(&head, &body)
}

#[test]
fn mastodon_http_signatures() {
    let Some(vectors) = shared("mastodon-http-signatures/vectors.json") else {
        return;
    };
    let rsa = PublicKey::from_pem(text(&vectors, "rsa_public_pem")).unwrap();
    let ed25519 = PublicKey::from_pem(text(&vectors, "ed25519_public_pem")).unwrap();
    let policy = Policy::mastodon().authorities(["www.example.com"]);
    let now = at(1_703_066_400);
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 28);
    for case in cases {
        let name = text(case, "name");
        let request = request(
            text(case, "method"),
            &target(text(case, "url")),
            of_object(&case["headers"]),
            text(case, "body"),
        );
        let verdict = parsed(request).and_then(|parsed| {
            if name.contains("inaccessible key") {
                // There the key cannot be had: that is for whoever fetches it.
                assert_eq!(
                    parsed.key_id().as_str(),
                    "https://remote.domain/users/alice#main-key"
                );
                return Ok(None);
            }
            if let Some(base) = case["signing_string"]
                .as_str()
                .filter(|_| text(case, "expect") == "valid")
                && text(case, "cryptographic_result") != "rsa-sha256 (query omitted)"
            {
                assert_eq!(parsed.signed_string(&policy), base, "{name}");
            }
            let key = if text(case, "cryptographic_result") == "ed25519" {
                &ed25519
            } else {
                &rsa
            };
            parsed.verify(key, &policy, now).map(Some)
        });
        match (text(case, "expect"), verdict) {
            ("valid", Ok(Some(verified))) => {
                assert_eq!(
                    verified.query_signed(),
                    !name.contains("query string is missing"),
                    "{name}"
                );
            }
            ("invalid", Ok(None)) => assert!(name.contains("inaccessible key"), "{name}"),
            ("invalid", Err(refusal)) => {
                // Mastodon says 401 to an unparsable Date; it is one of the things that we call malformed.
                assert!(
                    !refusal.is_malformed() || name.contains("unparsable date"),
                    "{name}: {refusal}"
                );
            }
            ("400", Err(refusal)) => assert!(refusal.is_malformed(), "{name}: {refusal}"),
            (expected, verdict) => panic!("{name}: expected {expected}, got {verdict:?}"),
        }
    }
}

#[test]
fn cavage_12_appendix_c() {
    let Some(vectors) = shared("cavage-12/appendix-c.json") else {
        return;
    };
    // Its key has 1024 bits, which is refused; so the strings are compared, and that they were signed is taken as said.
    PublicKey::from_pem(text(&vectors, "public_pem")).unwrap_err();
    let message = &vectors["request"];
    for case in vectors["cases"].as_array().unwrap() {
        let Some(list) = case["headers_param"].as_str() else {
            continue;
        };
        let signature = text(case, "recomputed_signature");
        let header = format!(
            r#"keyId="rsa-key-1",algorithm="hs2019",created=1402170695,expires=1402170699,headers="{list}",signature="{signature}""#
        );
        let headers = of_pairs(&message["headers"]).chain([("Signature", header.as_str())]);
        let request = request(
            text(message, "method"),
            text(message, "target"),
            headers,
            text(message, "body"),
        );
        let parsed = parsed(request).unwrap();
        assert_eq!(
            parsed.signed_string(&Policy::default()),
            text(case, "signing_string"),
            "{}",
            text(case, "id")
        );
    }
}

#[test]
fn cavage_12_fedify_lower_case_digest_without_algorithm() {
    let Some(case) = shared("cavage-12/fedify-lowercase-sha256-no-algorithm.json") else {
        return;
    };
    let request = request(
        text(&case, "method"),
        &target(text(&case, "url")),
        of_object(&case["headers"]),
        text(&case, "body"),
    );
    let parsed = parsed(request).unwrap();
    assert_eq!(
        parsed.signed_string(&Policy::default()),
        text(&case, "signing_string")
    );
    let key = PublicKey::from_pem(text(&case, "publicKeyPem")).unwrap();
    let signed = at(1_709_624_984);
    for (now, good) in [
        (signed, true),
        (signed + Duration::from_secs(3600), true),
        (signed + Duration::from_millis(3_600_001), false),
        (signed - Duration::from_secs(3600), true),
        (signed - Duration::from_millis(3_600_001), false),
    ] {
        assert_eq!(parsed.verify(&key, &Policy::default(), now).is_ok(), good);
    }
}

#[test]
fn cavage_12_oeee_cafe_quoted_created() {
    let Some(case) = shared("cavage-12/oeee-cafe-hs2019-quoted-created.json") else {
        return;
    };
    let request = request(
        text(&case, "method"),
        &target(text(&case, "url")),
        of_object(&case["headers"]),
        text(&case, "body"),
    );
    let parsed = parsed(request).unwrap();
    let policy = Policy::mastodon().authorities(["c27a97f98d5f.ngrok.app"]);
    assert_eq!(parsed.signed_string(&policy), text(&case, "signing_string"));
    let key = PublicKey::from_pem(text(&case["actor"]["publicKey"], "publicKeyPem")).unwrap();
    let verified = parsed.verify(&key, &policy, at(1_756_126_694)).unwrap();
    assert_eq!(verified.signed_at(), at(1_756_126_694));
}

#[test]
fn cavage_12_mastodon_2_5_as_peertube_captured_it() {
    let Some(vectors) = shared("cavage-12/peertube-captured-mastodon-2.5.json") else {
        return;
    };
    // The capture lost the bytes of the body, so that its digest does not fit; the string and the signature do.
    let key = PublicKey::from_pem(text(&vectors, "public_pem")).unwrap();
    let wrong = PublicKey::from_pem(text(&vectors, "wrong_public_pem")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let (name, base) = (text(case, "name"), text(case, "signing_string"));
        let body = case["body"].to_string();
        let captured = request(
            text(case, "method"),
            text(case, "path"),
            of_object(&case["headers"]),
            &body,
        );
        assert_eq!(parsed(captured).unwrap_err().name(), "digest_mismatch");
        let header = text(&case["headers"], "signature");
        let signature = header.split("signature=\"").nth(1).unwrap().trim_end_matches('"');
        // One of the two cases is damaged, and need not be Base64 any more.
        let signature = base64::engine::general_purpose::STANDARD
            .decode(signature)
            .unwrap_or_default();
        assert_eq!(
            key.verifies(base.as_bytes(), &signature),
            case["verifies"].as_bool().unwrap(),
            "{name}"
        );
        assert!(!wrong.verifies(base.as_bytes(), &signature), "{name}");
    }
}

/// Runs all cases of appendix B: the string and the verdict, without an exception.
fn rfc9421_appendix_b(cases: &Value, keys: &Value) {
    let (mut verified, mut strings) = (0, 0);
    for case in cases.as_array().unwrap() {
        let id = text(case, "id");
        let message = &case["message"];
        let mut line = text(message, "start_line").split(' ');
        let (method, uri) = (line.next().unwrap(), line.next().unwrap());
        let own: Vec<_> = of_pairs(&message["headers"])
            .filter(|(name, _)| {
                !name.eq_ignore_ascii_case("signature") && !name.eq_ignore_ascii_case("signature-input")
            })
            .collect();
        let headers = own.into_iter().chain([
            ("Signature-Input", text(case, "signature_input")),
            ("Signature", text(case, "signature")),
        ]);
        let parsed = if method == "HTTP/1.1" {
            let mut response = http::Response::builder().status(uri);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            let (response, ()) = response.body(()).unwrap().into_parts();
            let (asked, ()) = Request::post("https://example.com/foo")
                .body(())
                .unwrap()
                .into_parts();
            parse_response(&response, text(message, "body").as_bytes(), &asked, None).unwrap()
        } else {
            let (head, body) = request(method, uri, headers, text(message, "body")).into_parts();
            parse_rfc9421(&head, &body, None).unwrap()
        };
        assert_eq!(parsed.flavour(), Flavour::Rfc9421);
        let algorithm = Algorithm::from_rfc9421_name(text(case, "algorithm")).unwrap();
        let policy = Policy::default()
            .rfc9421_components(&[], &[])
            .response_components(&[], &[])
            .tags(["header-example"])
            .window(NEVER_STALE);
        let expected = text(case, "signature_base");
        // The cases that must fail have no string.
        if !expected.is_empty() {
            assert_eq!(parsed.signed_string(&policy), expected, "{id}");
            strings += 1;
        }
        let key: Box<dyn Verifier> = if algorithm == Algorithm::HmacSha256 {
            let secret = base64::engine::general_purpose::STANDARD
                .decode(text(&keys["test-shared-secret"], "base64"))
                .unwrap();
            Box::new(SharedSecret::new(KeyId::from("test-shared-secret"), &secret).unwrap())
        } else {
            let key = PublicKey::from_pem(text(&keys[text(case, "key")], "public_pem")).unwrap();
            Box::new(key.with_algorithm(algorithm).unwrap())
        };
        let verdict = parsed.verify_with(&*key, &policy.clone().algorithms([algorithm]), at(1_618_884_473));
        assert_eq!(
            verdict.is_ok(),
            case["expect_valid"].as_bool().unwrap(),
            "{id}: {verdict:?}"
        );
        verified += 1;
        // By name only: the default takes none of these.
        if !matches!(algorithm, Algorithm::Ed25519 | Algorithm::RsaV1_5Sha256) {
            let verdict = parsed.verify_with(&*key, &policy, at(1_618_884_473));
            assert_eq!(verdict.unwrap_err().name(), "unsupported_algorithm", "{id}");
        }
    }
    assert_eq!(verified, cases.as_array().unwrap().len());
    assert!(strings >= 7, "{strings}");
}

#[test]
fn rfc9421_appendix_b_as_printed() {
    let vectors: Value = serde_json::from_str(RFC9421_B).unwrap();
    rfc9421_appendix_b(&vectors["cases"], &vectors["keys"]);
}

#[test]
fn rfc9421_appendix_b_shared() {
    let (Some(vectors), Some(keys)) = (shared("rfc9421/appendix-b.json"), shared("rfc9421/keys.json")) else {
        return;
    };
    rfc9421_appendix_b(&vectors["cases"], &keys);
    assert!(PublicKey::from_pem(text(&keys["test-key-rsa"], "public_pem")).is_ok());
}

#[test]
fn rfc9530_content_digests() {
    let Some(cases) = shared("rfc9530/content-digest-computed.json") else {
        return;
    };
    for case in cases.as_array().unwrap() {
        let body = text(case, "body");
        for (name, digest) in [("content-digest", "content_digest"), ("digest", "rfc3230_digest")] {
            let digest = text(case, digest);
            let check = |body: &str| {
                let headers = [
                    ("host", "a.example"),
                    (name, digest),
                    ("signature-input", &format!(r#"a=("{name}");created=1;keyid="k""#)),
                    ("signature", "a=:AAAA:"),
                ];
                parsed(request("POST", "/", headers.into_iter(), body)).map(drop)
            };
            check(body).unwrap();
            assert_eq!(check(&format!("{body} ")).unwrap_err().name(), "digest_mismatch");
        }
    }
}

#[test]
fn every_time_is_a_time() {
    // The arithmetic of windows at both ends of what a clock can say.
    for seconds in [0, 1, u64::from(u32::MAX), 1 << 40] {
        let header = format!(
            r#"keyId="k",algorithm="hs2019",created={seconds},headers="(created) (request-target) host",signature="AAAA""#
        );
        let headers = [("host", "a.example"), ("signature", header.as_str())];
        let parsed = parsed(request("GET", "/", headers.into_iter(), "")).unwrap();
        let _ = parsed.check(&Policy::default(), at(1_700_000_000));
    }
}

#[test]
fn multikeys() {
    let (Some(decoded), Some(fep)) = (
        shared("multikey/multikey-decoded.json"),
        shared("multikey/fep-521a.json"),
    ) else {
        return;
    };
    let decoded = decoded["keys"].as_array().unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut read = 0;
    for case in decoded {
        let key = PublicKey::from_multikey(text(case, "multibase"));
        match text(case, "name") {
            "ed25519-pub" => {
                let key = key.unwrap();
                assert!(hex(&key.to_spki_der()).ends_with(text(case, "key_hex")));
                assert_eq!(key.to_multikey(), text(case, "multibase"));
                read += 1;
            }
            "p256-pub" | "p384-pub" => {
                let key = key.unwrap();
                assert_eq!(key.to_multikey(), text(case, "multibase"));
                assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key.clone()));
                assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key));
                read += 1;
            }
            // Private keys, and algorithms that are not verified here.
            other => assert!(key.is_err(), "{other}"),
        }
    }
    for case in fep.as_array().unwrap() {
        let multikey = text(&case["multikey"], "publicKeyMultibase");
        if matches!(text(case, "kind"), "Ed25519" | "RSA") {
            assert_eq!(
                PublicKey::from_multikey(multikey).unwrap().to_multikey(),
                multikey
            );
            read += 1;
        }
    }
    assert!(read > 2);
}
