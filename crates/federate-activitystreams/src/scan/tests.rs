use crate::{Limits, Object, ParseError};

fn refused(text: &str) -> ParseError {
    match Object::parse(text.as_bytes()) {
        Err(error) => error,
        Ok(_) => panic!("accepted: {text}"),
    }
}

#[test]
fn j1_duplicate_keys_also_escaped() {
    for text in [
        r#"{"id":1,"id":2}"#,
        r#"{"id":1,"\u0069d":2}"#,
        r#"{"a":{"actor":1,"b":2,"actor":1}}"#,
        r#"{"@context":{"a":1,"a":1}}"#,
    ] {
        assert!(matches!(refused(text), ParseError::DuplicateKey { .. }), "{text}");
    }
    let many: Vec<String> = (0..200).map(|n| format!("\"k{n}\":0")).collect();
    assert!(Object::parse(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
    let twice = format!("{{{},\"\\u006b7\":1}}", many.join(","));
    assert!(matches!(refused(&twice), ParseError::DuplicateKey { .. }));
}

#[test]
fn j3_lone_surrogates_invalid_utf8_byte_order_marks_and_utf16() {
    for text in [
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\udc00"}"#,
        r#"{"a":"\ud800\u0041"}"#,
        r#"{"\ud800":1}"#,
    ] {
        assert!(
            matches!(refused(text), ParseError::LoneSurrogate { .. }),
            "{text}"
        );
    }
    assert!(Object::parse(br#"{"a":"\ud83d\ude00"}"#).is_ok());
    assert_eq!(
        Object::parse(b"{\"a\":\"\xff\"}"),
        Err(ParseError::NotUtf8 { at: 6 })
    );
    assert_eq!(Object::parse(b"\xef\xbb\xbf{}"), Err(ParseError::ByteOrderMark));
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Object::parse(&utf16).is_err());
    let mark = [&[0xff, 0xfe], &*utf16].concat();
    assert!(matches!(Object::parse(&mark), Err(ParseError::NotUtf8 { .. })));
}

#[test]
fn j4_nul_in_any_text_and_in_names() {
    for text in [
        "{\"a\":\"\\u0000\"}",
        "{\"a\\u0000\":1}",
        "{\"a\":[{\"b\":\"x\\u0000\"}]}",
        "{\"a\":\"\0\"}",
    ] {
        assert!(matches!(refused(text), ParseError::Nul { .. }), "{text:?}");
    }
}

#[test]
fn j5_what_is_not_one_json_object() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "{]",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":[1,]}",
        "{/**/}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":[1}",
        "{\"a\":{]",
        "{\"a\":1 \"b\":2}",
    ] {
        assert!(matches!(refused(text), ParseError::Syntax { .. }), "{text}");
    }
    for text in ["[]", "[{}]", "\"x\"", "1", "null", "true"] {
        assert_eq!(refused(text), ParseError::NotAnObject, "{text}");
    }
    for text in ["{}{}", "{} x", "{}]"] {
        assert!(matches!(refused(text), ParseError::TrailingData { .. }), "{text}");
    }
    assert!(Object::parse(b" {\r\n\t\"a\" : [ ] , \"b\" : { } } \n").is_ok());
}

#[test]
fn limits_are_exact() {
    let limits = Limits {
        depth: 3,
        items: 2,
        keys: 2,
        key_bytes: 4,
        values: 8,
        bytes: 60,
    };
    let parse = |text: &str| Object::parse_with(text.as_bytes(), &limits);
    assert!(parse(r#"{"a":[[]]}"#).is_ok());
    assert!(matches!(
        parse(r#"{"a":[[[]]]}"#),
        Err(ParseError::TooDeep { limit: 3, .. })
    ));
    assert!(parse(r#"{"a":[1,2]}"#).is_ok());
    assert!(matches!(
        parse(r#"{"a":[1,2,3]}"#),
        Err(ParseError::TooMany { what: "items", .. })
    ));
    assert!(matches!(
        parse(r#"{"a":1,"b":2,"c":3}"#),
        Err(ParseError::TooMany {
            what: "properties",
            ..
        })
    ));
    assert!(matches!(
        parse(r#"{"a":[[1,2],[1,2]],"b":[1,2]}"#),
        Err(ParseError::TooMany { what: "values", .. })
    ));
    assert!(parse(r#"{"abcd":1}"#).is_ok());
    assert!(matches!(parse(r#"{"abcde":1}"#), Err(ParseError::LongKey { .. })));
    assert!(matches!(
        parse(&format!("{{{}}}", " ".repeat(60))),
        Err(ParseError::TooLarge { size: 62, limit: 60 })
    ));
}

#[test]
fn every_text_scanner_path_finds_the_end() {
    for length in 0..40 {
        for tail in ["", "\\n", "é", "\u{7f}", "😀", "\\ud83d\\ude00"] {
            let text = format!("{{\"a\":\"{}{tail}\"}}", "x".repeat(length));
            let object = Object::parse(text.as_bytes()).unwrap();
            let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(object.to_value(), expected);
        }
    }
}
