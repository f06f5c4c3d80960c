//! `Accept-Signature` — <https://www.rfc-editor.org/rfc/rfc9421#section-5>

use crate::{
    Algorithm, KeyId,
    components::is_field_name,
    refusal::{Problem, RefusalKind, shown},
    structured,
};
use http::{HeaderMap, HeaderValue};
use sfv::{BareItem, InnerList, Parameters};
use std::collections::HashSet;

/// One signature that a peer asks for, or that we ask a peer for.
///
/// In a response it asks for the next request to be signed so; in a request, for the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptSignature {
    label: String,
    components: Vec<String>,
    key_id: Option<String>,
    algorithm: Option<String>,
    nonce: Option<String>,
    tag: Option<String>,
}

impl AcceptSignature {
    /// Asks for a signature over these components, under `sig1`; `created` and `keyid` are always asked for.
    /// `None` for a name that is neither a derived component nor a field in lower case, for one that stands twice, and
    /// for a signature itself.
    #[must_use]
    pub fn new<S: AsRef<str>>(components: impl IntoIterator<Item = S>) -> Option<Self> {
        let components: Vec<String> = components
            .into_iter()
            .map(|name| name.as_ref().to_owned())
            .collect();
        let good = can_be_signed(&components);
        (good && components.len() <= COMPONENTS).then_some(Self {
            label: "sig1".to_owned(),
            components,
            key_id: None,
            algorithm: None,
            nonce: None,
            tag: None,
        })
    }

    /// A nonce to be signed, in printable ASCII; `None` otherwise. Use each once.
    #[must_use]
    pub fn nonce(mut self, nonce: &str) -> Option<Self> {
        let good = nonce.len() <= TEXT && nonce.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        self.nonce = good.then(|| nonce.to_owned());
        good.then_some(self)
    }

    /// Reads what a message asks for. Left out is what cannot be met: a member whose components bear parameters other than
    /// `req`, or whose parameters are not known, and one that nobody would take: with a component twice, a field whose
    /// name is not in lower case, or a signature itself. Empty where nothing is asked for.
    ///
    /// # Errors
    /// [`RefusalKind::Malformed`] where the header is no dictionary of inner lists in its canonical form, and
    /// [`RefusalKind::TooLarge`].
    pub fn read(headers: &HeaderMap) -> Result<Vec<Self>, RefusalKind> {
        let mut joined = String::new();
        for line in headers.get_all(HEADER) {
            if !joined.is_empty() {
                joined.push_str(", ");
            }
            joined.push_str(line.to_str().map_err(|_| RefusalKind::Malformed {
                header: HEADER,
                problem: Problem::NotAscii,
            })?);
        }
        if joined.is_empty() {
            return Ok(Vec::new());
        }
        let members = structured::inner_lists(HEADER, &joined, LABELS)?;
        Ok(members
            .into_iter()
            .filter_map(|(label, list, _)| Self::of(label, &list))
            .collect())
    }

    /// The value of the header.
    ///
    /// # Errors
    /// [`RefusalKind::BadParameter`] where it would be no header: only for what [`AcceptSignature::read`] never gives.
    pub fn to_header(&self) -> Result<HeaderValue, RefusalKind> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let written = |name: &String| match name.strip_prefix('"') {
            Some(_) => name.clone(),
            None => quoted(name),
        };
        let components: Vec<String> = self.components.iter().map(written).collect();
        let mut out = format!("{}=({});created", self.label, components.join(" "));
        match &self.key_id {
            Some(id) => out.push_str(&format!(";keyid={}", quoted(id))),
            None => out.push_str(";keyid"),
        }
        for (name, value) in [
            ("alg", &self.algorithm),
            ("nonce", &self.nonce),
            ("tag", &self.tag),
        ] {
            if let Some(value) = value {
                out.push_str(&format!(";{name}={}", quoted(value)));
            }
        }
        HeaderValue::from_str(&out).map_err(|_| RefusalKind::BadParameter { name: shown(&out) })
    }

    /// The label that the signature must bear.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What must be signed, in order; `"@method";req` for a component of the request that a response answers.
    #[must_use]
    pub fn components(&self) -> &[String] {
        &self.components
    }

    /// The key that must sign, where it matters.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The algorithm that must sign, where it matters.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.algorithm.as_deref()
    }

    /// The nonce that must be signed.
    #[must_use]
    pub fn asked_nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The tag that must be signed.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Whether this key and this algorithm are what it asks for.
    pub(crate) fn takes(&self, key_id: &KeyId, algorithm: Algorithm) -> bool {
        let is = |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
        is(&self.key_id, key_id.as_str()) && is(&self.algorithm, algorithm.rfc9421_name())
    }

    /// The parameters that a signature bears because it was asked for so, as they are written: nonce and algorithm, which
    /// stand before the key, and the tag, which stands behind it.
    pub(crate) fn beside_the_key(&self) -> (String, String) {
        let quoted = |name, value: &Option<String>| match value {
            Some(value) => format!(";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
            None => String::new(),
        };
        let before = quoted("nonce", &self.nonce) + &quoted("alg", &self.algorithm);
        (before, quoted("tag", &self.tag))
    }

    fn of(label: String, list: &InnerList) -> Option<Self> {
        let mut out = Self {
            label,
            components: Vec::new(),
            key_id: None,
            algorithm: None,
            nonce: None,
            tag: None,
        };
        for item in &list.items {
            match &item.bare_item {
                BareItem::String(name) if item.params.is_empty() => {
                    out.components.push(name.as_str().to_owned());
                }
                // Of the request, in the signature of its response.
                BareItem::String(name) if is_req(&item.params) => {
                    out.components.push(format!("\"{}\";req", name.as_str()));
                }
                _ => return None,
            }
        }
        if out.components.len() > COMPONENTS || !can_be_signed(&out.components) {
            return None;
        }
        for (name, value) in &list.params {
            let text = match value {
                BareItem::String(text) if text.as_str().len() <= TEXT => Some(text.as_str().to_owned()),
                BareItem::Boolean(true) => None,
                // A time of the signature that is asked for: ours is now, and never another.
                BareItem::Integer(_) if name.as_str() == "expires" => None,
                _ => return None,
            };
            match name.as_str() {
                "created" | "expires" => {}
                "keyid" => out.key_id = text,
                "alg" => out.algorithm = text,
                "nonce" => out.nonce = Some(text?),
                "tag" => out.tag = Some(text?),
                _ => return None,
            }
        }
        Some(out)
    }
}

/// Whether a list of components is one that a verifier takes: nothing twice, fields in lower case, no signature.
fn can_be_signed(components: &[String]) -> bool {
    let mut known = HashSet::new();
    components.iter().all(|component| {
        let name = match component.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            Some((name, _)) => name,
            None => component.as_str(),
        };
        known.insert(component)
            && is_field_name(name.strip_prefix('@').unwrap_or(name))
            && !["signature", "signature-input"].contains(&name)
    })
}

fn is_req(parameters: &Parameters) -> bool {
    let mut parameters = parameters.iter();
    let only = parameters.next();
    matches!(only, Some((name, BareItem::Boolean(true))) if name.as_str() == "req")
        && parameters.next().is_none()
}

const HEADER: &str = "accept-signature";
const LABELS: usize = 4;
const COMPONENTS: usize = 64;
const TEXT: usize = 1024;
