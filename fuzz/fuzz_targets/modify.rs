//! Reading, changing and writing a document: what was set is read back, all else stays byte by byte, and what is
//! written is read again as the same.
#![no_main]

use std::collections::BTreeMap;

use federate_activitystreams::{Limits, Object, Property, terms};
use libfuzzer_sys::fuzz_target;

const OWN: Property<String> = Property::new("own", "https://x.example/own");

fuzz_target!(|data: &[u8]| {
    let Ok(object) = Object::parse(data) else { return };
    // Whatever the library can read of it, set to something else and back, changes nothing but the blanks around.
    assert_eq!(
        object.rewritten().as_bytes().trim_ascii(),
        data.trim_ascii(),
        "what is set and set back stays"
    );
    let text = String::from_utf8_lossy(data.get(..8.min(data.len())).unwrap_or_default());
    let text = text.replace('\0', "");

    let changed = object.clone().with(&OWN, text.as_str());
    assert_eq!(
        changed.get(&OWN).as_deref(),
        Some(&*text),
        "what is set is read back"
    );
    same_but(&object, &changed, &OWN);
    again(&changed);
    let removed = changed.clone().without(&OWN);
    assert!(removed.get(&OWN).is_none(), "what is taken out is gone");
    again(&removed);

    // Properties that may stand there already, under any of their spellings.
    for property in [terms::CONTENT, terms::NAME, terms::SUMMARY] {
        let changed = object.clone().with(&property, text.as_str());
        assert_eq!(
            changed.get(&property).as_deref(),
            Some(&*text),
            "what is set is read back"
        );
        again(&changed);
        again(&object.clone().without(&property));
    }
    for within in object
        .object()
        .iter()
        .chain(object.tag().into_iter().map(Into::into))
    {
        if let Some(within) = within.object() {
            again(&within.with(&OWN, text.as_str()));
        }
    }
});

/// What is written is read again, and means the same.
fn again(object: &Object) {
    let mut limits = Limits::default();
    limits.bytes = 8 << 20;
    limits.keys += 10;
    limits.values += 10;
    let again = Object::parse_with(object.as_bytes(), &limits).expect("what we write is read");
    assert_eq!(
        again.to_value(),
        object.to_value(),
        "the index says what the bytes say"
    );
    assert_eq!(again.warnings(), object.warnings());
    assert_eq!(again.types(), object.types());
}

/// All properties but one are the same, byte by byte. Where the document gives the name of that one another meaning, it
/// is written in full.
fn same_but(before: &Object, after: &Object, property: &Property<String>) {
    let entries = |object: &Object| {
        let entries = object
            .node()
            .entries()
            .filter(|(key, _)| key != property.name() && key != property.iri());
        entries
            .map(|(key, value)| (key.into_owned(), value.raw().to_vec()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(entries(before), entries(after), "all else stays");
}
