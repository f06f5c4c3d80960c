//! Keys of every kind, in every dress.

use crate::support::{ED25519, KEY_ID, OTHER_RSA, RSA, key, now, policy, post, shared, verify};
use federate_signatures::{
    Algorithm, BadKey, GeneratedKey, KeyId, PrivateKey, PublicKey, SharedSecret, Signer as _, Verifier,
    VerifierProvider, cavage, parse, rfc9421,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const P256: &str = include_str!("../keys/p256.pkcs8.pem");
const P256_SPKI: &str = include_str!("../keys/p256.spki.pem");

fn publics() -> Vec<PublicKey> {
    [RSA, OTHER_RSA, ED25519, P256]
        .map(|pem| key(pem).public_key())
        .to_vec()
}

#[test]
fn every_dress_is_read_again() {
    for public in publics() {
        assert_eq!(PublicKey::from_pem(&public.to_pem()), Ok(public.clone()));
        assert_eq!(
            PublicKey::from_spki_der(&public.to_spki_der()),
            Ok(public.clone())
        );
        assert_eq!(
            PublicKey::from_multikey(&public.to_multikey()),
            Ok(public.clone())
        );
        assert_eq!(PublicKey::from_jwk(&public.to_jwk()), Ok(public.clone()));
        let did = public.to_did_key();
        assert_eq!(PublicKey::from_did_key(&did), Ok(public.clone()));
        let named_twice = format!("{did}#{}", public.to_multikey());
        assert_eq!(PublicKey::from_did_key(&named_twice), Ok(public.clone()));
        let other = format!("{did}#key-1");
        assert_eq!(PublicKey::from_did_key(&other), Err(BadKey::NotDidKey));
    }
    assert_eq!(PublicKey::from_pem(P256_SPKI), Ok(key(P256).public_key()));
    assert_eq!(key(P256).public_key().bits(), 256);
}

#[test]
fn the_keys_of_rfc_9421_as_jwk_and_pem() {
    let Some(keys) = shared("rfc9421/keys.json") else {
        return;
    };
    for (name, entry) in keys.as_object().unwrap() {
        let Some(pem) = entry["public_pem"].as_str() else {
            continue;
        };
        let mut jwk = entry["jwk"].clone();
        if jwk.get("d").is_some() {
            assert_eq!(
                PublicKey::from_jwk(&jwk.to_string()),
                Err(BadKey::PrivateKeyGiven)
            );
            for private in ["d", "p", "q", "dp", "dq", "qi"] {
                jwk.as_object_mut().unwrap().remove(private);
            }
        }
        let of_pem = PublicKey::from_pem(pem).unwrap();
        let of_jwk = PublicKey::from_jwk(&jwk.to_string()).unwrap();
        let of_jwk = of_jwk.with_algorithm(of_pem.algorithm()).unwrap();
        assert_eq!(of_pem, of_jwk, "{name}");
    }
}

#[test]
fn bad_jwks() {
    let x = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (text, expected) in [
        ("", BadKey::NotJwk),
        ("[]", BadKey::NotJwk),
        (r#"{"kty":"RSA"}"#, BadKey::NotJwk),
        (r#"{"kty":"RSA","kty":"OKP"}"#, BadKey::NotJwk),
        (r#"{"kty":"oct","k":"AAAA"}"#, BadKey::PrivateKeyGiven),
        (
            r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#,
            BadKey::UnsupportedAlgorithm,
        ),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, BadKey::Ed25519Length),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AA=="}"#, BadKey::NotJwk),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA","use":"enc"}"#,
            BadKey::UnsupportedAlgorithm,
        ),
        (
            r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
            BadKey::BadPoint,
        ),
        (
            r#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#,
            BadKey::UnsupportedAlgorithm,
        ),
        (
            r#"{"kty":"RSA","n":"_w","e":"AQAB"}"#,
            BadKey::ModulusSize { bits: 8 },
        ),
    ] {
        assert_eq!(PublicKey::from_jwk(text), Err(expected), "{text}");
    }
    let zero = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    assert_eq!(PublicKey::from_jwk(&zero), Err(BadKey::WeakPoint));
    let zero = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}"}}"#);
    assert_eq!(PublicKey::from_jwk(&zero), Err(BadKey::BadPoint));
}

#[test]
fn s20_points_that_are_on_no_curve() {
    let spki = key(P256).public_key().to_spki_der();
    let point = spki[spki.len() - 65..].to_vec();
    PublicKey::from_point(&point).unwrap();
    for at in [0, 1, 31, 32, 33, 64] {
        let mut bad = point.clone();
        bad[at] ^= 1;
        assert_eq!(PublicKey::from_point(&bad), Err(BadKey::BadPoint), "{at}");
    }
    for bad in [
        &[][..],
        &[0],
        &[4; 64],
        &[0; 65],
        &[4; 65],
        &[0xff; 33],
        &[2; 48],
        &[0xff; 97],
    ] {
        assert_eq!(PublicKey::from_point(bad), Err(BadKey::BadPoint));
    }
    // The coordinates are below the field's prime: p itself is not another zero.
    let mut above = vec![2];
    above.extend([0xff; 32]);
    assert_eq!(PublicKey::from_point(&above), Err(BadKey::BadPoint));
}

#[test]
fn s6_algorithms_beyond_the_default_are_for_those_who_name_them() {
    let pss = || key(RSA).with_algorithm(Algorithm::RsaPssSha512).unwrap();
    for (private, algorithm) in [
        (pss(), Algorithm::RsaPssSha512),
        (key(P256), Algorithm::EcdsaP256Sha256),
    ] {
        assert_eq!(private.algorithm(), algorithm);
        let request = rfc9421(post(), private.key_id(), now()).sign(&private).unwrap();
        let public = private.public_key();
        verify(request.clone(), &public, &policy().algorithms([algorithm]), now()).unwrap();
        let refusal = verify(request.clone(), &public, &policy(), now()).unwrap_err();
        assert_eq!(refusal.name(), "unsupported_algorithm");
        assert!(!refusal.another_key_may_help());
        let other = key(ED25519).public_key();
        let refusal = verify(request, &other, &policy(), now()).unwrap_err();
        assert_eq!(refusal.name(), "signature_mismatch");
        // In draft-cavage too.
        let request = cavage(post(), now()).sign(&private).unwrap();
        verify(request.clone(), &public, &policy().algorithms([algorithm]), now()).unwrap();
        verify(request, &public, &policy(), now()).unwrap_err();
    }
    key(RSA).with_algorithm(Algorithm::Ed25519).unwrap_err();
    key(ED25519).with_algorithm(Algorithm::HmacSha256).unwrap_err();
}

#[test]
fn s6_a_shared_secret_is_never_a_public_key() {
    let secret = SharedSecret::new(KeyId::from(KEY_ID), &[7; 32]).unwrap();
    assert!(SharedSecret::new(KeyId::from(KEY_ID), &[7; 31]).is_none());
    assert!(!format!("{secret:?}").contains('7'));
    let request = rfc9421(post(), &KeyId::from(KEY_ID), now())
        .sign(&secret)
        .unwrap();
    let (head, body) = request.into_parts();
    let parsed = parse(&head, &body).unwrap();
    let named = policy().algorithms([secret_algorithm(&secret)]);
    parsed.verify_with(&secret, &named, now()).unwrap();
    assert!(parsed.verify_with(&secret, &policy(), now()).is_err());
    assert!(parsed.verify(&key(RSA).public_key(), &named, now()).is_err());
}

fn secret_algorithm(secret: &SharedSecret) -> Algorithm {
    Verifier::algorithm(secret)
}

#[test]
fn an_rsa_key_of_8192_bits_is_a_key() {
    let mut n = vec![0xff; 1024];
    n[1] = 0x7f;
    let public = PublicKey::from_rsa_components(&n, &[1, 0, 1]).unwrap();
    assert_eq!(public.bits(), 8192);
    assert_eq!(
        PublicKey::from_multikey(&public.to_multikey()),
        Ok(public.clone())
    );
    assert!(!public.verifies(b"", &[1; 1024]));
}

#[test]
fn a_secret_in_multibase() {
    let read = |text| PrivateKey::from_multikey(KeyId::from("k"), text);
    let private = read("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq").unwrap();
    assert_eq!(
        private.public_key().to_multikey(),
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    );
    let public = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    assert_eq!(read(public).unwrap_err(), BadKey::UnsupportedAlgorithm);
    for text in [
        "",
        "z",
        "u",
        "z0",
        "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvj",
    ] {
        read(text).unwrap_err();
    }
}

#[test]
fn pkcs1_is_written_too() {
    let public = key(RSA).public_key();
    let pem = public.to_pkcs1_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PUBLIC KEY-----\n"));
    assert_eq!(PublicKey::from_pem(&pem), Ok(public));
    assert_eq!(key(ED25519).public_key().to_pkcs1_pem(), None);
    let pkcs8 = |pem: &str| {
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let engine = base64::engine::general_purpose::STANDARD;
        GeneratedKey::from_pkcs8(base64::Engine::decode(&engine, text).unwrap())
    };
    let pem = pkcs8(RSA).to_pkcs1_pem().unwrap();
    assert_eq!(pem, include_str!("../keys/rsa2048.pkcs1.pem"));
    assert_eq!(pkcs8(ED25519).to_pkcs1_pem(), None);
    assert_eq!(pkcs8(ED25519).public_key(), Ok(key(ED25519).public_key()));
}

#[test]
fn s6_a_jwk_for_something_else_does_not_sign() {
    let jwk = |more: &str| {
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"{more}}}"#
        )
    };
    let read = |more: &str| PrivateKey::from_jwk(KeyId::from(KEY_ID), &jwk(more)).map(drop);
    for good in [
        "",
        r#","use":"sig""#,
        r#","key_ops":["sign"]"#,
        r#","key_ops":["verify","sign"],"alg":"EdDSA""#,
        r#","alg":"Ed25519""#,
    ] {
        assert_eq!(read(good), Ok(()), "{good}");
    }
    for bad in [
        r#","use":"enc""#,
        r#","key_ops":["verify"]"#,
        r#","key_ops":[]"#,
        r#","alg":"ES256""#,
    ] {
        assert_eq!(read(bad), Err(BadKey::UnsupportedAlgorithm), "{bad}");
    }
    for bad in [r#","use":1"#, r#","key_ops":"sign""#, r#","alg":null"#] {
        assert_eq!(read(bad), Err(BadKey::NotJwk), "{bad}");
    }
    let public = |more: &str| {
        PublicKey::from_jwk(&format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"{more}}}"#
        ))
        .map(drop)
    };
    assert_eq!(public(r#","key_ops":["verify"],"alg":"EdDSA""#), Ok(()));
    assert_eq!(
        public(r#","key_ops":["sign"]"#),
        Err(BadKey::UnsupportedAlgorithm)
    );
    assert_eq!(public(r#","alg":"RS256""#), Err(BadKey::UnsupportedAlgorithm));
}

#[test]
fn private_jwks() {
    let Some(keys) = shared("rfc9421/keys.json") else {
        return;
    };
    let mut read = Vec::new();
    for (name, entry) in keys.as_object().unwrap() {
        let jwk = &entry["jwk"];
        let Some(pem) = entry["public_pem"].as_str().filter(|_| jwk.get("d").is_some()) else {
            continue;
        };
        let public = PublicKey::from_pem(pem).unwrap();
        let private = PrivateKey::from_jwk(KeyId::from(KEY_ID), &jwk.to_string());
        // Its primes are of unequal size, which ring refuses, as JWK and as PEM.
        if name == "test-key-rsa" {
            let pem = PrivateKey::from_pem(KeyId::from(KEY_ID), entry["private_pem"].as_str().unwrap());
            assert_eq!(
                (private.unwrap_err(), pem.unwrap_err()),
                (BadKey::Rejected, BadKey::Rejected)
            );
            continue;
        }
        let private = private.unwrap();
        let private = private.with_algorithm(public.algorithm()).unwrap();
        assert_eq!(private.public_key(), public, "{name}");
        assert!(
            public.verifies(b"message", &private.sign(b"message").unwrap()),
            "{name}"
        );
        read.push(name.as_str());

        let with = |member: &str, value: &str| {
            let mut jwk = jwk.clone();
            jwk[member] = value.into();
            PrivateKey::from_jwk(KeyId::from(KEY_ID), &jwk.to_string()).unwrap_err()
        };
        // A secret whose public half is another key's.
        let other = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert!(matches!(with("d", other), BadKey::Rejected), "{name}");
        assert_eq!(with("d", "!"), BadKey::NotJwk);
        assert_eq!(with("kty", "oct"), BadKey::UnsupportedAlgorithm);
    }
    assert_eq!(
        read,
        ["test-key-ecc-p256", "test-key-ed25519", "test-key-rsa-pss"]
    );
    let public = key(RSA).public_key().to_jwk();
    let refusal = PrivateKey::from_jwk(KeyId::from(KEY_ID), &public).unwrap_err();
    assert_eq!(refusal, BadKey::PublicKeyGiven);
}

/// Says yes to everything, and counts how often it was asked for a verifier and for a verdict.
#[derive(Clone, Debug)]
struct Yes {
    algorithm: Algorithm,
    asked: Arc<[AtomicUsize; 2]>,
}

impl Yes {
    fn to(algorithm: Algorithm) -> Self {
        let asked = Arc::default();
        Self { algorithm, asked }
    }

    fn asked(&self) -> [usize; 2] {
        [0, 1].map(|at| self.asked[at].load(Ordering::Relaxed))
    }
}

impl VerifierProvider for Yes {
    fn verifier(&self, _: &PublicKey) -> Result<Arc<dyn Verifier>, BadKey> {
        self.asked[0].fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(self.clone()))
    }
}

impl Verifier for Yes {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
        self.asked[1].fetch_add(1, Ordering::Relaxed);
        true
    }
}

#[test]
fn a_provider_verifies_with_the_key_that_it_was_given_and_its_clones() {
    let public = key(RSA).public_key();
    let yes = Yes::to(Algorithm::RsaV1_5Sha256);
    let given = public.clone().verified_by(&yes).unwrap();
    assert!(!public.verifies(b"message", b"") && given.verifies(b"message", b""));
    let signed = cavage(post(), now()).sign(&key(OTHER_RSA)).unwrap();
    verify(signed.clone(), &public, &policy(), now()).unwrap_err();
    let clone = given.clone();
    verify(signed, &clone, &policy(), now()).unwrap();
    assert_eq!(yes.asked(), [1, 2]);
    // Who verifies is no part of the key, nor of what is written of it.
    assert_eq!(given, public);
    assert_eq!(PublicKey::from_pem(&given.to_pem()), Ok(public));
    let same = given.clone().with_algorithm(Algorithm::RsaV1_5Sha256).unwrap();
    assert!(same.verifies(b"message", b""));
    // For another algorithm it was given to nobody.
    let pss = given.clone().with_algorithm(Algorithm::RsaPssSha512).unwrap();
    assert!(!pss.verifies(b"message", b""));
    // The last one it was given to verifies.
    let other = Yes::to(Algorithm::RsaV1_5Sha256);
    let given = given.verified_by(&other).unwrap();
    assert!(given.verifies(b"message", b""));
    assert_eq!((yes.asked(), other.asked()), ([1, 3], [1, 1]));
}

#[test]
fn s6_a_provider_that_verifies_by_another_algorithm_gets_no_key() {
    for algorithm in [Algorithm::RsaPssSha512, Algorithm::HmacSha256] {
        let given = key(RSA).public_key().verified_by(&Yes::to(algorithm));
        assert_eq!(given, Err(BadKey::UnsupportedAlgorithm));
    }
}

#[test]
fn s20_a_commitment_of_small_order_is_refused_whatever_the_provider_says() {
    let yes = Yes::to(Algorithm::Ed25519);
    let given = key(ED25519).public_key().verified_by(&yes).unwrap();
    let mut signature = key(ED25519).sign(b"message").unwrap();
    assert!(given.verifies(b"message", &signature));
    signature[..32].fill(0);
    assert!(!given.verifies(b"message", &signature));
    assert_eq!(yes.asked(), [1, 1]);
}
