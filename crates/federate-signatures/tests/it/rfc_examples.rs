//! The examples inside of RFC 9421 and RFC 9530, as data; what is not run is listed with its reason.

use crate::support::{at, shared};
use bytes::Bytes;
use federate_signatures::{Algorithm, Parsed, Policy, PublicKey, Refusal, parse_response, parse_rfc9421};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// Lines that stand below another message than the one that they are of.
const OF_ANOTHER_MESSAGE: &[(&str, &str)] = &[
    ("section-2.1.3-11", "section-2.1.3-5"),
    ("section-2.4-12", "section-2.4-14"),
    ("section-2.4-20", "section-2.4-22"),
    // The RFC prints no message for a target without a query.
    ("section-2.2.7-17", "POST /path HTTP/1.1\nHost: www.example.com"),
    ("section-4.3-7", "section-4.3-11"),
    ("section-2.1-16", "section-2.1-14"),
];

/// What we do not do, and why.
const NOT_DONE: &[(&str, &str)] = &[
    (
        "section-2.1.4-5",
        "trailers: the body is whole when we see it, and nobody signs them",
    ),
    (
        "section-2.2.5-15",
        "absolute-form: http::Uri does not tell it from HTTP/2, whose target is the path",
    ),
    (
        "section-2.2.5-21",
        "CONNECT: a server of the fediverse is no proxy",
    ),
    ("section-2.2.8-20", "the RFC shows it as what must not be done"),
    (
        "section-7.2.8-7",
        "the RFC shows it as an attack: the last line has the wrong name",
    ),
];

struct Message {
    start: String,
    headers: HeaderMap,
    body: String,
}

impl Message {
    /// Folded lines are unfolded, as a server does before it has headers; `(SP)` is how the RFC prints a blank.
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines: Vec<String> = Vec::new();
        for line in head.replace("(SP)", " ").lines() {
            match lines.last_mut() {
                Some(last) if line.starts_with(' ') => {
                    last.push(' ');
                    last.push_str(line.trim_start());
                }
                _ => lines.push(line.to_owned()),
            }
        }
        let has_start = lines.first().is_some_and(|line| line.contains("HTTP/1.1"));
        let start = if has_start {
            lines.remove(0)
        } else {
            "GET / HTTP/1.1".to_owned()
        };
        let mut headers = HeaderMap::new();
        for line in &lines {
            let (name, value) = line.split_once(':').unwrap();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
            .entry("host")
            .or_insert(HeaderValue::from_static("www.example.com"));
        Self {
            start,
            headers,
            body: body.to_owned(),
        }
    }

    fn request(&self) -> http::request::Parts {
        let mut start = self.start.split(' ');
        let request = Request::builder().method(start.next().unwrap());
        let request = request.uri(start.next().unwrap().parse::<Uri>().unwrap());
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.headers = self.headers.clone();
        parts
    }

    /// Reads the message with these signature headers, or with its own.
    fn parsed(&self, input: Option<&str>, asked: &Self, label: Option<&str>) -> Result<Parsed, Refusal> {
        let mut signed = Self {
            start: self.start.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        };
        if let Some(input) = input {
            signed.headers.insert("signature-input", input.parse().unwrap());
            signed
                .headers
                .insert("signature", HeaderValue::from_static("x=:AAAA:"));
        }
        let body = Bytes::from(signed.body.clone());
        if let Some(status) = self.start.strip_prefix("HTTP/1.1 ") {
            let status = status.split(' ').next().unwrap();
            let mut parts = Response::builder()
                .status(status)
                .body(())
                .unwrap()
                .into_parts()
                .0;
            parts.headers = signed.headers;
            return parse_response(&parts, &body, &asked.request(), label);
        }
        parse_rfc9421(&signed.request(), &body, label)
    }
}

/// Messages by their number, and all entries in order.
fn examples() -> Option<(BTreeMap<String, String>, Vec<Value>)> {
    let all: Vec<Value> = serde_json::from_value(shared("rfc9421/section-examples.json")?).unwrap();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let messages = all
        .iter()
        .map(|entry| (text(entry, "n"), text(entry, "text")))
        .collect();
    Some((messages, all))
}

fn policy() -> Policy {
    Policy::default()
        .rfc9421_components(&[], &[])
        .response_components(&[], &[])
        .window(Duration::from_secs(600))
}

#[test]
fn every_component_line_of_rfc_9421() {
    let Some((messages, all)) = examples() else { return };
    let (mut above, mut run, mut listed) = (String::new(), 0, 0);
    for entry in &all {
        let (n, text) = (entry["n"].as_str().unwrap(), entry["text"].as_str().unwrap());
        if entry["type"] == "http-message" {
            text.clone_into(&mut above);
        }
        if entry["type"] != "artwork" || !text.starts_with('"') {
            continue;
        }
        if NOT_DONE.iter().any(|(not, _)| *not == n) {
            listed += 1;
            continue;
        }
        let message = match OF_ANOTHER_MESSAGE.iter().find(|(of, _)| *of == n) {
            Some((_, other)) => messages.get(*other).map_or(*other, String::as_str),
            None => &above,
        };
        let expected: Vec<String> = text
            .lines()
            .filter(|line| !line.starts_with("\"@signature-params\""))
            .map(|line| line.replace("(SP)", " "))
            .collect();
        let names: Vec<&str> = expected
            .iter()
            .map(|line| line.split_once(": ").unwrap().0)
            .collect();
        let input = format!("x=({});created=1618884475;keyid=\"k\"", names.join(" "));
        let asked = messages[if n == "section-2.4-20" {
            "section-2.4-18"
        } else {
            "section-2.4-7"
        }]
        .as_str();
        let parsed = Message::read(message).parsed(Some(&input), &Message::read(asked), None);
        let parsed = parsed.unwrap_or_else(|refusal| panic!("{n}: {refusal}"));
        let scheme = if n.starts_with("section-2.2.4") {
            "http"
        } else {
            "https"
        };
        let base = parsed.signed_string(&policy().external_scheme(scheme));
        let lines: Vec<&str> = base.lines().take(expected.len()).collect();
        assert_eq!(lines, expected, "{n}");
        run += 1;
    }
    assert_eq!((run, listed), (25, NOT_DONE.len()));
}

#[test]
fn every_signed_message_of_rfc_9421() {
    let (Some((messages, _)), Some(keys)) = (examples(), shared("rfc9421/keys.json")) else {
        return;
    };
    let mut left: Vec<&str> = messages
        .iter()
        .filter(|(_, text)| text.contains("HTTP/1.1") && text.contains("\nSignature: "))
        .map(|(n, _)| n.as_str())
        .collect();
    for (n, asked, label, key, algorithm) in [
        (
            "section-2.4-14",
            "section-2.4-7",
            None,
            "test-key-ecc-p256",
            Algorithm::EcdsaP256Sha256,
        ),
        (
            "section-2.4-18",
            "",
            None,
            "test-key-rsa-pss",
            Algorithm::RsaPssSha512,
        ),
        (
            "section-2.4-22",
            "section-2.4-18",
            None,
            "test-key-ecc-p256",
            Algorithm::EcdsaP256Sha256,
        ),
        (
            "section-3.2-6",
            "",
            None,
            "test-key-rsa-pss",
            Algorithm::RsaPssSha512,
        ),
        (
            "section-4.3-3",
            "",
            None,
            "test-key-ecc-p256",
            Algorithm::EcdsaP256Sha256,
        ),
        (
            "section-4.3-11",
            "",
            Some("proxy_sig"),
            "test-key-rsa",
            Algorithm::RsaV1_5Sha256,
        ),
    ] {
        let asked = messages.get(asked).map_or("", String::as_str);
        let parsed = Message::read(&messages[n])
            .parsed(None, &Message::read(asked), label)
            .unwrap();
        let key = PublicKey::from_pem(keys[key]["public_pem"].as_str().unwrap()).unwrap();
        let key = key.with_algorithm(algorithm).unwrap();
        let verdict = parsed.verify(&key, &policy().algorithms([algorithm]), at(1_618_884_475));
        assert!(verdict.is_ok(), "{n}: {verdict:?}");
        left.retain(|other| *other != n);
    }
    // Behind the proxy the name is another one, so that the first signature is no more the client's: the point of the
    // example.
    let parsed = Message::read(&messages["section-4.3-11"])
        .parsed(None, &Message::read(""), Some("sig1"))
        .unwrap();
    let key = PublicKey::from_pem(keys["test-key-ecc-p256"]["public_pem"].as_str().unwrap()).unwrap();
    let verdict = parsed.verify(
        &key,
        &policy().algorithms([Algorithm::EcdsaP256Sha256]),
        at(1_618_884_475),
    );
    assert_eq!(verdict.unwrap_err().name(), "signature_mismatch");
    assert_eq!(
        left,
        ["section-4.3-5"],
        "the same request without the proxy's signature"
    );
}

/// `Repr-Digest` is not read: it is of a representation, and a signature is over the bytes that came.
#[test]
fn every_digest_of_rfc_9530() {
    let (Some(examples), Some(computed)) = (
        shared("rfc9530/examples.json"),
        shared("rfc9530/content-digest-computed.json"),
    ) else {
        return;
    };
    let bodies: Vec<&str> = computed
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["body"].as_str().unwrap())
        .collect();
    let (mut known, mut elsewhere) = (0, 0);
    for entry in examples.as_array().unwrap() {
        let text = entry["text"].as_str().unwrap();
        for value in text
            .lines()
            .filter_map(|line| line.strip_prefix("Content-Digest: "))
        {
            let message =
                |body: &str| format!("POST / HTTP/1.1\nHost: a.example\nContent-Digest: {value}\n\n{body}");
            let verdict = |body: &str| {
                let message = Message::read(&message(body));
                let input = r#"x=("content-digest");created=1;keyid="k""#;
                message.parsed(Some(input), &Message::read(""), None).map(drop)
            };
            // Of one of the bodies that the RFC prints; or of a compressed one that it does not print; or, in the example
            // with two digests, of two different contents, which is refused.
            if bodies.iter().any(|body| verdict(body).is_ok()) {
                known += 1;
            } else {
                assert_eq!(verdict("{}").unwrap_err().name(), "digest_mismatch", "{value}");
                elsewhere += 1;
            }
        }
    }
    assert_eq!((known, elsewhere), (1, 2));
}
