//! Requests: verified and signed.

use super::{
    Failed, Told,
    arguments::{Arguments, need},
    keys::key,
    request, unusable,
};
use bytes::Bytes;
use federate_signatures::{KeyId, Parsed, PrivateKey, Refusal, VerifiedSignature, cavage, parse, rfc9421};
use http::request::Parts;
use serde_json::{Map, Value, json};

pub(super) fn verify(arguments: &Arguments) -> Result<Told, Failed> {
    let file = need(&arguments.key, "--key")?;
    let (request, mut notes) = match request::read(need(&arguments.request, "--request")?) {
        Ok(read) => read,
        Err(why) => return Ok(unusable("bad_request", &why)),
    };
    let (head, body) = request.into_parts();
    let parsed = match parse(&head, &body) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok((refused(&refusal, None, &notes), false)),
    };
    let key = match key(file, parsed.key_id().as_str())? {
        Ok((key, more)) => {
            notes.extend(more);
            key
        }
        Err(none) => {
            let verdict = json!({
                "verdict": "refused",
                "flavour": parsed.flavour().as_str(),
                "key_id": parsed.key_id().as_str(),
                "covered": parsed.covered(),
                "reason": { "name": none.name(), "text": none.text() },
                "signed_string": parsed.signed_string(&arguments.policy),
                "notes": notes,
            });
            return Ok((verdict, false));
        }
    };
    Ok(match parsed.verify(&key, &arguments.policy, arguments.now) {
        Ok(verified) => {
            let verdict = json!({
                "verdict": "verified",
                "flavour": verified.flavour().as_str(),
                "algorithm": verified.algorithm().to_string(),
                "key_id": verified.key_id().as_str(),
                "covered": verified.covered(),
                "query_signed": verified.query_signed(),
                "signed_string": signed_string(&head, &body, &parsed, &verified, arguments),
                "reason": null,
                "notes": notes,
            });
            (verdict, true)
        }
        Err(refusal) => {
            let signed_string = parsed.signed_string(&arguments.policy);
            (refused(&refusal, Some(&signed_string), &notes), false)
        }
    })
}

/// The string of the signature that was good: perhaps the one beside, and perhaps without the query.
fn signed_string(
    head: &Parts,
    body: &[u8],
    parsed: &Parsed,
    verified: &VerifiedSignature,
    arguments: &Arguments,
) -> String {
    let mut text = parsed.signed_string(&arguments.policy);
    if verified.flavour() != parsed.flavour() {
        let mut head = head.clone();
        head.headers.remove("signature-input");
        if let Ok(beside) = parse(&head, body) {
            text = beside.signed_string(&arguments.policy);
        }
    }
    if verified.query_signed() {
        return text;
    }
    let line = |line: &str| match line.split_once('?') {
        Some((before, _)) if line.starts_with("(request-target): ") => before.to_owned(),
        _ => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn refused(refusal: &Refusal, signed_string: Option<&str>, notes: &[String]) -> Value {
    json!({
        "verdict": "refused",
        "flavour": refusal.flavour().map(|flavour| flavour.as_str()),
        "key_id": refusal.key_id().map(|id| id.as_str()),
        "covered": refusal.covered(),
        "reason": { "name": refusal.name(), "text": refusal.to_string(), "for_the_peer": refusal.peer_message() },
        "signed_string": refusal.signed_string().or(signed_string),
        "explanation": refusal.explain(),
        "notes": notes,
    })
}

pub(super) fn sign(arguments: &Arguments) -> Result<Told, Failed> {
    let id = KeyId::from(need(&arguments.key_id, "--key-id")?.as_str());
    let key = PrivateKey::from_pem(id.clone(), need(&arguments.key, "--key")?)?;
    let (request, notes) = match request::read(need(&arguments.request, "--request")?) {
        Ok(read) => read,
        Err(why) => return Ok(unusable("bad_request", &why)),
    };
    let request = request.map(Bytes::from);
    let (flavour, unsigned) = if arguments.rfc9421 {
        ("rfc9421", rfc9421(request, &id, arguments.now))
    } else {
        ("draft-cavage-12", cavage(request, arguments.now))
    };
    let signed_string = String::from_utf8_lossy(unsigned.base()).into_owned();
    let signed = unsigned.sign(&key)?;
    let headers: Map<String, Value> = signed
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let verdict = json!({
        "verdict": "signed",
        "flavour": flavour,
        "key_id": id.as_str(),
        "headers": headers,
        "request": raw(&signed),
        "signed_string": signed_string,
        "notes": notes,
    });
    Ok((verdict, true))
}

/// As it goes over the wire, where it is text.
fn raw(request: &http::Request<Bytes>) -> Option<String> {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut out = format!("{} {target} HTTP/1.1\r\n", request.method());
    for (name, value) in request.headers() {
        out.push_str(&format!("{name}: {}\r\n", value.to_str().ok()?));
    }
    out.push_str("\r\n");
    out.push_str(std::str::from_utf8(request.body()).ok()?);
    Some(out)
}
