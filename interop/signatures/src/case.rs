//! A request that is drawn.

use crate::draw::Draw;
use bytes::Bytes;
use federate_signatures::{
    AcceptSignature, Algorithm, Flavour, KeyId, Policy, PrivateKey, Signer as _, cavage, parse, rfc9421,
    rfc9421_as_asked,
};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use std::time::{Duration, SystemTime};

/// When everything is signed and verified.
pub const NOW: u64 = 1_790_000_000;

/// A key with its name.
#[derive(Debug)]
pub struct Key {
    /// Its id.
    pub id: &'static str,
    /// PKCS#8 in PEM.
    pub pem: &'static str,
    /// What it signs with.
    pub algorithm: Algorithm,
}

/// The keys that sign.
pub const KEYS: [Key; 3] = [
    Key {
        id: "https://a.example/users/alice#rsa2048",
        pem: include_str!("../../../crates/federate-signatures/tests/keys/rsa2048.pkcs8.pem"),
        algorithm: Algorithm::RsaV1_5Sha256,
    },
    Key {
        id: "https://a.example/users/alice#rsa3072",
        pem: include_str!("../../../crates/federate-signatures/tests/keys/rsa3072.pkcs8.pem"),
        algorithm: Algorithm::RsaV1_5Sha256,
    },
    Key {
        id: "https://a.example/users/alice#ed25519",
        pem: include_str!("../../../crates/federate-signatures/tests/keys/ed25519.pkcs8.pem"),
        algorithm: Algorithm::Ed25519,
    },
];

impl Key {
    /// Ours.
    #[must_use]
    pub fn private(&self) -> PrivateKey {
        PrivateKey::from_pem(KeyId::from(self.id), self.pem).unwrap()
    }

    /// SubjectPublicKeyInfo in PEM.
    #[must_use]
    pub fn public_pem(&self) -> String {
        self.private().public_key().to_pem()
    }
}

/// What happens to a request between its signer and its verifier. Each of these is signed by everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alteration {
    /// One bit of the body, or one byte more of it.
    Body,
    /// One character more of the path.
    Path,
    /// Another host, in the target and in `Host`.
    Host,
    /// Another method.
    Method,
}

/// One request, and how it is signed.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its place in the run: with the seed it names the case.
    pub number: usize,
    /// The format of the signature.
    pub flavour: Flavour,
    /// Which of [`KEYS`] signs.
    pub key: usize,
    /// GET or POST.
    pub method: Method,
    /// Absolute.
    pub uri: Uri,
    /// Besides those that signing sets.
    pub headers: Vec<(HeaderName, String)>,
    /// Empty for a GET, and sometimes for a POST.
    pub body: Bytes,
    /// What RFC 9421 signs besides the profile.
    pub components: Vec<&'static str>,
    /// A nonce for RFC 9421.
    pub nonce: Option<String>,
    /// What is changed before it is verified.
    pub altered: Option<Alteration>,
}

const UNRESERVED: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~";
const ESCAPED: &[&str] = &["%20", "%2F", "%C3%A9", "%25", "%2e", "%7E"];
const COMPONENTS: &[&str] = &[
    "@authority",
    "@path",
    "@query",
    "@scheme",
    "@request-target",
    "host",
    "date",
    "content-type",
    "user-agent",
    "x-several",
];

impl Case {
    pub(crate) fn draw(number: usize, draw: &mut Draw) -> Self {
        let method = if draw.one_in(3) { Method::GET } else { Method::POST };
        let flavour = *draw.of(&[Flavour::Cavage, Flavour::Rfc9421]);
        let body = if method == Method::GET {
            Vec::new()
        } else {
            body(draw)
        };
        let mut headers = headers(draw);
        if method == Method::POST && !draw.one_in(5) {
            let kind = *draw.of(&[
                "application/activity+json",
                "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            ]);
            headers.push((http::header::CONTENT_TYPE, kind.to_owned()));
        }
        let is_rfc9421 = flavour == Flavour::Rfc9421;
        let mut components = Vec::new();
        if is_rfc9421 && draw.one_in(2) {
            for _ in 0..draw.below(4) {
                let name = *draw.of(COMPONENTS);
                let is_there = name.starts_with('@')
                    || matches!(name, "host" | "date")
                    || headers.iter().any(|(known, _)| known.as_str() == name);
                if is_there && !components.contains(&name) {
                    components.push(name);
                }
            }
        }
        let nonce = (is_rfc9421 && draw.one_in(5)).then(|| draw.text("abcXYZ019+/= \"\\;,()", 1, 24));
        let mut altered = draw.one_in(4).then(|| {
            *draw.of(&[
                Alteration::Body,
                Alteration::Path,
                Alteration::Host,
                Alteration::Method,
            ])
        });
        if method == Method::GET && altered == Some(Alteration::Body) {
            altered = Some(Alteration::Path);
        }
        Self {
            number,
            flavour,
            key: draw.below(KEYS.len()),
            method,
            uri: uri(draw),
            headers,
            body: body.into(),
            components,
            nonce,
            altered,
        }
    }

    /// The key that signs.
    #[must_use]
    pub fn key(&self) -> &'static Key {
        &KEYS[self.key]
    }

    /// The request before it is signed.
    #[must_use]
    pub fn request(&self) -> Request<Bytes> {
        let mut builder = Request::builder().method(&self.method).uri(&self.uri);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(self.body.clone()).unwrap()
    }

    /// For a line of a log.
    pub(crate) fn without_body(&self) -> Self {
        Self {
            body: Bytes::new(),
            ..self.clone()
        }
    }

    /// Signed by us.
    pub(crate) fn signed(&self) -> Request<Bytes> {
        let (request, key) = (self.request(), self.key().private());
        let unsigned = match self.flavour {
            Flavour::Cavage => cavage(request, now()),
            _ if self.components.is_empty() && self.nonce.is_none() => rfc9421(request, key.key_id(), now()),
            _ => {
                let mut asked = AcceptSignature::new(&self.components).unwrap();
                if let Some(nonce) = &self.nonce {
                    asked = asked.nonce(nonce).unwrap();
                }
                rfc9421_as_asked(request, &asked, (key.key_id(), key.algorithm()), now()).unwrap()
            }
        };
        unsigned.sign(&key).unwrap()
    }

    /// Our verdict on a request, which arrives without scheme and host in its target.
    pub(crate) fn verify(&self, request: Request<Bytes>) -> Result<(), String> {
        let (mut head, body) = request.into_parts();
        let host = head.uri.authority().unwrap().as_str().to_owned();
        head.uri = head.uri.path_and_query().unwrap().as_str().parse().unwrap();
        let parsed = parse(&head, &body).map_err(|refusal| refusal.to_string())?;
        if parsed.key_id().as_str() != self.key().id {
            return Err(format!("another key: {}", parsed.key_id()));
        }
        let policy = Policy::mastodon().authorities([host]);
        let key = self.key().private().public_key();
        parsed
            .verify(&key, &policy, now())
            .map(drop)
            .map_err(|refusal| refusal.explain())
    }

    /// The request as it arrives, if something happens to it.
    pub(crate) fn altered(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        let uri = request.uri().clone();
        let authority = uri.authority().unwrap().as_str();
        let (path, query) = (
            uri.path(),
            uri.query().map(|query| format!("?{query}")).unwrap_or_default(),
        );
        match self.altered {
            None => {}
            Some(Alteration::Body) => {
                let mut body = request.body().to_vec();
                match body.first_mut() {
                    Some(first) => *first ^= 1,
                    None => body.push(b' '),
                }
                *request.body_mut() = body.into();
            }
            Some(Alteration::Path) => {
                *request.uri_mut() = format!("https://{authority}{path}x{query}").parse().unwrap();
            }
            Some(Alteration::Host) => {
                *request.uri_mut() = format!("https://c{authority}{path}{query}").parse().unwrap();
                let host = format!("c{authority}").to_ascii_lowercase();
                request
                    .headers_mut()
                    .insert("host", HeaderValue::from_str(&host).unwrap());
            }
            Some(Alteration::Method) => {
                let other = if self.method == Method::GET {
                    Method::DELETE
                } else {
                    Method::PUT
                };
                *request.method_mut() = other;
            }
        }
        request
    }
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

/// JSON mostly, as anything that is in a body is the same to a signature.
fn body(draw: &mut Draw) -> Vec<u8> {
    match draw.below(8) {
        0 => Vec::new(),
        1 => draw.bytes(4096),
        _ => {
            let content = draw.text("abc def\u{e9}\u{4e2d}\u{1f600}0123456789+/=", 0, 600);
            serde_json::json!({ "type": "Create", "actor": "https://a.example/users/alice", "content": content })
                .to_string()
                .into_bytes()
        }
    }
}

/// Without dot segments, which a client takes out before it signs.
fn uri(draw: &mut Draw) -> Uri {
    let host = draw.text("abcxyz0189", 1, 12);
    let host = if draw.one_in(12) {
        host.to_uppercase()
    } else {
        host
    };
    let port = if draw.one_in(6) {
        format!(":{}", 1024 + draw.below(60_000))
    } else {
        String::new()
    };
    let mut out = format!("https://h{host}.example{port}");
    for _ in 0..=draw.below(4) {
        out.push('/');
        // Something of each segment is a letter, so that none is a dot.
        out.push_str(&draw.text(UNRESERVED, 1, 8));
        if draw.one_in(3) {
            out.push_str(&draw.text(".!$&()*+,;=:@", 0, 4));
        }
        if draw.one_in(6) {
            let escaped = draw.of(ESCAPED);
            out.push_str(escaped);
        }
    }
    if draw.one_in(3) {
        out.push('?');
        out.push_str(&draw.text(UNRESERVED, 0, 8));
        out.push_str(&draw.text("=&/?:@!$()*+,;.", 0, 6));
        out.push_str(&draw.text(UNRESERVED, 0, 8));
    }
    out.parse().unwrap()
}

fn headers(draw: &mut Draw) -> Vec<(HeaderName, String)> {
    let mut out = Vec::new();
    let value = |draw: &mut Draw| {
        let edge = *draw.of(&["", "", "", " "]);
        let begin = draw.text(UNRESERVED, 1, 6);
        let middle = draw.text("abc ABC  012,;=\"'()<>/\\:?@[]{}|~!#$%&*+-.^_`", 0, 30);
        format!("{edge}{begin}{middle}x{edge}")
    };
    if draw.one_in(2) {
        out.push((http::header::USER_AGENT, value(draw)));
    }
    if draw.one_in(2) {
        out.push((http::header::ACCEPT, "application/activity+json".to_owned()));
    }
    if draw.one_in(3) {
        for _ in 0..=draw.below(3) {
            out.push((HeaderName::from_static("x-several"), value(draw)));
        }
    }
    if draw.one_in(4) {
        let name = format!("x-{}", draw.text("abcdefgh019-", 1, 10));
        out.push((HeaderName::from_bytes(name.as_bytes()).unwrap(), value(draw)));
    }
    out
}
