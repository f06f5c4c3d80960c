//! What signing and verifying a 3 KiB POST costs beside the RSA operation alone, with the same backend.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate_benches::{Candidate, compare};
use federate_signatures::{KeyId, Policy, PrivateKey, cavage, parse};
use ring::{rand::SystemRandom, rsa::KeyPair, signature};

const PKCS8: &[u8] = include_bytes!("../../crates/federate-testkit/keys/0.pk8");

fn main() {
    let body = Bytes::from(vec![b'x'; 3 << 10]);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let key = PrivateKey::from_pkcs8(KeyId::from("https://a.example/u#main-key".to_owned()), PKCS8).unwrap();
    let raw = KeyPair::from_pkcs8(PKCS8).unwrap();
    let random = SystemRandom::new();
    let request = || http::Request::post("https://b.example/inbox").body(body.clone()).unwrap();
    let base = cavage(request(), now).base().to_vec();
    let sign_raw = || {
        let mut out = vec![0; raw.public().modulus_len()];
        raw.sign(&signature::RSA_PKCS1_SHA256, &random, &base, &mut out).unwrap();
        out
    };
    compare(
        "sign a 3 KiB POST, RSA-2048",
        0,
        &mut [
            Candidate::new("ring alone", sign_raw),
            Candidate::new("federate-signatures, draft-cavage", || cavage(request(), now).sign(&key).unwrap()),
        ],
    );

    let (mut head, sent) = cavage(request(), now).sign(&key).unwrap().into_parts();
    head.uri = "/inbox".parse().unwrap();
    let public = key.public_key();
    let policy = Policy::mastodon();
    let made = sign_raw();
    let unparsed = signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, raw.public().as_ref().to_vec());
    compare(
        "verify a 3 KiB POST, RSA-2048",
        0,
        &mut [
            Candidate::new("ring alone", || {
                unparsed.verify(&base, &made).unwrap();
            }),
            Candidate::new("federate-signatures, draft-cavage", || {
                parse(&head, &sent).unwrap().verify(&public, &policy, now).unwrap()
            }),
        ],
    );
}
