//! What is sealed: activities with every kind of evidence, and what was passed on.

use super::forwarded::{BOB, forwarded, proven};
use super::*;
use crate::activitystreams::Activity;
use crate::receive::gone;
use crate::{Authenticated, BadSeal, Envelope};

fn secret() -> Secret {
    Secret::new(&[7; 32]).unwrap()
}

fn one_of_each() -> Vec<Authenticated<Activity>> {
    let gone = gone(&iri(ALICE), &iri("https://a.example/notes/1"), &config()).unwrap();
    vec![
        from_alice(&like()),
        from_alice(&delete_of_self()),
        proven(&like()),
        gone,
    ]
}

/// Each byte of it, changed, is found out.
fn tampered(sealed: &Sealed) {
    for at in 0..sealed.as_bytes().len() {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[at] ^= 1;
        assert!(
            Sealed::from_bytes(bytes).open_envelope(&secret()).is_err(),
            "byte {at}"
        );
    }
    let short = sealed.to_bytes().slice(..sealed.as_bytes().len() - 1);
    assert!(Sealed::from_bytes(short).open_envelope(&secret()).is_err());
}

#[test]
fn what_is_sealed_opens_under_the_same_secret_and_no_other() {
    for activity in one_of_each() {
        let sealed = Sealed::from_bytes(activity.seal(&secret(), now()).to_bytes());
        let (opened, received_at) = sealed.open_with_time(&secret()).unwrap();
        assert_eq!(
            (opened.by(), opened.id(), opened.body()),
            (activity.by(), activity.id(), activity.body())
        );
        assert_eq!(opened.evidence(), activity.evidence());
        assert_eq!(opened.to_value(), activity.to_value());
        assert_eq!(received_at, now());
        assert!(sealed.open(&Secret::new(&[8; 32]).unwrap()).is_err());
        tampered(&sealed);
    }
    assert!(Secret::new(&[7; 31]).is_err());
    assert!(Sealed::from_bytes(Bytes::new()).open(&secret()).is_err());
}

#[test]
fn what_is_sealed_is_known_by_its_tag() {
    let tag = |activity: &Authenticated<Activity>, at| activity.seal(&secret(), at).tag().to_vec();
    let like = from_alice(&like());
    assert_eq!(
        (tag(&like, now()).len(), tag(&like, now())),
        (33, tag(&like.clone(), now()))
    );
    // Another time, another secret, another activity of the same id.
    let mut other = super::like();
    other["object"] = "https://b.example/notes/2".into();
    let other = from_alice(&other);
    assert_eq!(other.id(), like.id());
    let later = now() + Duration::from_micros(1);
    let elsewhere = like.seal(&Secret::new(&[8; 32]).unwrap(), now());
    for another in [tag(&other, now()), tag(&like, later), elsewhere.tag().to_vec()] {
        assert_ne!(another, tag(&like, now()));
    }
    let short = Sealed::from_bytes(Bytes::from_static(b"short"));
    assert_eq!(short.tag(), b"short");
}

/// What the envelope of [`like`] says beside its body, field by field.
fn about() -> Vec<u8> {
    let micros = 1_790_000_000_000_000_u64.to_be_bytes();
    [
        &micros[..],
        ALICE.as_bytes(),
        b"https://a.example/likes/1",
        b"signature",
        ALICE_KEY.as_bytes(),
        b"cavage",
        &micros,
    ]
    .map(prefixed)
    .concat()
}

fn prefixed(field: &[u8]) -> Vec<u8> {
    [&(field.len() as u64).to_be_bytes(), field].concat()
}

fn with_tag(version: u8, authenticated: &[&[u8]], payload: &[&[u8]]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    let tag = ring::hmac::sign(&key, &authenticated.concat());
    [&[version], tag.as_ref(), &payload.concat()].concat()
}

#[test]
fn what_is_sealed_stays_readable_byte_by_byte() {
    let (body, about) = (like().to_string(), about());
    let sha256 = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    let domain = b"federate sealed activity 2\0";
    let payload = [prefixed(body.as_bytes()), about.clone()];
    let payload = payload.each_ref().map(Vec::as_slice);
    let bytes = with_tag(3, &[domain, sha256.as_ref(), &about], &payload);
    let opened = Sealed::from_bytes(bytes.clone()).open(&secret()).unwrap();
    assert_eq!((opened.by(), opened.body()), (&iri(ALICE), &Bytes::from(body)));
    assert_eq!(from_alice(&like()).seal(&secret(), now()).as_bytes(), bytes);
    assert_eq!(opened.seal(&secret(), now()).as_bytes(), bytes);
}

#[test]
fn what_was_sealed_over_all_its_bytes_still_opens() {
    let body = like().to_string();
    let payload = [about(), prefixed(body.as_bytes())].concat();
    let bytes = with_tag(1, &[b"federate sealed activity 1\0", &payload], &[&payload]);
    tampered(&Sealed::from_bytes(bytes.clone()));
    for (version, sealed) in [
        (3, &bytes[..]),
        (1, from_alice(&like()).seal(&secret(), now()).as_bytes()),
    ] {
        let disguised = [&[version], &sealed[1..]].concat();
        assert!(Sealed::from_bytes(disguised).open_envelope(&secret()).is_err());
    }
    let opened = Sealed::from_bytes(bytes).open(&secret()).unwrap();
    assert_eq!((opened.by(), opened.body()), (&iri(ALICE), &Bytes::from(body)));
}

/// The digest is that of the request, the bytes are those that the document holds.
#[test]
fn what_came_with_blanks_around_it_is_sealed_and_opened_as_it_came() {
    for body in [format!(" \n{}\t\r\n ", like()), format!("{:#}", like())] {
        let request = sign(post(body.clone()), ALICE_KEY, now());
        let need = need(receive(request, &config(), now()));
        let activity = done(need.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now()));
        let opened = activity.seal(&secret(), now()).open(&secret()).unwrap();
        assert_eq!(activity.body(), &Bytes::from(body.clone()));
        assert_eq!(opened.body(), &Bytes::from(body));
    }
}

#[test]
fn i20_what_was_passed_on_never_opens_as_an_activity() {
    for body in [like(), delete_of_self()] {
        let forwarded = forwarded(&body, BOB);
        let sealed = forwarded.seal(&secret(), now());
        let (envelope, at) = sealed.open_envelope(&secret()).unwrap();
        assert_eq!(at, now());
        assert!(matches!(&envelope, Envelope::Forwarded(opened) if **opened == forwarded));
        assert_eq!(sealed.open(&secret()).unwrap_err(), BadSeal::NotAnActivity);
        tampered(&sealed);
        // Not with another version before it either: each has a domain of its own.
        for version in [1, 3] {
            let mut disguised = sealed.as_bytes().to_vec();
            disguised[0] = version;
            let opened = Sealed::from_bytes(disguised).open_envelope(&secret());
            assert_eq!(opened.unwrap_err(), BadSeal::Mismatch);
        }
        let mut later = sealed.as_bytes().to_vec();
        later[0] = 4;
        let opened = Sealed::from_bytes(later).open_envelope(&secret());
        assert_eq!(opened.unwrap_err(), BadSeal::UnknownVersion);
    }
}
