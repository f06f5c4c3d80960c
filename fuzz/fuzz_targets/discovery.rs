//! Handles, JRDs, NodeInfo and WebFinger queries: no panic, a handle is read as it was written.
#![no_main]

use federate_webfinger::{Handle, Jrd, parse_query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Jrd::parse(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = parse_query(text);
    if let Ok(handle) = Handle::parse(text) {
        assert_eq!(
            Handle::parse(&handle.to_string()).expect("our own handle is read"),
            handle
        );
    }
});
