//! The tests of the HTTP working group (<https://github.com/httpwg/structured-field-tests>) against the parser that we
//! use, and against what our strictness makes of it.

use super::{byte_sequences, canonical_dictionary, members, one_byte_sequence};
use proptest::prelude::*;
use serde_json::Value;
use sfv::{
    BareItem, DictSerializer, Dictionary, Item, ItemSerializer, List, ListSerializer, Parser, Version,
};
use std::io::Write as _;
use std::path::PathBuf;

/// Where we say something else than the suite, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "date.json",
        "dates came with RFC 9651; RFC 9421 is written over RFC 8941, which has none",
    ),
    ("display-string.json", "so did display strings"),
];

fn files() -> Vec<(String, Vec<Value>)> {
    files_of("structured-fields")
}

fn files_of(folder: &str) -> Vec<(String, Vec<Value>)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the vectors lie is the machine's to say"
    )]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join("vectors").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", folder.display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (
                name,
                serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
            )
        })
        .collect();
    files.sort_by(|(a, _), (b, _): &(String, Vec<Value>)| a.cmp(b));
    files
}

/// All lines of the field, as they are joined.
fn joined(lines: &Value) -> String {
    let lines: Vec<&str> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    lines.join(", ")
}

/// The canonical form, if it can be read; an empty dictionary or list has none.
fn canonical(kind: &str, text: &str) -> Result<Option<String>, sfv::Error> {
    let parser = || Parser::new(text).with_version(Version::Rfc8941);
    Ok(match kind {
        "dictionary" => {
            let mut out = DictSerializer::new();
            out.members(&parser().parse::<Dictionary>()?);
            out.finish()
        }
        "list" => {
            let mut out = ListSerializer::new();
            out.members(&parser().parse::<List>()?);
            out.finish()
        }
        _ => {
            let item = parser().parse::<Item>()?;
            Some(
                ItemSerializer::new()
                    .bare_item(&item.bare_item)
                    .parameters(&item.params)
                    .finish(),
            )
        }
    })
}

#[test]
fn every_case_of_the_working_group() {
    let (mut read, mut refused, mut excepted) = (0, 0, 0);
    for (file, cases) in files() {
        for case in cases {
            let name = format!("{file}: {}", case["name"]);
            let (kind, text) = (case["header_type"].as_str().unwrap(), joined(&case["raw"]));
            let form = canonical(kind, &text);
            if EXCEPTIONS.iter().any(|(other, _)| *other == file) {
                assert!(form.is_err(), "{name}");
                excepted += 1;
            } else if case["must_fail"] == true {
                assert!(form.is_err(), "{name}: {form:?}");
                refused += 1;
            } else if let Ok(form) = form {
                let expected = joined(case.get("canonical").unwrap_or(&case["raw"]));
                assert_eq!(form.unwrap_or_default(), expected, "{name}");
                read += 1;
            } else {
                assert_eq!(case["can_fail"], true, "{name}: {form:?}");
                refused += 1;
            }
        }
    }
    if read > 0 {
        assert_eq!((read + refused, excepted), (1552, 39));
    }
}

/// `Signature-Input`, `Signature` and `Content-Digest` are read by this, which takes only what is canonical but for
/// blanks around commas; of the suite's dictionaries it refuses nothing else.
#[test]
fn our_dictionaries_are_the_canonical_ones() {
    let squeezed = |text: &str| text.replace([' ', '\t'], "");
    let (mut taken, mut refused) = (0, 0);
    for (file, cases) in files() {
        for case in cases.iter().filter(|case| case["header_type"] == "dictionary") {
            let name = format!("{file}: {}", case["name"]);
            let text = joined(&case["raw"]);
            let form = canonical("dictionary", &text).ok().map(Option::unwrap_or_default);
            let strict = members("signature-input", &text, usize::MAX);
            let expected = form
                .as_ref()
                .is_some_and(|form| text.len() <= 8 * 1024 && squeezed(form) == squeezed(&text));
            // Blanks elsewhere than around commas, which this test does not tell apart, are refused as well.
            if strict.is_ok() != expected {
                assert!(expected && text.contains(' '), "{name}: {text}");
            }
            if let Some(loose) = canonical_dictionary(&text) {
                assert_eq!(Some(loose), form, "{name}");
            }
            if strict.is_ok() {
                taken += 1;
            } else {
                refused += 1;
            }
        }
    }
    if taken + refused > 0 {
        assert_eq!((taken, refused), (125, 307));
    }
}

/// What the suite only writes: each value has a type that cannot hold what must fail.
#[test]
fn every_value_that_is_written() {
    let mut seen = 0;
    for (file, cases) in files_of("structured-fields/serialisation-tests") {
        for case in cases {
            let value = &case["expected"][0];
            let written = match file.as_str() {
                "string-generated.json" => sfv::StringRef::from_str(value.as_str().unwrap())
                    .map(|text| text.to_string())
                    .ok(),
                "token-generated.json" => {
                    let token = value["value"].as_str().unwrap();
                    sfv::TokenRef::from_str(token)
                        .map(|text| text.as_str().to_owned())
                        .ok()
                }
                // The key of a dictionary, or that of a parameter of a list's item.
                "key-generated.json" => {
                    let key = if case["header_type"] == "list" {
                        &value[1][0][0]
                    } else {
                        &value[0]
                    };
                    sfv::KeyRef::from_str(key.as_str().unwrap())
                        .map(|key| key.as_str().to_owned())
                        .ok()
                }
                _ => number(value),
            };
            let expected = case["canonical"][0].as_str().map(ToOwned::to_owned);
            assert_eq!(
                written.is_none(),
                case["must_fail"] == true,
                "{file}: {}",
                case["name"]
            );
            assert!(expected.is_none() || written == expected, "{file}: {written:?}");
            seen += 1;
        }
    }
    assert!(matches!(seen, 0 | 544), "{seen}");
}

fn number(value: &Value) -> Option<String> {
    let item = match value.as_i64() {
        Some(integer) => BareItem::Integer(sfv::Integer::try_from(integer).ok()?),
        None => BareItem::Decimal(sfv::Decimal::try_from(value.as_f64()?).ok()?),
    };
    Some(ItemSerializer::new().bare_item(&item).finish())
}

/// The quick way and the long one say the same.
fn both_ways(value: &str) {
    let long: Option<Vec<_>> = members("signature", value, 4).ok().and_then(|(members, _)| {
        let bytes = |(label, entry)| match entry {
            sfv::ListEntry::Item(item) if item.params.is_empty() => match item.bare_item {
                BareItem::ByteSequence(bytes) => Some((label, bytes)),
                _ => None,
            },
            _ => None,
        };
        members.into_iter().map(bytes).collect()
    });
    assert_eq!(byte_sequences("signature", value, 4).ok(), long, "{value}");
    if let Some(quick) = one_byte_sequence(value) {
        assert_eq!(long, Some(vec![quick]), "{value}");
    }
}

#[test]
fn the_quick_way_takes_nothing_more() {
    for value in [
        "sig1=:AAAA:",
        "sig1=::",
        "*a_-.*9=:AA==:",
        "sig1=:AA=:",
        "sig1=:AA:",
        "sig1=:AB==:",
        "Sig1=:AAAA:",
        "1=:AAAA:",
        "=:AAAA:",
        "a=:AAAA",
        "a=:AA AA:",
        " a=:AAAA:",
        "a=:AAAA: ",
        "a=:AAAA:;b",
        "a=:AAAA:, b=:AAAA:",
        "a=:A:A:",
        "a=:-_AA:",
        "a=:AAAA:,a=:AAAA:",
        "é=:AAAA:",
        "a=:AAAA::",
        "a==:AAAA:",
        "a =:AAAA:",
    ] {
        both_ways(value);
    }
    both_ways(&format!("a=:{}:", "A".repeat(8 * 1024 - 4)));
    both_ways(&format!("a=:{}:", "A".repeat(8 * 1024)));
}

proptest! {
    #[test]
    fn the_quick_way_is_the_long_one(value in r"[a-zA*1.-]{0,3}=?:?[A-Za-z0-9+/_ -]{0,9}={0,3}:?[ ,;a]{0,2}") {
        both_ways(&value);
    }
}
