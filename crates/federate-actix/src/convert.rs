//! Between the types of http 0.2, which actix speaks, and those of http 1.

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::{ConnectionType, StatusCode, header};
use bytes::Bytes;
use federate_server::PeerAddress;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version};

use crate::answer::AnswerBody;
use crate::body::Unread;

/// The head of a request: every header as often and in the order in which it came, and the target byte for byte. `None` where http
/// 1 does not take what http 0.2 took; that is then nothing for federation.
pub(crate) fn head(head: &RequestHead) -> Option<Request<()>> {
    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(head.method.as_str().as_bytes()).ok()?;
    *request.uri_mut() = head.uri.to_string().parse::<Uri>().ok()?;
    *request.version_mut() = version(head.version);
    *request.headers_mut() = headers;
    if let Some(connected) = head.peer_addr {
        request.extensions_mut().insert(PeerAddress(connected.ip()));
    }
    Some(request)
}

fn version(version: actix_web::http::Version) -> Version {
    match version {
        actix_web::http::Version::HTTP_09 => Version::HTTP_09,
        actix_web::http::Version::HTTP_10 => Version::HTTP_10,
        actix_web::http::Version::HTTP_2 => Version::HTTP_2,
        actix_web::http::Version::HTTP_3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

/// An answer; with the request's body, which it keeps until it is written.
pub(crate) fn response(response: Response<Bytes>, request: Unread) -> HttpResponse<AnswerBody> {
    let (head, bytes) = response.into_parts();
    let status = StatusCode::from_u16(head.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // The answer to HEAD says how long the body would be; actix writes no length but its own.
    let length = head
        .headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(bytes.len() as u64);
    let closes = head
        .headers
        .get(http::header::CONNECTION)
        .is_some_and(|connection| connection == "close");
    let mut answer = HttpResponse::with_body(status, AnswerBody::new(bytes, length, request));
    if closes {
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    for (name, value) in &head.headers {
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::from_bytes(name.as_str().as_bytes()),
            header::HeaderValue::from_bytes(value.as_bytes()),
        ) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}
