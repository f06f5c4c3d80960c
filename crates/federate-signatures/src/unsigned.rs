//! Requests that wait for their signature.

use crate::{
    Algorithm, Flavour, KeyId, SignError, Signer,
    digest::{content_digest_header, digest_header},
    head::{Head, authority_of, carries_body, field, normal_authority},
    signature::{Component, One, Value},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use std::time::SystemTime;

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
    Unsigned::new(request, Flavour::Cavage, None, &wanted, now)
}

/// Prepares a request for an RFC 9421 signature in Mastodon's profile.
///
/// Sets `Host` (unless it is there), `Date` and, when there is a body, `Content-Digest`. Signed are `@method` and
/// `@target-uri`, and with a body `content-digest`. The key id is part of what is signed, so it is named here already.
/// The URI of the request must be absolute.
pub fn rfc9421(request: Request<Bytes>, key_id: &KeyId, now: SystemTime) -> Unsigned {
    let mut request = prepared(request, now);
    request.headers_mut().remove("digest");
    let mut wanted = vec!["@method", "@target-uri"];
    if carries_body(request.method(), request.body()) {
        let digest = content_digest_header(request.body());
        set(
            request.headers_mut(),
            HeaderName::from_static("content-digest"),
            &digest,
        );
        wanted.push("content-digest");
    }
    Unsigned::new(request, Flavour::Rfc9421, Some(key_id), &wanted, now)
}

/// A request that is complete but for its signature.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed yet"]
pub struct Unsigned {
    request: Request<Bytes>,
    flavour: Flavour,
    wanted: Vec<&'static str>,
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
                &self.wanted,
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
            ..
        } = self;
        let headers = request.headers_mut();
        let signature = STANDARD.encode(signature);
        match parameters {
            Some(parameters) => {
                set(
                    headers,
                    HeaderName::from_static("signature-input"),
                    &format!("{LABEL}={parameters}"),
                );
                set(
                    headers,
                    HeaderName::from_static("signature"),
                    &format!("{LABEL}=:{signature}:"),
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
        wanted: &[&'static str],
        now: SystemTime,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let scheme = parts.uri.scheme_str().unwrap_or("https").to_owned();
        let mut head = Head::of(&parts, &body);
        // What is sent as `Host` is what the peer sees, whatever address the request goes to.
        if let Ok(Some(host)) = field(&parts.headers, "host") {
            head.authority = Some(host);
        }
        let components: Vec<(&'static str, Component)> = wanted
            .iter()
            .filter_map(|name| {
                let value = match *name {
                    "(request-target)" => Value::CavageTarget,
                    "@target-uri" => Value::TargetUri,
                    "@method" => Value::Fixed(head.method.clone()),
                    "host" => Value::Fixed(head.authority.clone()?),
                    // A header of ours that cannot be signed is not signed.
                    other => Value::Fixed(field(&parts.headers, other).ok()??),
                };
                let line = match flavour {
                    Flavour::Cavage => format!("{name}: "),
                    Flavour::Rfc9421 => format!("\"{name}\": "),
                };
                Some((
                    *name,
                    Component {
                        id: (*name).to_owned(),
                        line,
                        value,
                    },
                ))
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
                "({});created={created};keyid=\"{}\"",
                list.join(" "),
                quotable(key_id)
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
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A key id that cannot leave its quotes.
fn quotable(key_id: &KeyId) -> String {
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
const LABEL: &str = "sig1";
