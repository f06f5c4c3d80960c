//! What is only sent to hurt is refused, and fast.

use std::time::{Duration, Instant};

use federate_activitystreams::{Limits, Object, ParseError};

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn quickly<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = run();
    // Generous: this is a debug build beside other work. Quadratic behaviour would take minutes.
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{what} took {:?}",
        begin.elapsed()
    );
    result
}

#[test]
fn r3_a_hundred_thousand_arrays_within_one_another() {
    for text in [
        "[".repeat(100_000),
        format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        let result = quickly("nesting", || Object::parse(text.as_bytes()));
        assert!(matches!(result, Err(ParseError::TooDeep { limit: 64, .. })));
    }
    // The deepest that can be allowed at all is read, walked and dropped without running out of stack.
    let mut limits = Limits::default();
    limits.depth = usize::MAX;
    let deepest = format!("{{\"a\":{}{}}}", "[".repeat(511), "]".repeat(511));
    let object = Object::parse_with(deepest.as_bytes(), &limits).unwrap();
    let _ = (object.to_value(), object.warnings());
    let deeper = format!("{{\"a\":{}{}}}", "[".repeat(512), "]".repeat(512));
    assert!(matches!(
        Object::parse_with(deeper.as_bytes(), &limits),
        Err(ParseError::TooDeep { .. })
    ));
}

#[test]
fn r5_a_name_of_a_mebibyte() {
    let text = format!("{{\"{}\":1}}", "k".repeat(1_000_000));
    let result = quickly("name", || Object::parse(text.as_bytes()));
    assert!(matches!(result, Err(ParseError::LongKey { .. })));
    let text = format!("{{\"{}\":1}}", "k".repeat(1 << 20));
    assert!(matches!(
        Object::parse(text.as_bytes()),
        Err(ParseError::TooLarge { .. })
    ));
}

#[test]
fn r4_a_million_recipients() {
    let text = format!("{{\"to\":[{}0]}}", "0,".repeat(500_000));
    let result = quickly("items", || Object::parse(text.as_bytes()));
    assert!(matches!(result, Err(ParseError::TooMany { what: "items", .. })));
    let text = format!("{{\"to\":[{}0]}}", "\"https://a.example/u\",".repeat(1_000_000));
    let result = quickly("size", || Object::parse(text.as_bytes()));
    assert!(matches!(result, Err(ParseError::TooLarge { .. })));
}

#[test]
fn r5_a_hundred_thousand_names_with_and_without_prefixes() {
    let mut limits = Limits::default();
    limits.keys = usize::MAX;
    for prefix in ["k", "as:k", "\\u006b"] {
        let names: Vec<String> = (0..50_000).map(|n| format!("\"{prefix}{n}\":0")).collect();
        let text = format!("{{{}}}", names.join(","));
        let object = quickly("names", || Object::parse_with(text.as_bytes(), &limits)).unwrap();
        quickly("one look", || object.actor());
    }
    let context: Vec<String> = (0..40_000).map(|n| format!("\"k{n}\":\"x:y\"")).collect();
    let text = format!("{{\"@context\":{{{}}}}}", context.join(","));
    quickly("context", || Object::parse_with(text.as_bytes(), &limits)).unwrap();
}

/// What is looked at in a document near the limits, on every way to look at it.
#[test]
fn r5_names_and_types_that_are_escaped_at_length() {
    let tag = format!("{{\"type\":[{}]}}", vec!["\"\\u0061\""; 8_000].join(","));
    let text = format!("{{\"tag\":[{}]}}", vec![tag; 9].join(","));
    let object = Object::parse(text.as_bytes()).unwrap();
    quickly("mentions", || object.mentions());
    quickly("hashtags", || object.hashtags());
    quickly("warnings", || object.warnings());
    let names: Vec<String> = (0..990)
        .map(|n| format!("\"{}{n}\":0", "\\u0061".repeat(170)))
        .collect();
    let text = format!("{{{}}}", names.join(","));
    let object = Object::parse(text.as_bytes()).unwrap();
    quickly("rewritten", || object.rewritten());
}

#[test]
fn r5_many_names_for_one_property() {
    let names: Vec<String> = (0..250).map(|n| format!("\"a{n}\"")).collect();
    let terms = names
        .iter()
        .map(|name| format!("{name}:\"as:actor\""))
        .collect::<Vec<_>>()
        .join(",");
    let values = names
        .iter()
        .map(|name| format!("{name}:\"https://a.example/\""))
        .collect::<Vec<_>>()
        .join(",");
    let object = Object::parse(format!("{{\"@context\":{{{terms}}},{values}}}").as_bytes()).unwrap();
    let without = quickly("remove", || {
        object.without(&federate_activitystreams::terms::ACTOR)
    });
    assert!(without.actor().is_empty());
}

/// Ten thousand places at the end of a path of a quarter of a megabyte: the path is made once, for those that are said.
#[test]
fn r5_warnings_at_the_end_of_a_long_path() {
    let name = "n".repeat(4_000);
    let open = format!("{{\"{name}\":").repeat(61);
    let text = format!("{open}[{}0]{}", "0,".repeat(9_000), "}".repeat(61));
    let object = Object::parse(text.as_bytes()).unwrap();
    assert_eq!(quickly("warnings", || object.warnings()), []);
    let text = format!("{open}{{\"to\":[{}0]}}{}", "0,".repeat(9_000), "}".repeat(61));
    let warnings = quickly("warnings", || Object::parse(text.as_bytes()).unwrap().warnings());
    assert_eq!(warnings.len(), 100);
    assert!(warnings.iter().all(|warning| warning.path.len() < 20_000));
}

#[test]
fn r5_contexts_within_contexts() {
    let terms: Vec<String> = (0..900).map(|n| format!("\"k{n}\":\"as:name\"")).collect();
    let context = format!("{{{}}}", terms.join(","));
    let nested = format!("{{\"@context\":{context},\"object\":").repeat(40);
    let text = format!("{nested}{{\"k1\":\"x\"}}{}", "}".repeat(40));
    let object = quickly("contexts", || Object::parse(text.as_bytes())).unwrap();
    quickly("rewritten", || object.rewritten());
    let siblings = vec!["{\"@context\":{\"k\":\"as:name\"},\"k\":\"x\"}"; 9_000].join(",");
    let text = format!("{{\"@context\":{context},\"items\":[{siblings}]}}");
    let object = quickly("contexts beside each other", || Object::parse(text.as_bytes())).unwrap();
    assert_eq!(quickly("members", || object.members()).len(), 9_000);
    quickly("warnings", || object.warnings());
}
