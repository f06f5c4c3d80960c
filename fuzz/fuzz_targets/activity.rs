//! Reading a document: no panic, untouched bytes are identical, and we read what everybody else reads.
#![no_main]

use federate_activitystreams::{Object, terms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(object) = Object::parse(data) else { return };
    assert_eq!(object.to_bytes(), data, "an untouched document is the same bytes");
    let _ = (
        object.id(),
        object.types(),
        object.actor().ids(),
        object.object().first(),
        object.content(),
    );
    let _ = (
        object.addressed(),
        object.mentions(),
        object.plain_text(),
        object.public_keys(),
        object.published(),
    );
    let _ = (
        object.activity(),
        object.visibility(),
        object.members(),
        object.fields(),
        object.icon_url(),
    );
    let _ = (
        object.quoted(),
        object.text_in(&terms::CONTENT, &["pt-BR", "en"]),
        object.warnings(),
        object.hashtags(),
    );
    // A number that no float holds is JSON, but serde_json refuses it.
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(data) else {
        return;
    };
    assert_eq!(object.to_value(), value, "we read what everybody else reads");
});
