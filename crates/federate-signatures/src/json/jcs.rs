//! JSON Canonicalization Scheme — <https://www.rfc-editor.org/rfc/rfc8785>

use super::{BadJson, Json, parse};
use std::fmt::Write as _;

/// The canonical form of a JSON document by [RFC 8785](https://www.rfc-editor.org/rfc/rfc8785): members sorted by their
/// names in UTF-16, no white space, numbers as ECMAScript prints them.
///
/// Numbers are doubles: two integers above 2^53 that differ may have one canonical form. Whoever acts on a signed
/// document reads the canonical form, so that it acts on what was signed.
///
/// # Errors
/// [`BadJson`], also for names that stand twice, for lone surrogates, and for more than 1 MiB or 64 levels.
pub fn canonicalize(document: &[u8]) -> Result<String, BadJson> {
    Ok(to_jcs(&parse(document)?))
}

pub(crate) fn to_jcs(value: &Json) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => write_number(*number, out),
        Json::Text(text) => write_string(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut sorted: Vec<&(String, Json)> = members.iter().collect();
            sorted.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (name, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a String does not fail.
            control if control < ' ' => drop(write!(out, "\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// [`Number::toString` of ECMAScript](https://tc39.es/ecma262/#sec-numeric-types-number-tostring): the shortest digits
/// that read back as the same double, which the standard library finds, in ECMAScript's dress. Of two as short and as
/// near the even one is taken, as every engine does; the standard library takes the upper one.
fn write_number(number: f64, out: &mut String) {
    if number == 0.0 {
        // Negative zero too.
        out.push('0');
        return;
    }
    let mut scientific = format!("{number:e}");
    let digits = scientific.split('e').next().unwrap_or_default();
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    // With a number of digits given the standard library rounds to even.
    let even = format!("{number:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(number) {
        scientific = even;
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let mantissa = match mantissa.strip_prefix('-') {
        Some(rest) => {
            out.push('-');
            rest
        }
        None => mantissa,
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // How many digits stand before the point.
    let point = exponent.saturating_add(1);
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeroes = |out: &mut String, count: i32| out.extend((0..count).map(|_| '0'));
    match point {
        1..=21 if count <= point => {
            out.push_str(&digits);
            zeroes(out, point.saturating_sub(count));
        }
        1..=21 => {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        }
        -5..=0 => {
            out.push_str("0.");
            zeroes(out, point.saturating_neg());
            out.push_str(&digits);
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            out.push_str(first);
            if !rest.is_empty() {
                out.push('.');
                out.push_str(rest);
            }
            out.push('e');
            out.push(if exponent < 0 { '-' } else { '+' });
            // Writing to a String does not fail.
            let _ = write!(out, "{}", exponent.unsigned_abs());
        }
    }
}
