//! `Signature-Input` and `Accept-Signature` in full, on requests and responses: no panic, and what is read is written.
#![no_main]

use federate_signatures::{AcceptSignature, FlavourMemory, Policy, parse_response, parse_rfc9421};
use libfuzzer_sys::fuzz_target;
use std::time::{Duration, SystemTime};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = http::HeaderValue::from_bytes(data) else {
        return;
    };
    let signature = "sig1=:AAAA:";
    let request = http::Request::get("/a?b=c&d=%20")
        .header("host", "a.example")
        .header("example-dict", "a=1, b=(x y);z, c")
        .header("signature-input", value.clone())
        .header("signature", signature);
    let (request, ()) = request.body(()).expect("a request").into_parts();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    if let Ok(parsed) = parse_rfc9421(&request, b"", None) {
        let _ = parsed.check(&Policy::default(), now);
        assert!(
            parsed
                .signed_string(&Policy::default())
                .contains("\"@signature-params\": (")
        );
    }
    let response = http::Response::builder()
        .header("example-dict", "a=1, b=(x y);z, c")
        .header("signature-input", value.clone())
        .header("signature", signature);
    let (response, ()) = response.body(()).expect("a response").into_parts();
    if let Ok(parsed) = parse_response(&response, b"", &request, None) {
        let _ = parsed.check(&Policy::default(), now);
    }
    let mut headers = http::HeaderMap::new();
    headers.insert("accept-signature", value);
    for asked in AcceptSignature::read(&headers).into_iter().flatten() {
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "accept-signature",
            asked.to_header().expect("what was read is written"),
        );
        assert_eq!(AcceptSignature::read(&headers).expect("our own is read"), [asked]);
    }
    if let Some(memory) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.parse::<FlavourMemory>().ok())
    {
        assert_eq!(memory.to_string().parse(), Ok(memory));
    }
});
