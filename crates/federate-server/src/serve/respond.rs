//! Responses: their types, their headers, and how a refusal looks.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use federate_protocol::activitystreams::Iri;

pub(crate) const ACTIVITY_JSON: &str = "application/activity+json";
pub(crate) const JSON: &str = "application/json";

/// What an answer may depend on besides the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vary {
    Accept,
    AcceptAndSignature,
}

/// What the answer depends on where it depends on who signed. Each of the two ways to sign has a header that the other has not.
pub(crate) const BY_SIGNER: &str = "Accept, Signature, Signature-Input";

pub(crate) fn with(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// An ActivityPub document.
pub(crate) fn document(status: StatusCode, value: &Value, vary: Vary) -> Response<Bytes> {
    bytes(status, value.to_string(), vary)
}

/// An ActivityPub document, as it is written already.
pub(crate) fn bytes(status: StatusCode, body: impl Into<Bytes>, vary: Vary) -> Response<Bytes> {
    let mut response = with(status, ACTIVITY_JSON, body);
    let vary = match vary {
        Vary::Accept => "Accept",
        Vary::AcceptAndSignature => BY_SIGNER,
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static(vary));
    response
}

/// Not for everybody: no cache between us and the reader keeps it (S32).
pub(crate) fn private(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    response
}

/// An answer that is for whoever signed the request, and for nobody else.
pub(crate) fn for_one(mut response: Response<Bytes>) -> Response<Bytes> {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static(BY_SIGNER));
    private(response)
}

/// 401: a signature is needed, or did not hold.
pub(crate) fn unproven(why: &str) -> Response<Bytes> {
    let mut response = refuse(StatusCode::UNAUTHORIZED, why);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature"));
    for_one(response)
}

/// 410 with a Tombstone: it was here and is gone for ever.
pub(crate) fn gone(id: &Iri, vary: Vary) -> Response<Bytes> {
    let tombstone = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id.as_str(),
        "type": "Tombstone",
    });
    document(StatusCode::GONE, &tombstone, vary)
}

/// Discovery is for everybody, scripts in browsers included.
pub(crate) fn open(mut response: Response<Bytes>) -> Response<Bytes> {
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// A refusal that says what was wrong.
pub(crate) fn refuse(status: StatusCode, why: &str) -> Response<Bytes> {
    with(status, JSON, json!({ "error": why }).to_string())
}

pub(crate) fn too_large(limit: usize) -> Response<Bytes> {
    let mut response = refuse(
        StatusCode::PAYLOAD_TOO_LARGE,
        &format!("the body is larger than {limit} bytes"),
    );
    // What is left of the body is not read.
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(crate) fn wrong_method(allow: &'static str) -> Response<Bytes> {
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "no such method here");
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// The application's own failure: it may be gone later.
pub(crate) fn unavailable(retry_after: u64) -> Response<Bytes> {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, "not for now, please try again");
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

/// The answer to HEAD.
pub(crate) fn without_body(response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    head.headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(head, Bytes::new())
}
