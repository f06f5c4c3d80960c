//! actpub-httpsig: both formats, both kinds of key.

use actpub_httpsig::{
    CavageSigner, Component, Rfc9421Signer, SigningKey, VerifyPolicy, VerifyingKey, content_digest_header,
    sha256_digest_header, verify_content_digest_header, verify_digest_header, verify_with_policy,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use federate_signatures::Flavour;
use http::{HeaderValue, Method, Request};
use signature_differential::{Case, Direction, KEYS, NOW, Peer};
use std::time::{Duration, SystemTime};

pub struct Actpub(Vec<(SigningKey, VerifyingKey)>);

impl Actpub {
    pub fn new() -> Self {
        let keys = KEYS.iter().map(|key| {
            (
                SigningKey::from_pem(key.pem).unwrap(),
                VerifyingKey::from_pem(&key.public_pem()).unwrap(),
            )
        });
        Self(keys.collect())
    }
}

impl Peer for Actpub {
    fn name(&self) -> String {
        "actpub-httpsig 0.2".to_owned()
    }

    fn has(&self, _: &Case, _: Direction) -> bool {
        true
    }

    fn sign(&mut self, case: &Case) -> Result<Request<Bytes>, String> {
        let (mut request, key) = (case.request(), &self.0[case.key].0);
        let host = case.uri.authority().unwrap().as_str().to_ascii_lowercase();
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
        let body = request.body().clone();
        let is_post = case.method == Method::POST;
        let mut set = |name: &'static str, value: &str| {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).unwrap());
        };
        set("host", &host);
        set("date", &date);
        match case.flavour {
            Flavour::Cavage => {
                let mut names = vec!["(request-target)", "host", "date"];
                if is_post {
                    set("digest", &sha256_digest_header(&body));
                    names.push("digest");
                }
                names.extend(
                    ["content-type", "user-agent"]
                        .iter()
                        .filter(|name| request.headers().contains_key(**name)),
                );
                let signer = CavageSigner::new(key, case.key().id).with_headers(names);
                signer.sign(&mut request).map_err(|error| error.to_string())?;
            }
            _ => {
                let mut names = vec!["@method", "@target-uri"];
                if is_post {
                    set("content-digest", &content_digest_header(&body));
                    names.push("content-digest");
                }
                names.extend(&case.components);
                let components = names.iter().map(|name| Component::parse(name).unwrap()).collect();
                let mut signer = Rfc9421Signer::new(key, case.key().id)
                    .with_components(components)
                    .with_created(NOW.try_into().unwrap());
                if let Some(nonce) = &case.nonce {
                    signer = signer.with_nonce(nonce);
                }
                signer.sign(&mut request).map_err(|error| error.to_string())?;
            }
        }
        Ok(request)
    }

    fn verify(&mut self, case: &Case, request: &Request<Bytes>) -> Result<(), String> {
        let mut policy = VerifyPolicy::mastodon();
        if request.body().is_empty() && case.method == Method::GET {
            // It would have every GET sign a digest.
            policy.rfc9421_required_components = &["@method", "@target-uri"];
        }
        let now = DateTime::<Utc>::from_timestamp(NOW.try_into().unwrap(), 0).unwrap();
        let key = self.0[case.key].1.clone();
        verify_with_policy(request, &policy, now, |_| Ok(key.clone())).map_err(|error| error.to_string())?;
        // Whether the body is the one of the digest it leaves to its caller.
        let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap());
        let checked = match case.flavour {
            Flavour::Cavage => header("digest").map(|value| verify_digest_header(value, request.body())),
            _ => header("content-digest").map(|value| verify_content_digest_header(value, request.body())),
        };
        checked.unwrap_or(Ok(())).map_err(|error| error.to_string())
    }

    fn explains(&self, case: &Case, _: Direction) -> Option<&'static str> {
        let odd = case
            .nonce
            .as_ref()
            .is_some_and(|nonce| nonce.contains(['"', '\\']));
        odd.then_some("it writes a quote or a backslash in a nonce as it is, which is no structured field")
    }
}
