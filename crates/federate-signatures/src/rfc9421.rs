//! Reading `Signature-Input` and `Signature` of [RFC 9421](https://www.rfc-editor.org/rfc/rfc9421).

use crate::{
    KeyId,
    components::{Message, component},
    refusal::{RefusalKind, shown},
    signature::{Covered, One, Value},
    structured,
};
use sfv::{BareItem, InnerList, Item, Parameters};

/// Reads all signatures, in the order of `Signature-Input`. Each label must stand in both headers.
pub(crate) fn read(input: &str, signatures: &str, message: Message<'_>) -> Result<Vec<One>, RefusalKind> {
    let inputs = structured::inner_lists("signature-input", input, LABELS)?;
    let mut signatures = structured::byte_sequences("signature", signatures, LABELS)?;
    let mut out = Vec::with_capacity(inputs.len());
    for (label, list, text) in inputs {
        let Some(at) = signatures.iter().position(|(l, _)| *l == label) else {
            return Err(RefusalKind::LabelMismatch { label: shown(&label) });
        };
        let (label, signature) = signatures.swap_remove(at);
        out.push(one(label, &list, text, signature, message)?);
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
    text: String,
    signature: Vec<u8>,
    message: Message<'_>,
) -> Result<One, RefusalKind> {
    let parameters = SignatureParameters::read(&list.params)?;
    Ok(One {
        label: Some(label),
        key_id: parameters
            .key_id
            .ok_or(RefusalKind::MissingParameter { name: "keyid" })?,
        covered: components(&list.items, message)?,
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
        parameters: Some(text),
    })
}

fn components(items: &[Item], message: Message<'_>) -> Result<Covered, RefusalKind> {
    if items.len() > COMPONENTS {
        return Err(RefusalKind::TooLarge {
            header: INPUT,
            limit: COMPONENTS,
        });
    }
    let mut out: Vec<(String, Value)> = Vec::with_capacity(items.len());
    for item in items {
        let (id, value) = component(item, message)?;
        if out.iter().any(|(known, _)| *known == id) {
            return Err(RefusalKind::RepeatedComponent { name: shown(&id) });
        }
        out.push((id, value));
    }
    Ok(out.into_iter().collect())
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
