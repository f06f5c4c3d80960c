//! Properties that hold for all requests.

use crate::support::*;
use bytes::Bytes;
use federate_signatures::{Parsed, Policy, Refusal, Signer as _, cavage, parse, parse_label, rfc9421};
use http::{HeaderName, HeaderValue, Request};
use proptest::{collection::vec, prelude::*, sample::Index};

fn signed(request: Request<Bytes>, pem: &str, is_cavage: bool) -> Request<Bytes> {
    let key = key(pem);
    let unsigned = if is_cavage {
        cavage(request, now())
    } else {
        rfc9421(request, key.key_id(), now())
    };
    unsigned.sign(&key).unwrap()
}

fn copy(request: &Request<Bytes>) -> Request<Bytes> {
    let mut copy = Request::builder()
        .method(request.method())
        .uri(request.uri())
        .body(request.body().clone())
        .unwrap();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn parsed(request: &Request<Bytes>) -> Result<Parsed, Refusal> {
    let (head, body) = copy(request).into_parts();
    parse(&head, &body)
}

/// Two flavours, two keys.
fn usual() -> Vec<(Request<Bytes>, &'static str)> {
    [(RSA, true), (RSA, false), (ED25519, true), (ED25519, false)]
        .map(|(pem, is_cavage)| (signed(post(), pem, is_cavage), pem))
        .to_vec()
}

/// Every header that the signature covers, and the signature itself.
fn signed_headers(request: &Request<Bytes>) -> Vec<HeaderName> {
    let covered = parsed(request).unwrap().covered();
    request
        .headers()
        .keys()
        .filter(|name| covered.iter().any(|c| c == name.as_str()) || name.as_str().starts_with("signature"))
        .cloned()
        .collect()
}

#[test]
fn every_flipped_byte_of_a_header_is_refused() {
    for (request, pem) in usual() {
        let public = key(pem).public_key();
        let good = parsed(&request)
            .unwrap()
            .verify(&public, &policy(), now())
            .unwrap();
        for name in signed_headers(&request) {
            let value = request.headers()[&name].as_bytes().to_vec();
            for at in 0..value.len() {
                for bit in [0x01, 0x04, 0x20] {
                    let mut value = value.clone();
                    value[at] ^= bit;
                    let Ok(value) = HeaderValue::from_bytes(&value) else {
                        continue;
                    };
                    let mut request = copy(&request);
                    request.headers_mut().insert(&name, value.clone());
                    match verify(request, &public, &policy(), now()) {
                        Err(_) => {}
                        // The key id of the draft is not signed, and neither is the case of names: what is then
                        // verified must be what was signed, under the name that is now there.
                        Ok(verified) => {
                            assert_eq!(name, "signature", "{value:?}");
                            assert_eq!(verified.covered(), good.covered(), "{value:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_signature_is_refused() {
    for (request, pem) in usual() {
        let public = key(pem).public_key();
        let value = request.headers()["signature"].to_str().unwrap().to_owned();
        let encoded = base64(parsed(&request).unwrap().signature());
        for at in 0..encoded.len() {
            for other in ["A", "B", "b", "0", "/", "=", "!", "-"] {
                let mut changed = encoded.clone();
                changed.replace_range(at..=at, other);
                if changed == encoded {
                    continue;
                }
                let mut request = copy(&request);
                let changed = value.replace(&encoded, &changed);
                request
                    .headers_mut()
                    .insert("signature", changed.parse().unwrap());
                verify(request, &public, &policy(), now()).unwrap_err();
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_body_is_refused_before_the_key() {
    for (request, _) in usual() {
        for at in 0..request.body().len() {
            for bit in 0..8 {
                let mut request = copy(&request);
                let mut body = request.body().to_vec();
                body[at] ^= 1 << bit;
                *request.body_mut() = body.into();
                assert_eq!(parsed(&request).unwrap_err().name(), "digest_mismatch");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_verifies(
        path in "(/[a-zA-Z0-9._~%@:!$&'()*+,;=-]{0,12}){1,4}",
        query in prop::option::of("[a-zA-Z0-9=&%?/]{0,20}"),
        host in "[a-z]{1,10}\\.example(:[1-9][0-9]{0,3})?",
        body in vec(any::<u8>(), 0..300),
        is_post: bool,
        is_cavage: bool,
        is_rsa: bool,
    ) {
        let path = path.replace('%', "%25");
        let query = query.map(|q| format!("?{}", q.replace('%', "%25"))).unwrap_or_default();
        let uri = format!("https://{host}{path}{query}");
        let method = if is_post { "POST" } else { "GET" };
        let request = Request::builder().method(method).uri(uri).body(Bytes::from(body)).unwrap();
        let pem = if is_rsa { RSA } else { ED25519 };
        let mut request = signed(request, pem, is_cavage);
        let policy = Policy::default().authorities([&host]);
        let verified = verify(copy(&request), &key(pem).public_key(), &policy, now());
        prop_assert!(verified.is_ok(), "{verified:?}");
        // As a server sees it: the target without scheme and host.
        *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
        let verified = verify(request, &key(pem).public_key(), &policy, now());
        prop_assert!(verified.is_ok_and(|v| v.query_signed()));
    }

    #[test]
    fn another_target_is_refused(at: Index, is_cavage: bool) {
        let request = signed(post(), ED25519, is_cavage);
        let mut target = request.uri().path_and_query().unwrap().as_str().as_bytes().to_vec();
        let at = at.index(target.len());
        // A path begins with a slash.
        prop_assume!(at > 0);
        target[at] ^= 1;
        let Ok(uri) = http::Uri::try_from(target) else { return Ok(()) };
        let mut request = copy(&request);
        *request.uri_mut() = uri;
        prop_assert!(verify(request, &key(ED25519).public_key(), &policy(), now()).is_err());
    }
}

proptest! {
    #[test]
    fn no_header_makes_a_parser_panic(
        signature: Vec<u8>,
        input: Vec<u8>,
        digest: Vec<u8>,
        authorization: Vec<u8>,
        body: Vec<u8>,
    ) {
        read_all(&[&signature], &[&input], &digest, &authorization, &body);
    }

    #[test]
    fn nothing_like_a_header_makes_a_parser_panic(
        signature in r#"(Signature )?(keyId|headers|signature|created|sig1|x)?[="\\, :a();A?0-9]{0,40}(keyId="k")?(,headers="\(?[a-z() -]{0,20}")?(,created=-?[0-9]{0,25})?"#,
        input in r#"(sig1|a|\*)?=?\(("@?[a-zA-Z-]{0,16}"(;[a-z]{1,4})? ?){0,4}\)(;(created|expires|keyid|alg)=("[a-z"\\]{0,4}"?|-?[0-9]{0,20})){0,4}"#,
        digest in r#"(SHA-256|sha-512|x)?=?:?[A-Za-z0-9+/=]{0,44}:?,?"#,
    ) {
        read_all(&[signature.as_bytes(), b"sig1=:AAAA:"], &[input.as_bytes()], digest.as_bytes(), signature.as_bytes(), b"{}");
        read_all(&[b"sig1=:AAAA:"], &[input.as_bytes()], digest.as_bytes(), b"", b"{}");
        read_all(&[signature.as_bytes()], &[], digest.as_bytes(), b"", b"{}");
    }
}

/// Reads and verifies, if only to see that it comes back.
fn read_all(signatures: &[&[u8]], inputs: &[&[u8]], digest: &[u8], authorization: &[u8], body: &[u8]) {
    let mut builder = Request::post("/inbox?x=1").header("host", "peer.example");
    let lines = signatures
        .iter()
        .map(|v| ("signature", *v))
        .chain(inputs.iter().map(|v| ("signature-input", *v)))
        .chain([
            ("digest", digest),
            ("content-digest", digest),
            ("authorization", authorization),
        ]);
    for (name, value) in lines {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            builder = builder.header(name, value);
        }
    }
    let (head, body) = builder.body(Bytes::copy_from_slice(body)).unwrap().into_parts();
    let _ = parse_label(&head, &body, "sig1");
    let loose = Policy::default()
        .cavage_components(&[], &[])
        .rfc9421_components(&[], &[])
        .cavage_fallback(true);
    match parse(&head, &body) {
        Ok(parsed) => {
            for policy in [policy(), loose] {
                if let Err(refusal) = parsed.verify(&key(ED25519).public_key(), &policy, now()) {
                    assert!(!refusal.explain().is_empty() && refusal.peer_message().len() < 2000);
                }
            }
        }
        Err(refusal) => assert!(!refusal.explain().is_empty() && refusal.peer_message().len() < 2000),
    }
}
