use crate::support::{expand, shared};
use federate_jsonld::{Contexts, Error, Limits, ld_signed};
use serde_json::{Value, json};

fn keyword(document: &Value) -> String {
    match expand(document) {
        Err(Error::Keyword { keyword, .. }) => keyword,
        other => panic!("{document}: {other:?}"),
    }
}

/// J8, CVE-2026-46349, CVE-2026-48028: anywhere, under any name.
#[test]
fn j8_keywords_that_rearrange_are_refused_wherever_they_stand() {
    for word in [
        "@graph",
        "@included",
        "@reverse",
        "@nest",
        "@index",
        "@json",
        "@direction",
    ] {
        let deep = json!({ "id": "https://a.example/1", "tag": [1, { "object": [{ (word): {} }] }] });
        assert_eq!(keyword(&deep), word);
        let alias = json!({ "@context": [{ "x": word }], "x": {} });
        assert_eq!(keyword(&alias), word);
        let long = json!({ "@context": { "x": { "@id": word } }, "x": {} });
        assert_eq!(keyword(&long), word);
        let nested = json!({ "object": { "@context": { "x": word } } });
        assert_eq!(keyword(&nested), word);
        let scoped = json!({ "@context": { "object": { "@id": "as:object", "@context": { "x": word } } } });
        assert_eq!(keyword(&scoped), word);
        if word != "@json" {
            let typed = json!({ "@context": { "x": { "@id": "https://x.example/", "@type": word } } });
            assert_eq!(keyword(&typed), word);
        }
        let container = json!({ "@context": { "x": { "@id": "https://x.example/", "@container": [word] } } });
        assert_eq!(keyword(&container), word);
        let within = json!({ "@context": [], "signature": { (word): 1 }, "id": "https://a.example/1" });
        assert!(matches!(
            ld_signed(&within, &Contexts::shipped(), &Limits::default()),
            Err(Error::Keyword { .. })
        ));
    }
    for word in ["@reverse", "@nest", "@index", "@import"] {
        assert_eq!(
            keyword(&json!({ "@context": { "x": { (word): "https://x.example/" } } })),
            word
        );
    }
    for word in ["@import", "@propagate", "@direction", "@graph", "@id", "@context"] {
        assert_eq!(
            keyword(&json!({ "@context": { (word): "https://x.example/" } })),
            word
        );
    }
}

/// It says what a context says that anybody may name, and nothing else may.
#[test]
fn j8_proof_makes_a_graph_as_data_integrity_says_and_in_no_other_way() {
    let said = json!({ "@id": "https://w3id.org/security#proof", "@type": "@id", "@container": "@graph" });
    let document = |term: &str, definition: &Value| {
        json!({ "@context": [{ (term): definition }], "id": "https://a.example/1",
            (term): { "https://x.example/says": "it" } })
    };
    let quads = expand(&document("proof", &said)).unwrap();
    assert!(quads.dataset().quads().iter().any(|quad| quad.graph.is_some()));
    assert_eq!(keyword(&document("object", &said)), "@graph");
    for (part, value) in [
        ("@id", json!("https://www.w3.org/ns/activitystreams#object")),
        ("@container", json!(["@graph"])),
        ("@container", json!(["@graph", "@id"])),
        ("@context", json!({})),
        ("@protected", json!(true)),
    ] {
        let mut other = said.clone();
        other[part] = value;
        assert_eq!(keyword(&document("proof", &other)), "@graph", "{other}");
    }
    // And what may not stand in one does not.
    let mut list = document("proof", &said);
    list["proof"] = json!([{ "@list": [] }]);
    assert_eq!(keyword(&list), "@list");
}

#[test]
fn a_refusal_says_where() {
    let document = json!({ "object": { "tag": [{ "@graph": [] }] } });
    let error = expand(&document).unwrap_err();
    assert_eq!(error.to_string(), "@graph at \"/object/tag/-/@graph\" is refused");
}

#[test]
fn the_bad_corpus_is_refused() {
    let Some(folder) = shared("corpus-bad") else {
        return;
    };
    for name in ["jsonld-graph-aliased.json", "jsonld-graph-included-reverse.json"] {
        let document: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        assert!(matches!(expand(&document), Err(Error::Keyword { .. })), "{name}");
    }
}

#[test]
fn what_is_not_an_object_or_not_json_ld_is_refused() {
    for document in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(expand(&document).unwrap_err(), Error::NoRoot);
    }
    for document in [
        json!({ "@context": 1 }),
        json!({ "@context": { "x": 1 } }),
        json!({ "@context": { "@version": 2 } }),
        json!({ "id": ["https://a.example/1"] }),
        json!({ "id": {} }),
    ] {
        assert!(
            matches!(expand(&document), Err(Error::Syntax(_) | Error::NoRoot)),
            "{document}: {:?}",
            expand(&document)
        );
    }
}

/// Found by mutating the corpus: it made the processor panic.
#[test]
fn a_list_below_a_name_that_makes_a_graph_is_refused() {
    for word in ["@list", "@set", "@value"] {
        let document = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"],
            "id": "https://a.example/1", "proof": [{ (word): [{ "type": "DataIntegrityProof" }] }] });
        assert_eq!(keyword(&document), word);
        let alias = json!({ "@context": { "l": word }, "id": "https://a.example/1" });
        assert_eq!(keyword(&alias), word);
    }
}
