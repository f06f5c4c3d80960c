//! Requests that wait for their signature.

use crate::{
    AcceptSignature, Algorithm, Flavour, KeyId, SignError, Signer,
    digest::{content_digest_header, digest_header},
    head::{authority_of, carries_body, field, normal_authority, push_target},
    signature::{BASE, push_cavage_target, push_name, push_parameters},
    time::format_http_date,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use std::{borrow::Cow, time::SystemTime};

/// Prepares a request for a draft-cavage signature, as Mastodon sends and demands it.
///
/// Sets `Host` (unless it is there), `Date` and, when there is a body, `Digest`; an old signature is dropped, so the
/// same request can be signed anew for each attempt. Signed are `(request-target) host date`, and with a body `digest`
/// and `content-type`. The URI of the request must be absolute, or `Host` be set: without both no host is signed, and
/// no server takes that. A `now` outside of the years 1970 to 9999 is signed as the first or last second of them.
pub fn cavage(request: Request<Bytes>, now: SystemTime) -> Unsigned {
    let mut request = prepared(request, now);
    request.headers_mut().remove("content-digest");
    let mut wanted = vec!["(request-target)", "host", "date"];
    if carries_body(request.method(), request.body()) {
        let digest = digest_header(request.body());
        set(request.headers_mut(), HeaderName::from_static("digest"), digest);
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
/// `key` is the one that will sign, by its name and by what it makes.
///
/// `None` where it cannot be met: it names another key or algorithm, or a component that the request does not have. What
/// no verifier would take (a component twice) is never read out of a header: see [`AcceptSignature::read`].
pub fn rfc9421_as_asked(
    request: Request<Bytes>,
    asked: &AcceptSignature,
    key: (&KeyId, Algorithm),
    now: SystemTime,
) -> Option<Unsigned> {
    let (key_id, algorithm) = key;
    if !asked.takes(key_id, algorithm) {
        return None;
    }
    let (request, mut wanted) = profile(request, now);
    for name in asked.components() {
        if !wanted.iter().any(|known| known == name) {
            wanted.push(Cow::Owned(name.clone()));
        }
    }
    let (nonce, tag) = asked.beside_the_key();
    let count = wanted.len();
    let label = Cow::Owned(asked.label().to_owned());
    let unsigned = Unsigned::new(
        request,
        Flavour::Rfc9421,
        Some(key_id),
        wanted,
        Asked {
            label,
            nonce,
            tag,
            algorithm: asked.algorithm().map(|_| algorithm),
        },
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
            digest,
        );
        wanted.push(Cow::Borrowed("content-digest"));
    }
    (request, wanted)
}

/// What a peer may ask for besides components.
#[derive(Debug, Clone)]
struct Asked {
    label: Cow<'static, str>,
    /// Parameters, or nothing.
    nonce: String,
    tag: String,
    algorithm: Option<Algorithm>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            label: Cow::Borrowed(LABEL),
            nonce: String::new(),
            tag: String::new(),
            algorithm: None,
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
    asked: Asked,
    now: SystemTime,
    /// That is part of what is signed, in RFC 9421.
    key_id: Option<KeyId>,
    /// The value of `@signature-params`.
    parameters: Option<String>,
    base: String,
}

impl Unsigned {
    /// Signs this header too, where the request has it.
    pub fn also(mut self, header: &HeaderName) -> Self {
        if self.wanted.iter().any(|name| name == header.as_str()) {
            return self;
        }
        self.wanted.push(Cow::Owned(header.as_str().to_owned()));
        let key_id = self.key_id.clone();
        Self::new(
            self.request,
            self.flavour,
            key_id.as_ref(),
            self.wanted,
            self.asked,
            self.now,
        )
    }

    /// The exact bytes to be signed: for a key that lives elsewhere. Hand the signature to [`Unsigned::attach`].
    #[must_use]
    pub fn base(&self) -> &[u8] {
        self.base.as_bytes()
    }

    /// Signs.
    ///
    /// # Errors
    /// [`SignError`] as the signer says, and [`SignError::Key`] where a peer asked for another algorithm than the signer's.
    pub fn sign(mut self, signer: &dyn Signer) -> Result<Request<Bytes>, SignError> {
        if self
            .asked
            .algorithm
            .is_some_and(|asked| asked != signer.algorithm())
        {
            return Err(SignError::Key);
        }
        let key_id = signer.key_id();
        if self.key_id.as_ref().is_some_and(|named| named != key_id) {
            self = Self::new(
                self.request,
                self.flavour,
                Some(key_id),
                self.wanted,
                self.asked,
                self.now,
            );
        }
        let signature = signer.sign(self.base())?;
        Ok(self.attach(key_id, signer.algorithm(), &signature))
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
            asked: Asked { label, .. },
            ..
        } = self;
        let headers = request.headers_mut();
        // Two thirds of it are the signature.
        let mut value = String::with_capacity(2 * BASE);
        if let Some(parameters) = parameters {
            let input = [&label, "=", &parameters].concat();
            set(headers, HeaderName::from_static("signature-input"), input);
            value.push_str(&label);
            value.push_str("=:");
            STANDARD.encode_string(signature, &mut value);
            value.push(':');
        } else {
            value.push_str("keyId=\"");
            push_quotable(&mut value, key_id);
            value.push_str("\",algorithm=\"");
            value.push_str(algorithm.cavage_name());
            value.push_str("\",headers=\"");
            for (index, name) in wanted.iter().enumerate() {
                value.push_str(if index > 0 { " " } else { "" });
                value.push_str(name);
            }
            value.push_str("\",signature=\"");
            STANDARD.encode_string(signature, &mut value);
            value.push('"');
        }
        set(headers, HeaderName::from_static("signature"), value);
        request
    }

    fn new(
        request: Request<Bytes>,
        flavour: Flavour,
        key_id: Option<&KeyId>,
        mut wanted: Vec<Cow<'static, str>>,
        asked: Asked,
        now: SystemTime,
    ) -> Self {
        let outgoing = Outgoing::of(&request);
        let mut base = String::with_capacity(BASE);
        // A header of ours that cannot be signed is not signed.
        wanted.retain(|name| outgoing.push_line(&mut base, name, flavour).is_some());
        let parameters = key_id.map(|key_id| parameters(&wanted, key_id, &asked, now));
        if let Some(parameters) = &parameters {
            push_parameters(&mut base, parameters);
        }
        Self {
            request,
            flavour,
            wanted,
            asked,
            now,
            key_id: key_id.cloned(),
            parameters,
            base,
        }
    }
}

/// The value of `@signature-params`, in the order of [RFC 9421, 2.3](https://www.rfc-editor.org/rfc/rfc9421#section-2.3):
/// any would do, but actpub-httpsig and httpsig build the string anew in this one.
fn parameters(wanted: &[Cow<'static, str>], key_id: &KeyId, asked: &Asked, now: SystemTime) -> String {
    let created = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let mut out = String::with_capacity(BASE);
    out.push('(');
    for (index, name) in wanted.iter().enumerate() {
        out.push_str(if index > 0 { " \"" } else { "\"" });
        out.push_str(name);
        out.push('"');
    }
    out.push_str(");created=");
    out.push_str(&created.to_string());
    out.push_str(&asked.nonce);
    out.push_str(";keyid=\"");
    push_quotable(&mut out, key_id);
    out.push('"');
    out.push_str(&asked.tag);
    out
}

/// What of a request that is sent can be signed.
struct Outgoing<'a> {
    method: &'a str,
    uri: &'a Uri,
    scheme: &'a str,
    authority: Option<Cow<'a, str>>,
    headers: &'a HeaderMap,
}

impl<'a> Outgoing<'a> {
    fn of(request: &'a Request<Bytes>) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        // What is sent as `Host` is what the peer sees, whatever address the request goes to.
        let host = field(headers, "host").ok().flatten();
        Self {
            method: request.method().as_str(),
            uri,
            scheme: uri.scheme_str().unwrap_or("https"),
            authority: host.or_else(|| authority_of(uri).map(Cow::Borrowed)),
            headers,
        }
    }

    /// One line of what is signed; nothing of it where the request does not have the component.
    fn push_line(&self, out: &mut String, name: &str, flavour: Flavour) -> Option<()> {
        let before = out.len();
        if before > 0 {
            out.push('\n');
        }
        push_name(out, name, flavour == Flavour::Rfc9421);
        let pushed = self.push_value(out, name);
        if pushed.is_none() {
            out.truncate(before);
        }
        pushed
    }

    fn push_value(&self, out: &mut String, name: &str) -> Option<()> {
        match name {
            "(request-target)" => {
                push_cavage_target(out, self.method, |out| push_target(out, self.uri, true));
            }
            "@target-uri" => {
                out.push_str(self.scheme);
                out.push_str("://");
                self.push_authority(out);
                push_target(out, self.uri, true);
            }
            "@method" => out.push_str(self.method),
            "@authority" => self.push_authority(out),
            "@scheme" => out.push_str(self.scheme),
            "@path" => push_target(out, self.uri, false),
            "@query" => {
                out.push('?');
                out.push_str(self.uri.query().unwrap_or_default());
            }
            "@request-target" => push_target(out, self.uri, true),
            "host" => out.push_str(self.authority.as_deref()?),
            other => out.push_str(&field(self.headers, other).ok()??),
        }
        Some(())
    }

    fn push_authority(&self, out: &mut String) {
        let authority = self.authority.as_deref().unwrap_or_default();
        out.push_str(&normal_authority(authority, self.scheme));
    }
}

/// What both formats need, and without an older signature.
fn prepared(mut request: Request<Bytes>, now: SystemTime) -> Request<Bytes> {
    let scheme = request.uri().scheme_str().unwrap_or("https");
    let host = authority_of(request.uri())
        .filter(|_| !request.headers().contains_key(header::HOST))
        .map(|authority| normal_authority(authority, scheme).into_owned());
    let headers = request.headers_mut();
    headers.remove(HeaderName::from_static("signature"));
    headers.remove(HeaderName::from_static("signature-input"));
    if let Some(host) = host {
        set(headers, header::HOST, host);
    }
    set(headers, header::DATE, format_http_date(now));
    request
}

/// Replaces a header. Everything that is set here is printable ASCII, which a header always takes.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// A key id that cannot leave its quotes.
pub(crate) fn push_quotable(out: &mut String, key_id: &KeyId) {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if key_id.as_str().bytes().all(is_plain) {
        return out.push_str(key_id.as_str());
    }
    for byte in key_id.as_str().bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// The label that Mastodon uses too.
pub(crate) const LABEL: &str = "sig1";
