//! What crossed in our own runs against other servers: it lies beside this test, so it is read on every machine.

use federate_activitystreams::Object;

fn captures() -> Vec<(String, String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let index = std::fs::read_to_string(format!("{folder}/INDEX.tsv")).unwrap();
    let row = |line: &str| {
        let mut columns = line.split('\t');
        let file = columns.next().unwrap().to_owned();
        let kind = columns.nth(1).unwrap().to_owned();
        let bytes = std::fs::read(format!("{folder}/{file}")).unwrap();
        (file, kind, bytes)
    };
    index.lines().skip(1).map(row).collect()
}

#[test]
fn what_crossed_is_read_whole_and_without_warnings() {
    let captures = captures();
    assert!(captures.len() >= 28, "{} captures", captures.len());
    for (file, kind, bytes) in captures {
        let Some((family, name)) = kind.split_once('/') else {
            continue; // A JRD is no ActivityStreams document.
        };
        let object = Object::parse(&bytes).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(object.type_name(), name, "{file}");
        assert_eq!(object.warnings(), [], "{file}");
        assert_eq!(object.to_bytes(), bytes, "{file}");
        match family {
            "activity" => assert!(
                object.actor().id().is_some() && !object.object().is_empty(),
                "{file}"
            ),
            "actor" => {
                assert!(
                    object.inbox().is_some() && object.preferred_username().is_some(),
                    "{file}"
                );
                assert!(!object.public_keys().is_empty(), "{file}");
            }
            _ => assert!(
                object.content().is_some() && object.attributed_to().id().is_some(),
                "{file}"
            ),
        }
    }
}
