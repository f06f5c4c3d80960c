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
