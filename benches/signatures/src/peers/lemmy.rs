//! activitypub_federation (Lemmy). What signs and verifies there is private, and its public functions resolve names of
//! the network on the way; so this is made of the same parts, put together as its documentation and its manifest say:
//! http-signature-normalization, its reqwest half with the default spawner, and rsa 0.9. Its public key comes as PEM
//! with every request.

use crate::case::{Case, Task};
use crate::message::{self, PEM, TYPE, URI, base64, body, public_pem, text, unbase64};
use crate::raw::RSA;
use http::{HeaderMap, HeaderValue};
use http_signature_normalization_reqwest::prelude::{Config, DefaultSpawner, SignExt as _};
use reqwest_middleware::ClientWithMiddleware;
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, SystemTime};

const NAME: &str = "activitypub_federation, its parts";
const HOUR: Duration = Duration::from_secs(3600);

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(Task::SignCavage, NAME, Some(RSA), signing),
        Case::new(Task::VerifyCavage, NAME, Some(RSA), verifying),
    ]
}

#[derive(Debug)]
struct Trouble;

impl<E: Error> From<E> for Trouble {
    fn from(_: E) -> Self {
        Self
    }
}

fn signing() -> impl FnMut() -> reqwest::Request {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let client = ClientWithMiddleware::from(reqwest::Client::new());
    let config: Config<DefaultSpawner> = Config::new().set_expiration(HOUR);
    let (key, body) = (RsaPrivateKey::from_pkcs8_pem(PEM).unwrap(), body());
    move || {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(TYPE));
        headers.insert("host", HeaderValue::from_static(message::HOST));
        let date = httpdate::fmt_http_date(SystemTime::now());
        headers.insert("date", HeaderValue::from_str(&date).unwrap());
        let (key, body) = (key.clone(), body.clone());
        let sign = move |base: &str| {
            let digest = Sha256::digest(base.as_bytes());
            Ok::<_, Trouble>(base64(&key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest)?))
        };
        let request = client.post(URI).headers(headers);
        let id = message::KEY_ID.to_owned();
        runtime
            .block_on(request.signature_with_digest(config.clone(), id, Sha256::new(), body, sign))
            .unwrap()
    }
}

fn verifying() -> impl FnMut() {
    let config = http_signature_normalization::Config::new()
        .set_expiration(HOUR)
        .require_digest();
    let ((head, body), pem) = (message::received(true), public_pem());
    move || {
        let expected = text(&head.headers, "digest").strip_prefix("SHA-256=").unwrap();
        assert_eq!(base64(&Sha256::digest(&body)), expected);
        let text = |value: &HeaderValue| value.to_str().map(ToOwned::to_owned).ok();
        let headers: BTreeMap<String, String> = head
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), text(value)?)))
            .collect();
        let unverified = config.begin_verify("POST", "/inbox", headers).unwrap();
        assert!(unverified.verify(|made, base| {
            let key = RsaPublicKey::from_public_key_pem(&pem).unwrap();
            let digest = Sha256::digest(base.as_bytes());
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &unbase64(made))
                .is_ok()
        }));
    }
}
