//! federate-signatures: with ring, with aws-lc-rs behind its seams, and with a signer and a verifier that cost nothing.

use crate::case::{Case, Task};
use crate::message::{self, body, der, key, post};
use crate::raw::{AWS_LC, RING};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{self, KeyPair as _, ParsedPublicKey},
};
use federate_signatures::{
    Algorithm, KeyId, Policy, PublicKey, SignError, Signer, Verifier, cavage, parse, rfc9421,
};
use std::time::SystemTime;

pub fn cases() -> Vec<Case> {
    // It is in all of them, ours and theirs.
    let mut all = vec![Case::new(
        Task::SignCavage,
        "building the request, unsigned",
        None,
        || {
            let body = body();
            move || post(&body)
        },
    )];
    signing(&mut all, "ours, signing costs nothing", None, Nothing::new);
    signing(&mut all, "ours, ring", Some(RING), key);
    signing(&mut all, "ours, aws-lc-rs", Some(AWS_LC), AwsLc::new);
    verifying(&mut all, "ours, verifying costs nothing", None, Nothing::new);
    verifying(&mut all, "ours, ring", Some(RING), public_key);
    verifying(&mut all, "ours, aws-lc-rs", Some(AWS_LC), AwsLc::new);
    all
}

fn signing<S: Signer + 'static>(
    all: &mut Vec<Case>,
    name: &'static str,
    backend: Option<&'static str>,
    signer: fn() -> S,
) {
    all.push(
        Case::new(Task::SignCavage, name, backend, move || {
            let (body, now, by) = (body(), SystemTime::now(), signer());
            move || cavage(post(&body), now).sign(&by).unwrap()
        })
        .digest(RING),
    );
    all.push(
        Case::new(Task::SignRfc9421, name, backend, move || {
            let (body, now, by) = (body(), SystemTime::now(), signer());
            move || rfc9421(post(&body), by.key_id(), now).sign(&by).unwrap()
        })
        .digest(RING),
    );
}

fn verifying<V: Verifier + 'static>(
    all: &mut Vec<Case>,
    name: &'static str,
    backend: Option<&'static str>,
    verifier: fn() -> V,
) {
    for (task, is_cavage) in [(Task::VerifyCavage, true), (Task::VerifyRfc9421, false)] {
        all.push(
            Case::new(task, name, backend, move || {
                let ((head, body), key) = (message::received(is_cavage), verifier());
                let policy = Policy::mastodon().authorities([message::HOST]);
                let now = SystemTime::now();
                move || {
                    parse(&head, &body)
                        .unwrap()
                        .verify_with(&key, &policy, now)
                        .unwrap()
                }
            })
            .digest(RING),
        );
    }
}

fn public_key() -> PublicKey {
    key().public_key()
}

/// A signer and a verifier whose RSA takes no time: what is left is ours.
#[derive(Debug)]
struct Nothing(KeyId);

impl Nothing {
    fn new() -> Self {
        Self(KeyId::from(message::KEY_ID))
    }
}

impl Signer for Nothing {
    fn key_id(&self) -> &KeyId {
        &self.0
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::RsaV1_5Sha256
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(vec![0x5a; 256])
    }
}

impl Verifier for Nothing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RsaV1_5Sha256
    }

    fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

/// aws-lc-rs behind the seams, as an application puts it there.
#[derive(Debug)]
struct AwsLc {
    id: KeyId,
    pair: KeyPair,
    public: ParsedPublicKey,
    random: SystemRandom,
}

impl AwsLc {
    fn new() -> Self {
        let pair = KeyPair::from_pkcs8(&der()).unwrap();
        let public = pair.public_key().as_ref();
        Self {
            id: KeyId::from(message::KEY_ID),
            public: ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, public).unwrap(),
            pair,
            random: SystemRandom::new(),
        }
    }
}

impl Signer for AwsLc {
    fn key_id(&self) -> &KeyId {
        &self.id
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::RsaV1_5Sha256
    }

    fn sign(&self, base: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut out = vec![0; self.pair.public_modulus_len()];
        let signed = self
            .pair
            .sign(&signature::RSA_PKCS1_SHA256, &self.random, base, &mut out);
        signed.map(|()| out).map_err(|_| SignError::Key)
    }
}

impl Verifier for AwsLc {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RsaV1_5Sha256
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}
