use crate::support::{compact, expand};
use federate_jsonld::Error;
use serde_json::{Value, json};

const AS: &str = "https://www.w3.org/ns/activitystreams";

/// J6, J9: names are read by what their context says of them.
#[test]
fn j6_a_renamed_document_is_read_by_its_meaning() {
    let document = json!({
        "@context": [AS, { "actor": "as:object", "object": { "@id": "as:actor", "@type": "@id" } }],
        "id": "https://a.example/1", "type": ["as:Like", "https://b.example/Zap"],
        "actor": { "@id": "https://a.example/note" }, "object": "https://a.example/bob",
        "https://www.w3.org/ns/activitystreams#summary": "full", "as:name": "prefixed"
    });
    let read = compact(&document).unwrap();
    assert_eq!(read["actor"], "https://a.example/bob");
    assert_eq!(read["object"], "https://a.example/note");
    assert_eq!(read["type"], json!(["Like", "https://b.example/Zap"]));
    assert_eq!(
        (&read["summary"], &read["name"]),
        (&json!("full"), &json!("prefixed"))
    );
}

#[test]
fn j9_two_spellings_that_disagree_are_both_there() {
    let document = json!({ "@context": AS, "id": "https://a.example/1",
        "actor": "https://a.example/bob", "as:actor": { "id": "https://a.example/eve" } });
    let both = compact(&document).unwrap()["actor"].clone();
    assert_eq!(
        both.as_array().map(Vec::len),
        Some(2),
        "the reader sees that there are two, and refuses"
    );
}

#[test]
fn every_kind_of_value_keeps_its_form() {
    let document = json!({
        "@context": [AS, "https://w3id.org/security/v1", {
            "toot": "http://joinmastodon.org/ns#", "focalPoint": { "@container": "@list", "@id": "toot:focalPoint" },
            "votersCount": "toot:votersCount", "sensitive": "as:sensitive",
            "PropertyValue": "http://schema.org#PropertyValue", "value": "http://schema.org#value" }],
        "id": "https://a.example/1", "type": "Question", "content": "<p>hi</p>",
        "contentMap": { "en": "<p>hi</p>", "zh-TW": ["一", "二"] },
        "published": "2026-01-01T00:00:00Z", "sensitive": true, "votersCount": 7, "latitude": 48.5, "longitude": 2,
        "oneOf": [
            { "type": "Note", "name": "b", "replies": { "type": "Collection", "totalItems": 3 } },
            { "type": "Note", "name": "a", "replies": { "type": "Collection", "totalItems": 0 } }],
        "attachment": [{ "type": "Image", "width": 640, "url": "https://a.example/i.png", "focalPoint": [0.25, -0.5] },
            { "type": "PropertyValue", "name": "x", "value": "y" }],
        "source": { "content": "hi", "mediaType": "text/plain" },
        "to": [format!("{AS}#Public"), "https://a.example/followers"],
        "replies": { "id": "https://a.example/1/replies", "type": "OrderedCollection",
            "orderedItems": ["https://a.example/2", "https://a.example/2"],
            "first": { "type": "OrderedCollectionPage", "partOf": "https://a.example/1/replies", "orderedItems": [] } }
    });
    let read = compact(&document).unwrap();
    let mut wanted = document.clone();
    let extensions = wanted["@context"][2].clone();
    wanted["@context"] = read["@context"].clone();
    assert_eq!(read, wanted, "{read:#}");
    assert!(extensions.is_object() && read["@context"][2].get("focalPoint").is_some());
    assert!(federate_jsonld::reads_the_same(&document, &read));
}

#[test]
fn missing_null_and_empty_are_the_same() {
    let a = json!({ "@context": AS, "id": "https://a.example/1", "type": "Note", "to": null, "cc": [], "name": ["x"] });
    let b = json!({ "id": "https://a.example/1", "type": "Note", "name": "x" });
    assert_eq!(compact(&a).unwrap(), compact(&b).unwrap());
    assert!(federate_jsonld::reads_the_same(&a, &b));
}

#[test]
fn a_name_that_would_be_read_as_another_is_not_written() {
    for document in [
        json!({ "@context": [], "@id": "https://a.example/1", "as:content": "x" }),
        json!({ "@context": [], "@id": "as:Public", "https://a.example/p": 1 }),
        json!({ "@context": [], "@id": "https://a.example/1", "@type": "as:Note" }),
        json!({ "@context": [], "@id": "https://a.example/1", "https://a.example/p": { "@id": "toot:x", "@type": "sec:Key" } }),
    ] {
        let expanded = expand(&document).unwrap();
        let written = expanded.compact(&federate_jsonld::Limits::default());
        assert!(
            matches!(written, Err(Error::Unwritable(_))),
            "{document} {written:?}"
        );
    }
}

#[test]
fn a_type_without_an_iri_is_not_handed_on() {
    // Its name is that of a blank node, which no signature covers.
    let document =
        json!({ "@context": AS, "id": "https://a.example/1", "type": ["Banana", "Note"], "nickname": "x" });
    let read = compact(&document).unwrap();
    assert_eq!((&read["type"], read.get("nickname")), (&json!("Note"), None));
}

#[test]
fn a_node_that_several_name_is_written_where_it_was_and_circles_end() {
    let actor = json!({ "id": "https://a.example/bob", "type": "Person", "publicKey":
        { "id": "https://a.example/bob#k", "owner": "https://a.example/bob", "publicKeyPem": "PEM" } });
    let document = json!({ "@context": [AS, "https://w3id.org/security/v1"], "id": "https://a.example/1",
        "type": "Create", "actor": actor, "object": { "type": "Note", "attributedTo": "https://a.example/bob" } });
    let read = compact(&document).unwrap();
    assert_eq!(read["actor"], actor);
    assert_eq!(read["object"]["attributedTo"], "https://a.example/bob");
    assert!(federate_jsonld::reads_the_same(&document, &read));
    let circle = json!({ "@context": AS, "id": "_:a", "object": { "id": "_:b", "object": { "id": "_:a" } } });
    assert!(matches!(compact(&circle), Err(Error::AmbiguousRoot(_))));
}

#[test]
fn the_compact_form_does_not_depend_on_names_or_chance() {
    let document =
        json!({ "@context": AS, "type": "Note", "attachment": [{ "type": "Link" }, { "type": "Image" }] });
    let first = compact(&document).unwrap();
    for _ in 0..5 {
        assert_eq!(compact(&document).unwrap(), first);
    }
    let Value::Object(members) = first else { panic!() };
    assert!(!members.contains_key("id"));
}
