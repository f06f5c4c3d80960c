//! Responses that wait for their signature.

use crate::{
    AcceptSignature, Algorithm, KeyId, SignError, Signer,
    digest::content_digest_header,
    head::{Head, field},
    signature::{Covered, One, Value},
    unsigned::{LABEL, push_quotable, set},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, Response, request::Parts};
use std::time::SystemTime;

/// Prepares a response for an RFC 9421 signature that binds it to its request.
///
/// Sets `Content-Digest` when there is a body. Signed are `@status`, `content-digest` with a body, and `@method` and
/// `@target-uri` of the request. `scheme` is the one under which the outside reaches this server: the request does not
/// know behind a proxy.
pub fn rfc9421_response(
    response: Response<Bytes>,
    request: &Parts,
    scheme: &str,
    key_id: &KeyId,
    now: SystemTime,
) -> UnsignedResponse {
    let nothing = (String::new(), String::new());
    prepared(response, request, scheme, (key_id, now), LABEL, &nothing, &[])
}

/// Prepares a response for the RFC 9421 signature that the request asked for by `Accept-Signature`: its label, its nonce,
/// its tag and the header fields that it names, and besides always what [`rfc9421_response`] signs.
///
/// `None` where it cannot be met: it names another key or algorithm, a header field that the response does not have, or a component
/// beyond those. Leave the response unsigned or as [`rfc9421_response`] makes it then.
#[must_use]
pub fn rfc9421_response_as_asked(
    response: Response<Bytes>,
    request: &Parts,
    scheme: &str,
    asked: &AcceptSignature,
    key: (&KeyId, Algorithm),
    now: SystemTime,
) -> Option<UnsignedResponse> {
    let (key_id, algorithm) = key;
    if !asked.takes(key_id, algorithm) {
        return None;
    }
    let mut fields = Vec::new();
    for name in asked.components() {
        if ALWAYS.contains(&name.as_str()) {
            continue;
        }
        let value = field(response.headers(), name).ok()??;
        fields.push((name.as_str(), value.into_owned()));
    }
    let more = asked.beside_the_key();
    let (label, signer) = (asked.label(), (key_id, now));
    let mut unsigned = prepared(response, request, scheme, signer, label, &more, &fields);
    unsigned.algorithm = asked.algorithm().map(|_| algorithm);
    Some(unsigned)
}

/// What every response signs; `content-digest` where there is a body, and without one there is nothing to digest.
const ALWAYS: [&str; 4] = [
    "@status",
    "content-digest",
    "\"@method\";req",
    "\"@target-uri\";req",
];

fn prepared(
    mut response: Response<Bytes>,
    request: &Parts,
    scheme: &str,
    (key_id, now): (&KeyId, SystemTime),
    label: &str,
    (nonce, tag): &(String, String),
    fields: &[(&str, String)],
) -> UnsignedResponse {
    let headers = response.headers_mut();
    headers.remove("signature");
    headers.remove("signature-input");
    let mut head = Head::of(request, &[]);
    if let Ok(Some(host)) = field(&request.headers, "host") {
        head.authority = Some(host.into_owned());
    }
    let mut components = vec![(
        "\"@status\"".to_owned(),
        Value::Fixed(response.status().as_str().to_owned()),
    )];
    if !response.body().is_empty() {
        let digest = content_digest_header(response.body());
        let name = HeaderName::from_static("content-digest");
        components.push(("\"content-digest\"".to_owned(), Value::Fixed(digest.clone())));
        set(response.headers_mut(), name, digest);
    }
    components.push(("\"@method\";req".to_owned(), Value::Method));
    components.push(("\"@target-uri\";req".to_owned(), Value::TargetUri));
    let asked = fields
        .iter()
        .map(|(name, value)| (format!("\"{name}\""), Value::Fixed(value.clone())));
    components.extend(asked);
    let created = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let list: Vec<&str> = components
        .iter()
        .map(|(identifier, _)| identifier.as_str())
        .collect();
    // In this order other implementations write them anew.
    let mut parameters = format!("({});created={created}{nonce};keyid=\"", list.join(" "));
    push_quotable(&mut parameters, key_id);
    parameters.push('"');
    parameters.push_str(tag);
    let covered: Covered = components.into_iter().collect();
    let base = One {
        label: None,
        key_id: key_id.clone(),
        covered,
        created: None,
        expires: None,
        algorithm: None,
        nonce: None,
        tag: None,
        signature: Vec::new(),
        parameters: Some(parameters.clone()),
    }
    .base(&head, scheme, true);
    UnsignedResponse {
        response,
        label: label.to_owned(),
        parameters,
        base,
        algorithm: None,
    }
}

/// A response that is complete but for its signature.
#[derive(Debug)]
#[must_use = "nothing is signed yet"]
pub struct UnsignedResponse {
    response: Response<Bytes>,
    label: String,
    parameters: String,
    base: String,
    /// The one that was asked for.
    algorithm: Option<Algorithm>,
}

impl UnsignedResponse {
    /// The exact bytes to be signed.
    #[must_use]
    pub fn base(&self) -> &[u8] {
        self.base.as_bytes()
    }

    /// Signs, under the key id that was named before.
    ///
    /// # Errors
    /// [`SignError`] as the signer says, and [`SignError::Key`] where the peer asked for another algorithm than the
    /// signer's.
    pub fn sign(self, signer: &dyn Signer) -> Result<Response<Bytes>, SignError> {
        if self.algorithm.is_some_and(|asked| asked != signer.algorithm()) {
            return Err(SignError::Key);
        }
        let signature = signer.sign(self.base())?;
        Ok(self.attach(&signature))
    }

    /// Attaches a signature over [`UnsignedResponse::base`] that was made elsewhere.
    #[must_use]
    pub fn attach(self, signature: &[u8]) -> Response<Bytes> {
        let Self {
            mut response,
            label,
            parameters,
            ..
        } = self;
        let signature = STANDARD.encode(signature);
        let headers = response.headers_mut();
        let (input, name) = (
            HeaderName::from_static("signature-input"),
            HeaderName::from_static("signature"),
        );
        set(headers, input, format!("{label}={parameters}"));
        set(headers, name, format!("{label}=:{signature}:"));
        response
    }
}
