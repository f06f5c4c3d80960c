//! From a document to its statements, over `oxjsonld`.

use crate::contexts::{AS2, Contexts};
use crate::quad::{Quad, Term};
use crate::{Dataset, Error, Limits, guard};
use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
use oxrdf::{GraphName, NamedNode, NamedOrBlankNode};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Marks the top of the document, which RDF does not know. It never leaves this file.
const ROOT: &str = "urn:x-federate:root";

/// What a document says: its statements, and the node that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    pub(crate) dataset: Dataset,
    pub(crate) root: Term,
    /// The statements, by index, below whose object the document wrote that object out.
    pub(crate) written: HashSet<usize>,
}

impl Expanded {
    /// The statements.
    #[must_use]
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The node at the top of the document.
    ///
    /// Which node that is can be read from the JSON only: a signature over the statements does not cover it.
    #[must_use]
    pub fn root(&self) -> &Term {
        &self.root
    }
}

/// Reads a document by its meaning. Where it names no context, that of ActivityStreams is assumed.
///
/// Pure but for the labels of blank nodes, which are random here; neither
/// [`Dataset::canonicalise`](crate::Dataset::canonicalise) nor [`Expanded::compact`] depends on them.
///
/// # Errors
/// Unknown contexts, refused keywords, limits, and what the processor refuses.
pub fn expand(document: &Value, contexts: &Contexts, limits: &Limits) -> Result<Expanded, Error> {
    if document.get("@context").is_some() {
        return expand_as_is(document, contexts, limits);
    }
    let mut document = document.clone();
    let members = document.as_object_mut().ok_or(Error::NoRoot)?;
    members.insert("@context".to_owned(), Value::String(AS2.to_owned()));
    expand_as_is(&document, contexts, limits)
}

/// As [`expand`], with no context where the document names none: what is signed is the document as it is.
pub(crate) fn expand_as_is(
    document: &Value,
    contexts: &Contexts,
    limits: &Limits,
) -> Result<Expanded, Error> {
    guard::check(document, contexts, limits)?;
    let mut marked = document.as_object().ok_or(Error::NoRoot)?.clone();
    if marked.insert(ROOT.to_owned(), Value::Bool(true)).is_some() {
        return Err(Error::NoRoot);
    }
    let text = serde_json::to_vec(&marked).map_err(|e| Error::Syntax(e.to_string()))?;
    // The processor has states that it believes cannot be. Should a document reach one, it is this document that is refused:
    // nothing of the processor is used afterwards.
    catch_unwind(AssertUnwindSafe(|| statements(&text, contexts, limits)))
        .unwrap_or_else(|_| Err(Error::Syntax("the processor failed on it".to_owned())))
}

fn statements(text: &[u8], contexts: &Contexts, limits: &Limits) -> Result<Expanded, Error> {
    let loader = contexts.clone();
    // Lenient: language tags keep their case, as in the servers that sign. What is not an IRI is left out below.
    let parser = JsonLdParser::new()
        .lenient()
        .for_slice(text)
        .with_load_document_callback(move |url, _| {
            Ok(JsonLdRemoteDocument {
                document: loader.get(url)?.text.clone().into_bytes(),
                document_url: url.to_owned(),
            })
        });
    let mut root = None;
    let mut seen: HashMap<Quad, usize> = HashMap::new();
    let mut quads: Vec<Quad> = Vec::new();
    let (mut last, mut written) = (None::<usize>, HashSet::new());
    let (mut count, mut bytes) = (0, 0_u64);
    for quad in parser {
        let quad = quad.map_err(|e| Error::Syntax(e.to_string()))?;
        count += 1;
        if count > limits.quads {
            return Err(Error::limit("statements", limits.quads));
        }
        let Some(quad) = convert(quad) else { continue };
        bytes = bytes.saturating_add(quad.bytes());
        if bytes > limits.expanded_bytes {
            return Err(Error::limit("bytes of statements", limits.expanded_bytes));
        }
        if quad.predicate == ROOT {
            if root.replace(quad.subject).is_some() {
                return Err(Error::AmbiguousRoot("it has two tops"));
            }
            continue;
        }
        // What is said of a node comes right behind the statement below which the document says it.
        if let Some(index) = last
            && quads.get(index).is_some_and(|edge| edge.object == quad.subject)
        {
            written.insert(index);
        }
        let next = quads.len();
        let index = *seen.entry(quad.clone()).or_insert(next);
        if index == next {
            quads.push(quad);
        }
        last = Some(index);
    }
    Ok(Expanded {
        dataset: Dataset { quads },
        root: root.ok_or(Error::NoRoot)?,
        written,
    })
}

/// `None` where a name is not an absolute IRI: JSON-LD has no statement to make then.
fn convert(quad: oxrdf::Quad) -> Option<Quad> {
    Some(Quad {
        subject: node(quad.subject)?,
        predicate: iri(quad.predicate)?,
        object: match quad.object {
            oxrdf::Term::NamedNode(name) => named(name)?,
            oxrdf::Term::BlankNode(blank) => Term::Blank(blank.into_string()),
            oxrdf::Term::Literal(literal) => {
                let (value, datatype, language) = literal.destruct();
                match (datatype, language) {
                    (_, Some(language)) => Term::Literal {
                        value,
                        datatype: format!("{}langString", crate::quad::RDF),
                        language: Some(tag(language)?),
                    },
                    (Some(datatype), None) => Term::Literal {
                        value,
                        datatype: iri(datatype)?,
                        language: None,
                    },
                    (None, None) => Term::Literal {
                        value,
                        datatype: crate::quad::XSD_STRING.to_owned(),
                        language: None,
                    },
                }
            }
        },
        graph: match quad.graph_name {
            GraphName::DefaultGraph => None,
            GraphName::NamedNode(name) => Some(named(name)?),
            GraphName::BlankNode(blank) => Some(Term::Blank(blank.into_string())),
        },
    })
}

fn node(node: NamedOrBlankNode) -> Option<Term> {
    match node {
        NamedOrBlankNode::NamedNode(name) => named(name),
        NamedOrBlankNode::BlankNode(blank) => Some(Term::Blank(blank.into_string())),
    }
}

fn named(name: NamedNode) -> Option<Term> {
    iri(name).map(Term::Iri)
}

fn iri(name: NamedNode) -> Option<String> {
    let name = name.into_string();
    NamedNode::new(&name).is_ok().then_some(name)
}

/// A language tag that can stand in N-Quads without saying anything else.
fn tag(language: String) -> Option<String> {
    let fits = language.starts_with(|c: char| c.is_ascii_alphabetic())
        && language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !language.ends_with('-');
    fits.then_some(language)
}
