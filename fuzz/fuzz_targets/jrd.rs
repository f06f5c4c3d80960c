//! WebFinger answers: no panic; what is written is read as the same; no template leads elsewhere than it says.
#![no_main]

use federate_webfinger::{Interaction, Jrd, Template};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const OBJECT: &str = "https://here.example/@alice/1?x=y&z#w";

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        template(text);
    }
    let Ok(jrd) = Jrd::parse(data) else { return };
    let written = jrd.to_bytes();
    // Escapes make some answers longer than what is read.
    match Jrd::parse(&written) {
        Ok(read) if !has_float(&jrd) => assert_eq!(read, jrd),
        Ok(_) => {}
        Err(error) => assert!(written.len() > federate_webfinger::MAX_BYTES, "{error}"),
    }
    let _ = (jrd.actor_link(), jrd.server_actor_link(), jrd.subject_handle());
    for link in &jrd.links {
        template(link.template.as_deref().unwrap_or_default());
    }
    for wanted in [Interaction::follow(OBJECT), Interaction::reply(OBJECT)] {
        if let Ok(url) = wanted.on_success("https://here.example/").url(&jrd) {
            assert_eq!(url.scheme(), "https");
            assert!(url.username().is_empty() && url.password().is_none());
            assert!(
                url.as_str()
                    .contains("https%3A%2F%2Fhere.example%2F%40alice%2F1%3Fx%3Dy%26z%23w")
            );
        }
    }
});

/// Whatever is filled in, the origin is that of the template with nothing in it.
fn template(text: &str) {
    let Ok(template) = Template::parse(text) else {
        return;
    };
    let origins: Vec<_> = ["", "x", OBJECT, "@evil.example:1/", ".."]
        .into_iter()
        .filter_map(|value| template.fill(&[("uri", value), ("object", value)]).ok())
        .map(|url| {
            (
                url.scheme().to_owned(),
                url.host_str().map(str::to_owned),
                url.port(),
            )
        })
        .collect();
    assert!(origins.windows(2).all(|pair| pair[0] == pair[1]), "{origins:?}");
    assert!(
        origins
            .iter()
            .all(|(scheme, host, _)| scheme == "https" && host.is_some())
    );
}

/// Floats are read as near as one goes, and not nearer.
fn has_float(jrd: &Jrd) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(any),
            Value::Object(members) => in_map(members),
            _ => false,
        }
    }
    fn in_map(members: &Map<String, Value>) -> bool {
        members.values().any(any)
    }
    in_map(&jrd.other)
        || in_map(&jrd.properties)
        || jrd
            .links
            .iter()
            .any(|link| in_map(&link.other) || in_map(&link.properties))
}
