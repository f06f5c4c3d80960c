//! Requests that wait for their signature.

use crate::{
    AcceptSignature, Algorithm, Flavour, KeyId, SignError, Signer,
    digest::{content_digest_header, digest_header},
    head::{Head, authority_of, carries_body, field, normal_authority},
    signature::{Component, One, Value},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use std::{borrow::Cow, time::SystemTime};

/// Prepares a request for a draft-cavage signature, as Mastodon sends and demands it.
///
/// Sets `Host` (unless it is there), `Date` and, when there is a body, `Digest`; an old signature is dropped, so the
/// same request can be signed anew for each attempt. Signed are `(request-target) host date`, and with a body `digest`
/// and `content-type`. The URI of the request must be absolute, or `Host` be set: without both no host is signed, and
/// no server takes that.
pub fn cavage(request: Request<Bytes>, now: SystemTime) -> Unsigned {
    let mut request = prepared(request, now);
    request.headers_mut().remove("content-digest");
    let mut wanted = vec!["(request-target)", "host", "date"];
    if carries_body(request.method(), request.body()) {
        let digest = digest_header(request.body());
        set(request.headers_mut(), HeaderName::from_static("digest"), &digest);
        wanted.extend(["digest", "content-type"]);
    }
    let wanted = wanted.into_iter().map(Cow::Borrowed).collect();
    Unsigned::new(request, Flavour::Cavage, None, wanted, Asked::default(), now)
}

/// Prepares a request for an RFC 9421 signature in Mastodon's profile.
///
/// Sets `Host` (unless it is there), `Date` and, when there is a body, `Content-Digest`. Signed are `@method` and
/// `@target-uri`, and with a body `content-digest`. The key id is part of what is signed, so it is named here already.
/// The URI of the request must be absolute.
pub fn rfc9421(request: Request<Bytes>, key_id: &KeyId, now: SystemTime) -> Unsigned {
    let (request, wanted) = profile(request, now);
    Unsigned::new(
        request,
        Flavour::Rfc9421,
        Some(key_id),
        wanted,
        Asked::default(),
        now,
    )
}

/// Prepares a request for the RFC 9421 signature that a peer asked for by `Accept-Signature`: its label, its
/// components, its nonce and its tag, and besides always what [`rfc9421`] signs.
///
/// `None` where it cannot be met: it names another key, or a component that the request does not have.
pub fn rfc9421_as_asked(
    request: Request<Bytes>,
    asked: &AcceptSignature,
    key_id: &KeyId,
    now: SystemTime,
) -> Option<Unsigned> {
    if asked.key_id().is_some_and(|asked| asked != key_id.as_str()) {
        return None;
    }
    let (request, mut wanted) = profile(request, now);
    for name in asked.components() {
        if !wanted.iter().any(|known| known == name) {
            wanted.push(Cow::Owned(name.clone()));
        }
    }
    let more = asked.more();
    let count = wanted.len();
    let label = asked.label().to_owned();
    let unsigned = Unsigned::new(
        request,
        Flavour::Rfc9421,
        Some(key_id),
        wanted,
        Asked { label, more },
        now,
    );
    (unsigned.wanted.len() == count).then_some(unsigned)
}

/// What Mastodon's profile of RFC 9421 sets and signs.
fn profile(request: Request<Bytes>, now: SystemTime) -> (Request<Bytes>, Vec<Cow<'static, str>>) {
    let mut request = prepared(request, now);
    request.headers_mut().remove("digest");
    let mut wanted = vec![Cow::Borrowed("@method"), Cow::Borrowed("@target-uri")];
    if carries_body(request.method(), request.body()) {
        let digest = content_digest_header(request.body());
        set(
            request.headers_mut(),
            HeaderName::from_static("content-digest"),
            &digest,
        );
        wanted.push(Cow::Borrowed("content-digest"));
    }
    (request, wanted)
}

/// What a peer may ask for besides components.
struct Asked {
    label: String,
    more: String,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            label: LABEL.to_owned(),
            more: String::new(),
        }
    }
}

/// A request that is complete but for its signature.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed yet"]
pub struct Unsigned {
    request: Request<Bytes>,
    flavour: Flavour,
    wanted: Vec<Cow<'static, str>>,
    label: String,
    /// Parameters behind `keyid`.
    more: String,
    now: SystemTime,
    /// The value of `@signature-params`.
    parameters: Option<String>,
    base: String,
}

impl Unsigned {
    /// The exact bytes to be signed: for a key that lives elsewhere. Hand the signature to [`Unsigned::attach`].
    #[must_use]
    pub fn base(&self) -> &[u8] {
        self.base.as_bytes()
    }

    /// Signs.
    ///
    /// # Errors
    /// [`SignError`] as the signer says.
    pub fn sign(mut self, signer: &dyn Signer) -> Result<Request<Bytes>, SignError> {
        if self.flavour == Flavour::Rfc9421 {
            self = Self::new(
                self.request,
                self.flavour,
                Some(signer.key_id()),
                self.wanted,
                Asked {
                    label: self.label,
                    more: self.more,
                },
                self.now,
            );
        }
        let signature = signer.sign(self.base())?;
        Ok(self.attach(signer.key_id(), signer.algorithm(), &signature))
    }

    /// Attaches a signature over [`Unsigned::base`] that was made elsewhere.
    ///
    /// For RFC 9421 the key id that was signed stands, whatever is named here. Characters that do not belong into a
    /// URI are percent-encoded in the header.
    #[must_use]
    pub fn attach(self, key_id: &KeyId, algorithm: Algorithm, signature: &[u8]) -> Request<Bytes> {
        let Self {
            mut request,
            wanted,
            parameters,
            label,
            ..
        } = self;
        let headers = request.headers_mut();
        let signature = STANDARD.encode(signature);
        match parameters {
            Some(parameters) => {
                set(
                    headers,
                    HeaderName::from_static("signature-input"),
                    &format!("{label}={parameters}"),
                );
                set(
                    headers,
                    HeaderName::from_static("signature"),
                    &format!("{label}=:{signature}:"),
                );
            }
            None => {
                let (key_id, algorithm) = (quotable(key_id), algorithm.cavage_name());
                let list = wanted.join(" ");
                let value = format!(
                    "keyId=\"{key_id}\",algorithm=\"{algorithm}\",headers=\"{list}\",signature=\"{signature}\""
                );
                set(headers, HeaderName::from_static("signature"), &value);
            }
        }
        request
    }

    fn new(
        request: Request<Bytes>,
        flavour: Flavour,
        key_id: Option<&KeyId>,
        wanted: Vec<Cow<'static, str>>,
        asked: Asked,
        now: SystemTime,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let scheme = parts.uri.scheme_str().unwrap_or("https").to_owned();
        let mut head = Head::of(&parts, &body);
        // What is sent as `Host` is what the peer sees, whatever address the request goes to.
        if let Ok(Some(host)) = field(&parts.headers, "host") {
            head.authority = Some(host);
        }
        let components: Vec<(Cow<'static, str>, Component)> = wanted
            .into_iter()
            .filter_map(|name| {
                let value = match &*name {
                    "(request-target)" => Value::CavageTarget,
                    "@target-uri" => Value::TargetUri,
                    "@method" => Value::Fixed(head.method.clone()),
                    "@authority" => Value::Authority,
                    "@scheme" => Value::Scheme,
                    "@path" => Value::Fixed(head.path.clone()),
                    "@query" => Value::Fixed(format!("?{}", head.query.as_deref().unwrap_or_default())),
                    "@request-target" => Value::Fixed(head.target(true)),
                    "host" => Value::Fixed(head.authority.clone()?),
                    // A header of ours that cannot be signed is not signed.
                    other => Value::Fixed(field(&parts.headers, other).ok()??),
                };
                let line = match flavour {
                    Flavour::Cavage => format!("{name}: "),
                    Flavour::Rfc9421 => format!("\"{name}\": "),
                };
                let id = name.clone().into_owned();
                Some((name, Component { id, line, value }))
            })
            .collect();
        let (wanted, components): (Vec<_>, Vec<_>) = components.into_iter().unzip();
        let parameters = key_id.map(|key_id| {
            let created = now
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs();
            let list: Vec<String> = wanted.iter().map(|name| format!("\"{name}\"")).collect();
            format!(
                "({});created={created};keyid=\"{}\"{}",
                list.join(" "),
                quotable(key_id),
                asked.more
            )
        });
        let one = One {
            label: None,
            key_id: KeyId(String::new()),
            components,
            created: None,
            expires: None,
            algorithm: None,
            nonce: None,
            tag: None,
            signature: Vec::new(),
            parameters: parameters.clone(),
        };
        let base = one.base(&head, &scheme, true);
        Self {
            request: Request::from_parts(parts, body),
            flavour,
            wanted,
            label: asked.label,
            more: asked.more,
            now,
            parameters,
            base,
        }
    }
}

/// What both formats need, and without an older signature.
fn prepared(mut request: Request<Bytes>, now: SystemTime) -> Request<Bytes> {
    let scheme = request.uri().scheme_str().unwrap_or("https");
    let host = authority_of(request.uri()).map(|authority| normal_authority(authority, scheme));
    let headers = request.headers_mut();
    headers.remove("signature");
    headers.remove("signature-input");
    if let Some(host) = host.filter(|_| !headers.contains_key(header::HOST)) {
        set(headers, header::HOST, &host);
    }
    set(headers, header::DATE, &httpdate::fmt_http_date(now));
    request
}

/// Replaces a header. Everything that is set here is printable ASCII, which a header always takes.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A key id that cannot leave its quotes.
pub(crate) fn quotable(key_id: &KeyId) -> String {
    let mut out = String::with_capacity(key_id.as_str().len());
    for byte in key_id.as_str().bytes() {
        if byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The label that Mastodon uses too.
pub(crate) const LABEL: &str = "sig1";
