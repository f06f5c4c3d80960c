//! PEM, as tolerant as the fediverse needs: CRLF, missing line breaks, spaces and blank lines occur.

use super::{BadKey, Wiped};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// More than an RSA private key of 8192 bits in PEM.
const LIMIT: usize = 16 * 1024;

/// The label and the decoded bytes of the only block.
///
/// The bytes are wiped on drop, because the label says only afterwards whether they are secret.
pub(super) fn read(text: &str) -> Result<(&str, Wiped), BadKey> {
    if text.len() > LIMIT {
        return Err(BadKey::TooLong { limit: LIMIT });
    }
    let (_, rest) = text.split_once("-----BEGIN").ok_or(BadKey::NotPem)?;
    let (label, rest) = rest.split_once("-----").ok_or(BadKey::NotPem)?;
    let (body, rest) = rest.split_once("-----END").ok_or(BadKey::NotPem)?;
    let (end, rest) = rest.split_once("-----").ok_or(BadKey::NotPem)?;
    let (label, end) = (label.trim(), end.trim());
    if end != label || rest.contains("-----") {
        return Err(BadKey::NotPem);
    }
    let mut compact = Vec::with_capacity(body.len());
    compact.extend(body.bytes().filter(|b| !b.is_ascii_whitespace()));
    let compact = Wiped::new(compact);
    let mut der = vec![0; compact.as_slice().len()];
    let decoded = STANDARD.decode_slice(compact.as_slice(), &mut der);
    let mut der = Wiped::new(der);
    der.truncate(decoded.map_err(|_| BadKey::NotBase64)?);
    Ok((label, der))
}

/// One block with lines of 64 characters.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for (index, character) in encoded.chars().enumerate() {
        if index > 0 && index.is_multiple_of(64) {
            out.push('\n');
        }
        out.push(character);
    }
    out.push_str("\n-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}
