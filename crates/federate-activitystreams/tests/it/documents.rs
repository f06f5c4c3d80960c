//! How tolerant reading is, and where it stops: the rows of the threat table on JSON and JSON-LD.

use std::time::{Duration, SystemTime};

use federate_activitystreams::{
    ActivityKind, Announce, Closed, Create, Follow, Iri, Kind, Like, Object, PUBLIC, Property, Undo,
    Visibility, terms,
};

fn object(text: &str) -> Object {
    Object::parse(text.as_bytes()).unwrap()
}

fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

#[test]
fn j2_numbers_beyond_what_a_type_holds_are_warnings() {
    let total = |number: &str| object(&format!("{{\"totalItems\":{number}}}"));
    for (number, expected) in [
        ("12", Some(12)),
        ("\"12\"", Some(12)),
        ("12.0", Some(12)),
        ("1.2e1", Some(12)),
        ("-0", Some(0)),
        ("9007199254740993", Some(9_007_199_254_740_993)),
        ("9223372036854775808", Some(9_223_372_036_854_775_808)),
        ("18446744073709551616", None),
        ("1e400", None),
        ("0.1", None),
        ("-1", None),
        ("1e300", None),
        ("\"many\"", None),
        ("{}", None),
    ] {
        let read = total(number);
        assert_eq!(read.total_items(), expected, "{number}");
        assert_eq!(read.warnings().is_empty(), expected.is_some(), "{number}");
        assert_eq!(read.to_bytes(), format!("{{\"totalItems\":{number}}}").as_bytes());
        let _ = read.to_value();
    }
    const SIGNED: Property<i64> = Property::new("n", "https://x.example/n");
    assert_eq!(
        object(r#"{"n":-9223372036854775808}"#).get(&SIGNED),
        Some(i64::MIN)
    );
    assert_eq!(
        object(r#"{"n":1e400}"#).get(&Property::<f64>::new("n", "x:n")),
        None
    );
}

#[test]
fn j10_types_of_all_shapes() {
    for (text, names) in [
        (r#"{"type":"Note"}"#, &["Note"][..]),
        (r#"{"type":["Note","Page"]}"#, &["Note", "Page"]),
        (
            r#"{"type":"https://www.w3.org/ns/activitystreams#Note"}"#,
            &["Note"],
        ),
        (
            r#"{"type":"https:\/\/www.w3.org\/ns\/activitystreams#Note"}"#,
            &["Note"],
        ),
        (r#"{"type":["as:Note","N\u006fte2"]}"#, &["Note", "Note2"]),
        (r#"{"@type":"as:Note"}"#, &["Note"]),
        (r#"{"type":"note"}"#, &["note"]),
        (r#"{"type":"__proto__"}"#, &["__proto__"]),
        (r#"{"type":[null,1,{},"x"]}"#, &["x"]),
        (r#"{"type":null}"#, &[]),
        (r#"{"type":{}}"#, &[]),
        (r#"{}"#, &[]),
    ] {
        let read = object(text);
        assert_eq!(read.types(), names, "{text}");
        assert_eq!(read.type_name(), names.first().copied().unwrap_or_default());
        assert!(names.iter().all(|name| read.is(name)));
    }
}

#[test]
fn j11_a_text_before_its_language_map_and_of_a_map_the_first() {
    let both = object(r#"{"content":"plain","contentMap":{"de":"deutsch"}}"#);
    assert_eq!(both.content().as_deref(), Some("plain"));
    let map = object(r#"{"contentMap":{"de":"deutsch","en":"english"},"name":{"en":"name"}}"#);
    assert_eq!(map.content().as_deref(), Some("deutsch"));
    assert_eq!(map.name().as_deref(), Some("name"));
    assert_eq!(
        object(r#"{"content":null,"contentMap":{"de":"x"}}"#)
            .content()
            .as_deref(),
        Some("x")
    );
}

#[test]
fn one_or_many_id_or_object_or_link() {
    for text in [
        r#"{"actor":"https://a.example/u"}"#,
        r#"{"actor":["https://a.example/u"]}"#,
        r#"{"actor":{"id":"https://a.example/u","type":"Person"}}"#,
        r#"{"actor":[{"id":"https://a.example/u"}]}"#,
        r#"{"actor":{"type":"Link","href":"https://a.example/u"}}"#,
        r#"{"actor":[null,{"@id":"https://a.example/u"}]}"#,
    ] {
        let actor = object(text).actor();
        assert_eq!(
            (actor.id(), actor.len()),
            (Some(iri("https://a.example/u")), 1),
            "{text}"
        );
        assert_eq!(Option::<Iri>::from(&actor), actor.id());
    }
    let two = object(r#"{"actor":["https://a.example/u",{"id":"https://b.example/u"}]}"#).actor();
    assert_eq!((two.len(), two.ids().len()), (2, 2));
    assert!(two != iri("https://a.example/u") && two.contains(&iri("https://b.example/u")));
    assert!(object(r#"{"id":["https://a.example/1"]}"#).id().is_none());
}

#[test]
fn dates_as_servers_write_them() {
    let published = |text: &str| object(&format!("{{\"published\":{text}}}")).published();
    let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for text in [
        r#""2023-11-14T22:13:20Z""#,
        r#""2023-11-14T22:13:20""#,
        r#""2023-11-14 22:13:20""#,
        r#""2023-11-14T22:13:20.000Z""#,
        r#""2023-11-14T22:13:20.000000000000Z""#,
        r#""2023-11-14T23:13:20+01:00""#,
        r#"["2023-11-14T22:13:20+00:00"]"#,
        r#""2023-11-14T22:13:20+0000""#,
        r#""2023-11-14 22:13:20 +0000""#,
        r#""2023-11-14 22:13:20 UTC""#,
        r#""2023-11-14T22:13:20 Z""#,
        r#""2023-11-14t22:13:20z""#,
        r#""Tue, 14 Nov 2023 22:13:20 GMT""#,
        r#""Tue, 14 Nov 2023 22:13:20 +0000""#,
        r#""14 Nov 2023 23:13:20 +0100""#,
        r#"{"@type":"http://www.w3.org/2001/XMLSchema#dateTime","@value":"2023-11-14T22:13:20Z"}"#,
    ] {
        assert_eq!(published(text), Some(expected), "{text}");
    }
    assert_eq!(
        published(r#""2023-11-13T24:00:00Z""#),
        published(r#""2023-11-14T00:00:00Z""#)
    );
    assert_eq!(
        published(r#""2023-11-14T22:13Z""#),
        published(r#""2023-11-14T22:13:00Z""#)
    );
    let never = published(r#""9999-12-31T23:59:59Z""#).unwrap();
    assert!(never > expected + Duration::from_secs(86_400 * 365 * 7_000));
    for text in [
        r#""yesterday""#,
        "1700000000",
        r#""10000-11-03T08:31:22Z""#,
        r#""2023-13-14T22:13:20Z""#,
        "{}",
        "\"\"",
    ] {
        assert_eq!(published(text), None, "{text}");
        let read = object(&format!("{{\"published\":{text}}}"));
        let warning = read.warnings().into_iter().next().unwrap();
        assert_eq!((warning.path.as_str(), warning.expected), ("/published", "date"));
    }
}

#[test]
fn values_in_other_forms_than_usual() {
    let read = object(
        r#"{"sensitive":1,"closed":true,"tag":["https://a.example/t",{"type":"Hashtag","name":"x"}],
            "attachment":"https://a.example/f","contentMap":{"de":["c","d"]},"endTime":"2023-11-14T22:13:20Z"}"#,
    );
    assert_eq!(read.warnings(), []);
    assert_eq!(
        (read.sensitive(), read.closed()),
        (Some(true), Some(Closed::Said(true)))
    );
    assert_eq!(read.tag()[0].id(), Some(iri("https://a.example/t")));
    assert_eq!(read.attachment()[0].id(), Some(iri("https://a.example/f")));
    assert_eq!(read.content().as_deref(), Some("c"));
    assert_eq!(read.text_in(&terms::CONTENT, &["de"]).as_deref(), Some("c"));
    let at = object(r#"{"closed":"2023-11-14T22:13:20Z"}"#).closed().unwrap();
    assert!(at.is_over(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    assert!(!at.is_over(SystemTime::UNIX_EPOCH));
    // An object is no text, whatever its first word is.
    for text in [
        r#"{"content":{"type":"Note","content":"real"}}"#,
        r#"{"name":{"id":"https://a.example/","en":"x"}}"#,
        r#"{"summary":{"en":"x","two words":"y"}}"#,
    ] {
        let read = object(text);
        assert_eq!(
            (read.content(), read.name(), read.summary()),
            (None, None, None),
            "{text}"
        );
        assert_eq!(read.warnings().len(), 1, "{text}");
    }
}

#[test]
fn i7_an_id_that_is_none_is_not_made_up_for() {
    let actor = |text: &str| object(&format!("{{\"actor\":{text}}}")).actor().id();
    assert_eq!(
        actor(r#"{"type":"Person","id":"alice","href":"https://evil.example/u"}"#),
        None
    );
    assert_eq!(
        actor(r#"{"type":"Person","id":null,"href":"https://evil.example/u"}"#),
        None
    );
    assert_eq!(
        actor(r#"{"type":"Link","href":"https://a.example/u"}"#),
        Some(iri("https://a.example/u"))
    );
}

#[test]
fn addressing_in_all_its_spellings() {
    let note = object(
        r##"{"to":"as:Public","cc":["https://a.example/f","Public",{"id":"https://b.example/u"}],
            "bto":"https://c.example/u","audience":"https://a.example/f","tag":[{"type":"Mention","href":"https://b.example/u"},
            {"type":"Hashtag","name":"#Rust"},{"type":"Mention"},"x"]}"##,
    );
    let ids: Vec<String> = note.addressed().iter().map(ToString::to_string).collect();
    assert_eq!(
        ids,
        [
            PUBLIC,
            "https://a.example/f",
            "https://b.example/u",
            "https://c.example/u"
        ]
    );
    assert_eq!(note.visibility(), Visibility::Public);
    assert_eq!(note.mentions(), [iri("https://b.example/u")]);
    assert_eq!(note.hashtags(), ["Rust"]);
    let see = |text: &str| object(text).visibility();
    assert_eq!(
        see(r#"{"to":"https://a.example/u/followers","cc":"Public"}"#),
        Visibility::Unlisted
    );
    assert_eq!(
        see(r#"{"to":"https://a.example/u/followers"}"#),
        Visibility::Followers
    );
    assert_eq!(see(r#"{"to":"https://a.example/u"}"#), Visibility::Direct);
}

#[test]
fn actors_as_servers_write_them() {
    let actor = object(
        r#"{"type":"Person","inbox":"https://a.example/inbox","endpoints":{"sharedInbox":"https://a.example/shared"},
            "publicKey":[{"id":"https://a.example/#k","owner":"https://a.example/","publicKeyPem":"PEM"},"https://a.example/#j"],
            "icon":[{"type":"Image","url":"https://a.example/i.png"}],"image":{"url":{"type":"Link","href":"https://a.example/h.png"}},
            "attachment":[{"type":"PropertyValue","name":"n","value":"<b>v</b>"},{"type":"Image"}],"toot:discoverable":true}"#,
    );
    assert!(actor.is_actor());
    assert_eq!(actor.shared_inbox(), Some(iri("https://a.example/shared")));
    let keys = actor.public_keys();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].pem.as_deref(), Some("PEM"));
    assert_eq!(keys[1].id, Some(iri("https://a.example/#j")));
    assert_eq!(actor.icon_url(), Some(iri("https://a.example/i.png")));
    assert_eq!(actor.image_url(), Some(iri("https://a.example/h.png")));
    assert_eq!(actor.fields()[0].value, "<b>v</b>");
    assert_eq!(actor.discoverable(), Some(true));
    let old = object(r#"{"sharedInbox":"https://a.example/shared","publicKey":"https://a.example/#k"}"#);
    assert_eq!(old.shared_inbox(), actor.shared_inbox());
    assert_eq!(old.public_keys()[0].pem, None);
}

#[test]
fn kinds_ask_for_what_they_are_about() {
    let undo = object(r#"{"type":"Undo","object":{"type":"Follow","object":"https://a.example/u"}}"#);
    assert_eq!(
        undo.as_::<Undo<Follow>>().unwrap().object().object_id(),
        Some(iri("https://a.example/u"))
    );
    assert!(undo.as_::<Undo<Like>>().is_none() && undo.as_::<Create<Follow>>().is_none());
    let by_id = object(r#"{"type":"Undo","object":"https://a.example/f"}"#);
    assert!(by_id.as_::<Undo<Follow>>().is_none());
    assert_eq!(
        by_id.as_::<Undo>().unwrap().object().id(),
        Some(iri("https://a.example/f"))
    );
    assert!(object(r#"{"type":"Undo"}"#).as_::<Undo>().is_none());
    assert_eq!(Announce::TYPE, "Announce");
    assert!(Object::from_object(&undo).is_some());
}

#[test]
fn an_object_outlives_its_document_and_goes_anywhere() {
    let inner = object(r#"{"object":{"type":"Note","content":"x"}}"#)
        .object()
        .object()
        .unwrap();
    let text = std::thread::spawn(move || inner.content()).join().unwrap();
    assert_eq!(text.as_deref(), Some("x"));
}

#[test]
fn warnings_say_where_and_what() {
    let read = object(r#"{"object":{"inbox":7,"published":"soon","tag":[{"href":"no"}]},"unknown":{"x":1}}"#);
    let found: Vec<(String, &str, String)> = read
        .warnings()
        .into_iter()
        .map(|w| (w.path, w.expected, w.came))
        .collect();
    assert_eq!(
        found,
        [
            ("/object/inbox".to_owned(), "identifier", "number 7".to_owned()),
            ("/object/published".to_owned(), "date", "text \"soon\"".to_owned()),
            (
                "/object/tag/0/href".to_owned(),
                "identifier",
                "text \"no\"".to_owned()
            ),
        ]
    );
    assert!(read.has(&terms::OBJECT) && !read.has(&terms::ACTOR));
}

#[test]
fn a_property_under_several_spellings_is_taken_out_whole() {
    let text = r#"{"as:name":"x","name":"x","b":1,"https://www.w3.org/ns/activitystreams#name":"x"}"#;
    assert_eq!(object(text).without(&terms::NAME).to_bytes(), br#"{"b":1}"#);
    assert_eq!(
        object(text).with(&terms::NAME, "y").to_bytes(),
        br#"{"as:name":"y","b":1}"#
    );
}

#[test]
fn quotes_of_all_kinds() {
    for quote in [
        r#""quote": "https://a.example/1""#,
        r#""quote": {"id": "https://a.example/1", "type": "Note"}"#,
        r#""_misskey_quote": "https://a.example/1""#,
        r#""quoteUri": "https://a.example/1""#,
        r#""quoteUrl": "https://a.example/1""#,
        r#""tag": [{"type": "Link", "href": "https://a.example/1", "rel": "https://misskey-hub.net/ns#_misskey_quote",
            "mediaType": "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\""}]"#,
    ] {
        let note = object(&format!("{{\"type\": \"Note\", {quote}}}"));
        assert_eq!(note.quoted(), Some(iri("https://a.example/1")), "{quote}");
    }
}

#[test]
fn activities_are_matched_with_an_arm_for_the_unknown() {
    let create = object(r#"{"type": ["https://x.example/New", "Create"], "object": {"type": "Note"}}"#);
    assert!(matches!(create.activity(), ActivityKind::Create(create) if create.object().as_note().is_some()));
    for text in [r#"{"type": "Create"}"#, r#"{"type": "Bite"}"#, "{}"] {
        assert!(
            matches!(object(text).activity(), ActivityKind::Unknown(_)),
            "{text}"
        );
    }
}

macro_rules! contexts {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../federate-jsonld/contexts/", $name, ".jsonld")))),*]
    };
}

/// Contexts of which every term and type is known here.
const WHOLE: [(&str, &str); 11] = contexts![
    "www.w3.org_ns_activitystreams",
    "w3id.org_security_data-integrity_v2",
    "w3id.org_security_multikey_v1",
    "gotosocial.org_ns",
    "w3id.org_fep_5711",
    "w3id.org_fep_7628",
    "w3id.org_fep_7aa9",
    "w3id.org_fep_844e",
    "w3id.org_fep_c0e0",
    "w3id.org_fep_c390",
    "w3id.org_fep_ef61"
];

/// What stands in those contexts and is nothing to be read.
const NEITHER: [(&str, &str); 13] = [
    ("as", "a prefix"),
    ("gts", "a prefix"),
    ("inv", "a prefix"),
    ("ldp", "a prefix"),
    ("vcard", "a prefix"),
    ("xsd", "a prefix"),
    ("Object", "what everything is"),
    ("Public", "an id"),
    ("IsContact", "a value of `relationship`"),
    ("IsFollowedBy", "a value of `relationship`"),
    ("IsFollowing", "a value of `relationship`"),
    ("IsMember", "a value of `relationship`"),
    ("secretKeyMultibase", "a private key has no place in a document"),
];

#[test]
fn the_vocabularies_are_whole() {
    fn names(context: &serde_json::Value, found: &mut Vec<String>) {
        match context {
            serde_json::Value::Array(all) => all.iter().for_each(|one| names(one, found)),
            serde_json::Value::Object(terms) => {
                for (name, definition) in terms.iter().filter(|(name, _)| !name.starts_with('@')) {
                    found.push(name.clone());
                    names(&definition["@context"], found);
                }
            }
            _ => {}
        }
    }
    let types: Vec<&str> = federate_activitystreams::known_types().collect();
    for (context, text) in WHOLE {
        let mut found = Vec::new();
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        names(&document["@context"], &mut found);
        for name in found {
            let by_language = name.strip_suffix("Map").and_then(terms::known);
            let known = terms::known(&name).is_some()
                || by_language.is_some_and(|term| term.by_language)
                || types.contains(&&*name)
                || NEITHER.iter().any(|(other, _)| *other == name);
            assert!(known, "{name} of {context}");
        }
    }
}

#[test]
fn every_term_is_declared_once_with_its_spec() {
    let mut names: Vec<&str> = terms::all().iter().map(|term| term.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    for term in terms::all() {
        assert!(term.spec.starts_with("http"), "{term:?}");
        assert_eq!(terms::known(term.name).unwrap().iri, term.iri);
    }
    assert!(all > 260, "{all}");
    let by_language: Vec<&str> = terms::all()
        .iter()
        .filter(|t| t.by_language)
        .map(|t| t.name)
        .collect();
    assert_eq!(by_language, ["content", "name", "summary", "preferredUsername"]);
}
