//! Reading, changing and writing a document: no panic, untouched bytes are identical, what is written is read again.
#![no_main]

use federate_activitystreams::Object;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(object) = Object::parse(data) else { return };
    assert_eq!(object.to_bytes(), data, "an untouched document is the same bytes");
    let _ = (object.id(), object.type_name().len(), object.actor(), object.object(), object.content());
    let _ = (object.addressed(), object.mentions(), object.plain_text(), object.public_keys(), object.published());
    // What we read is JSON to everybody else as well.
    let value: serde_json::Value = serde_json::from_slice(data).expect("what we accept is JSON");
    assert_eq!(object.to_value(), value, "we read what everybody else reads");
});
