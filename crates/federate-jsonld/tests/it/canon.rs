use crate::support::{files, shared};
use federate_jsonld::{CanonicalHash, Dataset, Error, Limits};
use std::collections::BTreeMap;

/// Asks for SHA-384 instead of SHA-256.
const SHA384: &str = "test075";
/// Must end with an error: a clique of blank nodes.
const POISON: [&str; 1] = ["test074"];

#[test]
fn every_vector_of_rdf_canon() {
    let Some(folder) = shared("vectors/rdf-canon/rdfc10") else {
        return;
    };
    let steps = Limits::default().steps;
    let (mut passed, mut maps, mut dearest) = (0, 0, 0);
    for (file, input) in files(&folder, "-in.nq") {
        let name = file.strip_suffix("-in.nq").unwrap();
        let dataset = Dataset::from_nquads(&String::from_utf8(input).unwrap()).unwrap();
        let hash = if name == SHA384 {
            CanonicalHash::Sha384
        } else {
            CanonicalHash::Sha256
        };
        let canonical = dataset.canonicalise_with(hash, steps);
        if POISON.contains(&name) {
            assert!(matches!(canonical, Err(Error::Limit { .. })), "{name}");
            passed += 1;
            continue;
        }
        let canonical = canonical.unwrap_or_else(|e| panic!("{name}: {e}"));
        dearest = dearest.max(canonical.steps());
        if let Ok(wanted) = std::fs::read_to_string(folder.join(format!("{name}-rdfc10.nq"))) {
            assert_eq!(canonical.nquads(), wanted, "{name}");
            passed += 1;
        }
        if let Ok(wanted) = std::fs::read(folder.join(format!("{name}-rdfc10map.json"))) {
            let wanted: BTreeMap<String, String> = serde_json::from_slice(&wanted).unwrap();
            assert_eq!(canonical.labels(), &wanted, "{name}");
            maps += 1;
        }
        let again = Dataset::from_nquads(canonical.nquads()).unwrap();
        assert_eq!(
            again.canonicalise_with(hash, steps).unwrap().nquads(),
            canonical.nquads(),
            "{name}"
        );
    }
    assert!(passed >= 64 && maps >= 20, "{passed} datasets, {maps} maps");
    assert!(
        dearest * 3 < steps,
        "the default budget has room: {dearest} of {steps}"
    );
}

#[test]
fn what_is_not_nquads_is_refused_with_its_line() {
    for text in [
        "<a:b> <a:c>",
        "<a:b> <a:c> \"x .",
        "<a:b> _:c <a:d> .",
        "<a:b> <a:c> <a:d> . x",
        "_: <a:c> <a:d> .",
        "<a:b> <a:c> \"\\x\" .",
        "<a:b> <a:c> \"\\uD800\" .",
    ] {
        assert_eq!(
            Dataset::from_nquads(&format!("# ok\n{text}\n")),
            Err(Error::NQuads(2)),
            "{text}"
        );
    }
}
