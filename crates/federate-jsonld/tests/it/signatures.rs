use crate::support::{files, shared};
use federate_jsonld::{
    Contexts, Error, LdSigned, Limits, ld_signed, ld_to_be_signed, reads_the_same, renamed,
};
use serde_json::{Value, json};

fn signed(document: &Value) -> Result<LdSigned, Error> {
    ld_signed(document, &Contexts::shipped(), &Limits::default())
}

#[test]
fn every_vector_of_ld_signatures() {
    let Some(folder) = shared("vectors/ld-signatures") else {
        return;
    };
    let mut passed = 0;
    for (name, bytes) in files(&folder, ".json") {
        let vector: Value = serde_json::from_slice(&bytes).unwrap();
        let document = &vector["document"];
        let forms = signed(document).unwrap_or_else(|e| panic!("{name}: {e}"));
        let wanted = &vector["intermediate"];
        assert_eq!(
            forms.options().nquads(),
            wanted["options_canonical_nquads"],
            "{name}"
        );
        assert_eq!(
            forms.document().nquads(),
            wanted["document_canonical_nquads"],
            "{name}"
        );
        assert_eq!(
            forms.options().sha256_hex(),
            wanted["options_sha256_hex"],
            "{name}"
        );
        assert_eq!(
            forms.document().sha256_hex(),
            wanted["document_sha256_hex"],
            "{name}"
        );
        assert_eq!(forms.to_be_signed(), wanted["to_be_signed_ascii"], "{name}");
        let again = ld_to_be_signed(
            document,
            document["signature"].as_object().unwrap(),
            &Contexts::shipped(),
            &Limits::default(),
        );
        assert_eq!(again.unwrap(), forms.to_be_signed(), "{name}");
        assert_eq!(
            forms.creator(),
            document["signature"]["creator"].as_str(),
            "{name}"
        );
        assert_eq!(
            forms.created(),
            document["signature"]["created"].as_str(),
            "{name}"
        );
        assert_eq!(forms.signature_type(), Some("RsaSignature2017"), "{name}");
        assert!(
            forms.signature_value().is_some_and(|value| value.len() > 300),
            "{name}"
        );
        // An actor's key points back to the actor: what the graph is about cannot be told, and nobody signs these
        // documents on the way to an inbox.
        if matches!(name.as_str(), "fedidevs-actor.json" | "pleroma-osada-actor.json") {
            assert!(matches!(forms.vouched(), Err(Error::AmbiguousRoot(_))), "{name}");
        } else {
            let vouched = forms.vouched().unwrap_or_else(|e| panic!("{name}: {e}"));
            let canonical = federate_jsonld::expand(&vouched, &Contexts::shipped(), &Limits::default())
                .unwrap()
                .dataset()
                .canonicalise(Limits::default().steps)
                .unwrap();
            assert_eq!(
                canonical.nquads(),
                forms.document().nquads(),
                "{name}: {vouched:#}"
            );
            let forged = name == "mastodon-forged-alias-wrapping.json";
            assert_eq!(
                renamed(document, &vouched).as_deref(),
                forged.then_some("/id"),
                "{name}"
            );
        }
        passed += 1;
    }
    assert_eq!(passed, 15);
}

#[test]
fn a_forged_alias_wrapping_hands_on_only_what_was_signed() {
    let Some(folder) = shared("vectors/ld-signatures") else {
        return;
    };
    let read =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap() };
    let forged = read("mastodon-forged-alias-wrapping.json");
    assert_eq!(forged["signature_mathematically_valid"], true);
    let document = &forged["document"];
    let vouched = signed(document).unwrap().vouched().unwrap();
    assert!(!reads_the_same(document, &vouched));
    assert_eq!(document["object"]["content"], "<p>puck was here</p>");
    assert_eq!(vouched["object"]["content"], "<p>hello world</p>");
    assert_eq!(
        vouched["id"],
        "https://example.com/users/bob/statuses/107928807471117876/activity"
    );
    assert_eq!(
        vouched["object"]["id"],
        "https://example.com/users/bob/statuses/107928807471117876"
    );
    assert!(!vouched.to_string().contains("puck"));

    // An honest one reads the same, so that its bytes may be forwarded.
    for honest in [
        "smithereen-mastodon-create.json",
        "peertube-mastodon-create.json",
        "smithereen-mastodon-delete.json",
    ] {
        let document = &read(honest)["document"];
        let vouched = signed(document).unwrap().vouched().unwrap();
        assert!(reads_the_same(document, &vouched), "{honest}\n{vouched:#}");
    }
}

fn create() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": "https://a.example/1/activity", "type": "Create", "actor": "https://a.example/bob",
        "object": { "id": "https://a.example/1", "type": "Note", "content": "hello", "attributedTo": "https://a.example/bob" },
        "signature": { "type": "RsaSignature2017", "creator": "https://a.example/bob#main-key",
            "created": "2026-01-01T00:00:00Z", "signatureValue": "AAAA" }
    })
}

#[test]
fn a_document_without_one_signature_or_without_meaning_is_refused() {
    let mut none = create();
    none.as_object_mut().unwrap().remove("signature");
    assert_eq!(signed(&none).unwrap_err(), Error::NoSignature);
    let mut two = create();
    two["signature"] = json!([two["signature"], two["signature"]]);
    assert_eq!(signed(&two).unwrap_err(), Error::NoSignature);
    // Without a context nothing has a meaning, and the signature of nothing would fit every document.
    let mut bare = create();
    bare.as_object_mut().unwrap().remove("@context");
    assert_eq!(signed(&bare).unwrap_err(), Error::Empty);
    assert_eq!(signed(&json!([create()])).unwrap_err(), Error::NoRoot);
}

#[test]
fn a_document_turned_inside_out_is_refused() {
    // The same graph as a Create, with the Note on top: only a property that points back can do it without @reverse.
    let turned = json!({
        "@context": ["https://www.w3.org/ns/activitystreams", { "back": "https://a.example/ns#back" }],
        "id": "https://a.example/1", "type": "Note", "content": "hello",
        "back": { "id": "https://a.example/1/activity", "type": "Create", "object": "https://a.example/1" },
        "signature": { "creator": "https://a.example/bob#main-key", "created": "2026-01-01T00:00:00Z" }
    });
    assert!(matches!(
        signed(&turned).unwrap().vouched(),
        Err(Error::AmbiguousRoot(_))
    ));
}

#[test]
fn terms_under_other_names_are_found() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = create();
        change(&mut document);
        let vouched = signed(&document).unwrap().vouched().unwrap();
        renamed(&document, &vouched)
    };
    let context = |document: &mut Value, own: Value| {
        document["@context"].as_array_mut().unwrap().push(own);
    };
    assert_eq!(with(&|_| {}), None);
    // What has no meaning, and what has no usual name, is nobody's term under another name.
    assert_eq!(with(&|document| document["mood"] = json!("fine")), None);
    assert_eq!(
        with(&|document| {
            context(
                document,
                json!({ "mood": "https://a.example/ns#mood", "Cache": "https://a.example/ns#Cache" }),
            );
            document["mood"] = json!("fine");
            document["object"]["type"] = json!("Cache");
        }),
        None
    );
    // A usual name with another meaning: whoever reads it reads what was not signed so.
    for (own, at) in [
        (json!({ "Note": "https://a.example/ns#Note" }), "/object/type"),
        (json!({ "Remark": "as:Note" }), "/object/type"),
        (json!({ "says": "as:content" }), "/object/content"),
    ] {
        let found = with(&|document| {
            context(document, own.clone());
            match at {
                "/object/content" => {
                    document["object"].as_object_mut().unwrap().remove("content");
                    document["object"]["says"] = json!("hello");
                }
                _ if own.get("Remark").is_some() => document["object"]["type"] = json!("Remark"),
                _ => {}
            }
        });
        assert_eq!(found.as_deref(), Some(at), "{own}");
    }
}

/// What JSON-LD reads as one value is not another one under the same name.
#[test]
fn honest_spellings_of_one_value_are_not_renamed() {
    let all = "https://www.w3.org/ns/activitystreams#Public";
    for (name, value) in [
        ("to", json!(["https://b.example/x", "https://b.example/x"])),
        (
            "to",
            json!([
                "https://b.example/x",
                "https://b.example/y",
                "https://b.example/x"
            ]),
        ),
        (
            "to",
            json!(["https://b.example/x", { "id": "https://b.example/x" }]),
        ),
        ("name", json!(["x", "x"])),
        ("type", json!(["Create", "Create"])),
        ("to", json!("as:Public")),
        ("to", json!(["as:Public", all, "https://b.example/x"])),
        ("to", json!([["https://b.example/x"], "https://b.example/y"])),
        (
            "cc",
            json!({ "@set": ["https://b.example/x", "https://b.example/y"] }),
        ),
        ("cc", json!([{ "@set": ["https://b.example/x"] }])),
        ("width", json!(1.5)),
        ("width", json!("12")),
        (
            "orderedItems",
            json!(["https://b.example/x", "https://b.example/x"]),
        ),
    ] {
        let mut document = create();
        document[name] = value;
        let vouched = signed(&document).unwrap().vouched().unwrap();
        assert_eq!(renamed(&document, &vouched), None, "{document}\n{vouched}");
    }
    for (name, value) in [
        ("to", json!(["/relative", "https://b.example/x"])),
        ("width", json!("0x0c")),
    ] {
        let mut document = create();
        document[name] = value;
        let mut vouched = signed(&document).unwrap().vouched().unwrap();
        if name == "width" {
            vouched[name] = json!(12);
        }
        assert!(renamed(&document, &vouched).is_some(), "{document}\n{vouched}");
    }
    // `as` that means something else.
    let mut document = create();
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "as": "https://evil.example/#" }));
    document["to"] = json!("as:Public");
    let vouched = signed(&document).unwrap().vouched().unwrap();
    assert_eq!(renamed(&document, &vouched).as_deref(), Some("/to"), "{vouched}");
}

type Change<'a> = &'a dyn Fn(&mut Value);

/// Plain JSON readers would read something else, or something that nobody signed.
#[test]
fn j6_what_is_not_covered_as_plain_json() {
    let covers = |change: &dyn Fn(&mut Value)| {
        let mut document = create();
        change(&mut document);
        let signed = signed(&document).unwrap();
        let vouched = signed.vouched().unwrap();
        signed.covers(&document, &vouched)
    };
    assert!(covers(&|_| {}));
    assert!(covers(
        &|document| document["signature"]["id"] = json!("https://a.example/s")
    ));
    assert!(covers(
        &|document| document["signature"]["expires"] = json!("2030-01-01T00:00:00Z")
    ));
    assert!(
        covers(&|document| document["signature"]["nonce"] = json!("abc")),
        "Hubzilla"
    );
    let changes: [(&str, Change); 13] = [
        ("an array in an array", &|document| {
            document["to"] = json!([["https://b.example/x"]]);
        }),
        ("deeper", &|document| {
            document["object"]["to"] = json!([["https://b.example/x"], "https://b.example/y"]);
        }),
        ("an actor in two arrays", &|document| {
            document["actor"] = json!([["https://a.example/bob"]]);
        }),
        ("nothing in two arrays", &|document| {
            document["extra"] = json!([[]]);
        }),
        ("a text as proof", &|document| document["proof"] = json!("evil")),
        ("a proof without meaning", &|document| {
            document["proof"] = json!({ "says": "evil" });
        }),
        ("a proof that means nothing", &|document| {
            document["@context"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "proof": null }));
            document["proof"] = json!({ "content": "evil" });
        }),
        ("another member", &|document| {
            document["signature"]["actor"] = json!("https://evil.example/");
        }),
        ("a context", &|document| {
            document["signature"]["@context"] = json!("https://w3id.org/identity/v1");
        }),
        ("an id that is none", &|document| {
            document["signature"]["id"] = json!(["x"]);
        }),
        ("a created under another name", &|document| {
            let created = document["signature"]["created"].take();
            document["signature"]["created"] = json!({ "@value": created, "@type": "xsd:dateTime" });
        }),
        ("a creator in an array", &|document| {
            let creator = document["signature"]["creator"].take();
            document["signature"]["creator"] = json!([creator]);
        }),
        ("a creator under another name", &|document| {
            let creator = document["signature"]["creator"].take();
            document["signature"]["dc:creator"] = json!({ "@id": creator });
            document["signature"]["creator"] = json!("//evil.example/key");
        }),
    ];
    for (what, change) in changes {
        assert!(!covers(change), "{what}");
    }
}

#[test]
fn an_object_under_a_name_without_meaning_is_named() {
    let at = |name: &str, inner: bool| {
        let mut document = create();
        let to = if inner {
            &mut document["object"]
        } else {
            &mut document
        };
        to[name] = json!({ "type": "DataIntegrityProof" });
        signed(&document).unwrap().vouched().unwrap_err()
    };
    assert_eq!(at("proof", false), Error::WithoutMeaning("/proof".to_owned()));
    assert_eq!(at("mood", true), Error::WithoutMeaning("/object/mood".to_owned()));
}

#[test]
fn two_documents_of_one_graph_vouch_for_the_same() {
    let plain = create();
    let renamed = json!({
        "@context": { "as": "https://www.w3.org/ns/activitystreams#", "who": { "@id": "as:actor", "@type": "@id" },
            "what": "as:object", "says": "as:content", "key": "@id", "content": "https://evil.example/content" },
        "key": "https://a.example/1/activity", "@type": "as:Create", "who": "https://a.example/bob",
        "content": "nobody signed this under this name",
        "what": { "key": "https://a.example/1", "@type": "as:Note", "says": "hello",
            "as:attributedTo": { "key": "https://a.example/bob" } },
        "signature": create()["signature"]
    });
    let a = signed(&plain).unwrap().vouched().unwrap();
    let b = signed(&renamed).unwrap().vouched().unwrap();
    assert_eq!(
        b["https://evil.example/content"],
        "nobody signed this under this name"
    );
    assert_eq!(b.get("content"), None);
    let mut b = b;
    b.as_object_mut().unwrap().remove("https://evil.example/content");
    assert_eq!(a, b);
}

#[test]
fn what_rdf_does_not_say_is_not_vouched_for() {
    // CVE-2026-50128: a term without a meaning is not signed, so it must not be read.
    let mut document = create();
    document["attributionDomains"] = json!(["evil.example"]);
    document["object"]["bto"] = json!("relative");
    let vouched = signed(&document).unwrap().vouched().unwrap();
    assert!(!vouched.to_string().contains("evil.example") && !vouched.to_string().contains("relative"));
    assert!(!reads_the_same(&document, &vouched));
}

#[test]
fn the_end_of_a_signature_cannot_be_hidden_by_another_name() {
    let mut document = create();
    document["signature"]["expires"] = json!("2026-01-03T00:00:00Z");
    let honest = signed(&document).unwrap();
    assert_eq!(honest.expires(), Some("2026-01-03T00:00:00Z"));
    for (name, value) in [
        (
            "https://w3id.org/security#expiration",
            json!({ "@value": "2026-01-03T00:00:00Z", "@type": "xsd:dateTime" }),
        ),
        (
            "sec:expiration",
            json!([{ "@value": "2026-01-03T00:00:00Z", "@type": "xsd:dateTime" }]),
        ),
    ] {
        let mut hidden = create();
        hidden["signature"][name] = value;
        let hidden = signed(&hidden).unwrap();
        assert_eq!(hidden.to_be_signed(), honest.to_be_signed(), "{name}");
        assert_eq!(hidden.expires(), honest.expires(), "{name}");
    }
    document["signature"]["sec:expiration"] = json!("2036-01-03T00:00:00Z");
    assert_eq!(signed(&document).unwrap_err(), Error::Option("expires"));
    document["signature"]["creator"] = json!(["https://a.example/k", "https://b.example/k"]);
    assert_eq!(signed(&document).unwrap_err(), Error::Option("creator"));
}
