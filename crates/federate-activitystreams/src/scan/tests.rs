use super::names::{hash, tests::colliding};
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
fn j1_every_pair_of_a_small_and_of_a_large_object() {
    for length in (1..30).chain([60, 199, 200]) {
        let names: Vec<String> = (0..length)
            .map(|n| format!("{}name{n}", "x".repeat(n % 9)))
            .collect();
        let document = |names: &[String]| {
            let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Object::parse(document(&names).as_bytes()).is_ok());
        let step = 1 + length / 30;
        for one in (0..length).step_by(step) {
            for other in (one + 1..length).step_by(step) {
                let mut twice = names.clone();
                twice[other].clone_from(&names[one]);
                let before = document(&twice[..other]).len();
                let at = if other == 0 { 2 } else { before + 1 };
                assert_eq!(
                    refused(&document(&twice)),
                    ParseError::DuplicateKey { at },
                    "{one} {other}"
                );
            }
        }
    }
}

#[test]
fn names_that_share_a_hash_are_told_apart() {
    for count in [2, 20, 200] {
        let names = colliding(count);
        assert!(names.iter().all(|name| hash(name) == hash(&names[0])));
        let json = |name: &str| serde_json::Value::from(name).to_string();
        let members: Vec<String> = names.iter().map(|name| format!("{0}:{0}", json(name))).collect();
        let object = Object::parse(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
        for name in &names {
            assert_eq!(object.node().get(name).unwrap().as_str().unwrap(), **name);
        }
        let twice = format!("{{{},{}:1}}", members.join(","), json(&names[count / 2]));
        assert!(matches!(refused(&twice), ParseError::DuplicateKey { .. }));
    }
}

#[test]
fn a_text_ends_at_every_place_with_everything() {
    for length in 0..100 {
        for behind in [0, 1, 7, 8, 9, 15, 16, 17, 40] {
            let (before, blanks) = ("x".repeat(length), " ".repeat(behind));
            let with = |tail: &str| format!("{{\"a\":\"{before}{tail}\"}}{blanks}");
            let name = format!("{{\"{before}\":\"\"}}{blanks}");
            for text in [
                &with(""),
                &with("\\n"),
                &with("\\\"y"),
                &with("é"),
                &with("\u{7f}😀\\ud83d\\ude00"),
                &name,
            ] {
                let expected: serde_json::Value = serde_json::from_str(text).unwrap();
                assert_eq!(Object::parse(text.as_bytes()).unwrap().to_value(), expected);
            }
            let at = 6 + length;
            for (tail, why) in [
                ("\u{1f}", ParseError::Syntax { at }),
                ("\n", ParseError::Syntax { at }),
                ("\0", ParseError::Nul { at }),
                ("\\x", ParseError::Syntax { at }),
                ("\\ud800", ParseError::LoneSurrogate { at }),
            ] {
                assert_eq!(refused(&with(tail)), why);
            }
            let open = format!("{{\"a\":\"{before}");
            assert_eq!(refused(&open), ParseError::Syntax { at });
        }
    }
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
