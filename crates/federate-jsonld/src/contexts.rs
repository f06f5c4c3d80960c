use crate::Error;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// One context document that is known.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) text: String,
    /// How many terms it defines: what it costs to process it.
    pub(crate) terms: u64,
    /// Names that bring a context of their own when they are used.
    pub(crate) scoped: BTreeSet<String>,
    /// Names below which a graph of its own begins, such as `proof`.
    pub(crate) graphs: BTreeSet<String>,
}

/// The contexts that are known: nothing else is read, and nothing is ever fetched.
///
/// A clone shares what it holds.
#[derive(Debug, Clone)]
pub struct Contexts(Arc<BTreeMap<String, Arc<Known>>>);

macro_rules! shipped {
    ($($url:literal => $file:literal,)*) => {
        const SHIPPED: &[(&str, &str)] = &[$(($url, include_str!(concat!("../contexts/", $file, ".jsonld"))),)*];
    };
}

shipped! {
    "https://gotosocial.org/ns" => "gotosocial.org_ns",
    "https://purl.archive.org/socialweb/webfinger" => "purl.archive.org_socialweb_webfinger",
    "https://w3id.org/fep/5711" => "w3id.org_fep_5711",
    "https://w3id.org/fep/7628" => "w3id.org_fep_7628",
    "https://w3id.org/fep/7aa9" => "w3id.org_fep_7aa9",
    "https://w3id.org/fep/844e" => "w3id.org_fep_844e",
    "https://w3id.org/fep/c0e0" => "w3id.org_fep_c0e0",
    "https://w3id.org/fep/c390" => "w3id.org_fep_c390",
    "https://w3id.org/fep/ef61" => "w3id.org_fep_ef61",
    "https://w3id.org/identity/v1" => "w3id.org_identity_v1",
    "https://w3id.org/security/data-integrity/v1" => "w3id.org_security_data-integrity_v1",
    "https://w3id.org/security/data-integrity/v2" => "w3id.org_security_data-integrity_v2",
    "https://w3id.org/security/multikey/v1" => "w3id.org_security_multikey_v1",
    "https://w3id.org/security/v1" => "w3id.org_security_v1",
    "https://www.w3.org/ns/activitystreams" => "www.w3.org_ns_activitystreams",
    "https://www.w3.org/ns/cid/v1" => "www.w3.org_ns_cid_v1",
    "https://www.w3.org/ns/did/v1" => "www.w3.org_ns_did_v1",
}

/// Other spellings under which servers name a shipped context.
const ALSO: &[(&str, &str)] = &[
    ("http://www.w3.org/ns/activitystreams", AS2),
    ("https://www.w3.org/ns/activitystreams#", AS2),
    ("http://w3id.org/security/v1", SECURITY),
    ("http://w3id.org/identity/v1", IDENTITY),
];

pub(crate) const AS2: &str = "https://www.w3.org/ns/activitystreams";
pub(crate) const SECURITY: &str = "https://w3id.org/security/v1";
pub(crate) const IDENTITY: &str = "https://w3id.org/identity/v1";

static STANDARD: LazyLock<Contexts> = LazyLock::new(|| {
    let mut known = BTreeMap::new();
    for (url, text) in SHIPPED {
        // A test reads each of them; one that could not be read would be an unknown context, never a panic.
        if let Ok(entry) = serde_json::from_str(text)
            .map_err(drop)
            .and_then(|v| read(&v).map_err(drop))
        {
            known.insert((*url).to_owned(), Arc::new(entry));
        }
    }
    for (alias, url) in ALSO {
        if let Some(entry) = known.get(*url).cloned() {
            known.insert((*alias).to_owned(), entry);
        }
    }
    Contexts(Arc::new(known))
});

impl Default for Contexts {
    fn default() -> Self {
        Self::shipped()
    }
}

impl Contexts {
    /// The contexts that come with this crate; see `contexts/NOTICE.md` for where each is from.
    #[must_use]
    pub fn shipped() -> Self {
        STANDARD.clone()
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// These and one more: `document` is what a server would answer at `url`, an object with `@context`.
    ///
    /// Its content is trusted as much as code is: the limits hold for what a document brings, not for this.
    ///
    /// # Errors
    /// [`Error::Syntax`] where it has no `@context`.
    pub fn with(self, url: impl Into<String>, document: &Value) -> Result<Self, Error> {
        let mut known = (*self.0).clone();
        known.insert(url.into(), Arc::new(read(document)?));
        Ok(Self(Arc::new(known)))
    }

    /// Whether this URL is known.
    #[must_use]
    pub fn knows(&self, url: &str) -> bool {
        self.0.contains_key(url)
    }

    /// The URLs that are known.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, url: &str) -> Result<&Known, Error> {
        self.0
            .get(url)
            .map(|known| &**known)
            .ok_or_else(|| Error::UnknownContext(url.to_owned()))
    }
}

fn read(document: &Value) -> Result<Known, Error> {
    let context = document
        .get("@context")
        .ok_or_else(|| Error::Syntax("a context document without @context".to_owned()))?;
    let mut known = Known {
        // Only this: what else a context document says is not ours to read.
        text: serde_json::json!({ "@context": context }).to_string(),
        terms: 0,
        scoped: BTreeSet::new(),
        graphs: BTreeSet::new(),
    };
    measure(context, &mut known);
    Ok(known)
}

fn measure(context: &Value, known: &mut Known) {
    match context {
        Value::Array(parts) => parts.iter().for_each(|part| measure(part, known)),
        Value::Object(terms) => {
            for (term, definition) in terms {
                known.terms += 1;
                let container = definition.get("@container");
                if container.is_some_and(|c| {
                    c == "@graph" || c.as_array().is_some_and(|c| c.iter().any(|c| c == "@graph"))
                }) {
                    known.graphs.insert(term.clone());
                }
                if let Some(scoped) = definition.get("@context") {
                    known.scoped.insert(term.clone());
                    measure(scoped, known);
                }
            }
        }
        _ => {}
    }
}
