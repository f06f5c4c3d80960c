use std::collections::HashSet;
use std::fmt::Write as _;

pub(crate) const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
pub(crate) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// One end of a [`Quad`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Term {
    /// An absolute IRI.
    Iri(String),
    /// A node without a name; the label means something within its [`Dataset`] only.
    Blank(String),
    /// A value.
    Literal {
        /// The value as text.
        value: String,
        /// The IRI of its type; `xsd:string` where nothing was said.
        datatype: String,
        /// The language tag, if it has one.
        language: Option<String>,
    },
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quad {
    /// Of what: an IRI or a blank node.
    pub subject: Term,
    /// Which property: an IRI.
    pub predicate: String,
    /// The value.
    pub object: Term,
    /// The graph that it stands in, `None` for the default graph.
    pub graph: Option<Term>,
}

impl Term {
    fn bytes(&self) -> usize {
        match self {
            Self::Iri(text) | Self::Blank(text) => text.len(),
            Self::Literal {
                value,
                datatype,
                language,
            } => [
                value.len(),
                datatype.len(),
                language.as_ref().map_or(0, String::len),
            ]
            .into_iter()
            .fold(0, usize::saturating_add),
        }
    }
}

impl Quad {
    /// The bytes that its ends and its property hold.
    pub(crate) fn bytes(&self) -> u64 {
        let graph = self.graph.as_ref().map_or(0, Term::bytes);
        [
            self.subject.bytes(),
            self.predicate.len(),
            self.object.bytes(),
            graph,
        ]
        .into_iter()
        .fold(0, |sum, bytes| sum.saturating_add(bytes as u64))
    }
}

/// Statements in the order in which they came, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    pub(crate) quads: Vec<Quad>,
}

impl FromIterator<Quad> for Dataset {
    fn from_iter<I: IntoIterator<Item = Quad>>(iter: I) -> Self {
        let mut seen = HashSet::new();
        let mut quads: Vec<Quad> = iter.into_iter().collect();
        quads.retain(|quad| seen.insert(quad.clone()));
        Self { quads }
    }
}

impl Dataset {
    /// The statements.
    #[must_use]
    pub fn quads(&self) -> &[Quad] {
        &self.quads
    }

    /// The statements as N-Quads, in the order in which they came, with the labels that they have.
    #[must_use]
    pub fn to_nquads(&self) -> String {
        let mut out = String::new();
        for quad in &self.quads {
            write_quad(&mut out, quad, |out, label| {
                out.push_str("_:");
                // A label comes from the document: it may not end the line that it stands in.
                for c in label.chars() {
                    if c.is_ascii_alphanumeric() {
                        out.push(c);
                    } else {
                        let _ = write!(out, "_{:x}_", u32::from(c));
                    }
                }
            });
        }
        out
    }
}

/// Writes one line in the canonical form of N-Quads.
pub(crate) fn write_quad(out: &mut String, quad: &Quad, mut blank: impl FnMut(&mut String, &str)) {
    write_term(out, &quad.subject, &mut blank);
    out.push_str(" <");
    out.push_str(&quad.predicate);
    out.push_str("> ");
    write_term(out, &quad.object, &mut blank);
    if let Some(graph) = &quad.graph {
        out.push(' ');
        write_term(out, graph, &mut blank);
    }
    out.push_str(" .\n");
}

fn write_term(out: &mut String, term: &Term, blank: &mut impl FnMut(&mut String, &str)) {
    match term {
        Term::Iri(iri) => {
            out.push('<');
            out.push_str(iri);
            out.push('>');
        }
        Term::Blank(label) => blank(out, label),
        Term::Literal {
            value,
            datatype,
            language,
        } => {
            out.push('"');
            escape(out, value);
            out.push('"');
            if let Some(language) = language {
                out.push('@');
                out.push_str(language);
            } else if datatype != XSD_STRING {
                out.push_str("^^<");
                out.push_str(datatype);
                out.push('>');
            }
        }
    }
}

fn escape(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}
