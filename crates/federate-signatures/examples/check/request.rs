//! A raw HTTP/1.1 request, as it was captured.

use super::Failed;
use http::{HeaderName, HeaderValue, Request, Uri, header};

/// A request, and what is odd about the capture; or why a server answers it with 400.
pub(super) type Captured = Result<(Request<Vec<u8>>, Vec<String>), String>;

/// Reads a request. Lines may end in LF alone, as editors leave them.
///
/// # Errors
/// Where it is no request at all: no request line, no end of the head.
pub(super) fn read(bytes: &[u8]) -> Result<Captured, Failed> {
    let mut rest = bytes;
    // Empty lines before a request are skipped by servers too.
    while let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = after;
    }
    let first = line(&mut rest)?;
    let first = std::str::from_utf8(first).map_err(|_| "the request line is not UTF-8")?;
    let parts: Vec<&str> = first.split(' ').collect();
    let [method, target, version] = parts.as_slice() else {
        return Err(format!("the first line is no request line (METHOD TARGET HTTP/1.1): {first:?}").into());
    };
    if !version.starts_with("HTTP/") {
        return Err(format!("the first line does not end with the version of HTTP: {first:?}").into());
    }
    let target: Uri = match target.parse() {
        Ok(target) => target,
        Err(_) => {
            return Ok(Err(format!("the request target cannot be read: {target:?}")));
        }
    };
    let mut builder = Request::builder().method(*method).uri(target);
    loop {
        let line = line(&mut rest)?;
        if line.is_empty() {
            break;
        }
        match field(line) {
            Ok((name, value)) => builder = builder.header(name, value),
            Err(why) => return Ok(Err(why)),
        }
    }
    let request = match builder.body(()) {
        Ok(request) => request,
        Err(_) => return Ok(Err(format!("the method cannot be read: {method:?}"))),
    };
    let mut notes = Vec::new();
    let body = body(&request, rest, &mut notes);
    Ok(Ok((request.map(|()| body), notes)))
}

fn line<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Failed> {
    let end = rest.iter().position(|byte| *byte == b'\n');
    let end =
        end.ok_or("the head of the request does not end: an empty line is missing behind the headers")?;
    let (line, after) = rest.split_at(end);
    *rest = after.get(1..).unwrap_or_default();
    Ok(line.strip_suffix(b"\r").unwrap_or(line))
}

fn field(line: &[u8]) -> Result<(HeaderName, HeaderValue), String> {
    let shown = || String::from_utf8_lossy(line).escape_debug().to_string();
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err(format!("a folded header, which servers refuse: {}", shown()));
    }
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) =
        line.split_at(colon.ok_or_else(|| format!("a line of the head is no header: {}", shown()))?);
    let name = HeaderName::from_bytes(name).map_err(|_| format!("not the name of a header: {}", shown()))?;
    let value = value.get(1..).unwrap_or_default();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let from = value.iter().take_while(|byte| is_space(byte)).count();
    let value = value.get(from..).unwrap_or_default();
    let behind = value.iter().rev().take_while(|byte| is_space(byte)).count();
    let value = value
        .get(..value.len().saturating_sub(behind))
        .unwrap_or_default();
    let value =
        HeaderValue::from_bytes(value).map_err(|_| format!("not the value of a header: {}", shown()))?;
    Ok((name, value))
}

/// The body that was signed: chunks put together, and without the line end that an editor put behind it.
fn body(request: &Request<()>, rest: &[u8], notes: &mut Vec<String>) -> Vec<u8> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if text(header::TRANSFER_ENCODING).is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return unchunked(rest).unwrap_or_else(|| {
            notes.push("Transfer-Encoding says chunked, and the body is not: taken as it is".to_owned());
            rest.to_vec()
        });
    }
    let Some(length) = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok()) else {
        return rest.to_vec();
    };
    match rest.split_at_checked(length) {
        Some((body, b"" | b"\n" | b"\r\n")) => body.to_vec(),
        _ => {
            notes.push(format!(
                "Content-Length says {length}, and the body has {} bytes",
                rest.len()
            ));
            rest.to_vec()
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9112#section-7.1>
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let size = std::str::from_utf8(line(&mut rest).ok()?).ok()?;
        let size = size.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        let (chunk, after) = rest.split_at_checked(size)?;
        out.extend_from_slice(chunk);
        rest = after;
        line(&mut rest).ok().filter(|end| end.is_empty())?;
    }
}
