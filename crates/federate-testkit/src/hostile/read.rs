//! Reading requests, as far as a test needs it.

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Request, header};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest head and the largest body that are read.
const HEAD: usize = 64 * 1024;
const BODY: usize = 4 * 1024 * 1024;

/// The next request of a connection; what came behind it stays in `buffer`. `None` where there is none any more, or none that
/// can be read.
pub(super) async fn request<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut BytesMut,
) -> Option<Request<Bytes>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        // What speaks TLS here, or nothing that is known, will not come to an end of its own.
        let is_http = buffer.first().is_none_or(u8::is_ascii_uppercase);
        if !is_http || buffer.len() > HEAD || stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = buffer.split_to(end);
    let (mut request, length) = parse(std::str::from_utf8(&head).ok()?)?;
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    *request.body_mut() = buffer.split_to(length).freeze();
    Some(request)
}

/// A request without its body, and how long that is.
fn parse(head: &str) -> Option<(Request<Bytes>, usize)> {
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let mut request = Request::builder()
        .method(first.next()?)
        .uri(first.next()?)
        .body(Bytes::new())
        .ok()?;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::try_from(name).ok()?;
        let value = HeaderValue::try_from(value.trim()).ok()?;
        request.headers_mut().append(name, value);
    }
    let length = match request.headers().get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok()?,
        None => 0,
    };
    (length <= BODY).then_some((request, length))
}
