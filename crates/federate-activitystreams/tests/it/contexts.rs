//! What a document's own context may say, and how it is read: the rows of the threat table on JSON-LD.

use federate_activitystreams::{Create, Iri, Note, Object, ParseError, terms};

fn object(text: &str) -> Object {
    Object::parse(text.as_bytes()).unwrap()
}

fn refused(text: &str) -> ParseError {
    Object::parse(text.as_bytes()).unwrap_err()
}

fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

#[test]
fn j6_a_context_may_not_redefine_what_security_rests_on() {
    for context in [
        r#"{"actor":"as:object"}"#,
        r#"["https://www.w3.org/ns/activitystreams",{"id":"https://x.example/id"}]"#,
        r#"[{"x":1},[{"publicKey":{"@id":"https://x.example/k","@type":"@id"}}]]"#,
        r#"{"to":null}"#,
        r#"{"object":{"@reverse":"as:object"}}"#,
        r#"{"as":"https://evil.example/#"}"#,
        r#"{"@vocab":"https://x.example/","type":"kind"}"#,
        r#"{"x":{"@id":"as:x","@context":{"inbox":"https://x.example/inbox"}}}"#,
        r#"{"a\u0063tor":"as:object"}"#,
    ] {
        let text = format!("{{\"@context\":{context},\"type\":\"Note\"}}");
        assert!(
            matches!(refused(&text), ParseError::Redefined { .. }),
            "{context}"
        );
        let below = format!("{{\"object\":{text}}}");
        assert!(
            matches!(refused(&below), ParseError::Redefined { .. }),
            "{context}"
        );
    }
    for context in [
        r#"{"actor":"as:actor","id":"@id","type":"@type","inbox":"ldp:inbox"}"#,
        r#"{"movedTo":{"@id":"as:movedTo","@type":"@id"},"publicKey":"sec:publicKey"}"#,
        r#"{"ns":"https://www.w3.org/ns/activitystreams#","actor":"ns:actor"}"#,
        r#"{"@vocab":"https://x.example/","@base":"https://x.example/","@import":"https://x.example/c","@propagate":false}"#,
        r#"{"actor":{"@type":"@id"}}"#,
        r#"{"as":"https://www.w3.org/ns/activitystreams#","toot":"http://joinmastodon.org/ns#"}"#,
        r#""https://unknown.example/context""#,
        "null",
    ] {
        assert!(
            Object::parse(format!("{{\"@context\":{context}}}").as_bytes()).is_ok(),
            "{context}"
        );
    }
}

#[test]
fn j6_an_alias_may_not_disagree_with_the_term() {
    let alias = |rest: &str| format!("{{\"@context\":{{\"doer\":\"as:actor\",\"uri\":\"@id\"}},{rest}}}");
    assert!(Object::parse(alias(r#""actor":"https://a.example/""#).as_bytes()).is_ok());
    assert!(
        Object::parse(alias(r#""actor":"https://a.example/","doer":"https://a.example/""#).as_bytes())
            .is_ok()
    );
    for rest in [
        r#""actor":"https://a.example/","doer":"https://b.example/""#,
        r#""object":{"id":"https://a.example/","uri":"https://b.example/"}"#,
    ] {
        assert!(
            matches!(refused(&alias(rest)), ParseError::Conflict { .. }),
            "{rest}"
        );
    }
}

#[test]
fn j7_unknown_contexts_are_only_text() {
    let note = object(r#"{"@context":"http://169.254.169.254/latest","type":"Note","content":"x"}"#);
    assert_eq!(note.content().as_deref(), Some("x"));
}

#[test]
fn j8_graphs_and_other_keywords_are_not_followed() {
    let smuggled = object(
        r#"{"type":"Create","@graph":[{"actor":"https://evil.example/"}],"@included":[{"id":"https://evil.example/1"}],
            "@reverse":{"object":{"id":"https://evil.example/2"}},"@nest":{"actor":"https://evil.example/"}}"#,
    );
    assert!(smuggled.actor().is_empty() && smuggled.object().is_empty() && smuggled.id().is_none());
}

#[test]
fn j9_one_property_under_two_spellings() {
    const FULL: &str = "https://www.w3.org/ns/activitystreams#";
    for (one, other) in [
        ("actor", "as:actor"),
        ("actor", "https://www.w3.org/ns/activitystreams#actor"),
        ("id", "@id"),
        ("type", "@type"),
    ] {
        let same = format!("{{\"{one}\":\"https://a.example/\",\"{other}\":\"https:\\/\\/a.example/\"}}");
        assert!(Object::parse(same.as_bytes()).is_ok(), "{same}");
        let differ =
            format!("{{\"x\":{{\"{other}\":\"https://a.example/\",\"{one}\":\"https://b.example/\"}}}}");
        assert!(
            matches!(refused(&differ), ParseError::Conflict { .. }),
            "{differ}"
        );
    }
    let expanded = object(&format!(
        "{{\"@id\":\"https://a.example/1\",\"@type\":[\"{FULL}Create\"],\"{FULL}actor\":[{{\"@id\":\"https://a.example/\"}}],
          \"as:object\":{{\"@type\":\"as:Note\",\"as:content\":[{{\"@value\":\"hi\"}}]}}}}"
    ));
    assert_eq!(expanded.id(), Some(iri("https://a.example/1")));
    assert_eq!(expanded.actor(), iri("https://a.example/"));
    let create = expanded.as_::<Create<Note>>().unwrap();
    assert_eq!(create.object().content().as_deref(), Some("hi"));
}

#[test]
fn j6_a_second_name_is_read_as_what_it_means() {
    let text = r#"{"@context": ["https://www.w3.org/ns/activitystreams", {"author": "as:attributedTo",
        "body": {"@id": "as:content"}, "Post": "as:Note", "pinned": "http://joinmastodon.org/ns#featured",
        "summary": "as:name", "image": "https://x.example/ns#picture"}],
        "type": "Post", "author": "https://a.example/u", "body": "hi", "pinned": "https://a.example/p",
        "summary": "a name", "image": "https://a.example/i"}"#;
    let note = object(text);
    assert!(note.as_note().is_some());
    assert_eq!(note.attributed_to().id(), Some(iri("https://a.example/u")));
    assert_eq!(note.content().as_deref(), Some("hi"));
    assert_eq!(note.featured(), Some(iri("https://a.example/p")));
    assert_eq!((note.name().as_deref(), note.summary()), (Some("a name"), None));
    assert!(note.image().is_empty());
    // What is set is set under the name that this document has for it.
    let changed = note.clone().with(&terms::CONTENT, "there");
    assert_eq!(changed.to_bytes(), text.replace("hi", "there").as_bytes());
    let changed = note.clone().with(&terms::SUMMARY, "short");
    assert_eq!(
        (changed.summary().as_deref(), changed.name().as_deref()),
        (Some("short"), Some("a name"))
    );
    assert!(note.without(&terms::CONTENT).content().is_none());
}

#[test]
fn j6_what_a_context_may_and_may_not_say() {
    let table = [
        (r#"{"actor": "as:object"}"#, true),
        (r#"{"actor": null}"#, true),
        (r#"{"actor": {"@id": "as:actor", "@type": "@id"}}"#, false),
        (r#"{"as": "https://x.example/ns#"}"#, true),
        (r#"{"id": "@id", "type": "@type"}"#, false),
        (r#"{"id": "https://x.example/id"}"#, true),
        (
            r#"{"publicKey": {"@id": "sec:publicKey", "@type": "@id"}}"#,
            false,
        ),
        (r#"{"publicKey": {"@reverse": "sec:publicKey"}}"#, true),
        (r#"{"content": "https://x.example/body"}"#, false),
        (r#"{"x": "as:actor"}"#, false),
        (r#"[{"x": "as:actor"}, {"x": "as:object"}]"#, true),
        (r#"{"@vocab": "https://x.example/"}"#, false),
        (
            r#"{"p": "https://www.w3.org/ns/activitystreams#", "inbox": "p:outbox"}"#,
            true,
        ),
    ];
    for (context, is_refused) in table {
        let text = format!(r#"{{"@context": {context}, "actor": "https://a.example/u"}}"#);
        let came = Object::parse(text.as_bytes());
        assert_eq!(
            matches!(came, Err(ParseError::Redefined { .. })),
            is_refused,
            "{context}: {came:?}"
        );
        assert_eq!(came.is_err(), is_refused, "{context}");
    }
}

const AS: &str = "https://www.w3.org/ns/activitystreams";

/// `x`, or `a` that stands on `b`, as a prefix of the document's own for the vocabulary of ActivityStreams.
#[test]
fn j6_a_prefix_of_the_documents_own_is_read_as_what_it_means() {
    for (context, prefix) in [
        (format!(r#"{{"x":"{AS}#"}}"#), "x"),
        (
            format!(r#"["{AS}",{{"x":{{"@id":"{AS}#","@prefix":true}}}}]"#),
            "x",
        ),
        (format!(r#"[{{"b":"{AS}#"}},{{"a":"b:"}}]"#), "a"),
        (r#"{"x":"as:"}"#.to_owned(), "x"),
        (
            r#"{"x":"http:\/\/www.w3.org\/ns\/activitystreams#"}"#.to_owned(),
            "x",
        ),
    ] {
        let text = format!(
            r#"{{"@context":{context},"@id":"https://a.example/1","@type":"{prefix}:Create",
                "{prefix}:actor":{{"@id":"https://a.example/u"}},"{prefix}:object":{{"type":["{prefix}:Note"],
                "{prefix}:content":"hi","{prefix}:contentMap":{{"en":"hi"}}}}}}"#
        );
        let create = object(&text);
        assert_eq!(create.actor().id(), Some(iri("https://a.example/u")), "{context}");
        let note = create.as_::<Create<Note>>().unwrap().object().clone();
        assert_eq!(note.content().as_deref(), Some("hi"), "{context}");
        assert_eq!(create.to_bytes(), text.as_bytes());
        // What is changed is changed where it stands.
        let changed = create.with(&terms::ACTOR, iri("https://b.example/u"));
        assert_eq!(changed.actor(), iri("https://b.example/u"));
        assert!(!changed.to_value().as_object().unwrap().contains_key("actor"));
    }
    // A prefix that everybody knows, with another meaning: neither the old nor the new is guessed.
    let other = object(
        r#"{"@context":{"toot":"https://x.example/ns#"},"toot:featured":"https://a.example/f",
            "type":"toot:Emoji"}"#,
    );
    assert_eq!(other.featured(), None);
    let known = object(r#"{"toot:featured":"https://a.example/f","type":"toot:Emoji"}"#);
    assert!(known.featured().is_some() && known.as_emoji().is_some());
}

#[test]
fn j9_two_spellings_of_any_vocabulary_may_not_disagree() {
    let own = format!(r#""@context":["{AS}",{{"x":"{AS}#","t":"http://joinmastodon.org/ns#","me":"@id"}}]"#);
    for (one, other) in [
        ("actor", "x:actor"),
        ("as:actor", "x:actor"),
        ("x:to", "to"),
        ("featured", "t:featured"),
        ("featured", "toot:featured"),
        ("featured", "http://joinmastodon.org/ns#featured"),
        ("value", "schema:value"),
        ("value", "https://schema.org/value"),
        ("bday", "vcard:bday"),
        ("id", "me"),
        ("@id", "me"),
    ] {
        let document = |value: &str| {
            format!(r#"{{{own},"object":{{"{one}":"https://a.example/","{other}":"{value}"}}}}"#)
        };
        assert!(
            Object::parse(document("https://a.example/").as_bytes()).is_ok(),
            "{one} {other}"
        );
        let differ = Object::parse(document("https://b.example/").as_bytes());
        // `bday` alone is nobody's name for anything.
        if one == "bday" {
            assert!(differ.is_ok());
        } else {
            assert!(
                matches!(differ, Err(ParseError::Conflict { .. })),
                "{one} {other}"
            );
        }
    }
}

#[test]
fn j6_one_prefix_with_two_meanings() {
    let text = |other: &str| {
        format!(
            r#"{{"@context":[{{"x":"{AS}#"}},{{"x":"{other}"}}],"object":{{"x:actor":"https://a.example/"}}}}"#
        )
    };
    object(&text(&format!("{AS}#")));
    assert!(matches!(
        refused(&text("https://x.example/#")),
        ParseError::Redefined { .. }
    ));
}

#[test]
fn prefixes_that_stand_on_each_other_end() {
    let text = r#"{"@context":{"a":"b:","b":"a:","c":"c:","d":"c:x"},"a:actor":"x","c:actor":"y"}"#;
    assert!(object(text).actor().is_empty());
    let chain: Vec<String> = (0..200).map(|n| format!(r#""p{n}":"p{}:""#, n + 1)).collect();
    let chain = format!(
        r#"{{"@context":{{{},"p200":"{AS}#"}},"p0:actor":"https://a.example/"}}"#,
        chain.join(",")
    );
    assert!(object(&chain).actor().is_empty());
}

#[test]
fn j6_a_second_name_for_the_id_is_read_where_something_is_named() {
    let like = object(
        r#"{"@context":{"me":"@id"},"type":"Like","me":"https://a.example/1","actor":{"me":"https://a.example/u"}}"#,
    );
    assert_eq!(like.id(), Some(iri("https://a.example/1")));
    assert_eq!(like.actor().id(), Some(iri("https://a.example/u")));
}

/// What is read by name, and what it means by expansion, side by side.
#[cfg(feature = "jsonld")]
mod by_meaning {
    use federate_activitystreams::{
        MeaningError,
        jsonld::{Contexts, Error},
    };

    use super::{AS, object};
    use crate::corpus;

    #[test]
    fn j6_what_names_do_not_tell_is_expanded() {
        let scoped = object(&format!(
            r#"{{"@context":{{"ap":"{AS}#","Post":{{"@id":"ap:Note","@context":{{"body":"ap:content","tagged":"ap:tag"}}}}}},
                "@id":"https://a.example/1","@type":"Post","body":"hi","tagged":[{{"@type":"ap:Mention","ap:href":{{"@id":"https://a.example/u"}}}}]}}"#
        ));
        assert!(!scoped.is_compact());
        let read = scoped.meant(&Contexts::shipped()).unwrap();
        assert!(read.is_compact() && read.as_note().is_some());
        assert_eq!(read.content().as_deref(), Some("hi"));
        assert_eq!(read.mentions().len(), 1);
    }

    #[test]
    fn what_is_compact_is_itself() {
        let text = r#"{"@context":"https://unknown.example/","type":"Note","unknown":[1.0]}"#;
        let note = object(text);
        assert!(note.is_compact());
        assert_eq!(note.meant(&Contexts::none()).unwrap().to_bytes(), text.as_bytes());
    }

    #[test]
    fn j7_j8_what_is_not_known_or_rearranges_is_an_error_and_never_a_request() {
        let unknown = object(r#"{"@context":"http://169.254.169.254/","@id":"https://a.example/1"}"#);
        assert_eq!(
            unknown.meant(&Contexts::shipped()),
            Err(MeaningError::Context(Error::UnknownContext(
                "http://169.254.169.254/".into()
            )))
        );
        for keyword in ["@graph", "@included", "@reverse", "@nest"] {
            let text = format!(r#"{{"@id":"https://a.example/1","as:name":"x","{keyword}":{{}}}}"#);
            let refused = object(&text).meant(&Contexts::shipped());
            assert!(
                matches!(refused, Err(MeaningError::Context(Error::Keyword { .. }))),
                "{keyword}"
            );
        }
    }

    /// Documents in which one id stands for two things, which are one by their meaning.
    const MERGED: [&str; 2] = [
        "kbin__act-accept__accept-L19.json",
        "kbin__act-undo__undo-L20.json",
    ];

    /// Two readers that agree on every document of real servers whose contexts are shipped: who did what to what, for
    /// whom, and in which words.
    #[test]
    fn both_ways_to_read_say_the_same() {
        let Some(folder) = corpus::shared("corpus") else {
            return;
        };
        let (mut all, mut compared, mut differ) = (0, 0, Vec::new());
        for (name, bytes) in corpus::files(&folder) {
            let Ok(by_name) = federate_activitystreams::Object::parse(&bytes) else {
                continue;
            };
            all += 1;
            let Ok(by_meaning) = by_name.expanded(&Contexts::shipped()) else {
                continue;
            };
            compared += 1;
            if MERGED.contains(&&*name) {
                continue;
            }
            // A type that no context defines has no meaning; by name it is there. What no one knows is in full.
            let types = by_meaning.types();
            let known = types.iter().all(|one| one.contains(':') || by_name.is(one));
            if !known || said(&by_name) != said(&by_meaning) {
                differ.push((name, said(&by_name), said(&by_meaning)));
            }
        }
        corpus::say(&format!("corpus: read both ways {compared}/{all}"));
        assert!(differ.is_empty(), "{differ:#?}");
        assert!(compared > 200, "{compared} of {all}");
    }

    fn said(object: &federate_activitystreams::Object) -> Vec<String> {
        let sorted = |mut ids: Vec<federate_activitystreams::Iri>| {
            ids.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            ids.dedup();
            format!("{ids:?}")
        };
        vec![
            format!("{:?}", object.id()),
            sorted(object.actor().ids()),
            sorted(object.object().ids()),
            sorted(object.target().ids()),
            sorted(object.attributed_to().ids()),
            sorted(object.in_reply_to().ids()),
            sorted(object.addressed()),
            sorted(object.mentions()),
            sorted(object.inbox().into_iter().collect()),
            format!("{:?}", object.published()),
        ]
    }
}

#[test]
fn a_context_holds_for_its_object_and_what_is_within_it() {
    // What somebody embeds does not change what stands around it.
    let outer = object(&format!(
        r#"{{"@context":"{AS}","type":"Announce","name":"outer","summary":"s",
            "object":{{"@context":["{AS}",{{"name":"as:summary","title":"as:name"}}],"name":"inner","title":"t"}}}}"#
    ));
    assert_eq!(
        (outer.name().as_deref(), outer.summary().as_deref()),
        (Some("outer"), Some("s"))
    );
    let inner = outer.object().object().unwrap();
    assert_eq!(
        (inner.name().as_deref(), inner.summary().as_deref()),
        (Some("t"), Some("inner"))
    );
    // A name may mean one thing outside and another inside, also what everybody means.
    let both = object(&format!(
        r#"{{"@context":["{AS}",{{"author":"as:attributedTo","x":"{AS}#","summary":"as:name"}}],"author":"https://a.example/",
            "object":{{"@context":["{AS}",{{"author":"https://schema.org/author","x":"https://x.example/#","summary":"as:summary"}}],
            "author":"somebody","x:actor":"https://b.example/","summary":"s"}},"x:actor":"https://a.example/"}}"#
    ));
    assert_eq!(both.attributed_to(), iri("https://a.example/"));
    assert_eq!(both.actor(), iri("https://a.example/"));
    let inner = both.object().object().unwrap();
    assert!(inner.attributed_to().is_empty() && inner.actor().is_empty());
    assert_eq!(inner.summary().as_deref(), Some("s"));
    // Nor is a document refused for it.
    object(&format!(
        r#"{{"@context":"{AS}","actor":"https://a.example/","doer":"somebody","object":{{"@context":[{{"doer":"as:actor"}}]}}}}"#
    ));
}

#[test]
fn j6_a_name_that_stands_on_another_name() {
    for context in [
        r#"{"doer":"actor"}"#.to_owned(),
        r#"{"doer":{"@id":"actor"}}"#.to_owned(),
        format!(r#"{{"do":"{AS}#actor","doer":"do"}}"#),
        format!(r#"{{"foo":{{"@id":"{AS}#a","@prefix":true}},"doer":"foo:ctor"}}"#),
        r#"{"foo":"https://www.w3.org/ns/","doer":"foo:activitystreams#actor"}"#.to_owned(),
        format!(r#"[{{"p":"{AS}#"}},{{"doer":"p:actor"}}]"#),
    ] {
        let text = |value: &str| {
            format!(
                r#"{{"@context":["{AS}",{context}],"actor":"https://a.example/","doer":"{value}","object":{{"@context":{{"p":"https://x.example/#"}}}}}}"#
            )
        };
        assert!(
            Object::parse(text("https://a.example/").as_bytes()).is_ok(),
            "{context}"
        );
        assert!(
            matches!(refused(&text("https://b.example/")), ParseError::Conflict { .. }),
            "{context}"
        );
    }
    for (context, name) in [
        (
            format!(r#"{{"foo":{{"@id":"{AS}#a","@prefix":true}}}}"#),
            "foo:ctor",
        ),
        (
            r#"{"foo":"https://www.w3.org/ns/"}"#.to_owned(),
            "foo:activitystreams#actor",
        ),
    ] {
        let text = format!(r#"{{"@context":["{AS}",{context}],"{name}":"https://b.example/"}}"#);
        assert_eq!(object(&text).actor(), iri("https://b.example/"), "{context}");
    }
}

#[test]
fn what_only_looks_like_a_name_with_a_prefix_is_another_name() {
    let note = object(r#"{"@context":[{"own":"as:///////////////content"}],"own":"x","as://content":"y"}"#);
    assert_eq!(note.content(), None);
    let both = note.with(&terms::CONTENT, "z");
    assert_eq!(both.content().as_deref(), Some("z"));
}

#[test]
fn j9_one_value_in_two_forms_is_one_value() {
    for text in [
        r#"{"type":"Note","@type":"as:Note"}"#,
        r#"{"to":"https://a.example/","as:to":["https://a.example/"]}"#,
        r#"{"actor":"https://a.example/","as:actor":{"@id":"https://a.example/"}}"#,
        r#"{"totalItems":1,"as:totalItems":1.0}"#,
        r#"{"content":"a","as:content":[{"@value":"a"}]}"#,
    ] {
        object(text);
    }
    for text in [
        r#"{"type":"Note","@type":"as:Person"}"#,
        r#"{"to":"https://a.example/","as:to":["https://a.example/","https://b.example/"]}"#,
        r#"{"actor":"https://a.example/","as:actor":{"@id":"https://a.example/","inbox":"https://b.example/"}}"#,
        r#"{"totalItems":1,"as:totalItems":"1"}"#,
    ] {
        assert!(matches!(refused(text), ParseError::Conflict { .. }), "{text}");
    }
}

#[test]
fn an_object_that_is_taken_out_takes_its_context_along() {
    let text = format!(
        r#"{{"@context":["{AS}",{{"author":"as:attributedTo","Post":"as:Note","me":"@id"}}],"type":"Create",
            "object":{{"type":"Post","author":"https://a.example/u","me":"https://a.example/1","n":1.50}}}}"#
    );
    let inner = object(&text).object().object().unwrap();
    let reads = |note: &Object| {
        assert_eq!(note.attributed_to().id(), Some(iri("https://a.example/u")));
        assert_eq!(note.id(), Some(iri("https://a.example/1")));
        assert!(note.as_note().is_some() && String::from_utf8_lossy(note.as_bytes()).contains("1.50"));
    };
    reads(&inner);
    reads(&inner.clone().with(&terms::NAME, "n"));
    let moved = inner.clone().with_id(&iri("https://a.example/2"));
    assert_eq!(moved.id(), Some(iri("https://a.example/2")));
    let announce = Object::of_type("Announce").with(&terms::OBJECT, &inner);
    reads(&announce.object().object().unwrap());
    assert_eq!(
        Object::parse(announce.as_bytes()).unwrap().to_bytes(),
        announce.to_bytes()
    );
    // Where nothing is taken out, nothing changes.
    assert_eq!(inner.clone().without(&terms::SUMMARY), inner);
    // Two that mean different things by one word, one within the other.
    let other = object(&text.replace("as:attributedTo", "https://schema.org/author"));
    let both = other.with(&terms::OBJECT, &inner);
    reads(&both.object().object().unwrap());
    // A name that has one meaning outside and another inside keeps both where the inside is put anew.
    let scoped = format!(
        r#"{{"@context":["{AS}",{{"author":"as:attributedTo","x":"{AS}#"}}],"author":"https://a.example/u",
            "object":{{"@context":[{{"author":"https://schema.org/author","x":"https://x.example/#","title":"as:name"}}],
            "author":"A","title":"t","x:content":"no","x:y":1}}}}"#
    );
    let whole = object(&scoped);
    let inner = whole.object();
    let again = whole
        .clone()
        .with(&terms::OBJECT, iri("https://a.example/2"))
        .with(&terms::OBJECT, inner);
    let inner = again.object().object().unwrap();
    assert_eq!(
        (again.attributed_to().id(), inner.name().as_deref()),
        (whole.attributed_to().id(), Some("t"))
    );
    assert!(inner.attributed_to().is_empty() && inner.content().is_none());
    assert_eq!(whole.rewritten().to_bytes(), scoped.as_bytes());
}
