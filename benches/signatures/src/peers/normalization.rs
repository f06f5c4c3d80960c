//! http-signature-normalization, which leaves the cryptography to its caller: with ring, and with none.

use crate::case::{Case, Task};
use crate::message::{self, base64, body, der, post_with_headers, text, unbase64};
use crate::raw::RING;
use http::HeaderMap;
use http_signature_normalization::Config;
use ring::digest::{SHA256, digest};
use ring::{rand::SystemRandom, rsa, signature};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

const NAME: &str = "http-signature-normalization";
const STUB: &str = "the same, signing costs nothing";
const STUB_VERIFY: &str = "the same, verifying costs nothing";

pub fn cases() -> Vec<Case> {
    let sign = || {
        let (pair, random) = (rsa::KeyPair::from_pkcs8(&der()).unwrap(), SystemRandom::new());
        signing(move |base: &str| {
            let mut out = vec![0; 256];
            pair.sign(&signature::RSA_PKCS1_SHA256, &random, base.as_bytes(), &mut out)
                .unwrap();
            out
        })
    };
    let verify = || {
        let pair = rsa::KeyPair::from_pkcs8(&der()).unwrap();
        let public: rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
        verifying(move |made: &[u8], base: &str| {
            public
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, base.as_bytes(), made)
                .is_ok()
        })
    };
    vec![
        Case::new(Task::SignCavage, NAME, Some(RING), sign),
        Case::new(Task::SignCavage, STUB, None, || {
            signing(|_: &str| vec![0x5a; 256])
        })
        .digest(RING),
        Case::new(Task::VerifyCavage, NAME, Some(RING), verify),
        Case::new(Task::VerifyCavage, STUB_VERIFY, None, || {
            verifying(|_: &[u8], _: &str| true)
        })
        .digest(RING),
    ]
}

fn config() -> Config {
    Config::new()
        .mastodon_compat()
        .require_digest()
        .set_expiration(Duration::from_secs(3600))
}

/// It wants its headers so.
fn map(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| value.to_str().map(ToOwned::to_owned).ok();
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), text(value)?)))
        .collect()
}

fn signing(sign: impl Fn(&str) -> Vec<u8> + 'static) -> impl FnMut() -> http::Request<bytes::Bytes> {
    let (config, body) = (config(), body());
    move || {
        let digest = format!("SHA-256={}", base64(digest(&SHA256, &body).as_ref()));
        let mut request = post_with_headers(&body, &digest);
        let unsigned = config
            .begin_sign("POST", "/inbox", map(request.headers()))
            .unwrap();
        let signed = unsigned.sign(message::KEY_ID.to_owned(), |base| {
            Ok::<_, Infallible>(base64(&sign(base)))
        });
        let value = signed.unwrap().signature_header().parse().unwrap();
        request.headers_mut().insert("signature", value);
        request
    }
}

fn verifying(verify: impl Fn(&[u8], &str) -> bool + 'static) -> impl FnMut() {
    let (config, (head, body)) = (config(), message::received(true));
    move || {
        let unverified = config.begin_verify("POST", "/inbox", map(&head.headers)).unwrap();
        assert!(unverified.verify(|made, base| verify(&unbase64(made), base)));
        let expected = text(&head.headers, "digest").strip_prefix("SHA-256=").unwrap();
        assert_eq!(unbase64(expected), digest(&SHA256, &body).as_ref());
    }
}
