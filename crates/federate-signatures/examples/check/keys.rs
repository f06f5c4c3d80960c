//! Keys from files: PEM, JWK, Multikey, did:key, documents.

use super::Failed;
use federate_signatures::{BadKey, PublicKey};
use serde_json::Value;

/// Why a key was not used, though the file was one.
pub(super) enum NoKey {
    /// The form was read and the key refused: too small, of small order, a private one, and so on.
    Bad(BadKey),
    /// A document without the key that was asked for.
    NotFound(String),
}

/// The key of this id.
///
/// # Errors
/// Where the text is none of what is read here.
pub(super) fn key(text: &str, id: &str) -> Result<Result<PublicKey, NoKey>, Failed> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let read = if text.starts_with("-----") {
        PublicKey::from_pem(text)
    } else if text.starts_with("did:key:") {
        PublicKey::from_did_key(text)
    } else if text.starts_with('z') {
        PublicKey::from_multikey(text)
    } else {
        let document: Value = serde_json::from_str(text)
            .map_err(|_| "the key is neither PEM, JWK, Multikey nor a document in JSON")?;
        if document.get("kty").is_none() {
            return Ok(of_document(&document, id));
        }
        PublicKey::from_jwk(text)
    };
    Ok(read.map_err(NoKey::Bad))
}

fn of_document(document: &Value, id: &str) -> Result<PublicKey, NoKey> {
    let mut found = Vec::new();
    collect(document, &mut found);
    let id_of = |key: &Value| key.get("id").and_then(Value::as_str).unwrap_or("none").to_owned();
    let mut named = found.iter().filter(|key| id_of(key) == id);
    let Some(key) = named.next() else {
        let ids: Vec<String> = found.iter().map(|key| id_of(key)).collect();
        return Err(NoKey::NotFound(format!(
            "the signature names the key {id}; the document has {} keys: {}",
            ids.len(),
            ids.join(", ")
        )));
    };
    let key = read(key)?;
    // One id for two keys: which one is meant is not ours to guess.
    for other in named {
        if read(other)? != key {
            return Err(NoKey::NotFound(format!(
                "the document has several keys with the id {id}"
            )));
        }
    }
    Ok(key)
}

fn read(key: &Value) -> Result<PublicKey, NoKey> {
    let text = |name| key.get(name).and_then(Value::as_str);
    match (
        text("publicKeyPem"),
        text("publicKeyMultibase"),
        key.get("publicKeyJwk"),
    ) {
        (Some(pem), ..) => PublicKey::from_pem(pem).map_err(NoKey::Bad),
        (_, Some(multikey), _) => PublicKey::from_multikey(multikey).map_err(NoKey::Bad),
        (_, _, Some(jwk)) => PublicKey::from_jwk(&jwk.to_string()).map_err(NoKey::Bad),
        _ => Err(NoKey::NotFound("the key of the document is no text".to_owned())),
    }
}

/// Every object in the document that holds a key: `publicKey`, `assertionMethod`, one or several, or the document itself.
fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            if MEMBERS.iter().any(|name| members.contains_key(*name)) {
                found.push(value);
            }
            members.values().for_each(|member| collect(member, found));
        }
        _ => {}
    }
}

const MEMBERS: [&str; 3] = ["publicKeyPem", "publicKeyMultibase", "publicKeyJwk"];

impl NoKey {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Bad(_) => "bad_key",
            Self::NotFound(_) => "key_not_found",
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Bad(bad) => bad.to_string(),
            Self::NotFound(text) => text.clone(),
        }
    }
}
