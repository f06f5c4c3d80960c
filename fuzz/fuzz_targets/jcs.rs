//! Canonical JSON and proofs: no panic, a canonical form is its own, and serde_json reads the same from both.
#![no_main]

use federate_signatures::{KeyId, ProofOptions, canonicalize, parse_proofs, proof};
use libfuzzer_sys::fuzz_target;
use std::time::SystemTime;

fuzz_target!(|data: &[u8]| {
    let _ = parse_proofs(data);
    let options = ProofOptions::new(KeyId::from("k"), SystemTime::UNIX_EPOCH);
    if let Ok(unsigned) = proof(data, &options) {
        // What we splice is what we read.
        let proofs = parse_proofs(&unsigned.attach(&[1; 64])).expect("our own proof is read");
        assert_eq!(proofs.len(), 1);
    }
    let Ok(canonical) = canonicalize(data) else { return };
    assert_eq!(
        canonicalize(canonical.as_bytes()).expect("a canonical form is JSON"),
        canonical
    );
    let ours: serde_json::Value =
        serde_json::from_str(&canonical).expect("a canonical form is anybody's JSON");
    let theirs: serde_json::Value = serde_json::from_slice(data).expect("what we read is anybody's JSON");
    assert!(same(&ours, &theirs), "{ours} {theirs}");
});

/// Equal, where numbers are what a double makes of them; serde_json reads some of them one unit off.
fn same(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (ours, theirs) {
        (Number(a), Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            (a - b).abs() <= a.abs() * 1e-14 + f64::MIN_POSITIVE
        }
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Object(a), Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
