//! Making documents and changing them.

use federate_activitystreams::{
    Accept, ActivityKind, Announce, CONTEXT_IRI, Create, Document, Emoji, Follow, Iri, Like, Note, Object,
    OrderedCollectionPage, PUBLIC, Person, Property, Question, Undo, Visibility, terms,
};
use serde_json::json;

fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

#[test]
fn setting_one_property_touches_no_other_byte() {
    let text = "{ \"n\": 1.00e2 ,\n \"\\u0063ontent\" : \"a\", \"x\":[ 1 , 2 ],\"as:name\":\"b\" }";
    let object = Object::parse(text.as_bytes()).unwrap();
    let changed = object.clone().with(&terms::CONTENT, "c").with(&terms::NAME, "d");
    assert_eq!(
        String::from_utf8(changed.to_bytes()).unwrap(),
        text.replace("\"a\"", "\"c\"").replace("\"b\"", "\"d\"")
    );
    let added = object.clone().with(&terms::SENSITIVE, true);
    assert_eq!(
        String::from_utf8(added.to_bytes()).unwrap(),
        text.replace(" }", ",\"sensitive\":true }")
    );
    assert_eq!(added.without(&terms::SENSITIVE).to_bytes(), object.to_bytes());
    let removed = object.without(&Property::<f64>::new("n", "x:n"));
    assert!(
        removed.content().is_some()
            && String::from_utf8(removed.to_bytes())
                .unwrap()
                .starts_with("{ \"\\u0063")
    );
}

#[test]
fn setting_what_already_stands_changes_nothing() {
    let text =
        r#"{"totalItems":"12","published":"2023-11-14 22:13:20","to":"https://a.example/u","name":["x"]}"#;
    let object = Object::parse(text.as_bytes()).unwrap();
    let same = object
        .clone()
        .with(&terms::TOTAL_ITEMS, 12_u64)
        .with(&terms::PUBLISHED, object.published().unwrap())
        .with_all(&terms::TO, [iri("https://a.example/u")])
        .with(&terms::NAME, "x");
    assert_eq!(same.to_bytes(), text.as_bytes());
    assert_eq!(same.with(&terms::TOTAL_ITEMS, 13_u64).total_items(), Some(13));
}

#[test]
fn a_property_under_two_agreeing_spellings_becomes_one() {
    let object = Object::parse(br#"{"as:name":"a","x":1,"name":"a"}"#).unwrap();
    let changed = object.with(&terms::NAME, "b");
    assert_eq!(changed.name().as_deref(), Some("b"));
    assert_eq!(
        Object::parse(&changed.to_bytes()).unwrap().to_value(),
        json!({"as:name": "b", "x": 1})
    );
}

#[test]
fn j4_nul_is_not_written() {
    let object = Object::new().with(&terms::CONTENT, "a\0b");
    assert_eq!(object.content().as_deref(), Some("ab"));
    assert!(Object::parse(&object.to_bytes()).is_ok());
}

#[test]
fn a_note_and_the_activity_that_brings_it() {
    let (alice, bob, followers) = (
        iri("https://a.example/u/a"),
        iri("https://b.example/u/b"),
        iri("https://a.example/u/a/followers"),
    );
    let note = Note::builder(iri("https://a.example/n/1"))
        .by(&alice)
        .text("hi @b@b.example, see #Rust")
        .mention_as(&bob, "@b@b.example")
        .hashtag("#rust", &iri("https://a.example/t/rust"))
        .published("2026-11-23 06:00:00")
        .summary("greeting")
        .sensitive(true)
        .in_reply_to(iri("https://b.example/n/7"))
        .public()
        .cc(&followers)
        .build();
    assert_eq!(note.visibility(), Visibility::Public);
    assert_eq!(note.mentions(), std::slice::from_ref(&bob));
    assert_eq!(note.cc().ids(), [followers, bob]);
    assert!(note.content().unwrap().contains("class=\"u-url mention\""));
    assert_eq!(note.plain_text(), "hi @b, see #Rust");
    assert_eq!(note.in_reply_to().id(), Some(iri("https://b.example/n/7")));

    let create = Create::new(&note).with_id(&iri("https://a.example/c/1"));
    assert_eq!(create.actor(), alice);
    assert_eq!(create.addressed(), note.addressed());
    assert_eq!(create.published(), note.published());
    assert_eq!(create.object().id(), note.id());
    let value = create.to_value();
    assert!(
        value["object"].get("@context").is_none(),
        "the context stands once, at the top"
    );
    assert_eq!(value["@context"][0], CONTEXT_IRI);
    assert_eq!(value["published"], "2026-11-23T06:00:00Z");
    assert_eq!(value["to"], json!([PUBLIC]));
    assert!(
        Object::parse(&create.to_bytes())
            .unwrap()
            .as_::<Create<Note>>()
            .is_some()
    );
}

#[test]
fn direct_notes_are_for_those_who_are_named() {
    let bob = iri("https://b.example/u/b");
    let note = Note::builder(iri("https://a.example/n/1"))
        .html("<p>psst</p>")
        .mention(&bob)
        .build();
    assert_eq!(
        (note.to().ids(), note.visibility()),
        (vec![bob], Visibility::Direct)
    );
}

#[test]
fn activities_about_ids_and_about_activities() {
    let (alice, bob) = (iri("https://a.example/u/a"), iri("https://b.example/u/b"));
    let follow = Follow::new(&bob)
        .with_id(&iri("https://a.example/f/1"))
        .by(&alice)
        .with_to(&bob);
    assert_eq!(
        follow.to_value(),
        json!({"@context": CONTEXT_IRI, "type": "Follow", "object": bob, "id": "https://a.example/f/1", "actor": alice, "to": [bob]})
    );
    let accept = Accept::new(&follow).by(&bob);
    assert_eq!(accept.to_value()["object"]["type"], "Follow");
    assert_eq!(accept.actor(), bob);
    let undo = Undo::new(Like::new(iri("https://b.example/n/1")).by(&alice)).by(&alice);
    let read = Object::parse(&undo.to_bytes())
        .unwrap()
        .as_::<Undo<Like>>()
        .unwrap();
    assert_eq!(read.object().object_id(), Some(iri("https://b.example/n/1")));
    assert_eq!(
        Announce::new(&bob)
            .by(&alice)
            .with_cc(&bob)
            .with_cc(&bob)
            .cc()
            .ids(),
        [bob]
    );
}

#[test]
fn values_go_in_and_out() {
    let value = json!({"type": "Note", "n": 1.5, "a": [1, {"b": null}]});
    assert_eq!(Object::from_value(value.clone()).unwrap().to_value(), value);
    assert!(Object::from_value(json!([])).is_err());
    assert_eq!(
        serde_json::to_value(Object::from_value(&value).unwrap()).unwrap(),
        value
    );
}

/// A text and its translations are one property: nothing of it can be read once it is taken out.
#[test]
fn a_text_is_taken_out_in_all_its_languages() {
    for (text, rest) in [
        (
            r#"{"type":"Note","content":"a","contentMap":{"en":"a"}}"#,
            r#"{"type":"Note"}"#,
        ),
        (r#"{"contentMap":{"en":"a"},"type":"Note"}"#, r#"{"type":"Note"}"#),
        (r#"{"contentMap":"odd","type":"Note"}"#, r#"{"type":"Note"}"#),
        (
            r#"{"as:contentMap":{"en":"a"},"as:content":"a","nameMap":{"en":"b"}}"#,
            r#"{"nameMap":{"en":"b"}}"#,
        ),
        (
            r#"{"inboxMap":"x","type":"Note"}"#,
            r#"{"inboxMap":"x","type":"Note"}"#,
        ),
    ] {
        let note = Object::parse(text.as_bytes()).unwrap().without(&terms::CONTENT);
        assert_eq!(note.get(&terms::CONTENT), None, "{text}");
        assert_eq!(note.without(&terms::INBOX).to_bytes(), rest.as_bytes(), "{text}");
    }
}

/// A name to which the document gives another meaning would say something else than is meant.
#[test]
fn j6_a_property_whose_name_is_taken_is_written_in_full() {
    const OWN: Property<String> = Property::new("own", "https://x.example/own");
    let text = r#"{"@context":{"own":"as:content"},"type":"Note","own":"hello"}"#;
    let note = Object::parse(text.as_bytes()).unwrap();
    assert_eq!(note.get(&OWN), None);
    let changed = note.with(&OWN, "mine");
    let expected = text.replace("\"hello\"}", "\"hello\",\"https://x.example/own\":\"mine\"}");
    assert_eq!(changed.to_bytes(), expected.as_bytes());
    assert_eq!(changed.get(&OWN).as_deref(), Some("mine"));
    assert_eq!(changed.content().as_deref(), Some("hello"));
    assert_eq!(changed.without(&OWN).to_bytes(), text.as_bytes());
}

#[test]
fn what_each_must_have_stands_in_new() {
    let id = iri("https://a.example/1");
    let person = Person::new(&id, "alice", &iri("https://a.example/inbox")).with(&terms::NAME, "Alice");
    assert_eq!(
        person.to_value(),
        json!({"@context": CONTEXT_IRI, "type": "Person", "id": id, "preferredUsername": "alice",
               "inbox": "https://a.example/inbox", "name": "Alice"})
    );
    let poll = Question::of_any(&id, ["a", "b"]).with_to(&iri(PUBLIC));
    assert_eq!(poll.any_of().len(), 2);
    assert_eq!(
        poll.any_of()
            .object()
            .unwrap()
            .replies()
            .object()
            .unwrap()
            .total_items(),
        Some(0)
    );
    let note = Note::builder(id.clone())
        .text("hallo :cat: #x")
        .language("de")
        .hashtag("x", &id)
        .tag(Emoji::new(&id, "cat", &iri("https://a.example/cat.png")))
        .attachment(Document::new(&id, "text/plain").with(&terms::NAME, "a text"))
        .build();
    assert_eq!(note.languages(), ["de"]);
    assert_eq!(note.text_in(&terms::CONTENT, &["de"]), note.content());
    assert_eq!(note.tag()[1].name().as_deref(), Some(":cat:"));
    assert_eq!(note.tag()[1].icon_url(), Some(iri("https://a.example/cat.png")));
    assert_eq!(note.hashtags(), ["x"]);
    assert_eq!(note.warnings(), []);
    let page = OrderedCollectionPage::new(&iri("https://a.example/c?p"), &id);
    assert_eq!(
        (page.part_of().id(), page.activity()),
        (Some(id), ActivityKind::Unknown(page.clone().into()))
    );
}

/// Who is not to be named is taken out, whatever stands there.
#[test]
fn i17_what_cannot_be_read_is_cleared_too() {
    let note =
        Object::parse(br#"{"bto":["alice@a.example"],"bcc":[["https://a.example/secret"]],"name":["a",5]}"#);
    let note = note.unwrap();
    let none = || std::iter::empty::<Iri>();
    let cleared = note
        .clone()
        .with_all(&terms::BTO, none())
        .with_all(&terms::BCC, none());
    assert_eq!(
        cleared.to_value(),
        json!({"bto": [], "bcc": [], "name": ["a", 5]})
    );
    assert_eq!(
        note.clone().with(&terms::NAME, "a").to_value()["name"],
        json!("a")
    );
    let removed = note.without(&terms::BTO).without(&terms::BCC);
    assert_eq!(removed.to_value(), json!({"name": ["a", 5]}));
}

#[test]
fn what_is_set_on_an_id_makes_an_object_of_it() {
    let like = Object::parse(br#"{"object":"https://a.example/1"}"#).unwrap();
    let object = like.object().first().unwrap().with(&terms::NAME, "x");
    assert_eq!(
        object.to_value(),
        json!({"id": "https://a.example/1", "name": "x"})
    );
}

#[test]
fn a_property_under_many_names_is_taken_out_wherever_it_stands() {
    for (text, rest) in [
        (r#"{"actor":1,"as:actor":1}"#, "{}"),
        (
            r#"{ "actor" : 1 , "x" : 1.0 , "as:actor" : 1 }"#,
            r#"{ "x" : 1.0 }"#,
        ),
        (r#"{"y":0,"actor":1,"as:actor":1,"x":1.0}"#, r#"{"y":0,"x":1.0}"#),
        (
            r#"{"actor":1,"as:actor":1,"x":1.0,"https://www.w3.org/ns/activitystreams#actor":1,"z":2}"#,
            r#"{"x":1.0,"z":2}"#,
        ),
    ] {
        let object = Object::parse(text.as_bytes()).unwrap().without(&terms::ACTOR);
        assert_eq!(String::from_utf8_lossy(object.as_bytes()), rest, "{text}");
    }
}

#[test]
fn a_recipient_that_is_added_leaves_the_others_as_they_came() {
    let note = Object::parse(br#"{"to":{"id":"https://a.example/u","name":"A"}}"#).unwrap();
    let both = note.with_to(&iri("https://b.example/u"));
    let expected = json!({"to": [{"id": "https://a.example/u", "name": "A"}, "https://b.example/u"]});
    assert_eq!(both.to_value(), expected);
    assert_eq!(both.with_to(&iri("https://a.example/u")).to_value(), expected);
}
