//! Payloads of real servers, where the folder with them is at hand.

use std::io::Write as _;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use federate_activitystreams::{Move, Object, ParseError, Property, terms};

/// Past the test harness, which keeps to itself what a test that passes prints.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The folder with captured payloads: `FEDERATE_SHARED`, or `shared` beside the workspace.
pub(crate) fn shared(below: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test may be told where its data is")]
    let root = match std::env::var_os("FEDERATE_SHARED") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let folder = root.join(below);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("skipped: no {below} (set FEDERATE_SHARED)"));
    None
}

pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "json" || end == "html") {
                found.push((
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    fs::read(&path).unwrap(),
                ));
            }
        }
    }
    found.sort();
    found
}

#[derive(Default)]
struct Count {
    all: usize,
    parsed: usize,
    same_bytes: usize,
    warned: usize,
    reasons: BTreeMap<String, Vec<String>>,
}

#[expect(clippy::print_stderr, reason = "the numbers are the point")]
fn count(what: &str, folder: &Path) -> Count {
    let mut count = Count::default();
    for (name, bytes) in files(folder) {
        count.all += 1;
        match Object::parse(&bytes) {
            Ok(object) => {
                count.parsed += 1;
                count.same_bytes += usize::from(object.to_bytes() == bytes);
                let expected: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(object.to_value(), expected, "{name}");
                let warnings = object.warnings();
                count.warned += usize::from(!warnings.is_empty());
                for warning in warnings {
                    let (path, came) = (&warning.path, &warning.came);
                    eprintln!("  {name}: {path} should be {}, is {came}", warning.expected);
                }
                assert_eq!(object.rewritten().to_value(), expected, "{name}");
                change_and_change_back(&object, &name);
                touch(&object);
            }
            Err(error) => count.reasons.entry(error.to_string()).or_default().push(name),
        }
    }
    for (reason, names) in &count.reasons {
        eprintln!("  refused, {reason}: {}", names.join(" "));
    }
    let Count {
        all,
        parsed,
        same_bytes,
        warned,
        ..
    } = count;
    say(&format!(
        "{what}: parsed {parsed}/{all}, same bytes {same_bytes}/{all}, warned {warned}"
    ));
    count
}

/// A property that is changed and changed back leaves everything as it came, numbers in their spelling; while it is
/// changed, nothing else is.
fn change_and_change_back(object: &Object, file: &str) {
    const OWN: Property<u64> = Property::new("ownNumber", "https://x.example/ns#ownNumber");
    let with_own = object.clone().with(&OWN, 1_u64);
    // All but the blanks around the document, which are of no object.
    assert!(
        with_own.without(&OWN).as_bytes() == object.as_bytes().trim_ascii(),
        "{file}"
    );
    for property in [
        terms::NAME,
        terms::CONTENT,
        terms::SUMMARY,
        terms::PREFERRED_USERNAME,
    ] {
        let Some(before) = object.node().get(property.name()).and_then(|node| node.as_str()) else {
            continue;
        };
        let changed = object.clone().with(&property, "changed \u{1f980}");
        assert_eq!(
            changed.get(&property).as_deref(),
            Some("changed \u{1f980}"),
            "{file}"
        );
        let mut expected = object.to_value();
        let members = expected.as_object_mut().unwrap();
        members.insert(property.name().to_owned(), "changed \u{1f980}".into());
        assert_eq!(changed.to_value(), expected, "{file}");
        let back = changed.with(&property, before);
        assert_eq!(back.to_value(), object.to_value(), "{file}");
        assert_eq!(spelled_numbers(&back), spelled_numbers(object), "{file}");
    }
}

/// Every number of a document as it is spelled, in order.
fn spelled_numbers(object: &Object) -> Vec<String> {
    let text = String::from_utf8(object.to_bytes()).unwrap();
    let (mut numbers, mut quoted, mut escaped, mut number) = (Vec::new(), false, false, String::new());
    for c in text.chars().chain([' ']) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '0'..='9' | '-' | '+' | '.' | 'e' | 'E' if !quoted => number.push(c),
            _ if !number.is_empty() => numbers.push(std::mem::take(&mut number)),
            _ => {}
        }
    }
    numbers.retain(|number| number.contains(|c: char| c.is_ascii_digit()));
    numbers
}

/// Every accessor that computes something: none may panic on what a server sends.
fn touch(object: &Object) {
    let _ = (
        object.id(),
        object.types(),
        object.addressed(),
        object.mentions(),
        object.hashtags(),
    );
    let _ = (
        object.plain_text(),
        object.public_keys(),
        object.fields(),
        object.icon_url(),
        object.shared_inbox(),
    );
    let _ = (
        object.published(),
        object.visibility(),
        object.members(),
        format!("{object:?}"),
    );
    #[cfg(feature = "html")]
    let _ = object.safe_html();
}

#[test]
fn payloads_of_real_servers() {
    let Some(folder) = shared("corpus") else { return };
    let count = count("corpus", &folder);
    assert_eq!(count.parsed, count.all);
    assert_eq!(count.same_bytes, count.parsed);
}

/// Which of the bad payloads are refused whole, and why: all others are read, and what is wrong with them is
/// said by a warning or is for those to judge who know who sent it.
const REFUSED: [(&str, &str); 4] = [
    ("as2-fail-array-at-top.json", "not a JSON object"),
    ("as2-fail-number-at-top.json", "not a JSON object"),
    ("document-html-instead-of-json.html", "not JSON"),
    (
        "pleroma__obj-question__poll_attachment.json",
        "duplicate property",
    ),
];

/// What a bad payload must be warned about, by the path of the warning.
const WARNED: [(&str, &str); 10] = [
    ("actor-alsoknownas-not-uri.json", "/alsoKnownAs"),
    ("as2-fail-collection-with-non-page-first.json", "/first"),
    (
        "as2-fail-content-map-with-invalid-language-tag.json",
        "/contentMap",
    ),
    ("as2-fail-name-as-namemap.json", "/nameMap"),
    ("as2-fail-number-as-actor.json", "/actor"),
    ("as2-fail-number-as-content.json", "/content"),
    ("as2-fail-number-as-object.json", "/object"),
    ("as2-fail-number-as-type.json", "/type"),
    ("as2-fail-relative-uri-for-url.json", "/url"),
    ("create-date-five-digit-year.json", "/object/published"),
];

#[test]
fn bad_payloads_are_answered_as_their_index_says() {
    let Some(folder) = shared("corpus-bad") else {
        return;
    };
    let count = count("corpus-bad", &folder);
    assert_eq!(count.same_bytes, count.parsed);
    let refused: BTreeMap<&str, &str> = count
        .reasons
        .iter()
        .flat_map(|(reason, names)| names.iter().map(move |name| (&**name, &**reason)))
        .collect();
    for (name, reason) in REFUSED {
        assert!(
            refused.get(name).is_some_and(|why| why.starts_with(reason)),
            "{name}"
        );
    }
    assert_eq!(refused.len(), REFUSED.len(), "{refused:?}");
    for (name, path) in WARNED {
        let warnings = read(&folder.join(name)).warnings();
        let said = warnings.iter().any(|warning| warning.path.starts_with(path));
        assert!(said, "{name}: {warnings:?}");
    }
    let read = |name: &str| read(&folder.join(name));
    // Kept without the value that is wrong.
    assert!(read("actor-alsoknownas-not-uri.json").is_actor());
    assert!(read("actor-id-null.json").id().is_none());
    assert!(read("actor-inbox-null.json").inbox().is_none());
    assert!(!read("actor-type-not-actor.json").is_actor());
    assert!(!read("actor-type-not-actor.json").public_keys().is_empty());
    assert!(
        read("create-date-negative-year.json")
            .object()
            .object()
            .unwrap()
            .id()
            .is_some()
    );
    assert!(
        read("create-to-is-inlined-collection.json")
            .object()
            .object()
            .unwrap()
            .to()
            .id()
            .is_some()
    );
    assert_eq!(
        read("create-unknown-object-type.json")
            .object()
            .first()
            .unwrap()
            .type_name(),
        "Banana"
    );
    assert_eq!(
        read("create-bearcaps-object.json")
            .object()
            .id()
            .unwrap()
            .scheme(),
        "bear"
    );
    assert!(read("create-mention-without-href.json").mentions().is_empty());
    assert_eq!(
        read("note-self-quote-loop.json").quoted(),
        read("note-self-quote-loop.json").id()
    );
    assert!(read("note-quote-mismatched.json").quoted().is_some());
    assert!(read("tombstone-actorless.json").as_tombstone().is_some());
    assert!(read("move-target-equals-object.json").as_::<Move>().is_some());
    // What stands in a graph, or is said backwards, is not read.
    for name in ["jsonld-graph-aliased.json", "jsonld-graph-included-reverse.json"] {
        let graph = read(name);
        assert!(graph.actor().is_empty() || graph.object().len() <= 1, "{name}");
    }
}

/// Documents that the test suite of ActivityStreams calls wrong, and we do not.
const TOLERATED: [(&str, &str); 3] = [
    (
        "namemap-as-name.json",
        "a language map where a text belongs is read as one",
    ),
    (
        "ordered-collection-with-items.json",
        "real servers write it, and members() reads both",
    ),
    (
        "unordered-collection-with-ordered-items.json",
        "real servers write it, and members() reads both",
    ),
];

/// Documents that the test suite of ActivityStreams calls valid, and are not.
const BROKEN: [(&str, &str); 1] = [(
    "vocabulary-ex196-jsonld.json",
    "line breaks within a text: it is no JSON",
)];

#[test]
fn documents_of_the_activitystreams_test_suite() {
    let Some(folder) = shared("vectors/as2-documents") else {
        return;
    };
    let fail = folder.join("fail");
    for (name, bytes) in files(&fail) {
        let warnings = match Object::parse(&bytes) {
            Ok(object) => object.warnings(),
            Err(_) => continue,
        };
        let tolerated = TOLERATED.iter().any(|(known, _)| *known == name);
        assert_ne!(warnings.is_empty(), !tolerated, "{name}: {warnings:?}");
    }
    let mut all = 0;
    for (name, bytes) in files(&folder) {
        if fail.join(&name).exists() {
            continue;
        }
        if BROKEN.iter().any(|(known, _)| *known == name) {
            assert!(
                matches!(Object::parse(&bytes), Err(ParseError::Syntax { .. })),
                "{name}"
            );
            continue;
        }
        all += 1;
        let object = Object::parse(&bytes)
            .map_err(|why| format!("{name}: {why}"))
            .unwrap();
        assert_eq!(object.as_bytes(), bytes);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(object.to_value(), value, "{name}");
        assert_eq!(object.rewritten().to_value(), value, "{name}");
    }
    assert!(all > 100);
}

#[test]
fn documents_of_the_specification_of_2016() {
    let Some(folder) = shared("vectors/as2-documents-2016") else {
        return;
    };
    let count = count("as2-documents-2016", &folder);
    assert_eq!(count.same_bytes, count.parsed);
    let refused: Vec<&String> = count.reasons.values().flatten().collect();
    assert_eq!(refused, BROKEN_2016, "{:?}", count.reasons);
}

/// Of these, what is no JSON or says one thing twice: later editions mended them.
const BROKEN_2016: [&str; 2] = ["vocabulary-ex181-jsonld.json", "vocabulary-ex196-jsonld.json"];

fn read(file: &Path) -> Object {
    Object::parse(&fs::read(file).unwrap()).unwrap()
}
