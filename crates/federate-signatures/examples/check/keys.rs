//! Keys from files: PEM, JWK, Multikey, did:key, documents.

use super::Failed;
use federate_signatures::{BadJson, BadKey, PublicKey, canonicalize};
use serde_json::Value;

/// Why a key was not used, though the file was one.
pub(super) enum NoKey {
    /// The form was read and the key refused: too small, of small order, a private one, and so on.
    Bad(BadKey),
    /// A document without the key that was asked for.
    NotFound(String),
    /// A document that two readers could read differently.
    Document(BadJson),
    /// A key that says that it is somebody else's.
    NotOwned(String),
}

/// A key, and what is odd about where it stood.
pub(super) type Found = (PublicKey, Vec<String>);

/// The key of this id.
///
/// # Errors
/// Where the text is none of what is read here.
pub(super) fn key(text: &str, id: &str) -> Result<Result<Found, NoKey>, Failed> {
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
            // A name that stands twice is not seen by the reader above.
            return Ok(match canonicalize(text.as_bytes()) {
                Ok(_) => of_document(&document, id),
                Err(bad) => Err(NoKey::Document(bad)),
            });
        }
        PublicKey::from_jwk(text)
    };
    Ok(read.map(|key| (key, Vec::new())).map_err(NoKey::Bad))
}

fn of_document(document: &Value, id: &str) -> Result<Found, NoKey> {
    let found = keys_of(document);
    let mut named = found.iter().filter(|key| id_of(key) == id);
    let Some(key) = named.next() else {
        let ids: Vec<&str> = found.iter().map(|key| id_of(key)).collect();
        return Err(NoKey::NotFound(format!(
            "the signature names the key {id}; the document has {} keys: {}",
            ids.len(),
            ids.join(", ")
        )));
    };
    owned(document, key)?;
    let read_key = read(key)?;
    // One id for two keys: which one is meant is not ours to guess.
    for other in named {
        if read(other)?.0 != read_key.0 {
            return Err(NoKey::NotFound(format!(
                "the document has several keys with the id {id}"
            )));
        }
    }
    Ok(read_key)
}

fn id_of(key: &Value) -> &str {
    key.get("id").and_then(Value::as_str).unwrap_or("none")
}

/// The keys that the document says are its own: below the members for them, or the document itself.
fn keys_of(document: &Value) -> Vec<&Value> {
    let below = OWN.iter().filter_map(|name| document.get(*name));
    let below = below.flat_map(|value| {
        value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice)
    });
    below
        .chain([document])
        .filter(|key| FORMS.iter().any(|name| key.get(*name).is_some()))
        .collect()
}

/// Whoever publishes a key says that it is his; a key of somebody else's in a document proves nothing about either.
fn owned(document: &Value, key: &Value) -> Result<(), NoKey> {
    let owner = ["owner", "controller"].iter().find_map(|name| key.get(*name));
    let (Some(owner), false) = (owner, std::ptr::eq(document, key)) else {
        return Ok(());
    };
    let id = id_of(document);
    if owner == id {
        return Ok(());
    }
    Err(NoKey::NotOwned(format!(
        "the key {} says that it is of {owner}, and the document is {id}",
        id_of(key)
    )))
}

/// The first form that is there; what the others say is noted where it is not the same.
fn read(key: &Value) -> Result<Found, NoKey> {
    let one = |name: &str| {
        let value = key.get(name)?;
        Some(match (name, value.as_str()) {
            ("publicKeyPem", Some(pem)) => PublicKey::from_pem(pem).map_err(NoKey::Bad),
            ("publicKeyMultibase", Some(multikey)) => PublicKey::from_multikey(multikey).map_err(NoKey::Bad),
            ("publicKeyJwk", None) => PublicKey::from_jwk(&value.to_string()).map_err(NoKey::Bad),
            _ => Err(NoKey::NotFound(format!("{name} of the document is no key"))),
        })
    };
    let mut forms = FORMS.iter().filter_map(|name| Some((*name, one(name)?)));
    let Some((first, read)) = forms.next() else {
        return Err(NoKey::NotFound("the key of the document is no text".to_owned()));
    };
    let read = read?;
    let notes = forms.filter_map(|(name, other)| match other {
        Ok(other) if other == read => None,
        Ok(_) => Some(format!("{name} is another key than {first}, which was used")),
        Err(none) => Some(format!(
            "{name} beside {first} cannot be read, {first} was used: {}",
            none.text()
        )),
    });
    let notes = notes.collect();
    Ok((read, notes))
}

/// Members of a document that hold its keys.
const OWN: [&str; 7] = [
    "publicKey",
    "verificationMethod",
    "assertionMethod",
    "authentication",
    "capabilityInvocation",
    "capabilityDelegation",
    "https://w3id.org/security#publicKey",
];
const FORMS: [&str; 3] = ["publicKeyPem", "publicKeyMultibase", "publicKeyJwk"];

impl NoKey {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Bad(_) => "bad_key",
            Self::NotFound(_) => "key_not_found",
            Self::Document(_) => "bad_key_document",
            Self::NotOwned(_) => "key_not_owned",
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Bad(bad) => bad.to_string(),
            Self::NotFound(text) | Self::NotOwned(text) => text.clone(),
            Self::Document(bad) => format!("the document of the key cannot be read: {bad}"),
        }
    }
}
