//! Media files of other servers.

use std::ops::Range;

use bytes::Bytes;
use federate_fetch::media::{Media, MediaProxy};
use federate_fetch::{FetchError, FetchErrorKind};
use federate_protocol::FetchRefusal;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};

use super::respond::{self, refuse};
use crate::error::chain;
use crate::{Directory, Federation};

/// How long a browser keeps a file, where we keep it too: an hour, as what its author takes away should not be seen for long.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// When somebody asks again for whom there was no room, in seconds.
const AGAIN: u64 = 10;

pub(super) async fn media<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    below: &str,
) -> Response<Bytes> {
    federation.inner.moderation.look().await;
    let asked = federation
        .inner
        .media
        .as_ref()
        .zip(crate::media::file(&federation.inner.secret, below));
    let Some((proxy, file)) = asked else {
        return refuse(StatusCode::NOT_FOUND, "nothing here");
    };
    match proxy.get(&file, federation.now()).await {
        Ok(media) => show(&media, proxy, head),
        Err(error) => {
            tracing::info!(%file, reason = %chain(&error), "a media file could not be passed on");
            failed(&error)
        }
    }
}

fn show(media: &Media, proxy: &MediaProxy, head: &Parts) -> Response<Bytes> {
    let whole = media.bytes.len();
    let mut response = respond::with(StatusCode::OK, media.kind.as_str(), media.bytes.clone());
    match asked_range(head, whole) {
        Some(Ok(part)) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let end = part.end.saturating_sub(1);
            said(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes {}-{end}/{whole}", part.start),
            );
            *response.body_mut() = media.bytes.slice(part);
        }
        Some(Err(Unsatisfiable)) => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            said(&mut response, header::CONTENT_RANGE, &format!("bytes */{whole}"));
            *response.body_mut() = Bytes::new();
        }
        None => {}
    }
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Whatever it may be besides: nothing in it runs, and nothing is loaded from it.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    let cache = if proxy.is_cached() {
        FRESH
    } else {
        HeaderValue::from_static("no-store")
    };
    headers.insert(header::CACHE_CONTROL, cache);
    response
}

fn said(response: &mut Response<Bytes>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn failed(error: &FetchError) -> Response<Bytes> {
    match error.kind() {
        FetchErrorKind::Gone => refuse(StatusCode::GONE, "the file is gone"),
        FetchErrorKind::Refused(FetchRefusal::NotAdmitted { .. }) => {
            refuse(StatusCode::FORBIDDEN, "nothing is passed on from there")
        }
        FetchErrorKind::Refused(FetchRefusal::Status(404)) => {
            refuse(StatusCode::NOT_FOUND, "there is no such file")
        }
        FetchErrorKind::Busy => respond::unavailable(AGAIN),
        FetchErrorKind::Deadline { .. } => {
            refuse(StatusCode::GATEWAY_TIMEOUT, "the file did not come in time")
        }
        _ => refuse(StatusCode::BAD_GATEWAY, "the file cannot be had"),
    }
}

/// No byte of the file is in the range that was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Unsatisfiable;

/// The one range of bytes that was asked for (RFC 9110, 14.2). Several, and what cannot be read, are the whole file.
fn asked_range(head: &Parts, length: usize) -> Option<Result<Range<usize>, Unsatisfiable>> {
    // A part of what may have changed since is of no use.
    if head.headers.contains_key(header::IF_RANGE) {
        return None;
    }
    let range = head.headers.get(header::RANGE)?.to_str().ok()?;
    let (from, to) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // One that is larger than any number is past every end.
        digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
    };
    let range = if from.is_empty() {
        let last = number(to)?;
        length.saturating_sub(last)..length
    } else {
        let from = number(from)?;
        let end = match to {
            "" => length,
            to => number(to).filter(|to| *to >= from)?.saturating_add(1).min(length),
        };
        from..end
    };
    Some(if range.start < range.end {
        Ok(range)
    } else {
        Err(Unsatisfiable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Option<Result<Range<usize>, Unsatisfiable>> {
        let request = http::Request::get("/").header("range", range).body(()).unwrap();
        asked_range(&request.into_parts().0, 10)
    }

    #[test]
    fn ranges() {
        for (text, range) in [
            ("bytes=0-", 0..10),
            ("bytes=0-0", 0..1),
            ("bytes=3-5", 3..6),
            ("bytes=9-", 9..10),
            ("bytes=3-99999999999999999999999999", 3..10),
            ("bytes=-4", 6..10),
            ("bytes=-40", 0..10),
        ] {
            assert_eq!(asked(text), Some(Ok(range)), "{text}");
        }
        for text in ["bytes=10-", "bytes=99999999999999999999999999-", "bytes=-0"] {
            assert_eq!(asked(text), Some(Err(Unsatisfiable)), "{text}");
        }
        for text in [
            "bytes=5-3",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=-",
            "lines=1-2",
            "",
        ] {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
