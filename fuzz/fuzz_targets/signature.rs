//! `Signature` of both formats, in its own header and in `Authorization`, `Signature-Input`, `Digest` and
//! `Content-Digest` of anybody: no panic, up to a verdict under a key that takes everything, and a verdict names what it
//! is about.
#![no_main]

use federate_signatures::{Algorithm, Policy, Verifier, parse};
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use std::time::{Duration, SystemTime};

/// What comes behind the signature is looked at too.
#[derive(Debug)]
struct Anything;

impl Verifier for Anything {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

const HEADERS: [&str; 5] = [
    "signature",
    "signature-input",
    "digest",
    "content-digest",
    "authorization",
];

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(HEADERS.len(), |b| *b == 0);
    let mut request = http::Request::post("/inbox?a=b")
        .header("host", "a.example")
        .header("date", "Tue, 14 Nov 2023 22:13:20 GMT");
    for name in HEADERS {
        if let Some(value) = parts.next().and_then(|v| http::HeaderValue::from_bytes(v).ok()) {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
    }
    let Ok(request) = request.body(()) else { return };
    let (head, ()) = request.into_parts();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let loose = Policy::default()
        .cavage_components(&[], &[])
        .rfc9421_components(&[], &[])
        .cavage_fallback(true);
    match parse(&head, b"{}") {
        Ok(parsed) => {
            assert!(!parsed.key_id().as_str().is_empty());
            let covered = parsed.covered();
            assert_eq!(
                covered.iter().collect::<HashSet<_>>().len(),
                covered.len(),
                "{covered:?}"
            );
            for policy in [Policy::mastodon(), loose] {
                match parsed.verify_with(&Anything, &policy, now) {
                    Ok(verified) => assert!(!verified.key_id().as_str().is_empty()),
                    Err(refusal) => {
                        assert!(!refusal.explain().is_empty() && !refusal.peer_message().is_empty())
                    }
                }
            }
        }
        Err(refusal) => assert!(!refusal.explain().is_empty() && !refusal.peer_message().is_empty()),
    }
});
