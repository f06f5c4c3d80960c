//! "Why 401?": holds a captured request against a key and prints the verdict as one JSON object.
//!
//! ```sh
//! cargo run -p federate-signatures --example check -- verify --request FILE --key FILE \
//!     [--now RFC3339] [--policy default|mastodon] [--scheme https|http] [--authority NAME]
//! ```
//!
//! `--request` is a raw HTTP/1.1 request, head and body as captured. `--key` is PEM, a Multikey, a JWK, or an actor
//! document in JSON. Exit status: 0 verified, 1 refused, 2 bad arguments.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use federate_signatures::{Policy, PublicKey, Refusal, parse};
use serde_json::{Value, json};
use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

type Failed = Box<dyn std::error::Error>;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the command line"
)]
fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok((verdict, verified)) => {
            println!("{verdict:#}");
            ExitCode::from(u8::from(!verified))
        }
        Err(error) => {
            eprintln!("check: {error}");
            ExitCode::from(2)
        }
    }
}

struct Arguments {
    request: Vec<u8>,
    key: String,
    now: SystemTime,
    policy: Policy,
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<(Value, bool), Failed> {
    match arguments.next().as_deref() {
        Some("verify") => {
            let arguments = Arguments::read(arguments)?;
            let (head, body) = request(&arguments.request)?.into_parts();
            Ok(verify(&head, &body, &arguments)?)
        }
        _ => Err(
            "usage: check verify --request FILE --key FILE [--now RFC3339] [--policy default|mastodon] \
                  [--scheme https|http] [--authority NAME]"
                .into(),
        ),
    }
}

fn verify(head: &http::request::Parts, body: &[u8], arguments: &Arguments) -> Result<(Value, bool), Failed> {
    let parsed = match parse(head, body) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok((refused(&refusal, None), false)),
    };
    let key = key(&arguments.key, parsed.key_id().as_str())?;
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
        let (mut request, mut key, mut now) = (None, None, None);
        let mut policy = Policy::default();
        let (mut scheme, mut authorities) = (None, Vec::new());
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let read = || std::fs::read(&value).map_err(|error| format!("{value}: {error}"));
            match name.as_str() {
                "--request" => request = Some(read()?),
                "--key" => key = Some(String::from_utf8(read()?)?),
                "--now" => {
                    now = Some(rfc3339(&value).ok_or_else(|| format!("{value}: not a time as in RFC 3339"))?);
                }
                "--policy" => {
                    policy = match value.as_str() {
                        "default" => Policy::default(),
                        "mastodon" => Policy::mastodon(),
                        other => return Err(format!("{other}: no such policy").into()),
                    }
                }
                "--scheme" => scheme = Some(value),
                "--authority" => authorities.push(value),
                other => return Err(format!("{other}: no such option").into()),
            }
        }
        if let Some(scheme) = scheme {
            policy = policy.external_scheme(&scheme);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the edge where a program reads the clock"
        )]
        let now = now.unwrap_or_else(SystemTime::now);
        Ok(Self {
            request: request.ok_or("--request is missing")?,
            key: key.ok_or("--key is missing")?,
            now,
            policy: policy.authorities(authorities),
        })
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
        return jwk(&document);
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

/// RFC 7517, RSA and Ed25519.
fn jwk(jwk: &Value) -> Result<PublicKey, Failed> {
    let bytes = |name: &str| -> Result<Vec<u8>, Failed> {
        let text = jwk
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("the JWK has no {name}"))?;
        Ok(URL_SAFE_NO_PAD.decode(text)?)
    };
    match (
        jwk.get("kty").and_then(Value::as_str),
        jwk.get("crv").and_then(Value::as_str),
    ) {
        (Some("RSA"), _) => Ok(PublicKey::from_rsa_components(&bytes("n")?, &bytes("e")?)?),
        (Some("OKP"), Some("Ed25519")) => Ok(PublicKey::from_ed25519(&bytes("x")?)?),
        _ => Err("the JWK is of an unsupported kind".into()),
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
