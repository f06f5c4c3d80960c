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

/// An envelope as the first release wrote it, byte by byte: its version, its tag, its fields.
#[test]
fn what_an_earlier_release_sealed_still_opens() {
    let body = like().to_string();
    let mut payload = Vec::new();
    let micros = 1_790_000_000_000_000_u64.to_be_bytes();
    for field in [
        &micros[..],
        ALICE.as_bytes(),
        b"https://a.example/likes/1",
        b"signature",
        ALICE_KEY.as_bytes(),
        b"cavage",
        &micros,
        body.as_bytes(),
    ] {
        payload.extend_from_slice(&(field.len() as u64).to_be_bytes());
        payload.extend_from_slice(field);
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    let domain = b"federate sealed activity 1\0";
    let tag = ring::hmac::sign(&key, &[&domain[..], &payload].concat());
    let bytes = [&[1_u8][..], tag.as_ref(), &payload].concat();
    let opened = Sealed::from_bytes(bytes.clone()).open(&secret()).unwrap();
    assert_eq!(opened.by(), &iri(ALICE));
    assert_eq!(opened.body(), &Bytes::from(body));
    // And this one writes what that one reads.
    assert_eq!(from_alice(&like()).seal(&secret(), now()).as_bytes(), bytes);
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
        // Not with the other version before it either: each has a domain of its own.
        let mut disguised = sealed.as_bytes().to_vec();
        disguised[0] = 1;
        let opened = Sealed::from_bytes(disguised).open_envelope(&secret());
        assert_eq!(opened.unwrap_err(), BadSeal::Mismatch);
        let mut later = sealed.as_bytes().to_vec();
        later[0] = 3;
        let opened = Sealed::from_bytes(later).open_envelope(&secret());
        assert_eq!(opened.unwrap_err(), BadSeal::UnknownVersion);
    }
}
