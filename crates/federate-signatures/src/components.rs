//! Component identifiers of [RFC 9421, section 2](https://www.rfc-editor.org/rfc/rfc9421#section-2), and their values.

use crate::{
    head::{Head, field},
    refusal::{RefusalKind, shown},
    signature::Value,
    structured,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode};
use sfv::{BareItem, Item};
use std::borrow::Cow;

/// Where values are taken from.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) head: &'a Head,
    /// Of the request.
    pub(crate) headers: &'a HeaderMap,
    /// Of the response, when it is one that is signed.
    pub(crate) response: Option<(StatusCode, &'a HeaderMap)>,
    /// Whether component parameters and `@query-param` are read. They read one header in several ways, so that nobody
    /// takes them who did not ask for them.
    pub(crate) parameters: bool,
}

/// How the value of a field is taken.
enum Reading<'a> {
    Plain,
    Strict,
    Binary,
    Member(&'a str),
}

/// One component: its identifier as it was written, and its value.
pub(crate) fn component(item: &Item, message: Message<'_>) -> Result<(String, Value), RefusalKind> {
    let BareItem::String(name) = &item.bare_item else {
        return Err(RefusalKind::Malformed {
            header: "signature-input",
            problem: crate::Problem::StructuredField,
        });
    };
    let name = name.as_str();
    if item.params.is_empty() {
        let value = match message.response {
            None => of_request(name, message)?,
            Some((status, headers)) => of_response(name, status, headers)?,
        };
        return Ok((name.to_owned(), value));
    }
    let identifier = structured::item_text(item).unwrap_or_default();
    let unsupported = || RefusalKind::UnsupportedComponent {
        name: shown(&identifier),
    };
    let (mut reading, mut of_the_request, mut parameter) = (Reading::Plain, false, None);
    for (key, value) in &item.params {
        match (key.as_str(), value, &reading) {
            // Only a response is signed together with its request.
            ("req", BareItem::Boolean(true), _) if message.response.is_some() => of_the_request = true,
            ("sf", BareItem::Boolean(true), Reading::Plain) => reading = Reading::Strict,
            ("bs", BareItem::Boolean(true), Reading::Plain) => reading = Reading::Binary,
            ("key", BareItem::String(member), Reading::Plain) => reading = Reading::Member(member.as_str()),
            ("name", BareItem::String(name), _) => parameter = Some(name.as_str()),
            // `tr` too: the trailers of a message are not here.
            _ => return Err(unsupported()),
        }
    }
    if !message.parameters {
        return Err(unsupported());
    }
    let (headers, derived) = match message.response {
        Some((_, headers)) if !of_the_request => (headers, false),
        _ => (message.headers, true),
    };
    let absent = || RefusalKind::AbsentComponent {
        name: shown(&identifier),
    };
    let value = match (name, parameter, &reading) {
        ("@query-param", Some(parameter), Reading::Plain) if derived => {
            Value::Fixed(query_parameter(message.head.query(), parameter).ok_or_else(absent)?)
        }
        (_, Some(_), _) => return Err(unsupported()),
        (derived_name, None, Reading::Plain) if derived_name.starts_with('@') => {
            if !derived {
                return Err(unsupported());
            }
            of_request(derived_name, message)?
        }
        ("signature" | "signature-input", None, _) => return Err(unsupported()),
        (field_name, None, _) if is_field_name(field_name) => match reading {
            Reading::Plain if derived => of_request(field_name, message)?,
            Reading::Plain => fixed(field(headers, field_name)?.ok_or_else(absent)?),
            Reading::Binary => Value::Fixed(binary(headers, field_name).ok_or_else(absent)?),
            // Only for fields that are known to be structured may it be said.
            Reading::Strict if !DICTIONARIES.contains(&field_name) => return Err(unsupported()),
            Reading::Strict => {
                let text = field(headers, field_name)?.ok_or_else(absent)?;
                Value::Fixed(structured::canonical_dictionary(&text).ok_or_else(unsupported)?)
            }
            Reading::Member(member) => {
                let text = field(headers, field_name)?.ok_or_else(absent)?;
                Value::Fixed(structured::dictionary_member(&text, member).ok_or_else(absent)?)
            }
        },
        _ => return Err(unsupported()),
    };
    Ok((identifier, value))
}

fn fixed(value: Cow<'_, str>) -> Value {
    Value::Fixed(value.into_owned())
}

fn of_request(name: &str, message: Message<'_>) -> Result<Value, RefusalKind> {
    let head = message.head;
    let absent = || RefusalKind::AbsentComponent { name: shown(name) };
    let unsupported = || RefusalKind::UnsupportedComponent { name: shown(name) };
    Ok(match name {
        "@method" => Value::Method,
        "@path" => Value::Fixed(head.path().to_owned()),
        "@query" => Value::Fixed(format!("?{}", head.query().unwrap_or_default())),
        "@request-target" => Value::Fixed(head.target(true)),
        "@scheme" => Value::Scheme,
        "@authority" | "@target-uri" if head.authority.is_none() => return Err(absent()),
        "@authority" => Value::Authority,
        "@target-uri" => Value::TargetUri,
        "signature" | "signature-input" => return Err(unsupported()),
        "host" => Value::Fixed(head.authority.clone().ok_or_else(absent)?),
        // Names of fields are in lower case; `@status` and what is not known belong here too.
        other if !is_field_name(other) => return Err(unsupported()),
        other => fixed(field(message.headers, other)?.ok_or_else(absent)?),
    })
}

fn of_response(name: &str, status: StatusCode, headers: &HeaderMap) -> Result<Value, RefusalKind> {
    Ok(match name {
        "@status" => Value::Fixed(status.as_str().to_owned()),
        "signature" | "signature-input" => {
            return Err(RefusalKind::UnsupportedComponent { name: shown(name) });
        }
        other if !is_field_name(other) => {
            return Err(RefusalKind::UnsupportedComponent { name: shown(name) });
        }
        other => {
            fixed(field(headers, other)?.ok_or_else(|| RefusalKind::AbsentComponent { name: shown(name) })?)
        }
    })
}

/// Each line of a field as a byte sequence.
fn binary(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|line| format!(":{}:", STANDARD.encode(line.as_bytes().trim_ascii())))
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The one parameter of the query with this name, both percent-encoded by
/// [the rules for forms](https://www.rfc-editor.org/rfc/rfc9421#section-2.2.8); none where it stands twice.
fn query_parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut found = query?
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(key) == name).then(|| encoded(value))
        });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Decoded as a form, and encoded again in the one way.
fn encoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = |digit: &u8| char::from(*digit).to_digit(16).and_then(|d| u8::try_from(d).ok());
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    let mut out = String::with_capacity(text.len());
    // What is no UTF-8 becomes the replacement character, as forms have it.
    for byte in String::from_utf8_lossy(&bytes).bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(crate) fn is_field_name(name: &str) -> bool {
    let token =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// The fields that are known to be dictionaries.
const DICTIONARIES: &[&str] = &[
    "accept-signature",
    "content-digest",
    "priority",
    "repr-digest",
    "want-content-digest",
    "want-repr-digest",
    // Of the examples of RFC 9421.
    "example-dict",
];
