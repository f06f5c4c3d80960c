//! What must hold for every document.

use federate_activitystreams::{Object, Property, terms};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const SOME: Property<String> = Property::new("some", "https://x.example/some");

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[^\u{0}]{0,12}".prop_map(Value::from),
        "https://[a-z]{1,5}\\.example/[a-z]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            document_of(inner).prop_map(Value::Object),
        ]
    })
}

fn document_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        "(id|type|actor|object|to|content|contentMap|published|tag|name|url|inbox|some|publicKey)",
        "[^\u{0}@:]{0,6}",
    ];
    prop::collection::btree_map(name, value, 0..6).prop_map(|map| map.into_iter().collect())
}

fn document() -> impl Strategy<Value = String> {
    (document_of(value()), any::<bool>()).prop_map(|(map, pretty)| {
        let value = Value::Object(map);
        if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        }
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Object::parse(&bytes);
    }

    #[test]
    fn almost_json_is_read_or_refused_as_serde_does(text in "[\\[\\]{}\",:0-9eE.+\\-truefalsn\\\\u ]{0,40}") {
        let ours = Object::parse(text.as_bytes());
        if let Ok(object) = &ours {
            prop_assert_eq!(object.to_bytes(), text.as_bytes());
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok() || text.contains(['e', 'E']));
        }
    }

    #[test]
    fn j12_untouched_documents_keep_their_bytes_and_meaning(text in document()) {
        let object = Object::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(object.to_bytes(), text.as_bytes());
        prop_assert_eq!(object.to_value(), serde_json::from_str::<Value>(&text).unwrap());
        let _ = (object.warnings(), object.addressed(), object.id(), object.types(), object.public_keys());
        let again = Object::from_value(object.to_value()).unwrap();
        let expected: Value = serde_json::from_slice(&serde_json::to_vec(&object.to_value()).unwrap()).unwrap();
        prop_assert_eq!(again.to_value(), expected);
    }

    #[test]
    fn j12_what_is_set_is_read_back_and_all_else_stays(text in document(), new in "[^\u{0}]{0,20}") {
        let object = Object::parse(text.as_bytes()).unwrap();
        let changed = object.clone().with(&SOME, new.clone());
        prop_assert_eq!(changed.get(&SOME), Some(new.clone()));
        let mut expected = object.to_value();
        expected["some"] = json!(new);
        // Where the document said this already, in another spelling (`{"id": "…"}` is Indonesian), nothing changes.
        if changed != object || object.get_all(&SOME) != [new] {
            prop_assert_eq!(changed.to_value(), expected);
        }
        prop_assert_eq!(&Object::parse(&changed.to_bytes()).unwrap(), &changed);

        let removed = changed.without(&SOME);
        let mut expected = object.to_value();
        expected.as_object_mut().unwrap().remove("some");
        prop_assert_eq!(removed.to_value(), expected);
    }

    #[test]
    fn j12_set_and_set_back_gives_the_same_bytes(text in document(), old in "[ -!#-\\[\\]-~]{0,9}", new in "[^\u{0}]{0,9}") {
        let object = Object::parse(text.as_bytes()).unwrap().with(&SOME, old.clone());
        let changed = object.clone().with(&SOME, new);
        prop_assert_eq!(changed.with(&SOME, old).to_bytes(), object.to_bytes());
    }

    #[test]
    fn an_object_within_is_its_own_document(inner in document()) {
        let text = format!("{{\"object\" : {inner} }}");
        let whole = Object::parse(text.as_bytes()).unwrap();
        let within = whole.object().object().unwrap();
        prop_assert_eq!(within.to_bytes(), inner.as_bytes());
        let changed = within.with(&terms::NAME, "x");
        prop_assert_eq!(changed.name().unwrap(), "x");
        prop_assert_eq!(whole.to_bytes(), text.as_bytes());
    }

    #[test]
    fn html_is_read_in_any_state(html in "[<>a-z/&;!\\-\"'= #0-9p]{0,80}") {
        let _ = federate_activitystreams::html::to_plain_text(&html);
        let made = federate_activitystreams::html::text_to_html(&html, |_| None);
        let text = federate_activitystreams::html::to_plain_text(&made);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(&text), words(&html));
    }
}
