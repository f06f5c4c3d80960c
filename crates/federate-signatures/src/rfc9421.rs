//! Reading `Signature-Input` and `Signature` of [RFC 9421](https://www.rfc-editor.org/rfc/rfc9421).

use crate::{
    KeyId,
    head::{Head, field},
    refusal::{Problem, RefusalKind, shown},
    signature::{Component, One, Value},
    structured,
};
use http::HeaderMap;
use sfv::{BareItem, InnerList, Item, Parameters};

/// Reads all signatures, in the order of `Signature-Input`. Each label must stand in both headers.
pub(crate) fn read(
    input: &str,
    signatures: &str,
    head: &Head,
    headers: &HeaderMap,
) -> Result<Vec<One>, RefusalKind> {
    let inputs = structured::inner_lists("signature-input", input, LABELS)?;
    let mut signatures = structured::byte_sequences("signature", signatures, LABELS)?;
    let mut out = Vec::with_capacity(inputs.len());
    for (label, list) in inputs {
        let Some(at) = signatures.iter().position(|(l, _)| *l == label) else {
            return Err(RefusalKind::LabelMismatch { label: shown(&label) });
        };
        let (label, signature) = signatures.swap_remove(at);
        out.push(one(label, &list, signature, head, headers)?);
    }
    match signatures.first() {
        Some((label, _)) => Err(RefusalKind::LabelMismatch { label: shown(label) }),
        None if out.is_empty() => Err(RefusalKind::Unsigned),
        None => Ok(out),
    }
}

fn one(
    label: String,
    list: &InnerList,
    signature: Vec<u8>,
    head: &Head,
    headers: &HeaderMap,
) -> Result<One, RefusalKind> {
    let parameters = SignatureParameters::read(&list.params)?;
    Ok(One {
        label: Some(label),
        key_id: parameters
            .key_id
            .ok_or(RefusalKind::MissingParameter { name: "keyid" })?,
        components: components(&list.items, head, headers)?,
        created: Some(
            parameters
                .created
                .ok_or(RefusalKind::MissingParameter { name: "created" })?,
        ),
        expires: parameters.expires,
        algorithm: parameters.algorithm,
        nonce: parameters.nonce,
        tag: parameters.tag,
        signature,
        parameters: structured::inner_list_text(list),
    })
}

fn components(items: &[Item], head: &Head, headers: &HeaderMap) -> Result<Vec<Component>, RefusalKind> {
    if items.len() > COMPONENTS {
        return Err(RefusalKind::TooLarge {
            header: INPUT,
            limit: COMPONENTS,
        });
    }
    let mut out: Vec<Component> = Vec::with_capacity(items.len());
    for item in items {
        let BareItem::String(name) = &item.bare_item else {
            return Err(RefusalKind::Malformed {
                header: INPUT,
                problem: Problem::StructuredField,
            });
        };
        let name = name.as_str();
        if let Some(parameter) = item.params.keys().next() {
            // `;sf`, `;key`, `;bs`, `;tr`, `;req` and `;name` read the same header differently; none is used here.
            let name = shown(&format!("\"{name}\";{}", parameter.as_str()));
            return Err(RefusalKind::UnsupportedComponent { name });
        }
        if out.iter().any(|c| c.id == name) {
            return Err(RefusalKind::RepeatedComponent { name: shown(name) });
        }
        let value = value(name, head, headers)?;
        out.push(Component {
            id: name.to_owned(),
            line: format!("\"{name}\": "),
            value,
        });
    }
    Ok(out)
}

fn value(name: &str, head: &Head, headers: &HeaderMap) -> Result<Value, RefusalKind> {
    let absent = || RefusalKind::AbsentComponent { name: shown(name) };
    let unsupported = || RefusalKind::UnsupportedComponent { name: shown(name) };
    Ok(match name {
        "@method" => Value::Fixed(head.method.clone()),
        "@path" => Value::Fixed(head.path.clone()),
        "@query" => Value::Fixed(format!("?{}", head.query.as_deref().unwrap_or_default())),
        "@request-target" => Value::Fixed(head.target(true)),
        "@scheme" => Value::Scheme,
        "@authority" | "@target-uri" if head.authority.is_none() => return Err(absent()),
        "@authority" => Value::Authority,
        "@target-uri" => Value::TargetUri,
        "signature" | "signature-input" => return Err(unsupported()),
        "host" => Value::Fixed(head.authority.clone().ok_or_else(absent)?),
        // Names of fields are in lower case; `@status` and what is not known belong here too.
        other if !other.bytes().all(is_field_name) || other.is_empty() => return Err(unsupported()),
        other => Value::Fixed(field(headers, other)?.ok_or_else(absent)?),
    })
}

fn is_field_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[derive(Default)]
struct SignatureParameters {
    key_id: Option<KeyId>,
    created: Option<u64>,
    expires: Option<u64>,
    algorithm: Option<String>,
    nonce: Option<String>,
    tag: Option<String>,
}

impl SignatureParameters {
    fn read(parameters: &Parameters) -> Result<Self, RefusalKind> {
        let mut out = Self::default();
        for (name, value) in parameters {
            let name = name.as_str();
            let bad = || RefusalKind::BadParameter { name: shown(name) };
            let text = || match value {
                BareItem::String(text) => Ok(text.as_str().to_owned()),
                _ => Err(bad()),
            };
            let time = || match value {
                BareItem::Integer(seconds) => u64::try_from(i64::from(*seconds)).map_err(|_| bad()),
                _ => Err(bad()),
            };
            match name {
                "keyid" => {
                    let id = text()?;
                    if id.is_empty() || id.len() > KEY_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
                        return Err(bad());
                    }
                    out.key_id = Some(KeyId(id));
                }
                "created" => out.created = Some(time()?),
                "expires" => out.expires = Some(time()?),
                "alg" => out.algorithm = Some(text()?),
                "nonce" => out.nonce = Some(text()?),
                "tag" => out.tag = Some(text()?),
                _ => return Err(bad()),
            }
        }
        Ok(out)
    }
}

const INPUT: &str = "signature-input";
const KEY_ID: usize = 2048;
const LABELS: usize = 4;
const COMPONENTS: usize = 64;
