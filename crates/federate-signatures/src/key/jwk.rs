//! JSON Web Keys: [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517),
//! [RFC 7518](https://www.rfc-editor.org/rfc/rfc7518#section-6), [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037).

use super::{BadKey, PublicKey};
use crate::json::{Json, parse};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// More than an RSA key of 8192 bits with its certificates' fingerprints.
pub(super) const LIMIT: usize = 16 * 1024;

pub(super) fn read(text: &str) -> Result<PublicKey, BadKey> {
    if text.len() > LIMIT {
        return Err(BadKey::TooLong { limit: LIMIT });
    }
    let jwk = parse(text.as_bytes()).map_err(|_| BadKey::NotJwk)?;
    let member = |name| match jwk.get(name) {
        Some(Json::Text(text)) => Ok(text.as_str()),
        _ => Err(BadKey::NotJwk),
    };
    let bytes = |name| URL_SAFE_NO_PAD.decode(member(name)?).map_err(|_| BadKey::NotJwk);
    if jwk.get("d").is_some() || jwk.get("k").is_some() {
        return Err(BadKey::PrivateKeyGiven);
    }
    is_for(&jwk, "verify")?;
    let curve = match jwk.get("crv") {
        Some(_) => member("crv")?,
        None => "",
    };
    match (member("kty")?, curve) {
        ("RSA", "") => PublicKey::from_rsa_components(&bytes("n")?, &bytes("e")?),
        ("OKP", "Ed25519") => PublicKey::from_ed25519(&bytes("x")?),
        ("EC", "P-256" | "P-384") => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            let length = if curve == "P-256" { 32 } else { 48 };
            if x.len() != length || y.len() != length {
                return Err(BadKey::BadPoint);
            }
            PublicKey::from_point(&[&[4], x.as_slice(), y.as_slice()].concat())
        }
        _ => Err(BadKey::UnsupportedAlgorithm),
    }
}

/// Refuses a key that says that it is for something else: `use`, `key_ops` without this one, an `alg` that is not its own.
pub(super) fn is_for(jwk: &Json, operation: &str) -> Result<(), BadKey> {
    let text = |name| match jwk.get(name) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(BadKey::NotJwk),
    };
    let operations = match jwk.get("key_ops") {
        None => true,
        Some(Json::Array(operations)) => operations
            .iter()
            .any(|item| matches!(item, Json::Text(text) if text == operation)),
        Some(_) => return Err(BadKey::NotJwk),
    };
    let own: &[&str] = match (text("kty")?, text("crv")?) {
        (Some("RSA"), _) => &["RS256", "PS512"],
        (Some("OKP"), _) => &["EdDSA", "Ed25519"],
        (_, Some("P-256")) => &["ES256"],
        (_, Some("P-384")) => &["ES384"],
        // Refused by name where it is read.
        _ => return Ok(()),
    };
    let algorithm = text("alg")?.is_none_or(|named| own.contains(&named));
    let usage = text("use")?.is_none_or(|named| named == "sig");
    if usage && operations && algorithm {
        Ok(())
    } else {
        Err(BadKey::UnsupportedAlgorithm)
    }
}

/// The members in the order of RFC 7638, so that the text is what a thumbprint is made over.
pub(super) fn write(members: &[(&str, Value<'_>)]) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let value = match value {
            Value::Text(text) => (*text).to_owned(),
            Value::Bytes(bytes) => URL_SAFE_NO_PAD.encode(bytes),
        };
        out.push_str(&format!("\"{name}\":\"{value}\""));
    }
    out.push('}');
    out
}

/// What stands in a JWK of ours; neither needs an escape.
pub(super) enum Value<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}
