//! Published examples: RFC 7033, and the addresses that others hold for none.

use std::fs;

use federate_webfinger::{Handle, Jrd, Query, Request, Template, parse_query, parse_rels};
use serde_json::Value;
use url::Url;

use crate::shared::{folder, say};

fn vectors(file: &str) -> Option<Value> {
    let bytes = fs::read(folder("vectors")?.join(file)).unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
}

#[test]
fn rfc7033_every_example_is_read_and_written() {
    let Some(vectors) = vectors("webfinger/rfc7033-examples.json") else {
        return;
    };
    let mut answers = 0;
    for example in vectors["examples"].as_array().unwrap() {
        let written = &example["jrd"];
        let jrd = Jrd::parse(written.to_string().as_bytes()).unwrap();
        let mut read: Value = serde_json::from_slice(&jrd.to_bytes()).unwrap();
        // Some are parts of an answer: we write links, if there are none.
        if written.get("links").is_none() {
            assert_eq!(read["links"].take(), Value::Array(Vec::new()));
            read.as_object_mut().unwrap().remove("links");
        }
        assert_eq!(&read, written);
        answers += 1;
    }
    let mut requests = 0;
    for request in texts(&vectors["requests_in_text"]) {
        let target = request.split(' ').nth(1).unwrap();
        let query = target.split_once('?').unwrap().1;
        let asked = match parse_query(query).unwrap() {
            Query::Account { user, host } => Request::account(&Handle::new(&user, &host).unwrap()),
            Query::Url(url) => Request::url(&Url::parse(&url).unwrap()).unwrap(),
            other => panic!("{other:?}"),
        };
        let rels = parse_rels(query);
        assert_eq!(rels.len(), query.matches("rel=").count());
        // Our own request for the same is read as the same.
        let ours = rels
            .iter()
            .fold(asked, |asked, rel| asked.rel(rel))
            .to_url("https")
            .unwrap();
        assert_eq!(parse_query(ours.query().unwrap()), parse_query(query));
        assert_eq!(parse_rels(ours.query().unwrap()), rels);
        requests += 1;
    }
    say(&format!("rfc 7033: {answers} answers, {requests} requests"));
}

#[test]
fn rfc7033_the_rel_parameter_keeps_what_is_asked_for() {
    let Some(vectors) = vectors("webfinger/rfc7033-examples.json") else {
        return;
    };
    // Section 4.3: two relations, of a person with both, and then with neither.
    let example = &vectors["examples"][2];
    let query = example["request"]
        .as_str()
        .unwrap()
        .split(['?', ' '])
        .nth(2)
        .unwrap();
    let mut jrd = Jrd::parse(example["jrd"].to_string().as_bytes()).unwrap();
    jrd.retain_rels(&parse_rels(query));
    assert_eq!(jrd.links.len(), 2);
    jrd.retain_rels(&parse_rels("rel=self"));
    assert!(jrd.links.is_empty());
    assert_eq!(jrd.properties.len(), 1, "properties are no links");
}

#[test]
fn addresses_that_are_none_are_refused_everywhere() {
    let Some(vectors) = vectors("uris/mitra-ap-uris.json") else {
        return;
    };
    let mut count = 0;
    for address in texts(&vectors["http_uri_invalid_strict"]).chain(texts(&vectors["ap_uri_invalid"])) {
        count += 1;
        assert!(Handle::parse(address).is_err(), "{address}");
        // What is left of them is another spelling of an https URL with a public host, which is one.
        if let Ok(template) = Template::parse(&format!("{address}{{uri}}")) {
            let url = template.fill(&[("uri", "x")]).unwrap();
            assert_eq!(url.scheme(), "https", "{address}");
            assert!(
                Handle::parse(&format!("x@{}", url.host_str().unwrap())).is_ok(),
                "{address}"
            );
        }
    }
    // An address in disguise is an address: no template leads there.
    for pair in vectors["ipv4_trick"].as_array().unwrap() {
        let url = pair[0].as_str().unwrap();
        assert!(Template::parse(&format!("{url}/{{uri}}")).is_err(), "{url}");
        count += 1;
    }
    say(&format!("uris: {count} that are none"));
}
