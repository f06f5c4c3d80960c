use crate::compact::is_usual;
use serde_json::Value;

/// Whether a document, read by its plain keys, says what `vouched` says: nothing more, nothing less.
///
/// `null`, `[]` and absent are the same, and so are a value and an array of it, an id and an object of nothing but that
/// id. `@context` and `signature` are not compared, nor is `proof`, which says for itself whether it is good. Whoever forwards the received bytes of a document whose signature was
/// verified asks this first: what is not the same is accepted in the vouched form or not at all, and never forwarded.
#[must_use]
pub fn reads_the_same(document: &Value, vouched: &Value) -> bool {
    match (document, vouched) {
        (Value::Object(a), Value::Object(b)) => {
            let skip = |name: &&String| !BESIDE.contains(&name.as_str());
            a.keys()
                .chain(b.keys())
                .filter(skip)
                .all(|name| same(a.get(name), b.get(name)))
        }
        _ => false,
    }
}

/// Where a document calls something that was signed by another name, or gives it another value: the first such place of
/// `vouched`, as a JSON pointer.
///
/// The other half of [`reads_the_same`]: what the document says beyond `vouched` is not asked. That is common, as terms
/// without a meaning are not signed; a term of the usual vocabularies under another name is not, and is how documents
/// were forged. What `vouched` names by a full IRI has no usual name, and is not compared.
#[must_use]
pub fn renamed(document: &Value, vouched: &Value) -> Option<String> {
    match (one(Some(document)), one(Some(vouched))) {
        (_, None) => None,
        (Some(Value::Object(a)), Some(Value::Object(b))) => b
            .iter()
            .filter(|(name, _)| is_usual(name))
            .find_map(|(name, value)| {
                let below = match a.get(name) {
                    Some(said) if name == "type" => type_renamed(said, value)?,
                    Some(said) => renamed(said, value)?,
                    None => String::new(),
                };
                Some(format!("/{}{below}", name.replace('~', "~0").replace('/', "~1")))
            }),
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            let mut a = a.iter().filter(|item| one(Some(item)).is_some());
            b.iter().enumerate().find_map(|(index, item)| {
                let below = match a.next() {
                    Some(said) => renamed(said, item)?,
                    None => String::new(),
                };
                Some(format!("/{index}{below}"))
            })
        }
        (a, b) => (!same(a, b)).then(String::new),
    }
}

/// Types that have no usual name may bear one of the document's own, as long as it is nobody else's.
fn type_renamed(document: &Value, vouched: &Value) -> Option<String> {
    match (one(Some(document)), one(Some(vouched))) {
        (Some(Value::String(own)), Some(Value::String(iri))) if iri.contains(':') && !is_usual(own) => None,
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|(a, b)| type_renamed(a, b))
        }
        _ => renamed(document, vouched),
    }
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

const BESIDE: [&str; 4] = [
    "@context",
    "signature",
    "proof",
    "https://w3id.org/security#proof",
];
