//! What only a server says.

use serde_json::{Map, Value};

/// Properties that a client says of nothing, however deep: they are left out of what it posts, as its ids are.
///
/// | of | why |
/// |---|---|
/// | keys | whoever finds one at a URL of ours believes what it signs: it would speak for this server's people |
/// | proofs and signatures | over what it was called before; what is sent is proven by us, or not at all |
/// | inboxes, collections and endpoints | where others send to, and whom they take for followers |
/// | an account's names, and where it moved | these are [`Profile`](crate::Profile)'s to say |
/// | likes, shares, replies and voters | what others did is counted here |
const SERVERS_TO_SAY: &[&str] = &[
    // Keys.
    "publicKey",
    "publicKeyPem",
    "publicKeyMultibase",
    "publicKeyJwk",
    "publicKeyBase58",
    "publicKeyBase64",
    "secretKeyMultibase",
    "secretKeyJwk",
    "owner",
    "controller",
    "assertionMethod",
    "authentication",
    "verificationMethod",
    "capabilityInvocation",
    "capabilityDelegation",
    "keyAgreement",
    // Proofs and signatures.
    "proof",
    "proofPurpose",
    "proofValue",
    "signature",
    "signatureValue",
    // Inboxes, collections and endpoints.
    "inbox",
    "outbox",
    "endpoints",
    "sharedInbox",
    "followers",
    "following",
    "liked",
    "streams",
    "featured",
    "featuredTags",
    "devices",
    // An account's.
    "preferredUsername",
    "alsoKnownAs",
    "movedTo",
    "manuallyApprovesFollowers",
    "attributionDomains",
    // What others did.
    "likes",
    "shares",
    "replies",
    "votersCount",
];

/// Things that no client makes or makes something into: a document of one of these is a key where it lies, to whoever is told of it by a
/// `keyId` with our host.
const KEYS: &[&str] = &[
    "Key",
    "CryptographicKey",
    "Multikey",
    "JsonWebKey",
    "VerificationMethod",
    "Ed25519VerificationKey2018",
    "Ed25519VerificationKey2020",
    "RsaVerificationKey2018",
    "EcdsaSecp256k1VerificationKey2019",
    "DataIntegrityProof",
];

/// Takes out what only a server says.
pub(super) fn strip(map: &mut Map<String, Value>) {
    map.retain(|name, _| !SERVERS_TO_SAY.contains(&name.as_str()));
    for (name, value) in map {
        // The names in a context are no properties, and what they mean is checked.
        if name != "@context" {
            strip_value(value);
        }
    }
}

fn strip_value(value: &mut Value) {
    match value {
        Value::Object(map) => strip(map),
        Value::Array(items) => items.iter_mut().for_each(strip_value),
        _ => {}
    }
}

/// The type of a key, where this object has one.
pub(super) fn key_type(object: &Map<String, Value>) -> Option<&'static str> {
    let types = match object.get("type")? {
        Value::Array(types) => types.as_slice(),
        one => std::slice::from_ref(one),
    };
    let is_one = |kind: &&&str| {
        let names = types.iter().filter_map(Value::as_str);
        // Under its full IRI, or with a prefix, it is the same.
        names
            .map(|name| name.rsplit(['#', '/', ':']).next().unwrap_or(name))
            .any(|name| name == **kind)
    };
    KEYS.iter().find(is_one).copied()
}
