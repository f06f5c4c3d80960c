//! What the tests share.

use bytes::Bytes;
use federate_signatures::{
    KeyId, Policy, PrivateKey, PublicKey, Refusal, RefusalKind, Signer, VerifiedSignature, parse,
};
use http::{Request, request::Builder};
use std::io::Write as _;
use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

pub(crate) const RSA: &str = include_str!("../keys/rsa2048.pkcs8.pem");
pub(crate) const OTHER_RSA: &str = include_str!("../keys/other2048.pkcs1.pem");
pub(crate) const ED25519: &str = include_str!("../keys/ed25519.pkcs8.pem");
pub(crate) const KEY_ID: &str = "https://me.example/users/a#main-key";
/// Its digest in Base64 holds both `+` and `/`.
pub(crate) const BODY: &str = r#"{"type":"Create","actor":"https://me.example/users/a","n":3}"#;

/// 2023-12-20T10:00:00Z.
pub(crate) fn now() -> SystemTime {
    at(1_703_066_400)
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn key(pem: &str) -> PrivateKey {
    PrivateKey::from_pem(KeyId::from(KEY_ID), pem).unwrap()
}

pub(crate) fn policy() -> Policy {
    Policy::mastodon().authorities(["peer.example"])
}

pub(crate) fn post() -> Request<Bytes> {
    Request::post("https://peer.example/inbox?x=1")
        .header("content-type", "application/activity+json")
        .body(Bytes::from_static(BODY.as_bytes()))
        .unwrap()
}

/// Verifies like a receiver that found the key.
pub(crate) fn verify(
    request: Request<Bytes>,
    key: &PublicKey,
    policy: &Policy,
    now: SystemTime,
) -> Result<VerifiedSignature, Refusal> {
    let (head, body) = request.into_parts();
    parse(&head, &body)?.verify(key, policy, now)
}

/// A request whose `Signature` header is made by hand, so that it can be wrong in one thing.
#[derive(Clone)]
pub(crate) struct ByHand {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The list as it stands in the header.
    pub(crate) list: String,
    /// Lines that replace what the list would sign.
    pub(crate) lines: Vec<(String, String)>,
    /// Parameters between `keyId` and `headers`.
    pub(crate) extra: String,
    pub(crate) pem: &'static str,
}

impl ByHand {
    pub(crate) fn new() -> Self {
        let digest = "SHA-256=".to_owned() + &sha256(BODY.as_bytes());
        Self {
            method: "POST",
            target: "/inbox".to_owned(),
            headers: vec![
                ("host".to_owned(), "peer.example".to_owned()),
                ("date".to_owned(), "Wed, 20 Dec 2023 10:00:00 GMT".to_owned()),
                ("digest".to_owned(), digest),
            ],
            body: BODY.to_owned(),
            list: "(request-target) host date digest".to_owned(),
            lines: Vec::new(),
            extra: r#"algorithm="rsa-sha256","#.to_owned(),
            pem: RSA,
        }
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    pub(crate) fn list(mut self, list: &str) -> Self {
        self.list = list.to_owned();
        self
    }

    pub(crate) fn extra(mut self, extra: &str) -> Self {
        self.extra = extra.to_owned();
        self
    }

    pub(crate) fn line(mut self, name: &str, value: &str) -> Self {
        self.lines.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn target(mut self, target: &str) -> Self {
        self.target = target.to_owned();
        self
    }

    pub(crate) fn base(&self) -> String {
        let mut lines = Vec::new();
        for name in self.list.split(' ').filter(|n| !n.is_empty()) {
            let name = name.to_ascii_lowercase();
            let own = self
                .lines
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.clone());
            let value = own.unwrap_or_else(|| match name.as_str() {
                "(request-target)" => format!("{} {}", self.method.to_ascii_lowercase(), self.target),
                other => {
                    let values: Vec<_> = self
                        .headers
                        .iter()
                        .filter(|(n, _)| n == other)
                        .map(|(_, v)| v.trim())
                        .collect();
                    values.join(", ")
                }
            });
            lines.push(format!("{name}: {value}"));
        }
        lines.join("\n")
    }

    pub(crate) fn signature(&self) -> String {
        base64(&key(self.pem).sign(self.base().as_bytes()).unwrap())
    }

    pub(crate) fn header(&self) -> String {
        format!(
            r#"keyId="{KEY_ID}",{}headers="{}",signature="{}""#,
            self.extra,
            self.list,
            self.signature()
        )
    }

    pub(crate) fn builder(&self) -> Builder {
        let mut builder = Request::builder().method(self.method).uri(&self.target);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder
    }

    pub(crate) fn request_with(&self, header: &str) -> Request<Bytes> {
        self.builder()
            .header("signature", header)
            .body(self.body.clone().into())
            .unwrap()
    }

    pub(crate) fn request(&self) -> Request<Bytes> {
        self.request_with(&self.header())
    }

    pub(crate) fn verify(&self) -> Result<VerifiedSignature, Refusal> {
        verify(self.request(), &key(self.pem).public_key(), &policy(), now())
    }

    pub(crate) fn verify_header(&self, header: &str) -> Result<VerifiedSignature, Refusal> {
        verify(
            self.request_with(header),
            &key(self.pem).public_key(),
            &policy(),
            now(),
        )
    }
}

/// The same for RFC 9421: the parameters as text, and the lines that are signed.
pub(crate) struct ByHand9421 {
    pub(crate) builder: Builder,
    pub(crate) body: String,
    pub(crate) pem: &'static str,
}

impl ByHand9421 {
    pub(crate) fn post() -> Self {
        let digest = format!("sha-256=:{}:", sha256(BODY.as_bytes()));
        Self {
            builder: Request::post("/inbox")
                .header("host", "peer.example")
                .header("content-digest", digest),
            body: BODY.to_owned(),
            pem: RSA,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Signs `lines` (without the last) under `parameters`.
    pub(crate) fn signature(&self, lines: &str, parameters: &str) -> String {
        let base = if lines.is_empty() {
            format!("\"@signature-params\": {parameters}")
        } else {
            format!("{lines}\n\"@signature-params\": {parameters}")
        };
        base64(&key(self.pem).sign(base.as_bytes()).unwrap())
    }

    pub(crate) fn request(self, lines: &str, parameters: &str) -> Request<Bytes> {
        let signature = self.signature(lines, parameters);
        self.builder
            .header("signature-input", format!("sig1={parameters}"))
            .header("signature", format!("sig1=:{signature}:"))
            .body(self.body.into())
            .unwrap()
    }

    pub(crate) fn verify(self, lines: &str, parameters: &str) -> Result<VerifiedSignature, Refusal> {
        let public = key(self.pem).public_key();
        verify(self.request(lines, parameters), &public, &policy(), now())
    }
}

/// The lines of the usual POST.
pub(crate) fn lines() -> String {
    format!(
        "\"@method\": POST\n\"@target-uri\": https://peer.example/inbox\n\"content-digest\": sha-256=:{}:",
        sha256(BODY.as_bytes())
    )
}

/// The parameters of the usual POST, with more of them behind.
pub(crate) fn parameters(more: &str) -> String {
    format!(r#"("@method" "@target-uri" "content-digest");created=1703066400;keyid="{KEY_ID}"{more}"#)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    base64(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

pub(crate) fn sha512(bytes: &[u8]) -> String {
    base64(ring::digest::digest(&ring::digest::SHA512, bytes).as_ref())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>) -> RefusalKind {
    result.unwrap_err().kind().clone()
}

/// The name of the reason.
#[track_caller]
pub(crate) fn why<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
    refused(result).name()
}

/// A file of the shared vectors; `None`, and a line that says so, where they are not checked out.
pub(crate) fn shared(path: &str) -> Option<serde_json::Value> {
    shared_bytes(path).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// The same, as it is.
pub(crate) fn shared_bytes(path: &str) -> Option<Vec<u8>> {
    let file = vectors().join(path);
    let bytes = std::fs::read(&file).ok();
    if bytes.is_none() {
        // Past the test harness, which keeps to itself what a test that passes prints.
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", file.display());
    }
    bytes
}

/// The JSON files of a folder of the shared vectors, by name and in order; empty, and a line that says so, without them.
pub(crate) fn shared_files(folder: &str) -> Vec<(String, serde_json::Value)> {
    let folder = vectors().join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), read(path))).collect()
}

fn vectors() -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the vectors lie is the machine's to say"
    )]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    root.join("vectors")
}
