//! The raw operations: RSASSA-PKCS1-v1_5 with SHA-256 over the string that is signed, with a key that is there already,
//! and SHA-256 over the body.

use crate::case::{Case, Task};
use crate::message::{base, body, der, key, public_pem};
use federate_signatures::Signer as _;

pub const RING: &str = "ring";
pub const AWS_LC: &str = "aws-lc-rs";
pub const OPENSSL: &str = "openssl";
pub const RSA: &str = "rsa 0.9";
pub const RSA_RC: &str = "rsa 0.10-rc";
pub const BACKENDS: [&str; 5] = [RING, AWS_LC, OPENSSL, RSA, RSA_RC];

/// Each backend at hashing, signing and verifying. RustCrypto's `rsa` stands for its `sha2` too.
pub fn cases() -> Vec<Case> {
    let sign = |name, sign: fn() -> Run| Case::new(Task::SignCavage, name, None, sign);
    let verify = |name, verify: fn() -> Run| Case::new(Task::VerifyCavage, name, None, verify);
    vec![
        Case::new(Task::Digest, RING, None, || {
            let body = body();
            move || ring::digest::digest(&ring::digest::SHA256, &body)
        }),
        Case::new(Task::Digest, AWS_LC, None, || {
            let body = body();
            move || aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body)
        }),
        Case::new(Task::Digest, OPENSSL, None, || {
            let body = body();
            move || openssl::sha::sha256(&body)
        }),
        Case::new(Task::Digest, RSA, None, || {
            let body = body();
            move || <sha2::Sha256 as sha2::Digest>::digest(&body)
        }),
        Case::new(Task::Digest, RSA_RC, None, || {
            let body = body();
            move || <sha2_rc::Sha256 as sha2_rc::Digest>::digest(&body)
        }),
        sign(RING, sign_ring),
        sign(AWS_LC, sign_aws_lc),
        sign(OPENSSL, sign_openssl),
        sign(RSA, sign_rsa),
        sign(RSA_RC, sign_rsa_rc),
        verify(RING, verify_ring),
        verify(AWS_LC, verify_aws_lc),
        verify(OPENSSL, verify_openssl),
        verify(RSA, verify_rsa),
        verify(RSA_RC, verify_rsa_rc),
    ]
}

type Run = Box<dyn FnMut()>;

fn sign_ring() -> Run {
    use ring::{rand::SystemRandom, rsa::KeyPair, signature};
    let (pair, random, base) = (KeyPair::from_pkcs8(&der()).unwrap(), SystemRandom::new(), base());
    Box::new(move || {
        let mut out = vec![0; pair.public().modulus_len()];
        pair.sign(&signature::RSA_PKCS1_SHA256, &random, &base, &mut out)
            .unwrap();
        std::hint::black_box(out);
    })
}

fn sign_aws_lc() -> Run {
    use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature};
    let (pair, random, base) = (KeyPair::from_pkcs8(&der()).unwrap(), SystemRandom::new(), base());
    Box::new(move || {
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(&signature::RSA_PKCS1_SHA256, &random, &base, &mut out)
            .unwrap();
        std::hint::black_box(out);
    })
}

fn sign_openssl() -> Run {
    use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};
    let (key, base) = (PKey::private_key_from_der(&der()).unwrap(), base());
    Box::new(move || {
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        std::hint::black_box(signer.sign_oneshot_to_vec(&base).unwrap());
    })
}

fn sign_rsa() -> Run {
    use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey as _};
    use sha2::{Digest as _, Sha256};
    let (key, base) = (RsaPrivateKey::from_pkcs8_der(&der()).unwrap(), base());
    Box::new(move || {
        let made = key
            .sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&base))
            .unwrap();
        std::hint::black_box(made);
    })
}

fn sign_rsa_rc() -> Run {
    use rsa_rc::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey as _};
    use sha2_rc::{Digest as _, Sha256};
    let (key, base) = (RsaPrivateKey::from_pkcs8_der(&der()).unwrap(), base());
    Box::new(move || {
        let made = key
            .sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&base))
            .unwrap();
        std::hint::black_box(made);
    })
}

/// The string and its signature.
fn signed() -> (Vec<u8>, Vec<u8>) {
    let base = base();
    let signature = key().sign(&base).unwrap();
    (base, signature)
}

fn verify_ring() -> Run {
    use ring::{
        rsa::{KeyPair, PublicKeyComponents},
        signature,
    };
    let pair = KeyPair::from_pkcs8(&der()).unwrap();
    let components: PublicKeyComponents<Vec<u8>> = pair.public().into();
    let (base, made) = signed();
    // ring keeps no key parsed: these are the numbers.
    Box::new(move || {
        components
            .verify(&signature::RSA_PKCS1_2048_8192_SHA256, &base, &made)
            .unwrap()
    })
}

fn verify_aws_lc() -> Run {
    use aws_lc_rs::{
        rsa::KeyPair,
        signature::{self, KeyPair as _, ParsedPublicKey},
    };
    let pair = KeyPair::from_pkcs8(&der()).unwrap();
    let key =
        ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).unwrap();
    let (base, made) = signed();
    Box::new(move || key.verify_sig(&base, &made).unwrap())
}

fn verify_openssl() -> Run {
    use openssl::{hash::MessageDigest, pkey::PKey, sign::Verifier};
    let key = PKey::public_key_from_pem(public_pem().as_bytes()).unwrap();
    let (base, made) = signed();
    Box::new(move || {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        assert!(verifier.verify_oneshot(&made, &base).unwrap());
    })
}

fn verify_rsa() -> Run {
    use rsa::{Pkcs1v15Sign, RsaPublicKey, pkcs8::DecodePublicKey as _};
    use sha2::{Digest as _, Sha256};
    let key = RsaPublicKey::from_public_key_pem(&public_pem()).unwrap();
    let (base, made) = signed();
    Box::new(move || {
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&base), &made)
            .unwrap()
    })
}

fn verify_rsa_rc() -> Run {
    use rsa_rc::{Pkcs1v15Sign, RsaPublicKey, pkcs8::DecodePublicKey as _};
    use sha2_rc::{Digest as _, Sha256};
    let key = RsaPublicKey::from_public_key_pem(&public_pem()).unwrap();
    let (base, made) = signed();
    Box::new(move || {
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&base), &made)
            .unwrap()
    })
}
