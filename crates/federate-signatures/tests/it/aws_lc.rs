//! AWS-LC beside ring: one verifies what the other signs, and both refuse the same.

use crate::support::{ED25519, KEY_ID, OTHER_RSA, RSA, key, now, policy, post, verify};
use federate_signatures::{
    Algorithm, BadKey, GeneratedKey, KeyGenerator, KeyId, PrivateKey, PublicKey, SignError, Signer, Verifier,
    aws_lc, cavage, parse, rfc9421,
};

const P256: &str = include_str!("../keys/p256.pkcs8.pem");

fn id() -> KeyId {
    KeyId::from(KEY_ID)
}

/// Signs and verifies both ways, and nothing else verifies.
fn both_ways(ring: &dyn Signer, aws: &dyn Signer, public: &PublicKey) {
    let theirs = aws_lc::VerifyingKey::new(public.clone()).unwrap();
    assert_eq!(theirs.public_key(), public);
    let given = public.clone().verified_by(&aws_lc::AwsLc).unwrap();
    assert_eq!(&given, public);
    for signer in [ring, aws] {
        assert_eq!(signer.algorithm(), public.algorithm());
        assert_eq!(signer.key_id().as_str(), KEY_ID);
        let signature = signer.sign(b"message").unwrap();
        let verifiers: [&dyn Verifier; 3] = [public, &theirs, &given];
        for verifier in verifiers {
            assert_eq!(verifier.algorithm(), public.algorithm());
            assert!(
                verifier.verifies(b"message", &signature),
                "{signer:?} {verifier:?}"
            );
            assert!(!verifier.verifies(b"massage", &signature));
            for at in [0, signature.len() / 2, signature.len() - 1] {
                let mut bad = signature.clone();
                bad[at] ^= 1;
                assert!(!verifier.verifies(b"message", &bad), "{verifier:?} {at}");
            }
            assert!(!verifier.verifies(b"message", &signature[1..]));
            assert!(!verifier.verifies(b"message", b""));
        }
    }
}

#[test]
fn each_verifies_what_the_other_signs() {
    for pem in [RSA, OTHER_RSA, ED25519, P256] {
        let ours = key(pem);
        let theirs = aws_lc::PrivateKey::from_pem(id(), pem).unwrap();
        assert_eq!(ours.public_key(), theirs.public_key());
        both_ways(&ours, &theirs, &ours.public_key());
        if ours.algorithm() == Algorithm::RsaV1_5Sha256 {
            let ours = ours.with_algorithm(Algorithm::RsaPssSha512).unwrap();
            let theirs = theirs.with_algorithm(Algorithm::RsaPssSha512).unwrap();
            both_ways(&ours, &theirs, &ours.public_key());
        } else {
            assert!(theirs.with_algorithm(Algorithm::RsaPssSha512).is_err());
        }
    }
    // PKCS#1 v1.5 and Ed25519 are deterministic.
    for pem in [RSA, ED25519] {
        let theirs = aws_lc::PrivateKey::from_pem(id(), pem).unwrap();
        assert_eq!(
            key(pem).sign(b"message").unwrap(),
            theirs.sign(b"message").unwrap()
        );
    }
}

#[test]
fn requests_by_aws_lc_in_both_flavours() {
    let theirs = aws_lc::PrivateKey::from_pem(id(), RSA).unwrap();
    let verifier = aws_lc::VerifyingKey::try_from(theirs.public_key()).unwrap();
    for unsigned in [cavage(post(), now()), rfc9421(post(), &id(), now())] {
        let signed = unsigned.sign(&theirs).unwrap();
        verify(signed.clone(), &theirs.public_key(), &policy(), now()).unwrap();
        let (head, body) = signed.into_parts();
        let parsed = parse(&head, &body).unwrap();
        assert_eq!(
            parsed.verify_with(&verifier, &policy(), now()).unwrap().key_id(),
            &id()
        );
    }
}

#[test]
fn s20_malleable_and_small_order_for_aws_lc_too() {
    let verifier = aws_lc::VerifyingKey::new(key(ED25519).public_key()).unwrap();
    let signature = key(ED25519).sign(b"message").unwrap();
    // S plus the order of the group.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable = signature.clone();
    let mut carry = 0_u16;
    for (byte, add) in malleable[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    assert!(verifier.verifies(b"message", &signature));
    assert!(!verifier.verifies(b"message", &malleable));
    // The identity point as commitment.
    let mut weak = signature;
    weak[..32].fill(0);
    weak[0] = 1;
    assert!(!verifier.verifies(b"message", &weak));
}

#[test]
fn s21_bounds_are_the_same() {
    for (pem, expected) in [
        (
            include_str!("../keys/rsa1024.pkcs1.pem"),
            BadKey::ModulusSize { bits: 1024 },
        ),
        (include_str!("../keys/rsa2048.spki.pem"), BadKey::PublicKeyGiven),
        ("", BadKey::NotPem),
    ] {
        assert_eq!(aws_lc::PrivateKey::from_pem(id(), pem).unwrap_err(), expected);
        assert_eq!(PrivateKey::from_pem(id(), pem).unwrap_err(), expected);
    }
    assert_eq!(
        aws_lc::PrivateKey::from_multikey(id(), "zzzz").unwrap_err(),
        BadKey::UnsupportedAlgorithm
    );
}

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
}

/// Both providers take it, with one public key, or both refuse it for one reason.
fn agree(what: &str, pkcs8: &[u8]) -> Result<PublicKey, BadKey> {
    let ours = PrivateKey::from_pkcs8(id(), pkcs8).map(|key| key.public_key());
    let theirs = aws_lc::PrivateKey::from_pkcs8(id(), pkcs8).map(|key| key.public_key());
    assert_eq!(ours, theirs, "{what}");
    ours
}

#[test]
fn s21_malformed_private_keys_are_refused_alike() {
    for (name, pem) in [("RSA", RSA), ("Ed25519", ED25519), ("P-256", P256)] {
        let good = der(pem);
        assert_eq!(agree(name, &good).unwrap(), key(pem).public_key());
        let junk = [good.as_slice(), b"junk"].concat();
        assert_eq!(agree("junk", &junk), Err(BadKey::NotDer), "{name}");
        let at = good.windows(3).position(|bytes| bytes == [2, 1, 0]).unwrap() + 2;
        for version in [1, 2, 9, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = version;
            assert_eq!(agree("version", &bad), Err(BadKey::NotDer), "{name} {version}");
        }
        // Every bit of the form, every byte left out and put in; beyond it are the numbers.
        for at in 0..good.len().min(140) {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let _ = agree(&format!("{name}: bit {bit} of {at}"), &bad);
            }
            let mut bad = good.clone();
            bad.remove(at);
            let _ = agree(&format!("{name}: without {at}"), &bad);
            bad.splice(at..at, [0x41, 0x41]);
            let _ = agree(&format!("{name}: more at {at}"), &bad);
        }
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        let _ = agree(name, &bad);
    }
    let mut bad = der(P256);
    *bad.last_mut().unwrap() ^= 1;
    assert!(agree("another point", &bad).is_err());
}

/// What AWS-LC refuses at once, ring refuses at the latest when it signs: nothing that is wrong goes out.
#[test]
fn s21_an_rsa_key_that_contradicts_itself_makes_no_bad_signature() {
    let (good, public) = (der(RSA), key(RSA).public_key());
    for at in (290..good.len()).step_by(29) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(aws_lc::PrivateKey::from_pkcs8(id(), &bad).is_err(), "{at}");
        let signed = PrivateKey::from_pkcs8(id(), &bad).map(|key| key.sign(b"message"));
        if let Ok(Ok(signature)) = signed {
            assert!(public.verifies(b"message", &signature), "{at}");
        }
    }
}

#[test]
fn the_public_key_beside_an_ed25519_secret_must_be_its_own() {
    let (good, spki) = (der(ED25519), key(ED25519).public_key().to_spki_der());
    let (seed, public) = (&good[16..48], &spki[spki.len() - 32..]);
    let info = |version: u8, parts: &[&[u8]]| {
        let head = [2, 1, version, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let content = [&head, seed, parts.concat().as_slice()].concat();
        [&[0x30, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
    };
    let (bare, wrapped) = ([0x81, 0x21, 0], [0xa1, 0x23, 3, 0x21, 0]);
    for tag in [&bare[..], &wrapped] {
        agree("a pair", &info(1, &[tag, public])).unwrap();
        agree("attributes", &info(1, &[&[0xa0, 0], tag, public])).unwrap();
        assert_eq!(agree("version 0", &info(0, &[tag, public])), Err(BadKey::NotDer));
        let other = [&[public[0] ^ 1], &public[1..]].concat();
        assert_eq!(
            agree("another's", &info(1, &[tag, &other])),
            Err(BadKey::Rejected)
        );
        assert!(agree("twice", &info(1, &[tag, public, tag, public])).is_err());
    }
    assert_eq!(agree("none", &info(1, &[])), Err(BadKey::NotDer));
    agree("version 0", &info(0, &[])).unwrap();
}

#[test]
fn the_keys_that_it_makes() {
    type Make = fn(&aws_lc::AwsLc) -> Result<GeneratedKey, SignError>;
    let makers: [(Make, Algorithm, usize); 3] = [
        (|aws| aws.generate_rsa_2048(), Algorithm::RsaV1_5Sha256, 2048),
        (|aws| aws.generate_ed25519(), Algorithm::Ed25519, 256),
        (|aws| aws.generate_p256(), Algorithm::EcdsaP256Sha256, 256),
    ];
    for (make, algorithm, bits) in makers {
        let made = make(&aws_lc::AwsLc).unwrap();
        let public = made.public_key().unwrap();
        assert_eq!((public.algorithm(), public.bits()), (algorithm, bits));
        // The form that Mastodon reads.
        assert!(made.to_pem().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(public.to_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
        let ours = PrivateKey::from_pem(id(), &made.to_pem()).unwrap();
        let theirs = aws_lc::PrivateKey::from_pkcs8(id(), made.as_pkcs8()).unwrap();
        both_ways(&ours, &theirs, &public);
        // Never twice the same, and never shown.
        assert_ne!(make(&aws_lc::AwsLc).unwrap().as_pkcs8(), made.as_pkcs8());
        assert_eq!(format!("{made:?}"), "GeneratedKey(..)");
        assert!(!format!("{theirs:?}").contains("PRIVATE"));
    }
}
