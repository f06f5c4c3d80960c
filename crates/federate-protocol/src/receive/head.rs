//! What is checked of a request before its body is read.

use crate::refused::RefusedKind;
use crate::{Limits, media_type};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;

/// Method, encoding and size: what needs no reading at all.
pub(super) fn check(head: &Parts, body: &[u8], limits: &Limits) -> Result<(), RefusedKind> {
    if head.method != http::Method::POST {
        return Err(RefusedKind::Method);
    }
    let encoded = head
        .headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return Err(RefusedKind::ContentEncoding);
    }
    if body.len() > limits.inbox_body {
        return Err(RefusedKind::TooLarge {
            len: body.len(),
            limit: limits.inbox_body,
        });
    }
    Ok(())
}

/// The media type. Looser than for what is fetched (I3): here a signature says who sent the bytes, so `application/ld+json` is taken
/// with and without its profile.
pub(super) fn check_content_type(head: &Parts) -> Result<(), RefusedKind> {
    let mut values = head.headers.get_all(CONTENT_TYPE).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) if media_type::is_posted_activity(value) => Ok(()),
        _ => Err(RefusedKind::ContentType),
    }
}
