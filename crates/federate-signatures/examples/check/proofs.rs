//! Documents: proven and verified.

use super::{
    Failed, Told,
    arguments::{Arguments, Kind, need},
    keys::{NoKey, key},
};
use federate_signatures::{
    Algorithm, KeyId, LdPolicy, LdRefusal, LdSignatureOptions, PrivateKey, ProofOptions, ProofPolicy,
    ProofRefusal, Signer as _, ld_signature, parse_ld_signature, parse_proof, proof as prove,
};
use serde_json::{Value, json};
use std::error::Error;

pub(super) fn proof(arguments: &Arguments) -> Result<Told, Failed> {
    let document = need(&arguments.document, "--document")?;
    if let Some(id) = &arguments.key_id {
        return make(arguments, document, &KeyId::from(id.as_str()));
    }
    match arguments.kind {
        Some(Kind::Eddsa) => eddsa(arguments, document),
        Some(Kind::Ld) => ld(arguments, document),
        None if is_ld(arguments, document) => ld(arguments, document),
        None => eddsa(arguments, document),
    }
}

/// Whether the Linked Data signature is meant: it stands alone, or the key at hand is one for it and not for the proof.
fn is_ld(arguments: &Arguments, document: &[u8]) -> bool {
    let Ok(Value::Object(document)) = serde_json::from_slice(document) else {
        return false;
    };
    if !document.contains_key("proof") {
        return document.contains_key("signature");
    }
    let id = |member: &str, name: &str| {
        let id = document.get(member).and_then(|member| member.get(name));
        id.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let algorithm = |id: &str| match arguments.key.as_ref().map(|text| key(text, id)) {
        Some(Ok(Ok((key, _)))) => Some(key.algorithm()),
        _ => None,
    };
    algorithm(&id("proof", "verificationMethod")) != Some(Algorithm::Ed25519)
        && algorithm(&id("signature", "creator")) == Some(Algorithm::RsaV1_5Sha256)
}

fn make(arguments: &Arguments, document: &[u8], id: &KeyId) -> Result<Told, Failed> {
    let key = PrivateKey::from_pem(id.clone(), need(&arguments.key, "--key")?)?;
    let kind = arguments.kind.unwrap_or(match key.algorithm() {
        Algorithm::RsaV1_5Sha256 => Kind::Ld,
        _ => Kind::Eddsa,
    });
    let (member, signed_string, made) = match kind {
        Kind::Eddsa => {
            let mut options = ProofOptions::new(id.clone(), arguments.now);
            if let Some(expires) = arguments.expires {
                options = options.expires(expires);
            }
            match prove(document, &options) {
                Ok(unsigned) => ("proof", None, unsigned.sign(&key)?),
                Err(refusal) => return Ok(eddsa_refused(&refusal, None)),
            }
        }
        Kind::Ld => {
            let mut options = LdSignatureOptions::new(id.clone(), arguments.now);
            if let Some(expires) = arguments.expires {
                options = options.expires(expires);
            }
            match ld_signature(document, &options) {
                Ok(unsigned) => (
                    "signature",
                    Some(unsigned.signed_string().to_owned()),
                    unsigned.sign(&key)?,
                ),
                Err(refusal) => return Ok(ld_refused(&refusal, None)),
            }
        }
    };
    let signed_string = match signed_string {
        Some(text) => text,
        None => parse_proof(&made)?.signed_string(),
    };
    let document: Value = serde_json::from_slice(&made)?;
    let verdict = json!({
        "verdict": "signed",
        "flavour": flavour(kind),
        member: document.get(member),
        "document": String::from_utf8(made)?,
        "signed_string": signed_string,
    });
    Ok((verdict, true))
}

fn eddsa(arguments: &Arguments, document: &[u8]) -> Result<Told, Failed> {
    let parsed = match parse_proof(document) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok(eddsa_refused(&refusal, None)),
    };
    let method = parsed.verification_method().as_str();
    let (key, notes) = match (parsed.did_key(), &arguments.key) {
        (Some(own), None) => (own, Vec::new()),
        _ => match key(need(&arguments.key, "--key")?, method)? {
            Ok(found) => found,
            Err(none) => {
                let id = ("verification_method", method);
                return Ok(no_key(Kind::Eddsa, &none, id, &parsed.signed_string()));
            }
        },
    };
    let mut policy = ProofPolicy::default();
    if let Some(age) = arguments.max_age {
        policy = policy.past(age);
    }
    Ok(match parsed.verify(&key, &policy, arguments.now) {
        Ok(verified) => {
            let verdict = json!({
                "verdict": "verified",
                "flavour": flavour(Kind::Eddsa),
                "verification_method": method,
                "covered": members(verified.document()),
                "signed_document": verified.document(),
                "signed_string": parsed.signed_string(),
                "reason": null,
                "notes": notes,
            });
            (verdict, true)
        }
        Err(refusal) => eddsa_refused(&refusal, Some(&parsed.signed_string())),
    })
}

fn ld(arguments: &Arguments, document: &[u8]) -> Result<Told, Failed> {
    let parsed = match parse_ld_signature(document) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok(ld_refused(&refusal, None)),
    };
    let creator = parsed.creator().as_str();
    let (key, notes) = match key(need(&arguments.key, "--key")?, creator)? {
        Ok(found) => found,
        Err(none) => {
            let id = ("creator", creator);
            return Ok(no_key(Kind::Ld, &none, id, parsed.signed_string()));
        }
    };
    // What lies in a file is old by nature; who asks for an age gets it.
    let policy = LdPolicy::default().past(arguments.max_age);
    Ok(match parsed.verify(&key, &policy, arguments.now) {
        Ok(verified) => {
            let verdict = json!({
                "verdict": "verified",
                "flavour": flavour(Kind::Ld),
                "creator": verified.creator().as_str(),
                "covered": members(verified.document()),
                "signed_document": verified.document(),
                "signed_string": parsed.signed_string(),
                "canonical_options": parsed.canonical_options(),
                "canonical_document": parsed.canonical_document(),
                "may_forward": verified.may_forward(),
                "reason": null,
                "notes": notes,
            });
            (verdict, true)
        }
        Err(refusal) => ld_refused(&refusal, Some(parsed.signed_string())),
    })
}

/// The document was read, and the key that it names cannot be used.
fn no_key(kind: Kind, none: &NoKey, (member, id): (&str, &str), signed_string: &str) -> Told {
    let verdict = json!({
        "verdict": "refused",
        "flavour": flavour(kind),
        member: id,
        "covered": [],
        "reason": { "name": none.name(), "text": none.text() },
        "signed_string": signed_string,
    });
    (verdict, false)
}

fn flavour(kind: Kind) -> &'static str {
    match kind {
        Kind::Eddsa => "eddsa-jcs-2022",
        Kind::Ld => "RsaSignature2017",
    }
}

/// The names of what was signed at the top.
fn members(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let members = document.as_object();
    members.map_or_else(Vec::new, |members| members.keys().cloned().collect())
}

fn eddsa_refused(refusal: &ProofRefusal, signed_string: Option<&str>) -> Told {
    refused(
        Kind::Eddsa,
        refusal,
        refusal.name(),
        &refusal.peer_message(),
        signed_string,
    )
}

fn ld_refused(refusal: &LdRefusal, signed_string: Option<&str>) -> Told {
    refused(
        Kind::Ld,
        refusal,
        refusal.name(),
        &refusal.peer_message(),
        signed_string,
    )
}

fn refused(kind: Kind, refusal: &dyn Error, name: &str, peer: &str, signed_string: Option<&str>) -> Told {
    let mut text = refusal.to_string();
    if let Some(cause) = refusal.source() {
        text = format!("{text}: {cause}");
    }
    let verdict = json!({
        "verdict": "refused",
        "flavour": flavour(kind),
        "covered": [],
        "reason": { "name": name, "text": text, "for_the_peer": peer },
        "signed_string": signed_string,
    });
    (verdict, false)
}
