//! Responses that wait for their signature.

use crate::{
    KeyId, SignError, Signer,
    digest::content_digest_header,
    head::{Head, field},
    signature::{Component, One, Value},
    unsigned::{LABEL, quotable, set},
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
    mut response: Response<Bytes>,
    request: &Parts,
    scheme: &str,
    key_id: &KeyId,
    now: SystemTime,
) -> UnsignedResponse {
    let headers = response.headers_mut();
    headers.remove("signature");
    headers.remove("signature-input");
    let mut head = Head::of(request, &[]);
    if let Ok(Some(host)) = field(&request.headers, "host") {
        head.authority = Some(host);
    }
    let mut components = vec![("\"@status\"", Value::Fixed(response.status().as_str().to_owned()))];
    if !response.body().is_empty() {
        let digest = content_digest_header(response.body());
        let name = HeaderName::from_static("content-digest");
        set(response.headers_mut(), name, &digest);
        components.push(("\"content-digest\"", Value::Fixed(digest)));
    }
    components.push(("\"@method\";req", Value::Fixed(head.method.clone())));
    components.push(("\"@target-uri\";req", Value::TargetUri));
    let created = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let list: Vec<&str> = components.iter().map(|(identifier, _)| *identifier).collect();
    let keyid = quotable(key_id);
    let parameters = format!("({});created={created};keyid=\"{keyid}\"", list.join(" "));
    let components = components
        .into_iter()
        .map(|(identifier, value)| Component {
            id: identifier.to_owned(),
            line: format!("{identifier}: "),
            value,
        })
        .collect();
    let base = One {
        label: None,
        key_id: key_id.clone(),
        components,
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
        parameters,
        base,
    }
}

/// A response that is complete but for its signature.
#[derive(Debug)]
#[must_use = "nothing is signed yet"]
pub struct UnsignedResponse {
    response: Response<Bytes>,
    parameters: String,
    base: String,
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
    /// [`SignError`] as the signer says.
    pub fn sign(self, signer: &dyn Signer) -> Result<Response<Bytes>, SignError> {
        let signature = signer.sign(self.base())?;
        Ok(self.attach(&signature))
    }

    /// Attaches a signature over [`UnsignedResponse::base`] that was made elsewhere.
    #[must_use]
    pub fn attach(self, signature: &[u8]) -> Response<Bytes> {
        let Self {
            mut response,
            parameters,
            ..
        } = self;
        let signature = STANDARD.encode(signature);
        let headers = response.headers_mut();
        let (input, name) = (
            HeaderName::from_static("signature-input"),
            HeaderName::from_static("signature"),
        );
        set(headers, input, &format!("{LABEL}={parameters}"));
        set(headers, name, &format!("{LABEL}=:{signature}:"));
        response
    }
}
