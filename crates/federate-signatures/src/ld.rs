//! Linked Data Signatures by `RsaSignature2017`, as Mastodon makes them: what relays, forwarded replies and the Delete of
//! an actor carry. There is no specification; <https://docs.joinmastodon.org/spec/security/#ld> describes them.
//!
//! They prove a graph, not the JSON around it. So what a verified one hands on is built from the signed statements
//! alone, and the refusals of `federate-jsonld` come before any arithmetic.

mod create;
mod refusal;
mod verify;

pub use create::{LdSignatureOptions, UnsignedLdSignature, ld_signature, ld_signature_with};
pub use refusal::LdRefusal;
pub use verify::{
    LdPolicy, ParsedLdSignature, VerifiedLdSignature, parse_ld_signature, parse_ld_signature_with,
};

use crate::json::{self, BadJson, Json};
use serde_json::{Number, Value};

/// Reads strictly, and hands on what JSON-LD needs: whole numbers with all their digits.
fn read(document: &[u8]) -> Result<Value, LdRefusal> {
    let strict = json::parse(document)?;
    let mut value = serde_json::from_slice(document).map_err(|_| BadJson::Syntax { at: 0 })?;
    exact(&mut value, &strict);
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(LdRefusal::NotAnObject),
    }
}

/// Fractions as our reader reads them: `serde_json` is one unit off without its feature `float_roundtrip`.
fn exact(value: &mut Value, strict: &Json) {
    match (value, strict) {
        (Value::Number(number), Json::Number(read)) if number.is_f64() => {
            if let Some(read) = Number::from_f64(*read) {
                *number = read;
            }
        }
        (Value::Array(items), Json::Array(read)) => {
            items
                .iter_mut()
                .zip(read)
                .for_each(|(item, read)| exact(item, read));
        }
        (Value::Object(members), Json::Object(read)) => {
            for (name, read) in read {
                if let Some(member) = members.get_mut(name) {
                    exact(member, read);
                }
            }
        }
        _ => {}
    }
}

const TYPE: &str = "RsaSignature2017";
const SECURITY: &str = "https://w3id.org/security/v1";
