//! The least that can be done: the body is read, digest and signature are held against it with ring and a key whose
//! numbers are known, and the JSON is parsed. It fetches nothing, keeps nothing and checks nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use ring::rsa::PublicKeyComponents;
use ring::signature::RSA_PKCS1_2048_8192_SHA256;
use serde_json::Value;

use crate::senders::{self, Sender};
use crate::signed;
use crate::tally::Tally;

/// What everybody takes at most.
const MOST: usize = 1024 * 1024;
/// What has to be signed.
const SIGNED: [&str; 4] = ["(request-target)", "host", "date", "digest"];

/// Keys by their ids.
#[derive(Debug)]
pub struct Bare {
    keys: HashMap<String, PublicKeyComponents<Vec<u8>>>,
    tally: Arc<Tally>,
}

impl Bare {
    pub fn new(tally: Arc<Tally>) -> Self {
        let keys = Sender::all().map(|sender| (sender.key_id(), senders::public_numbers()));
        Self {
            keys: keys.collect(),
            tally,
        }
    }

    /// Verifies and parses; `None` where anything is wrong.
    pub fn take(&self, method: &str, target: &str, headers: &HeaderMap, body: &Bytes) -> Option<()> {
        self.verify(method, target, headers, body)?;
        let activity: Value = serde_json::from_slice(body).ok()?;
        self.tally.note(activity["id"].as_str()?);
        Some(())
    }

    /// Digest and signature.
    pub fn verify(&self, method: &str, target: &str, headers: &HeaderMap, body: &Bytes) -> Option<()> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let mut parameters = [""; 3];
        for parameter in header("signature")?.split(',') {
            let (name, value) = parameter.trim().split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            match name {
                "keyId" => parameters[0] = value,
                "headers" => parameters[1] = value,
                "signature" => parameters[2] = value,
                _ => {}
            }
        }
        let [key_id, list, signature] = parameters;
        let mut text = String::with_capacity(512);
        let mut missing = SIGNED.len();
        for name in list.split(' ') {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(name);
            text.push_str(": ");
            if name == "(request-target)" {
                text.push_str(&method.to_ascii_lowercase());
                text.push(' ');
                text.push_str(target);
            } else {
                text.push_str(header(name)?);
            }
            missing -= usize::from(SIGNED.contains(&name));
        }
        let signature = STANDARD.decode(signature).ok()?;
        if missing > 0 || header("digest")? != signed::digest(body) {
            return None;
        }
        self.keys
            .get(key_id)?
            .verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature)
            .ok()
    }
}

pub fn app(tally: Arc<Tally>) -> Router {
    Router::new()
        .route("/inbox", post(inbox))
        .with_state(Arc::new(Bare::new(tally)))
}

async fn inbox(State(bare): State<Arc<Bare>>, request: Request<Body>) -> StatusCode {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    match bare.take(head.method.as_str(), head.uri.path(), &head.headers, &body) {
        Some(()) => StatusCode::ACCEPTED,
        None => StatusCode::UNAUTHORIZED,
    }
}
