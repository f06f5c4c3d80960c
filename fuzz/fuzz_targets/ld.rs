//! Linked Data signatures and canonicalisation: no panic, an end in bounded time, and one answer for one document.
#![no_main]

use federate_jsonld::{Contexts, Error, Limits, expand, ld_signed};
use federate_signatures::{KeyId, LdPolicy, LdSignatureOptions, ld_signature, parse_ld_signature};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime};

/// What the budget of steps is for. It takes milliseconds; the rest is for a machine that is busy.
const BOUND: Duration = Duration::from_secs(3);

fuzz_target!(|data: &[u8]| {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let began = Instant::now();
    if let Ok(parsed) = parse_ld_signature(data) {
        let _ = parsed.check(&LdPolicy::default(), now);
        assert_eq!(parsed.signed_string().len(), 128);
        let again = parse_ld_signature(data).expect("what was read is read again");
        assert_eq!(
            again.signed_string(),
            parsed.signed_string(),
            "blank nodes have no say"
        );
    }
    let options = LdSignatureOptions::new(KeyId::from("https://a.example/k"), now);
    if let Ok(unsigned) = ld_signature(data, &options) {
        let signed_string = unsigned.signed_string().to_owned();
        let signed = unsigned.attach(&[1; 256]);
        let parsed = parse_ld_signature(&signed).expect("our own signature is read");
        assert_eq!(
            parsed.signed_string(),
            signed_string,
            "what we splice is what we read"
        );
    }
    let Ok(document) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let limits = Limits::default();
    if let Ok(read) = expand(&document, &Contexts::shipped(), &limits) {
        canonical(&read);
        if let Ok(signed) = ld_signed(&document, &Contexts::shipped(), &limits) {
            let _ = signed.vouched();
        }
    }
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
});

/// One canonical form, or the end of the budget; never more steps than were granted.
fn canonical(read: &federate_jsonld::Expanded) {
    let granted = Limits::default().steps;
    match read.dataset().canonicalise(granted) {
        Ok(canonical) => {
            let again = read.dataset().canonicalise(granted).expect("the same work");
            assert_eq!(again.nquads(), canonical.nquads());
        }
        Err(error) => assert!(matches!(error, Error::Limit { .. }), "{error}"),
    }
}
