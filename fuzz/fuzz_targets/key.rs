//! Public keys as actors publish them: no panic, and what is read is written and read again.
#![no_main]

use federate_signatures::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = PublicKey::from_spki_der(data);
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(key) = PublicKey::from_pem(text) {
            assert_eq!(PublicKey::from_pem(&key.to_pem()).expect("our own PEM is read"), key);
        }
    }
});
