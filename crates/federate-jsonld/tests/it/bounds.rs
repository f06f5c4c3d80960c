#![expect(
    clippy::disallowed_methods,
    reason = "what takes too long is what these tests are about"
)]

use crate::support::{compact, expand};
use federate_jsonld::{Contexts, Dataset, Error, Limits, Quad, Term, ld_signed};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

const AS: &str = "https://www.w3.org/ns/activitystreams";
/// For a debug build on a machine that does other things too.
const SOON: Duration = Duration::from_secs(4);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = work();
    assert!(begin.elapsed() < SOON, "{what} took {:?}", begin.elapsed());
    result
}

fn blank(label: &impl ToString) -> Term {
    Term::Blank(label.to_string())
}

fn edge(from: usize, to: usize) -> Quad {
    Quad {
        subject: blank(&from),
        predicate: "https://a.example/p".to_owned(),
        object: blank(&to),
        graph: None,
    }
}

/// R19: blank nodes that look alike.
#[test]
fn r19_poison_graphs_end_with_an_error() {
    for size in [8, 12, 40, 150] {
        let clique: Dataset = (0..size)
            .flat_map(|a| (0..size).filter(move |b| *b != a).map(move |b| edge(a, b)))
            .collect();
        let error = soon("a clique", || clique.canonicalise(Limits::default().steps)).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }));
    }
    for size in [500, 20_000] {
        let ring: Dataset = (0..size).map(|a| edge(a, (a + 1) % size)).collect();
        let result = soon("a ring", || ring.canonicalise(Limits::default().steps));
        assert!(matches!(result, Err(Error::Limit { .. })));
    }
    let pairs: Dataset = (0..20_000).map(|a| edge(2 * a, 2 * a + 1)).collect();
    let _ = soon("many pairs", || pairs.canonicalise(Limits::default().steps));
}

#[test]
fn r19_a_signed_document_that_is_a_poison_graph_ends_with_an_error() {
    let nodes: Vec<Value> = (0..10)
        .map(|a| {
            let others: Vec<Value> = (0..10)
                .filter(|b| *b != a)
                .map(|b| json!({ "id": format!("_:n{b}") }))
                .collect();
            json!({ "id": format!("_:n{a}"), "object": others })
        })
        .collect();
    let document = json!({ "@context": AS, "id": "https://a.example/1", "object": nodes,
        "signature": { "creator": "https://a.example/k", "created": "2026-01-01T00:00:00Z" } });
    let result = soon("a poison document", || {
        ld_signed(&document, &Contexts::shipped(), &Limits::default())
    });
    assert!(matches!(result, Err(Error::Limit { .. })));
}

fn limited(what: &str, document: &Value) {
    let result = soon(what, || compact(document));
    assert!(matches!(result, Err(Error::Limit { .. })), "{what}: {result:?}");
}

#[test]
fn documents_that_cost_more_than_they_weigh_are_refused() {
    let deep = (0..100).fold(json!({}), |inner, _| json!({ "object": inner }));
    limited("depth", &deep);
    limited("members", &json!({ "to": vec!["https://a.example/x"; 60_000] }));
    limited(
        "contexts",
        &json!({ "tag": vec![json!({ "@context": AS, "type": "Note" }); 2000] }),
    );
    limited(
        "empty contexts",
        &json!({ "tag": vec![json!({ "@context": {}, "type": "Note" }); 2000] }),
    );
    limited("a list of contexts", &json!({ "@context": vec![AS; 500] }));
    let terms: Map<String, Value> = (0..400)
        .map(|n| (format!("t{n}"), json!(format!("https://x.example/{n}"))))
        .collect();
    limited("terms", &json!({ "@context": terms }));
    let long = format!("https://x.example/{}/", "x".repeat(200_000));
    let names: Map<String, Value> = (0..2000).map(|n| (format!("p:{n}"), json!(1))).collect();
    limited(
        "long prefix",
        &json!({ "@context": [AS, { "p": long }], "id": "https://a.example/1", "object": names }),
    );
    let scoped = json!({ "@context": [AS, { "s": { "@id": "as:tag", "@context": { "x": "as:x" } } }],
        "s": vec![json!({ "type": "Note" }); 2000] });
    limited("scoped contexts", &scoped);
    let proofs = json!({ "@context": [AS, "https://w3id.org/security/data-integrity/v2"],
        "tag": vec![json!({ "type": "DataIntegrityProof" }); 2000] });
    limited("shipped scoped contexts", &proofs);
}

/// R19: names that are written out for each use: little to send, much to hold, sort and hash.
#[test]
fn r19_names_that_grow_when_they_are_used_end_with_an_error() {
    let prefix = format!("https://a.example/{}#", "x".repeat(25_000));
    let to: Vec<String> = (0..2400).map(|n| format!("p:{n}")).collect();
    let many = |context: Value, id: &str, property: &str, count: usize| {
        json!({ "@context": [AS, context], "id": id,
        "type": "Note", (property): (0..count).map(|n| json!({ "id": format!("https://b.example/{n}") })).collect::<Vec<_>>() })
    };
    let long = format!("https://a.example/{}", "x".repeat(200_000));
    for (what, document) in [
        (
            "a prefix",
            json!({ "@context": [AS, { "p": prefix }], "id": "https://a.example/1", "to": to }),
        ),
        ("an id", many(json!({}), &long, "to", 5000)),
        ("another name for an id", {
            let mut document = many(json!({ "key": "@id" }), "https://a.example/1", "to", 5000);
            document["tag"] = json!({ "key": long, "type": vec!["Note"; 5000] });
            document
        }),
        ("a property", many(json!({}), "https://a.example/1", &long, 5000)),
        (
            "a vocabulary",
            many(json!({ "@vocab": long }), "https://a.example/1", "x", 5000),
        ),
        ("a base", {
            let mut document = many(json!({ "@base": long }), "https://a.example/1", "x", 0);
            document["to"] = json!((0..5000).map(|n| format!("#{n}")).collect::<Vec<_>>());
            document
        }),
    ] {
        let mut document = document;
        document["signature"] =
            json!({ "creator": "https://a.example/k", "created": "2026-01-01T00:00:00Z" });
        let result = soon(what, || {
            ld_signed(&document, &Contexts::shipped(), &Limits::default())
        });
        assert!(matches!(result, Err(Error::Limit { .. })), "{what}");
    }
}

/// R19: writing and sorting are paid for, and not only what is hashed to tell nodes apart.
#[test]
fn r19_statements_without_blank_nodes_are_paid_for() {
    let long = "x".repeat(6400);
    let statements: Dataset = (0..100)
        .map(|n| Quad {
            subject: Term::Iri(format!("https://a.example/{long}")),
            object: Term::Iri(format!("https://a.example/{n}")),
            ..edge(0, 1)
        })
        .collect();
    assert!(matches!(statements.canonicalise(9_000), Err(Error::Limit { .. })));
    assert!(statements.canonicalise(12_000).unwrap().steps() > 10_000);
}

/// What a page of an outbox with contexts of its own weighs is far from the limit.
#[test]
fn many_names_with_an_ordinary_context_are_taken() {
    let terms: Map<String, Value> = (0..60)
        .map(|n| {
            (
                format!("term{n}"),
                json!(format!("https://vocabulary.example/ns#{n}")),
            )
        })
        .collect();
    let items: Vec<Value> = (0..300)
        .map(|n| json!({ "id": format!("https://a.example/{n}"), "type": "Note", "to": ["as:Public"], "term1": "x" }))
        .collect();
    let page = json!({ "@context": [AS, terms], "id": "https://a.example/1", "type": "OrderedCollectionPage", "orderedItems": items });
    assert!(expand(&page).is_ok());
}

#[test]
fn contexts_that_would_make_the_processor_recurse_are_refused() {
    let mut terms: Map<String, Value> = (0..240)
        .map(|n| (format!("t{n}"), json!(format!("t{}:x", n + 1))))
        .collect();
    terms.insert("t240".to_owned(), json!("https://x.example/"));
    limited(
        "a chain of prefixes",
        &json!({ "@context": terms, "@id": "https://a.example/1" }),
    );
    let circle: Map<String, Value> = (0..240)
        .map(|n| (format!("t{n}"), json!({ "@id": format!("t{}:x", (n + 1) % 240) })))
        .collect();
    limited(
        "a circle of prefixes",
        &json!({ "@context": circle, "@id": "https://a.example/1" }),
    );
    let names: Map<String, Value> = (1..20)
        .map(|n| {
            (
                vec!["a"; n].join(":"),
                json!({ "@type": vec!["a"; n + 1].join(":") }),
            )
        })
        .collect();
    let _ = soon("names of names", || {
        expand(&json!({ "@context": names, "@id": "https://a.example/1" }))
    });
    let nested = (0..20).fold(
        json!({}),
        |inner, _| json!({ "x": { "@id": "https://x.example/", "@context": inner } }),
    );
    limited(
        "contexts within contexts",
        &json!({ "@context": nested, "@id": "https://a.example/1" }),
    );
    // As deep as is allowed, on the stack of a test.
    let mut terms: Map<String, Value> = (0..8)
        .map(|n| (format!("t{n}"), json!(format!("t{}:x", n + 1))))
        .collect();
    terms.insert("t8".to_owned(), json!("https://x.example/"));
    let scoped = |inner: Value| {
        let mut terms = terms.clone();
        terms.insert("s".to_owned(), json!({ "@id": "t0:s", "@context": inner }));
        Value::Object(terms)
    };
    let context = scoped(scoped(Value::Object(terms.clone())));
    let document = json!({ "@context": context, "@id": "https://a.example/1", "s": { "s": { "t0": "x" } } });
    assert_eq!(expand(&document).unwrap().dataset().quads().len(), 3);
}

#[test]
fn a_graph_that_unfolds_for_ever_is_cut() {
    // Each level is said to hold the next one twice: 2^40 nodes when written out.
    let next = |level: u32| json!({ "id": format!("https://a.example/{}", level + 1), "name": "x" });
    let tag: Vec<Value> = (0..40u32)
        .map(|level| json!({ "id": format!("https://a.example/{level}"), "object": next(level), "target": next(level) }))
        .collect();
    limited(
        "unfolding",
        &json!({ "@context": AS, "id": "https://a.example/0", "tag": tag }),
    );
}

#[test]
fn lists_that_are_circles_end() {
    let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    let circle = json!({ "@context": AS, "id": "https://a.example/1", "tag":
        { "id": "_:a", (format!("{rdf}first")): 1, (format!("{rdf}rest")): { "id": "_:a" } } });
    let result = soon("a list in a circle", || compact(&circle));
    assert!(result.is_err(), "{result:?}");
}

/// JSON made of what JSON-LD gives a meaning to, so that the processor's branches are met.
fn hostile() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("@id"),
        Just("@type"),
        Just("@value"),
        Just("@language"),
        Just("@list"),
        Just("@set"),
        Just("@none"),
        Just("id"),
        Just("type"),
        Just("object"),
        Just("contentMap"),
        Just("orderedItems"),
        Just("published"),
        Just("as:x"),
        Just("x"),
        Just("@container"),
        Just("@vocab"),
        Just("@base"),
        Just("@version"),
        Just("@protected"),
        Just("@prefix"),
        Just("https://a.example/"),
        Just("_:b"),
        Just(""),
        Just(":"),
        Just("en"),
        Just("@context"),
        Just("proof"),
        Just("https://www.w3.org/ns/activitystreams"),
        Just("https://w3id.org/security/data-integrity/v2"),
        Just("é x"),
        Just("DataIntegrityProof"),
        Just("#a"),
        Just("../a"),
        Just("@"),
    ];
    let leaf = prop_oneof![
        4 => word.clone().prop_map(|w| json!(w)),
        1 => prop::sample::select(vec![json!(null), json!(true), json!(1), json!(-0.0), json!(1e300), json!(u64::MAX)]),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_document_makes_it_panic(context in hostile(), body in hostile()) {
        let mut document = json!({ "@context": [AS, context] });
        if let (Value::Object(document), Value::Object(body)) = (&mut document, body) {
            for (name, value) in body {
                document.entry(name).or_insert(value);
            }
        }
        if let Ok(expanded) = expand(&document) {
            let _ = expanded.dataset().canonicalise(10_000);
            if let Ok(read) = expanded.compact(&Limits::default()) {
                // What was written says nothing that was not there.
                let again = expand(&read).unwrap();
                let before = expanded.dataset().canonicalise(100_000).unwrap();
                for line in again.dataset().canonicalise(100_000).unwrap().nquads().lines() {
                    prop_assert!(line.contains("_:") || before.nquads().contains(line), "{line}\nof {read}\nfrom {document}\n{}", before.nquads());
                }
            }
        }
        let _ = ld_signed(&document, &Contexts::shipped(), &Limits::default());
    }

    #[test]
    fn the_budget_bounds_the_time_and_the_form_is_canonical(
        edges in prop::collection::vec((0usize..9, 0usize..9), 0..40), shift in 0usize..9, steps in 0u64..20_000,
    ) {
        let graph: Dataset = edges.iter().map(|(a, b)| edge(*a, *b)).collect();
        let renamed: Dataset = edges.iter().rev().map(|(a, b)| edge((a + shift) % 9, (b + shift) % 9)).collect();
        let one = soon("a small graph", || graph.canonicalise(steps));
        match one {
            Ok(one) => {
                prop_assert!(one.steps() <= steps);
                let other = renamed.canonicalise(1_000_000).unwrap();
                prop_assert_eq!(one.nquads(), other.nquads());
            }
            Err(Error::Limit { limit, .. }) => prop_assert_eq!(limit, steps),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn nquads_are_read_as_they_are_written(value in ".*", language in "[a-z]{2}(-[A-Z]{2})?") {
        let literal = |language: Option<String>| Quad {
            subject: blank(&"s"),
            predicate: "https://a.example/p".to_owned(),
            object: Term::Literal {
                value: value.clone(),
                datatype: if language.is_some() {
                    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString".to_owned()
                } else {
                    "http://www.w3.org/2001/XMLSchema#string".to_owned()
                },
                language,
            },
            graph: Some(blank(&"g")),
        };
        let dataset: Dataset = [literal(None), literal(Some(language))].into_iter().collect();
        prop_assert_eq!(Dataset::from_nquads(&dataset.to_nquads()).unwrap(), dataset);
    }
}
