//! The WebFinger answers of the corpus.

use federate_webfinger::{Handle, Interaction, Jrd, Request, rel};
use serde_json::Value;

use crate::shared::{corpus, say};

/// Documents that are about something else than an account, and what.
const NO_ACTORS: [(&str, &str); 2] = [
    (
        "pleroma__jrd__stopwatchingus-heidelberg.json",
        "a host-meta document",
    ),
    ("pleroma__jrd__tests-L173.json", "RFC 7033's example: an article"),
];

#[test]
fn every_jrd_of_the_corpus_leads_to_an_actor() {
    let documents = corpus("jrd");
    let (mut handles, mut developers) = (0, 0);
    for (name, bytes) in &documents {
        let jrd = Jrd::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Some are of a developer's machine: `acct:me@localhost:8000`.
        let handle = Handle::parse_allowing_port(&jrd.subject);
        let leads = jrd.actor_link().is_some() && handle.is_ok();
        let why_not = NO_ACTORS.iter().find(|(file, _)| file == name);
        assert_eq!(leads, why_not.is_none(), "{name}: {}, {why_not:?}", jrd.subject);
        if let (Some(public), Ok(handle)) = (jrd.subject_handle(), handle) {
            handles += 1;
            assert_eq!(public, handle, "{name}");
            assert_eq!(
                public.acct(),
                jrd.subject,
                "{name}: the subject is canonical as it came"
            );
            assert!(Request::account(&public).to_url("https").is_some(), "{name}");
        } else if leads {
            developers += 1;
        }
    }
    say(&format!(
        "jrd: {} read, {handles} of accounts, {developers} of a developer's machine, {} of something else",
        documents.len(),
        NO_ACTORS.len()
    ));
}

#[test]
fn no_member_of_a_jrd_of_the_corpus_is_lost() {
    for (name, bytes) in corpus("jrd") {
        let jrd = Jrd::parse(&bytes).unwrap();
        let written = jrd.to_bytes();
        assert_eq!(Jrd::parse(&written).unwrap(), jrd, "{name}");
        let read = |bytes: &[u8]| without_nulls(serde_json::from_slice(bytes).unwrap());
        assert_eq!(read(&written), read(&bytes), "{name}");
    }
}

/// Lemmy writes members that it does not have as null.
fn without_nulls(mut jrd: Value) -> Value {
    for link in jrd["links"].as_array_mut().unwrap() {
        link.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
    jrd
}

#[test]
fn every_subscribe_template_of_the_corpus_is_filled() {
    let object = "https://here.example/@alice/1?x&y";
    let (mut filled, mut none) = (0, 0);
    for (name, bytes) in corpus("jrd") {
        let jrd = Jrd::parse(&bytes).unwrap();
        let published = jrd.links.iter().find(|link| link.rel == rel::SUBSCRIBE);
        let url = Interaction::follow(object).url(&jrd);
        assert_eq!(url.is_ok(), published.is_some(), "{name}: {url:?}");
        let Ok(url) = url else {
            none += 1;
            continue;
        };
        filled += 1;
        assert_eq!(url.query_pairs().last().unwrap().1, object, "{name}");
        let template = published.unwrap().template.as_deref().unwrap();
        let start = template.split("{uri}").next().unwrap();
        assert!(url.as_str().starts_with(start), "{name}: {url}");
    }
    say(&format!(
        "subscribe templates: {filled} filled, {none} documents without one"
    ));
}
