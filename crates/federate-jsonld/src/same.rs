use crate::compact::is_usual;
use crate::contexts::AS2 as AS;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Whether a document, read by its plain keys, says what `vouched` says: nothing more, nothing less.
///
/// `null`, `[]` and absent are the same, and so are a value and an array of it, an id and an object of nothing but that
/// id; an array within an array is never the same as anything, because JSON-LD reads through it and nobody else does.
/// The order of several values of one property is compared with the one in `vouched`, which is the document's own: it is
/// not signed.
///
/// `@context` and `signature` are not compared, nor is `proof`, which says for itself whether it is good: for a document
/// that was signed ask [`LdSigned::covers`](crate::LdSigned::covers), which looks at them too.
#[must_use]
pub fn reads_the_same(document: &Value, vouched: &Value) -> bool {
    match (document, vouched) {
        (Value::Object(a), Value::Object(b)) => {
            let skip = |name: &&String| !BESIDE.contains(&name.as_str());
            a.keys()
                .chain(b.keys())
                .filter(skip)
                .all(|name| !nests(a.get(name)) && same(a.get(name), b.get(name)))
        }
        _ => false,
    }
}

/// Whether an array stands in an array anywhere.
fn nests(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Array(items)) => items.iter().any(|item| item.is_array() || nests(Some(item))),
        Some(Value::Object(members)) => members.values().any(|member| nests(Some(member))),
        _ => false,
    }
}

/// Where a document calls something that was signed by another name, or gives it another value: the first such place of
/// `vouched`, as a JSON pointer.
///
/// The other half of [`reads_the_same`]: what the document says beyond `vouched` is not asked. That is common, as terms
/// without a meaning are not signed; a term of the usual vocabularies under another name is not, and is how documents
/// were forged. What `vouched` names by a full IRI has no usual name, and is not compared.
///
/// What JSON-LD reads as one value is one here: a value that stands there twice, an array in an array or in `@set`,
/// `as:Public` and its full IRI, a number and the text that it is written as in a statement.
#[must_use]
pub fn renamed(document: &Value, vouched: &Value) -> Option<String> {
    let (said, signed) = (items(document), items(vouched));
    match (said.as_slice(), signed.as_slice()) {
        (_, []) => None,
        ([said], [signed]) => value_renamed(said, signed),
        ([], _) => Some(String::new()),
        (said, [signed]) => said.iter().find_map(|said| value_renamed(said, signed)),
        (said, signed) => signed.iter().enumerate().find_map(|(index, signed)| {
            let below = match said.get(index) {
                Some(said) => value_renamed(said, signed)?,
                None => String::new(),
            };
            Some(format!("/{index}{below}"))
        }),
    }
}

fn value_renamed(document: &Value, vouched: &Value) -> Option<String> {
    match (document, vouched) {
        (Value::Object(a), Value::Object(b)) => {
            b.iter()
                .filter(|(name, _)| is_usual(name))
                .find_map(|(name, value)| {
                    let below = match a.get(name) {
                        Some(said) if name == "type" => type_renamed(said, value)?,
                        Some(said) => renamed(said, value)?,
                        None => String::new(),
                    };
                    Some(format!("/{}{below}", name.replace('~', "~0").replace('/', "~1")))
                })
        }
        (a, b) => (!means(a, b) && !same(Some(a), Some(b))).then(String::new),
    }
}

/// The values of a property as JSON-LD counts them: arrays and sets laid out flat, nothing that is null, and what is said
/// twice once.
fn items(value: &Value) -> Vec<&Value> {
    fn lay_out<'a>(value: &'a Value, met: &mut HashSet<String>, out: &mut Vec<&'a Value>) {
        match value {
            Value::Null => {}
            Value::Array(items) => items.iter().for_each(|item| lay_out(item, met, out)),
            Value::Object(members) if members.len() == 1 && members.contains_key("@set") => {
                members.values().for_each(|item| lay_out(item, met, out));
            }
            Value::Object(members) if !is_only_an_id(members) => out.push(value),
            Value::Object(members) => {
                let id = members.get("id").map(Value::to_string);
                if met.insert(id.unwrap_or_default()) {
                    out.push(value);
                }
            }
            scalar => {
                let full = scalar.as_str().and_then(|text| text.strip_prefix("as:"));
                let full = full.map(|name| Value::from(format!("{AS}#{name}")));
                if met.insert(full.as_ref().unwrap_or(scalar).to_string()) {
                    out.push(value);
                }
            }
        }
    }
    let mut out = Vec::new();
    lay_out(value, &mut HashSet::new(), &mut out);
    out
}

fn is_only_an_id(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.get("id").is_some_and(Value::is_string)
}

/// Whether two values that are written differently are one: what `vouched` says was expanded from what `document` says,
/// so a prefix that means something else is never equal here.
fn means(document: &Value, vouched: &Value) -> bool {
    let id = |value: &Value| match value {
        Value::Object(members) if is_only_an_id(members) => {
            members.get("id").and_then(Value::as_str).map(str::to_owned)
        }
        value => value.as_str().map(str::to_owned),
    };
    if let (Some(said), Some(signed)) = (id(document), id(vouched))
        && let Some(name) = said.strip_prefix("as:")
    {
        return signed
            .strip_prefix(AS)
            .and_then(|rest| rest.strip_prefix('#'))
            .is_some_and(|rest| rest == name);
    }
    match (document, vouched) {
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            text.parse().ok() == number.as_f64()
        }
        (Value::Bool(truth), Value::String(text)) | (Value::String(text), Value::Bool(truth)) => {
            text.parse().ok() == Some(*truth)
        }
        _ => false,
    }
}

/// Types that have no usual name may bear one of the document's own, as long as it is nobody else's.
fn type_renamed(document: &Value, vouched: &Value) -> Option<String> {
    let (said, signed) = (items(document), items(vouched));
    let own = |said: &Value, signed: &Value| matches!((said, signed), (Value::String(own), Value::String(iri)) if iri.contains(':') && !is_usual(own));
    if said.len() != signed.len() {
        return renamed(document, vouched);
    }
    said.into_iter()
        .zip(signed)
        .filter(|(said, signed)| !own(said, signed))
        .find_map(|(said, signed)| (said != signed).then(String::new))
}

fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (one(a), one(b)) {
        (None, None) => true,
        (Some(Value::Object(a)), Some(Value::Object(b))) => a
            .keys()
            .chain(b.keys())
            .all(|name| same(a.get(name), b.get(name))),
        (Some(Value::Object(only)), Some(Value::String(id)))
        | (Some(Value::String(id)), Some(Value::Object(only))) => {
            only.len() == 1 && only.get("id").and_then(Value::as_str) == Some(id)
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            let mut a = a.iter().filter(|item| one(Some(item)).is_some());
            let mut b = b.iter();
            loop {
                match (a.next(), b.next()) {
                    (None, None) => break true,
                    (Some(x), Some(y)) if same(Some(x), Some(y)) => {}
                    _ => break false,
                }
            }
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64() == b.as_f64(),
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// A value as a reader of ActivityStreams takes it: nothing for null and [], the item for an array of one.
fn one(value: Option<&Value>) -> Option<&Value> {
    match value? {
        Value::Null => None,
        Value::Array(items) => {
            let mut there = items.iter().filter(|item| !item.is_null());
            match (there.next(), there.next()) {
                (None, _) => None,
                (Some(only), None) => one(Some(only)),
                _ => value,
            }
        }
        value => Some(value),
    }
}

const BESIDE: [&str; 4] = ["@context", "signature", PROOFS[0], PROOFS[1]];
/// Names under which a proof stands; the second is what it means.
pub(crate) const PROOFS: [&str; 2] = ["proof", "https://w3id.org/security#proof"];
