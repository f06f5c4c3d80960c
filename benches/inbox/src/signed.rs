//! Requests as they go over the wire, signed by draft-cavage.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use federate_signatures::{Algorithm, KeyId, Signer, Unsigned, aws_lc, cavage};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::senders::{self, Sender};

/// Ways in which somebody on the way may have changed a request.
pub const TAMPERED: [&str; 3] = ["another body", "another body with its digest", "another date"];

/// Signs for all who are known.
#[derive(Debug)]
pub struct Pens(Vec<aws_lc::PrivateKey>);

impl Default for Pens {
    fn default() -> Self {
        Self(Sender::all().map(Sender::signer).collect())
    }
}

impl Pens {
    /// The Create of this number, signed now.
    pub fn create(&self, number: u64) -> http::Request<Bytes> {
        let signer = &self.0[usize::try_from(Sender::of(number).0).unwrap()];
        sign(signer, senders::create(number))
    }

    /// The same, changed after it was signed, in one of the [`TAMPERED`] ways.
    pub fn tampered(&self, number: u64, way: &str) -> http::Request<Bytes> {
        let mut request = self.create(number);
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let other = Bytes::from(body.replacen("forty sacks", "fifty sacks", 1));
        assert_ne!(request.body(), &other);
        match way {
            "another body" => *request.body_mut() = other,
            "another body with its digest" => {
                request
                    .headers_mut()
                    .insert("digest", digest(&other).try_into().unwrap());
                *request.body_mut() = other;
            }
            "another date" => {
                let earlier = SystemTime::now() - Duration::from_secs(60);
                let earlier = with_nonsense(unsigned(other, earlier), "https://key.example/");
                let date = earlier.headers()["date"].clone();
                request.headers_mut().insert("date", date);
            }
            other => panic!("there is no way {other}"),
        }
        request
    }
}

fn sign(signer: &dyn Signer, body: Bytes) -> http::Request<Bytes> {
    unsigned(body, SystemTime::now()).sign(signer).unwrap()
}

fn unsigned(body: Bytes, now: SystemTime) -> Unsigned {
    let request = http::Request::post(senders::INBOX)
        .header(CONTENT_TYPE, "application/activity+json")
        .body(body)
        .unwrap();
    cavage(request, now)
}

/// A signature that has the form of one.
fn with_nonsense(unsigned: Unsigned, key_id: &str) -> http::Request<Bytes> {
    unsigned.attach(&KeyId::from(key_id), Algorithm::RsaV1_5Sha256, &[0x5a; 256])
}

/// The Delete of this number, with a signature that nobody can check: the key was never known, and is gone.
pub fn delete(number: u64) -> http::Request<Bytes> {
    let (id, body) = senders::delete(number);
    with_nonsense(unsigned(body, SystemTime::now()), &format!("{id}#main-key"))
}

/// The bytes of a request, for a connection that is kept.
pub fn to_wire(request: &http::Request<Bytes>) -> Vec<u8> {
    let mut wire = format!("POST {} HTTP/1.1\r\n", request.uri().path()).into_bytes();
    let length = HeaderValue::from(request.body().len());
    let more = [
        (
            HeaderName::from_static("user-agent"),
            HeaderValue::from_static("Mastodon/4.5.0 (http.rb/5.3.1; +https://bench-peers.org/)"),
        ),
        (
            HeaderName::from_static("accept-encoding"),
            HeaderValue::from_static("gzip"),
        ),
        (HeaderName::from_static("content-length"), length),
    ];
    let more = more.iter().map(|(name, value)| (name, value));
    for (name, value) in request.headers().iter().chain(more) {
        wire.extend_from_slice(name.as_str().as_bytes());
        wire.extend_from_slice(b": ");
        wire.extend_from_slice(value.as_bytes());
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(request.body());
    wire
}

/// A request from its bytes, as a server gives it to its handler.
pub fn from_wire(wire: &[u8]) -> http::Request<Bytes> {
    let end = wire.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&wire[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let target = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let mut request = http::Request::post(target)
        .body(Bytes::copy_from_slice(&wire[end + 4..]))
        .unwrap();
    *request.headers_mut() = headers;
    request
}

/// The value of a `Digest` header.
pub fn digest(body: &[u8]) -> String {
    format!(
        "SHA-256={}",
        STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, body))
    )
}
