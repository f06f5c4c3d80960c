//! NodeInfo: no panic; what is written of any document, in any version, is read and written as the same again; an index leads
//! to the origin that was asked and nowhere else.
#![no_main]

use federate_webfinger::nodeinfo::{Index, NodeInfo, Version};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use url::Url;

fuzz_target!(|data: &[u8]| {
    if let Ok(index) = Index::parse(data) {
        assert!(index.links.len() <= 32);
        let asked = Url::parse("https://example.org/.well-known/nodeinfo").expect("a URL");
        for url in [index.best(&asked), index.application(&asked)]
            .into_iter()
            .flatten()
        {
            assert_eq!(url.origin(), asked.origin());
            assert!(url.username().is_empty() && url.password().is_none());
        }
        let written = index.to_bytes();
        match Index::parse(&written) {
            Ok(read) => assert_eq!(read, index),
            Err(error) => assert!(written.len() > federate_webfinger::MAX_BYTES, "{error}"),
        }
    }
    let Ok(mut info) = NodeInfo::parse(data) else {
        return;
    };
    assert!(info.protocols.len() <= 32 && info.services_inbound.len() <= 32);
    assert!(info.software.chars().count() <= 256);
    // Floats are read as near as one goes, and not nearer.
    info.metadata.retain(|_, value| !has_float(value));
    for version in Version::ALL {
        let written = info.to_bytes(version);
        let document: Value = serde_json::from_slice(&written).expect("we write JSON");
        let name = document["software"]["name"].as_str().expect("a name");
        assert!(
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        );
        assert!(!document["protocols"].as_array().expect("a list").is_empty());
        let read = NodeInfo::parse(&written).expect("what we write is read");
        assert_eq!(read.users_total, info.users_total);
        assert_eq!(read.metadata, info.metadata);
        assert_eq!(read.to_bytes(version), written);
    }
});

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_float),
        Value::Object(members) => members.values().any(has_float),
        _ => false,
    }
}
