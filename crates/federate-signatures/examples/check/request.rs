//! A raw HTTP/1.1 request, as it was captured.

use super::body;
use http::{HeaderName, HeaderValue, Request, Version};

/// A request, and what is odd about the capture; or why a server answers it with 400.
pub(super) type Captured = Result<(Request<Vec<u8>>, Vec<String>), String>;

/// Reads a request as a careful server does. Lines may end in LF alone, as editors leave them.
///
/// # Errors
/// What a server answers with 400: no request, or one whose end two servers could see in different places.
pub(super) fn read(bytes: &[u8]) -> Captured {
    let mut rest = bytes;
    // Empty lines before a request are skipped by servers too.
    while let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = after;
    }
    let first = head_line(&mut rest)?;
    let first = std::str::from_utf8(first).map_err(|_| "the request line is not UTF-8")?;
    let parts: Vec<&str> = first.split(' ').collect();
    let [method, target, version] = parts.as_slice() else {
        return Err(format!(
            "the first line is no request line (METHOD TARGET HTTP/1.1): {first:?}"
        ));
    };
    let mut request = Request::new(());
    *request.version_mut() = match *version {
        "HTTP/1.1" => Version::HTTP_11,
        "HTTP/1.0" => Version::HTTP_10,
        _ => {
            return Err(format!(
                "the first line does not end with HTTP/1.1 or HTTP/1.0: {first:?}"
            ));
        }
    };
    if target.contains('#') {
        return Err(format!("the request target has a fragment: {target:?}"));
    }
    *request.uri_mut() = target
        .parse()
        .map_err(|_| format!("the request target cannot be read: {target:?}"))?;
    *request.method_mut() = method
        .parse()
        .map_err(|_| format!("the method cannot be read: {method:?}"))?;
    loop {
        let line = head_line(&mut rest)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = field(line)?;
        request
            .headers_mut()
            .try_append(name, value)
            .map_err(|_| "more headers than are read")?;
    }
    let mut notes = Vec::new();
    let body = body::body(&request, rest, &mut notes)?;
    Ok((request.map(|()| body), notes))
}

fn head_line<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], String> {
    line(rest).ok_or_else(|| {
        "the head of the request does not end: an empty line is missing behind the headers".to_owned()
    })
}

/// The next line without its end.
pub(super) fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, after) = rest.split_at(end);
    *rest = after.get(1..).unwrap_or_default();
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

pub(super) fn field(line: &[u8]) -> Result<(HeaderName, HeaderValue), String> {
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
