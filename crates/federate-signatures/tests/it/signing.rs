//! What we send.

use crate::support::*;
use bytes::Bytes;
use federate_signatures::{Algorithm, Flavour, KeyId, Policy, Signer, cavage, parse, rfc9421};
use http::Request;
use std::time::Duration;

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> &'a str {
    request.headers()[name].to_str().unwrap()
}

#[test]
fn a_post_as_mastodon_sends_it() {
    let key = key(RSA);
    let unsigned = cavage(post(), now());
    let digest = sha256(BODY.as_bytes());
    let base = format!(
        "(request-target): post /inbox?x=1\nhost: peer.example\ndate: Wed, 20 Dec 2023 10:00:00 GMT\n\
         digest: SHA-256={digest}\ncontent-type: application/activity+json"
    );
    assert_eq!(String::from_utf8_lossy(unsigned.base()), base);
    let signed = unsigned.sign(&key).unwrap();
    assert_eq!(header(&signed, "host"), "peer.example");
    assert_eq!(header(&signed, "digest"), format!("SHA-256={digest}"));
    let signature = base64(&key.sign(base.as_bytes()).unwrap());
    let expected = format!(
        r#"keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest content-type",signature="{signature}""#
    );
    assert_eq!(header(&signed, "signature"), expected);
    assert!(
        verify(signed, &key.public_key(), &policy(), now())
            .unwrap()
            .query_signed()
    );
}

/// Only of a digest that is signed: another says nothing of what the peer sent.
#[test]
fn what_was_computed_of_the_body_is_given_where_its_digest_is_signed() {
    let key = key(RSA);
    for unsigned in [cavage(post(), now()), rfc9421(post(), key.key_id(), now())] {
        let (head, body) = unsigned.sign(&key).unwrap().into_parts();
        let computed = parse(&head, &body).unwrap().body_sha256().unwrap();
        assert_eq!(base64(&computed), sha256(BODY.as_bytes()));
    }
    let beside = ByHand::new().list("(request-target) host date");
    let (head, body) = beside.request().into_parts();
    assert_eq!(parse(&head, &body).unwrap().body_sha256(), None);
}

/// A clock that was never set, and one that was set to anything.
#[test]
fn a_clock_outside_of_the_years_1970_to_9999_is_no_panic() {
    use std::time::SystemTime;
    let seconds = Duration::from_secs;
    for (clock, date) in [
        (
            SystemTime::UNIX_EPOCH - seconds(1),
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ),
        (
            SystemTime::UNIX_EPOCH - seconds(1 << 40),
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ),
        (
            SystemTime::UNIX_EPOCH + seconds(253_402_300_799),
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ),
        (
            SystemTime::UNIX_EPOCH + seconds(253_402_300_800),
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ),
        (
            SystemTime::UNIX_EPOCH + seconds(1 << 60),
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ),
    ] {
        let signed = cavage(post(), clock).sign(&key(RSA)).unwrap();
        assert_eq!(header(&signed, "date"), date);
        let signed = rfc9421(post(), &KeyId::from(KEY_ID), clock)
            .sign(&key(RSA))
            .unwrap();
        assert_eq!(header(&signed, "date"), date);
    }
}

#[test]
fn a_get_signs_no_digest() {
    let get = Request::get("https://peer.example/users/b")
        .body(Bytes::new())
        .unwrap();
    let signed = cavage(get, now()).sign(&key(RSA)).unwrap();
    assert!(!signed.headers().contains_key("digest"));
    let verified = verify(signed, &key(RSA).public_key(), &policy(), now()).unwrap();
    assert_eq!(verified.covered(), ["(request-target)", "host", "date"]);
}

#[test]
fn ed25519_goes_as_hs2019() {
    let signed = cavage(post(), now()).sign(&key(ED25519)).unwrap();
    assert!(header(&signed, "signature").contains(r#"algorithm="hs2019""#));
    let verified = verify(signed, &key(ED25519).public_key(), &policy(), now()).unwrap();
    assert_eq!(verified.algorithm(), Algorithm::Ed25519);
}

#[test]
fn rfc_9421_in_mastodons_profile() {
    let digest = sha256(BODY.as_bytes());
    for pem in [RSA, ED25519] {
        let key = key(pem);
        let unsigned = rfc9421(post(), key.key_id(), now());
        let base = format!(
            "\"@method\": POST\n\"@target-uri\": https://peer.example/inbox?x=1\n\
             \"content-digest\": sha-256=:{digest}:\n\"@signature-params\": {}",
            parameters("")
        );
        assert_eq!(String::from_utf8_lossy(unsigned.base()), base);
        let signed = unsigned.sign(&key).unwrap();
        assert_eq!(
            header(&signed, "signature-input"),
            format!("sig1={}", parameters(""))
        );
        let verified = verify(signed, &key.public_key(), &policy(), now()).unwrap();
        assert_eq!(verified.flavour(), Flavour::Rfc9421);
    }
    let get = Request::get("http://127.0.0.1:8080/users/b?page=1")
        .body(Bytes::new())
        .unwrap();
    let signed = rfc9421(get, key(RSA).key_id(), now()).sign(&key(RSA)).unwrap();
    let local = Policy::default()
        .authorities(["127.0.0.1:8080"])
        .external_scheme("http");
    let _ = verify(signed, &key(RSA).public_key(), &local, now()).unwrap();
}

#[test]
fn a_key_that_lives_elsewhere() {
    let (key, id) = (key(RSA), KeyId::from(KEY_ID));
    for unsigned in [cavage(post(), now()), rfc9421(post(), &id, now())] {
        let signature = key.sign(unsigned.base()).unwrap();
        let signed = unsigned.attach(&id, Algorithm::RsaV1_5Sha256, &signature);
        let _ = verify(signed, &key.public_key(), &policy(), now()).unwrap();
    }
}

#[test]
fn every_attempt_is_signed_anew() {
    let key = key(RSA);
    let first = cavage(post(), now()).sign(&key).unwrap();
    let later = now() + Duration::from_secs(86_400);
    // The other format in between leaves nothing behind.
    let second = rfc9421(first, key.key_id(), later).sign(&key).unwrap();
    assert!(!second.headers().contains_key("digest"));
    let third = cavage(second, later).sign(&key).unwrap();
    assert!(!third.headers().contains_key("signature-input"));
    assert!(!third.headers().contains_key("content-digest"));
    assert_eq!(third.headers().get_all("signature").iter().count(), 1);
    assert_eq!(third.headers().get_all("date").iter().count(), 1);
    let _ = verify(third, &key.public_key(), &policy(), later).unwrap();
}

#[test]
fn ports_users_and_missing_hosts() {
    let host = |uri: &str| {
        let signed = cavage(Request::get(uri).body(Bytes::new()).unwrap(), now())
            .sign(&key(RSA))
            .unwrap();
        signed
            .headers()
            .get("host")
            .map(|h| h.to_str().unwrap().to_owned())
    };
    assert_eq!(host("https://Peer.example:443/").unwrap(), "peer.example");
    assert_eq!(host("https://peer.example:8443/").unwrap(), "peer.example:8443");
    assert_eq!(host("http://peer.example:80/").unwrap(), "peer.example");
    assert_eq!(host("http://[::1]:8080/").unwrap(), "[::1]:8080");
    assert_eq!(host("https://user:secret@peer.example/").unwrap(), "peer.example");
    assert_eq!(host("/inbox"), None);
}

#[test]
fn a_host_that_is_set_is_kept() {
    let request = Request::get("http://127.0.0.1:9/users/b")
        .header("host", "peer.example")
        .body(Bytes::new())
        .unwrap();
    for is_cavage in [true, false] {
        let (request, key) = (request.clone(), key(RSA));
        let unsigned = if is_cavage {
            cavage(request, now())
        } else {
            rfc9421(request, key.key_id(), now())
        };
        let mut signed = unsigned.sign(&key).unwrap();
        assert_eq!(header(&signed, "host"), "peer.example");
        // On the wire there is only the path. The scheme of the address is the peer's, as nothing else tells it.
        *signed.uri_mut() = "/users/b".parse().unwrap();
        let policy = policy().external_scheme("http");
        let _ = verify(signed, &key.public_key(), &policy, now()).unwrap();
    }
}

#[test]
fn a_key_id_cannot_leave_its_quotes() {
    let id = KeyId::from("https://me.example/\"u,signature=\"x\\\r\n é");
    let signed = cavage(post(), now()).attach(&id, Algorithm::RsaV1_5Sha256, &[1; 256]);
    let (head, body) = signed.into_parts();
    let parsed = parse(&head, &body).unwrap();
    assert_eq!(
        parsed.key_id().as_str(),
        "https://me.example/%22u,signature=%22x%5C%0D%0A%20%C3%A9"
    );
}
