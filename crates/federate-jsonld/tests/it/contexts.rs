use crate::support::{compact, expand, files, shared};
use federate_jsonld::{Contexts, Error, Limits};
use serde_json::{Value, json};

#[test]
fn every_shipped_context_is_read_alone_and_names_no_other() {
    let contexts = Contexts::shipped();
    assert_eq!(contexts.urls().count(), 21, "17 contexts and 4 other spellings");
    for url in contexts.urls() {
        let document = json!({ "@context": url, "@id": "https://a.example/1", "https://a.example/p": 1 });
        let expanded = expand(&document).unwrap_or_else(|e| panic!("{url}: {e}"));
        assert_eq!(expanded.dataset().quads().len(), 1, "{url}");
    }
}

#[test]
fn j7_an_unknown_context_is_named_and_never_fetched() {
    for context in [
        json!("https://join-lemmy.org/context.json"),
        json!([
            "https://www.w3.org/ns/activitystreams",
            "https://join-lemmy.org/context.json"
        ]),
        json!({ "x": { "@id": "https://x.example/", "@context": "https://join-lemmy.org/context.json" } }),
    ] {
        let document = json!({ "@context": context, "id": "https://a.example/1" });
        let unknown = Error::UnknownContext("https://join-lemmy.org/context.json".to_owned());
        assert_eq!(expand(&document).unwrap_err(), unknown);
        let nested = json!({ "id": "https://a.example/1", "object": document });
        assert_eq!(expand(&nested).unwrap_err(), unknown);
    }
    let internal = json!({ "@context": "http://169.254.169.254/latest", "id": "https://a.example/1" });
    assert!(matches!(expand(&internal), Err(Error::UnknownContext(url)) if url.contains("169.254")));
}

#[test]
fn an_application_adds_a_context() {
    let contexts = Contexts::shipped()
        .with(
            "https://a.example/ns",
            &json!({ "@context": { "cake": "https://a.example/ns#cake" } }),
        )
        .unwrap();
    assert!(contexts.knows("https://a.example/ns") && !Contexts::shipped().knows("https://a.example/ns"));
    let document =
        json!({ "@context": "https://a.example/ns", "@id": "https://a.example/1", "cake": "apple" });
    let expanded = federate_jsonld::expand(&document, &contexts, &Limits::default()).unwrap();
    assert_eq!(
        expanded.dataset().to_nquads(),
        "<https://a.example/1> <https://a.example/ns#cake> \"apple\" .\n"
    );
    assert!(matches!(
        Contexts::none().with("https://b.example/", &json!({})),
        Err(Error::Syntax(_))
    ));
}

/// The folder's own documents: how many of them are read, so that a change of the processor shows.
#[test]
fn the_corpus_is_read_or_refused_with_a_reason() {
    let Some(folder) = shared("corpus") else { return };
    let (mut read, mut unknown, mut odd, mut differs) = (0, 0, Vec::new(), Vec::new());
    for (name, bytes) in files(&folder, ".json") {
        let Ok(document) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        match compact(&document) {
            Ok(compact_form) => {
                read += 1;
                let again = compact(&compact_form).unwrap_or_else(|e| panic!("{name}: {e}"));
                if !federate_jsonld::reads_the_same(&again, &compact_form) {
                    differs.push(name);
                }
            }
            Err(Error::UnknownContext(_)) => unknown += 1,
            // No id that is an absolute IRI, or nothing of the vocabulary: WebFinger, NodeInfo and the like.
            Err(Error::NoRoot | Error::Empty) => {}
            Err(error) => odd.push(format!("{name}: {error}")),
        }
    }
    #[expect(clippy::print_stderr, reason = "the numbers are what one wants to see")]
    {
        eprintln!("read {read}, unknown context {unknown}, odd {odd:#?}, differs {differs:#?}");
    }
    assert!(read > 350, "{read}");
    assert!(odd.len() <= 30, "{odd:#?}");
}
