//! Signature, Signature-Input and Digest headers of anybody: no panic.
#![no_main]

use federate_signatures::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |b| *b == 0);
    let mut request = http::Request::post("/inbox").header("host", "a.example");
    for name in ["signature", "signature-input", "digest"] {
        if let Some(value) = parts.next().and_then(|v| http::HeaderValue::from_bytes(v).ok()) {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
    }
    let Ok(request) = request.body(()) else { return };
    let (head, ()) = request.into_parts();
    if let Ok(parsed) = parse(&head, b"{}") {
        assert!(!parsed.key_id().as_str().is_empty());
    }
});
