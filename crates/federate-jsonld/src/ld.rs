use crate::contexts::{Contexts, IDENTITY};
use crate::meaning::object_without_meaning;
use crate::rdf::{Expanded, expand_as_is};
use crate::same::PROOFS;
use crate::{Canonical, Error, Limits, Term, reads_the_same};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What an `RsaSignature2017` covers: its canonical forms, and the only reading of the document that it vouches for.
///
/// The signature proves a graph, never the JSON around it: whoever relays a document can rename, wrap and rearrange it
/// until plain JSON keys say what nobody signed. So read [`Self::vouched`] and nothing else.
#[derive(Debug, Clone)]
pub struct LdSigned {
    signature: Map<String, Value>,
    said: Said,
    options: Canonical,
    document: Canonical,
    expanded: Expanded,
    root: Result<(), Error>,
    limits: Limits,
}

/// What the options say about the signature, by meaning.
#[derive(Debug, Clone, Default)]
struct Said {
    creator: Option<String>,
    created: Option<String>,
    expires: Option<String>,
    /// Options that are signed and that nobody asks for: Hubzilla's.
    nonce: Option<String>,
    domain: Option<String>,
}

impl Said {
    fn of(options: &Expanded) -> Result<Self, Error> {
        let one = |name: &'static str, predicate: &str| {
            let mut values = options.dataset.quads.iter().filter(|quad| {
                quad.graph.is_none() && quad.subject == options.root && quad.predicate == predicate
            });
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(quad), None) => match &quad.object {
                    Term::Iri(text) | Term::Literal { value: text, .. } => Ok(Some(text.clone())),
                    Term::Blank(_) => Err(Error::Option(name)),
                },
                _ => Err(Error::Option(name)),
            }
        };
        Ok(Self {
            creator: one("creator", "http://purl.org/dc/terms/creator")?,
            created: one("created", "http://purl.org/dc/terms/created")?,
            expires: one("expires", "https://w3id.org/security#expiration")?,
            nonce: one("nonce", "https://w3id.org/security#nonce").unwrap_or_default(),
            domain: one("domain", "https://w3id.org/security#domain").unwrap_or_default(),
        })
    }
}

/// Takes a signed document apart.
///
/// `@graph`, `@included`, `@reverse` and whatever else could rebuild a document around its signature are refused
/// wherever they stand, under any name.
///
/// # Errors
/// No `signature` object, refused keywords, unknown contexts, limits, and a document that says nothing.
pub fn ld_signed(document: &Value, contexts: &Contexts, limits: &Limits) -> Result<LdSigned, Error> {
    let mut rest = document.as_object().ok_or(Error::NoRoot)?.clone();
    let Some(Value::Object(signature)) = rest.remove("signature") else {
        return Err(Error::NoSignature);
    };
    let rest = Value::Object(rest);
    let (options, said, document, expanded) = forms(&rest, signature.clone(), contexts, limits)?;
    let root = check_root(&expanded).map_err(|error| match error {
        Error::AmbiguousRoot(UNREACHED) => {
            object_without_meaning(&rest, contexts).map_or(error, Error::WithoutMeaning)
        }
        error => error,
    });
    Ok(LdSigned {
        root,
        signature,
        said,
        options,
        document,
        expanded,
        limits: *limits,
    })
}

/// The string to sign for a document that has no `signature` yet; `options` are the members that the signature will
/// have, such as `creator` and `created`.
///
/// # Errors
/// As [`ld_signed`].
pub fn ld_to_be_signed(
    document: &Value,
    options: &Map<String, Value>,
    contexts: &Contexts,
    limits: &Limits,
) -> Result<String, Error> {
    let mut document = document.clone();
    document.as_object_mut().ok_or(Error::NoRoot)?.remove("signature");
    let (options, _, document, _) = forms(&document, options.clone(), contexts, limits)?;
    Ok(options.sha256_hex() + &document.sha256_hex())
}

fn forms(
    document: &Value,
    mut options: Map<String, Value>,
    contexts: &Contexts,
    limits: &Limits,
) -> Result<(Canonical, Said, Canonical, Expanded), Error> {
    for name in ["type", "id", "signatureValue"] {
        options.remove(name);
    }
    options.insert("@context".to_owned(), Value::String(IDENTITY.to_owned()));
    let options = expand_as_is(&Value::Object(options), contexts, limits)?;
    let expanded = expand_as_is(document, contexts, limits)?;
    if options.dataset.quads.is_empty() || expanded.dataset.quads.is_empty() {
        return Err(Error::Empty);
    }
    Ok((
        options.dataset.canonicalise(limits.steps)?,
        Said::of(&options)?,
        expanded.dataset.canonicalise(limits.steps)?,
        expanded,
    ))
}

impl LdSigned {
    /// `signatureValue`, which alone is not signed itself.
    #[must_use]
    pub fn signature_value(&self) -> Option<&str> {
        self.signature.get("signatureValue").and_then(Value::as_str)
    }

    /// `type`, such as `RsaSignature2017`; by this scheme it is not signed.
    #[must_use]
    pub fn signature_type(&self) -> Option<&str> {
        self.signature.get("type").and_then(Value::as_str)
    }

    /// The key, from the signed options. Renaming a member of `signature` neither hides nor adds one here.
    #[must_use]
    pub fn creator(&self) -> Option<&str> {
        self.said.creator.as_deref()
    }

    /// When it was signed, from the signed options.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.said.created.as_deref()
    }

    /// When it ends, from the signed options.
    #[must_use]
    pub fn expires(&self) -> Option<&str> {
        self.said.expires.as_deref()
    }

    /// The canonical form of the signature's own members.
    #[must_use]
    pub fn options(&self) -> &Canonical {
        &self.options
    }

    /// The canonical form of the document without its signature.
    #[must_use]
    pub fn document(&self) -> &Canonical {
        &self.document
    }

    /// What was signed, if anything was: `hex(sha256(options)) ‖ hex(sha256(document))`, 128 characters.
    #[must_use]
    pub fn to_be_signed(&self) -> String {
        self.options.sha256_hex() + &self.document.sha256_hex()
    }

    /// The reading that a valid signature vouches for: built from the signed statements alone.
    ///
    /// The order within a property of several values is the document's and not signed, unless the property is a list.
    ///
    /// # Errors
    /// [`Error::AmbiguousRoot`] where the graph does not tell what it is about, [`Error::WithoutMeaning`] where that
    /// is because of a member that has no meaning, and as [`Expanded::compact`].
    pub fn vouched(&self) -> Result<Value, Error> {
        self.root.clone()?;
        self.expanded.compact(&self.limits)
    }

    /// Whether the bytes of the document, read as plain JSON, say what was signed: nothing more, nothing less. `document`
    /// is what was given to [`ld_signed`], and `vouched` what [`Self::vouched`] said of it.
    ///
    /// As [`reads_the_same`], and each `proof` must be signed, and `signature` must say by its plain names what its signed
    /// options say, with nothing beside them but `type`, `id` and `signatureValue`. Whoever forwards the bytes that came
    /// asks this first: what is not covered is accepted in the vouched form or not at all. The order of several values
    /// of one property is not signed, and not found out here.
    #[must_use]
    pub fn covers(&self, document: &Value, vouched: &Value) -> bool {
        reads_the_same(document, vouched) && self.signs_proofs(document) && self.is_plain()
    }

    /// Whether there are as many proofs as statements that there is one.
    fn signs_proofs(&self, document: &Value) -> bool {
        let count = |value: &Value| match value {
            Value::Null => 0,
            Value::Array(items) => items.len(),
            _ => 1,
        };
        let there: usize = PROOFS
            .iter()
            .filter_map(|name| document.get(*name))
            .map(count)
            .sum();
        let quads = self.expanded.dataset.quads.iter();
        let signed = quads.filter(|quad| {
            quad.graph.is_none()
                && quad.subject == self.expanded.root
                && Some(&quad.predicate.as_str()) == PROOFS.last()
        });
        there == signed.count()
    }

    /// Whether who reads `signature` by its plain names reads what its options say.
    fn is_plain(&self) -> bool {
        let said = |name: &str| match name {
            "creator" => self.said.creator.as_deref(),
            "created" => self.said.created.as_deref(),
            "expires" => self.said.expires.as_deref(),
            "nonce" => self.said.nonce.as_deref(),
            "domain" => self.said.domain.as_deref(),
            _ => None,
        };
        let options = ["creator", "created", "expires", "nonce", "domain"];
        let all = options
            .iter()
            .all(|name| self.signature.get(*name).and_then(Value::as_str) == said(name));
        all && self.signature.iter().all(|(name, value)| match name.as_str() {
            "type" | "id" | "signatureValue" => value.is_string(),
            name => options.contains(&name),
        })
    }
}

/// Only one node may be the top: nothing points to it, and everything is reached from it. Otherwise a relay could
/// turn the document around (an `Announce` inside out) and keep its signature.
fn check_root(expanded: &Expanded) -> Result<(), Error> {
    let root = &expanded.root;
    let mut next: HashMap<&Term, Vec<&Term>> = HashMap::new();
    for quad in expanded.dataset.quads.iter().filter(|quad| quad.graph.is_none()) {
        if quad.object == *root {
            return Err(Error::AmbiguousRoot("something in it points to its top"));
        }
        next.entry(&quad.subject).or_default().push(&quad.object);
    }
    let mut reached = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        for &other in next.get(node).into_iter().flatten() {
            if reached.insert(other) {
                open.push(other);
            }
        }
    }
    if next.keys().any(|subject| !reached.contains(subject)) {
        return Err(Error::AmbiguousRoot(UNREACHED));
    }
    Ok(())
}

const UNREACHED: &str = "not everything in it is reached from its top";
