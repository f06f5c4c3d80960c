//! What the program does, without its edges, so that tests reach it.

use bytes::Bytes;
use federate_signatures::{
    GeneratedKey, KeyId, Policy, PrivateKey, ProofOptions, ProofPolicy, PublicKey, Refusal, cavage, parse,
    parse_proof, proof, rfc9421,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};

/// Why nothing could be said.
pub(crate) type Failed = Box<dyn std::error::Error>;

/// One object to be printed, and whether all is well.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(Value, bool), Failed> {
    let command = arguments.next().unwrap_or_default();
    if !["verify", "sign", "proof", "keygen"].contains(&command.as_str()) {
        return Err("usage: check verify|sign|proof|keygen OPTIONS; the source says which".into());
    }
    let arguments = Arguments::read(arguments)?;
    match command.as_str() {
        "verify" => {
            let (head, body) = request(need(&arguments.request, "--request")?)?.into_parts();
            verify(&head, &body, &arguments)
        }
        "sign" => sign(&arguments),
        "proof" if arguments.key_id.is_some() => prove(&arguments),
        "proof" => check_proof(&arguments),
        _ => keygen(&arguments.kind),
    }
}

struct Arguments {
    request: Option<Vec<u8>>,
    document: Option<Vec<u8>>,
    key: Option<String>,
    key_id: Option<String>,
    kind: String,
    rfc9421: bool,
    now: SystemTime,
    policy: Policy,
}

fn need<'a, T>(value: &'a Option<T>, name: &str) -> Result<&'a T, Failed> {
    Ok(value.as_ref().ok_or_else(|| format!("{name} is missing"))?)
}

fn private(arguments: &Arguments) -> Result<(PrivateKey, KeyId), Failed> {
    let id = KeyId::from(need(&arguments.key_id, "--key-id")?.as_str());
    let key = PrivateKey::from_pem(id.clone(), need(&arguments.key, "--key")?)?;
    Ok((key, id))
}

fn sign(arguments: &Arguments) -> Result<(Value, bool), Failed> {
    let (key, id) = private(arguments)?;
    let request = request(need(&arguments.request, "--request")?)?.map(Bytes::from);
    let unsigned = if arguments.rfc9421 {
        rfc9421(request, &id, arguments.now)
    } else {
        cavage(request, arguments.now)
    };
    let signed_string = String::from_utf8_lossy(unsigned.base()).into_owned();
    let signed = unsigned.sign(&key)?;
    let headers: Map<String, Value> = signed
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let flavour = if arguments.rfc9421 {
        "rfc9421"
    } else {
        "draft-cavage-12"
    };
    let verdict = json!({
        "verdict": "signed",
        "flavour": flavour,
        "key_id": id.as_str(),
        "headers": headers,
        "signed_string": signed_string,
    });
    Ok((verdict, true))
}

fn prove(arguments: &Arguments) -> Result<(Value, bool), Failed> {
    let (key, id) = private(arguments)?;
    let document = need(&arguments.document, "--document")?;
    let proven = match proof(document, &ProofOptions::new(id, arguments.now)) {
        Ok(unsigned) => unsigned.sign(&key)?,
        Err(refusal) => return Ok((proof_refused(&refusal), false)),
    };
    let document: Value = serde_json::from_slice(&proven)?;
    let verdict = json!({ "verdict": "signed", "proof": document.get("proof"), "document": String::from_utf8(proven)? });
    Ok((verdict, true))
}

fn check_proof(arguments: &Arguments) -> Result<(Value, bool), Failed> {
    let parsed = match parse_proof(need(&arguments.document, "--document")?) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok((proof_refused(&refusal), false)),
    };
    let method = parsed.verification_method().as_str();
    let key = key(need(&arguments.key, "--key")?, method)?;
    Ok(
        match parsed.verify(&key, &ProofPolicy::default(), arguments.now) {
            Ok(verified) => {
                let verdict = json!({
                    "verdict": "verified",
                    "verification_method": method,
                    "signed_document": verified.document(),
                    "reason": null,
                });
                (verdict, true)
            }
            Err(refusal) => (proof_refused(&refusal), false),
        },
    )
}

fn proof_refused(refusal: &federate_signatures::ProofRefusal) -> Value {
    let mut text = refusal.to_string();
    if let Some(cause) = std::error::Error::source(refusal) {
        text = format!("{text}: {cause}");
    }
    let signed = match refusal {
        federate_signatures::ProofRefusal::Mismatch { signed, .. } => Some(signed),
        _ => None,
    };
    json!({ "verdict": "refused", "reason": { "name": refusal.name(), "text": text }, "signed_string": signed })
}

fn keygen(kind: &str) -> Result<(Value, bool), Failed> {
    let random = SystemRandom::new();
    let refused = |_| "the source of randomness failed";
    let pkcs8 = match kind {
        "ed25519" => Ed25519KeyPair::generate_pkcs8(&random).map_err(refused)?,
        "p256" => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(refused)?,
        "rsa" | "rsa2048" => {
            return Err(
                "ring makes no RSA keys: that is the seam `KeyGenerator`, for which the facade's feature \
                        `keygen` has an implementation; any PEM from elsewhere is read too"
                    .into(),
            );
        }
        other => return Err(format!("{other}: no such kind of key").into()),
    };
    let generated = GeneratedKey::from_pkcs8(pkcs8.as_ref().to_vec());
    let public = PrivateKey::from_pkcs8(KeyId::from(""), generated.as_pkcs8())?.public_key();
    let verdict = json!({
        "verdict": "made",
        "algorithm": public.algorithm().to_string(),
        "private_pem": generated.to_pem(),
        "public_pem": public.to_pem(),
        "multikey": public.to_multikey(),
        "did": public.to_did_key(),
        "jwk": serde_json::from_str::<Value>(&public.to_jwk())?,
    });
    Ok((verdict, true))
}

fn verify(head: &http::request::Parts, body: &[u8], arguments: &Arguments) -> Result<(Value, bool), Failed> {
    let parsed = match parse(head, body) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok((refused(&refusal, None), false)),
    };
    let key = key(need(&arguments.key, "--key")?, parsed.key_id().as_str())?;
    Ok(match parsed.verify(&key, &arguments.policy, arguments.now) {
        Ok(verified) => {
            let verdict = json!({
                "verdict": "verified",
                "flavour": verified.flavour().as_str(),
                "algorithm": verified.algorithm().to_string(),
                "key_id": verified.key_id().as_str(),
                "covered": verified.covered(),
                "query_signed": verified.query_signed(),
                "signed_string": parsed.signed_string(&arguments.policy),
                "reason": null,
            });
            (verdict, true)
        }
        Err(refusal) => (
            refused(&refusal, Some(&parsed.signed_string(&arguments.policy))),
            false,
        ),
    })
}

fn refused(refusal: &Refusal, signed_string: Option<&str>) -> Value {
    json!({
        "verdict": "refused",
        "flavour": refusal.flavour().map(|flavour| flavour.as_str()),
        "key_id": refusal.key_id().map(|id| id.as_str()),
        "covered": refusal.covered(),
        "reason": { "name": refusal.name(), "text": refusal.to_string(), "for_the_peer": refusal.peer_message() },
        "signed_string": signed_string,
        "explanation": refusal.explain(),
    })
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failed> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the edge where a program reads the clock"
        )]
        let now = SystemTime::now();
        let mut out = Self {
            request: None,
            document: None,
            key: None,
            key_id: None,
            kind: "ed25519".to_owned(),
            rfc9421: false,
            now,
            policy: Policy::default(),
        };
        let (mut scheme, mut authorities) = (None, Vec::new());
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let read = || std::fs::read(&value).map_err(|error| format!("{value}: {error}"));
            match name.as_str() {
                "--request" => out.request = Some(read()?),
                "--document" => out.document = Some(read()?),
                "--key" => out.key = Some(String::from_utf8(read()?)?),
                "--key-id" => out.key_id = Some(value),
                "--type" => out.kind = value,
                "--flavour" => {
                    out.rfc9421 = match value.as_str() {
                        "cavage" => false,
                        "rfc9421" => true,
                        other => return Err(format!("{other}: no such flavour").into()),
                    }
                }
                "--now" => {
                    out.now = rfc3339(&value).ok_or_else(|| format!("{value}: not a time as in RFC 3339"))?;
                }
                "--policy" => {
                    out.policy = Policy::named(&value).ok_or_else(|| format!("{value}: no such policy"))?;
                }
                "--scheme" => scheme = Some(value),
                "--authority" => authorities.push(value),
                other => return Err(format!("{other}: no such option").into()),
            }
        }
        if let Some(scheme) = scheme {
            out.policy = out.policy.external_scheme(&scheme);
        }
        out.policy = out.policy.authorities(authorities);
        Ok(out)
    }
}

/// Reads a request as it was captured. Lines may end in LF alone, as editors leave them.
fn request(bytes: &[u8]) -> Result<http::Request<Vec<u8>>, Failed> {
    let mut rest = bytes;
    let mut next_line = || -> Result<&str, Failed> {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or("the head of the request does not end")?;
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let line = std::str::from_utf8(line)?;
        Ok(line.strip_suffix('\r').unwrap_or(line))
    };
    let mut first = next_line()?.split(' ');
    let (Some(method), Some(target)) = (first.next(), first.next()) else {
        return Err("the first line is no request line".into());
    };
    let mut builder = http::Request::builder().method(method).uri(target);
    loop {
        let line = next_line()?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or("a line of the head is no header")?;
        builder = builder.header(name, value.trim());
    }
    Ok(builder.body(rest.to_vec())?)
}

/// PEM, a Multikey, or JSON that holds one.
fn key(text: &str, key_id: &str) -> Result<PublicKey, Failed> {
    let text = text.trim();
    if text.starts_with("-----") {
        return Ok(PublicKey::from_pem(text)?);
    }
    if let Some(multikey) =
        Some(text.strip_prefix("did:key:").unwrap_or(text)).filter(|text| text.starts_with('z'))
    {
        return Ok(PublicKey::from_multikey(multikey)?);
    }
    let document: Value =
        serde_json::from_str(text).map_err(|_| "the key is neither PEM, Multikey nor JSON")?;
    if document.get("kty").is_some() {
        return Ok(PublicKey::from_jwk(text)?);
    }
    let mut found = Vec::new();
    collect(&document, &mut found);
    let exact = found
        .iter()
        .find(|key| key.get("id").and_then(Value::as_str) == Some(key_id));
    let key = exact.ok_or_else(|| {
        format!(
            "the document holds {} keys, none with the id {key_id}",
            found.len()
        )
    })?;
    match (key.get("publicKeyPem"), key.get("publicKeyMultibase")) {
        (Some(Value::String(pem)), _) => Ok(PublicKey::from_pem(pem)?),
        (_, Some(Value::String(multikey))) => Ok(PublicKey::from_multikey(multikey)?),
        _ => Err("the key of the document is no text".into()),
    }
}

/// Every object in the document that holds a key.
fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            if members.contains_key("publicKeyPem") || members.contains_key("publicKeyMultibase") {
                found.push(value);
            }
            members.values().for_each(|member| collect(member, found));
        }
        _ => {}
    }
}

/// `2023-12-20T10:00:00Z`, with an offset too; fractions of a second are dropped.
fn rfc3339(text: &str) -> Option<SystemTime> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = text
        .get(19..)?
        .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (sign, zone) = (zone.get(..1)?, zone.get(1..)?);
            let (hours, minutes) = zone.split_once(':')?;
            let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            match sign {
                "+" => seconds,
                "-" => -seconds,
                _ => return None,
            }
        }
    };
    // Days since 1970 by the usual shift of the year to March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}
