//! J14: canonical JSON.

use crate::support::shared_bytes;
use federate_signatures::{BadJson, canonicalize};

fn canonical(text: &str) -> String {
    canonicalize(text.as_bytes()).unwrap()
}

#[test]
fn j14_the_published_vectors() {
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let (Some(input), Some(output)) = (
            shared_bytes(&format!("jcs/input/{name}.json")),
            shared_bytes(&format!("jcs/output/{name}.json")),
        ) else {
            return;
        };
        assert_eq!(canonicalize(&input).unwrap().as_bytes(), output, "{name}");
        // A canonical form is its own.
        assert_eq!(canonicalize(&output).unwrap().as_bytes(), output, "{name}");
    }
}

#[test]
fn j14_ten_thousand_numbers() {
    let Some(numbers) = shared_bytes("jcs/es6-numbers-10000.txt") else {
        return;
    };
    let numbers = String::from_utf8(numbers).unwrap();
    let mut seen = 0;
    for line in numbers.lines() {
        let (bits, expected) = line.split_once(',').unwrap();
        let number = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        // Two other spellings of the same double.
        assert_eq!(canonical(&format!("{number:e}")), expected, "{line}");
        assert_eq!(canonical(expected), expected, "{line}");
        seen += 1;
    }
    assert_eq!(seen, 10_000);
}

#[test]
fn j14_numbers_as_ecmascript_prints_them() {
    for (text, expected) in [
        ("-0", "0"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("1E3", "1000"),
        ("0.1e-5", "0.000001"),
        ("0.0000001", "1e-7"),
        ("100000000000000000000", "100000000000000000000"),
        ("1000000000000000000000", "1e+21"),
        ("-71.184902", "-71.184902"),
        ("333333333.33333329", "333333333.3333333"),
        ("9007199254740993", "9007199254740992"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("5e-324", "5e-324"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"),
        ("0.1e-9999", "0"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn j14_names_by_utf16_and_beyond_the_basic_plane() {
    // U+FB33 comes before U+1F600 by code point, after it by UTF-16.
    assert_eq!(
        canonical("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"b\":3,\"a\":4,\"\":5,\"B\":6}"),
        "{\"\":5,\"B\":6,\"a\":4,\"b\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}"
    );
    assert_eq!(
        canonical(r#""\ud83d\ude00\u00e9\/\u001f\u007f""#),
        "\"\u{1f600}é/\\u001f\u{7f}\""
    );
    assert_eq!(canonical(r#""\u0008\u000c\n\r\t\"\\""#), r#""\b\f\n\r\t\"\\""#);
}

#[test]
fn j14_what_two_readers_could_read_differently() {
    for (text, expected) in [
        (r#"{"a":1,"a":2}"#, "Duplicate"),
        (r#"{"a":1,"\u0061":1}"#, "Duplicate"),
        (r#"[{"x":{"b":0,"b":0}}]"#, "Duplicate"),
        (r#""\ud800""#, "Surrogate"),
        (r#""\udc00""#, "Surrogate"),
        (r#""\ud800\ud800""#, "Surrogate"),
        (r#""\ud800x""#, "Surrogate"),
        ("1e309", "Number"),
        ("-1e999", "Number"),
    ] {
        let error = canonicalize(text.as_bytes()).unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{text}: {error:?}");
    }
}

#[test]
fn j14_what_is_not_json() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "+1",
        "1.",
        ".1",
        "1e",
        "1e+",
        "-",
        "NaN",
        "Infinity",
        "tru",
        "nul",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\n\"",
        "1 2",
        "[1 2]",
        "\u{feff}{}",
        "{}\u{0}",
        "\"\\u00é\"",
        "/**/1",
        "\u{a0}1",
    ] {
        let error = canonicalize(text.as_bytes()).unwrap_err();
        assert!(matches!(error, BadJson::Syntax { .. }), "{text}: {error:?}");
    }
    assert_eq!(canonicalize(b"\"\xff\""), Err(BadJson::NotUtf8));
    let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
    canonical(&deep(64));
    assert_eq!(
        canonicalize(deep(65).as_bytes()),
        Err(BadJson::TooDeep { limit: 64 })
    );
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    assert_eq!(
        canonicalize(long.as_bytes()),
        Err(BadJson::TooLong { limit: 1 << 20 })
    );
}
