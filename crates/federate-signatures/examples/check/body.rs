//! Where the body of a captured request ends: <https://www.rfc-editor.org/rfc/rfc9112#section-6>.

use super::request::{field, line};
use http::{HeaderName, Request, Version, header};

/// The body that was signed: chunks put together, and without the line end that an editor put behind it.
///
/// # Errors
/// Where two servers could see its end in different places.
pub(super) fn body(request: &Request<()>, rest: &[u8], notes: &mut Vec<String>) -> Result<Vec<u8>, String> {
    let (coding, length) = (
        once(request, &header::TRANSFER_ENCODING)?,
        once(request, &header::CONTENT_LENGTH)?,
    );
    match (coding, length) {
        (Some(_), Some(_)) => Err("both Transfer-Encoding and Content-Length".to_owned()),
        (Some(coding), None) if !coding.eq_ignore_ascii_case("chunked") => {
            Err(format!("a Transfer-Encoding other than chunked: {coding:?}"))
        }
        (Some(_), None) if request.version() != Version::HTTP_11 => {
            Err("Transfer-Encoding in a request of HTTP/1.0".to_owned())
        }
        // Many captures show the body and not its chunks: what begins as JSON is no size in hexadecimal.
        (Some(_), None) if rest.trim_ascii_start().starts_with(b"{") => {
            notes.push("Transfer-Encoding says chunked, and the body is not: taken as it is".to_owned());
            Ok(rest.to_vec())
        }
        (Some(_), None) => unchunked(rest).ok_or_else(|| "the chunks of the body cannot be read".to_owned()),
        (None, Some(length)) => {
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            let length: usize = length
                .parse()
                .ok()
                .filter(|_| digits)
                .ok_or_else(|| format!("a Content-Length that is no length: {length:?}"))?;
            match rest.split_at_checked(length) {
                Some((body, after)) if is_end(after) => Ok(body.to_vec()),
                _ => Err(format!(
                    "Content-Length says {length}, and the body has {} bytes",
                    rest.len()
                )),
            }
        }
        (None, None) => {
            if !rest.is_empty() {
                notes.push(
                    "neither Content-Length nor Transfer-Encoding: all that follows is the body".to_owned(),
                );
            }
            Ok(rest.to_vec())
        }
    }
}

/// Nothing, or the line end of an editor.
fn is_end(rest: &[u8]) -> bool {
    matches!(rest, b"" | b"\n" | b"\r\n")
}

/// A header that may stand once.
fn once<'a>(request: &'a Request<()>, name: &HeaderName) -> Result<Option<&'a str>, String> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(format!("the value of {name} is not ASCII")),
        },
        _ => Err(format!("{name} stands there more than once")),
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9112#section-7.1>
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let size = std::str::from_utf8(line(&mut rest)?).ok()?;
        let size = size.split(';').next()?;
        if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            break;
        }
        let (chunk, after) = rest.split_at_checked(size)?;
        out.extend_from_slice(chunk);
        rest = after;
        line(&mut rest).filter(|end| end.is_empty())?;
    }
    // Fields may follow; they are read and not kept.
    loop {
        let line = line(&mut rest)?;
        if line.is_empty() {
            return is_end(rest).then_some(out);
        }
        field(line).ok()?;
    }
}
