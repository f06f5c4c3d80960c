//! From statements to the compact form that everybody reads: a function of what was said, whatever it was called.

use crate::contexts::{AS2, SECURITY};
use crate::quad::{RDF, XSD_STRING};
use crate::{Contexts, Error, Expanded, Limits, Quad, Term};
use serde_json::{Map, Number, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Prefixes of the contexts that servers send: what begins so is read as a compact name, whatever was meant.
const USUAL_PREFIXES: [&str; 12] = [
    "toot", "schema", "ostatus", "misskey", "litepub", "fedibird", "gts", "lemmy", "pt", "sc", "diaspora",
    "zot",
];

/// Terms beside those of ActivityStreams and the security vocabulary: what Mastodon declares, and quotes and policies.
static EXTENSIONS: LazyLock<Value> = LazyLock::new(|| {
    let as2 = |name: &str| format!("https://www.w3.org/ns/activitystreams#{name}");
    let toot = |name: &str| format!("http://joinmastodon.org/ns#{name}");
    let id = |iri: String| json!({ "@id": iri, "@type": "@id" });
    let mut terms = Map::new();
    for name in [
        "sensitive",
        "manuallyApprovesFollowers",
        "Hashtag",
        "directMessage",
    ] {
        let iri = if name == "directMessage" {
            "http://litepub.social/ns#directMessage".to_owned()
        } else {
            as2(name)
        };
        terms.insert(name.to_owned(), json!(iri));
    }
    for name in [
        "Emoji",
        "discoverable",
        "indexable",
        "memorial",
        "suspended",
        "blurhash",
        "votersCount",
        "voted",
    ] {
        terms.insert(name.to_owned(), json!(toot(name)));
    }
    for name in ["featured", "featuredTags", "attributionDomains"] {
        terms.insert(name.to_owned(), id(toot(name)));
    }
    terms.insert(
        "focalPoint".to_owned(),
        json!({ "@id": toot("focalPoint"), "@container": "@list" }),
    );
    terms.insert("movedTo".to_owned(), id(as2("movedTo")));
    terms.insert("quoteUrl".to_owned(), json!(as2("quoteUrl")));
    for name in ["atomUri", "inReplyToAtomUri", "conversation"] {
        terms.insert(name.to_owned(), json!(format!("http://ostatus.org#{name}")));
    }
    for name in ["PropertyValue", "value"] {
        terms.insert(name.to_owned(), json!(format!("http://schema.org#{name}")));
    }
    terms.insert(
        "EmojiReact".to_owned(),
        json!("http://litepub.social/ns#EmojiReact"),
    );
    terms.insert(
        "_misskey_quote".to_owned(),
        json!("https://misskey-hub.net/ns#_misskey_quote"),
    );
    for name in ["quote", "quoteAuthorization"] {
        terms.insert(name.to_owned(), id(format!("https://w3id.org/fep/044f#{name}")));
    }
    for name in ["QuoteRequest", "QuoteAuthorization"] {
        terms.insert(
            name.to_owned(),
            json!(format!("https://w3id.org/fep/044f#{name}")),
        );
    }
    for name in [
        "interactionPolicy",
        "canQuote",
        "canReply",
        "canLike",
        "canAnnounce",
        "automaticApproval",
        "manualApproval",
        "interactingObject",
        "interactionTarget",
    ] {
        terms.insert(name.to_owned(), id(format!("https://gotosocial.org/ns#{name}")));
    }
    Value::Object(terms)
});

static TARGET: LazyLock<Target> = LazyLock::new(Target::new);

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Container {
    None,
    List,
    Language,
    Other,
}

#[derive(Debug)]
struct Def {
    term: String,
    coerced: Option<String>,
    container: Container,
}

/// The context that we compact with, turned around.
struct Target {
    by_iri: HashMap<String, Vec<Def>>,
    /// Names that a reader would take for a prefix.
    prefixes: BTreeSet<String>,
    /// Every name that has a meaning in it.
    names: BTreeSet<String>,
}

/// Whether the contexts that everybody reads by give a meaning to this name.
pub(crate) fn is_usual(name: &str) -> bool {
    TARGET.names.contains(name)
}

impl Target {
    fn new() -> Self {
        let mut context = Vec::new();
        for url in [AS2, SECURITY] {
            let known = Contexts::shipped()
                .get(url)
                .ok()
                .and_then(|k| serde_json::from_str(&k.text).ok());
            if let Some(Value::Object(mut document)) = known {
                context.extend(document.remove("@context"));
            }
        }
        context.push(EXTENSIONS.clone());
        let terms: BTreeMap<&String, &Value> =
            context.iter().filter_map(Value::as_object).flatten().collect();
        let resolve = |name: &str| match name.split_once(':').and_then(|(prefix, rest)| {
            let base = terms.iter().find(|(term, _)| **term == prefix)?.1.as_str()?;
            Some(format!("{base}{rest}"))
        }) {
            Some(iri) => iri,
            None => name.to_owned(),
        };
        let mut target = Self {
            by_iri: HashMap::new(),
            prefixes: USUAL_PREFIXES.map(str::to_owned).into(),
            names: BTreeSet::new(),
        };
        for (term, definition) in context.iter().filter_map(Value::as_object).flatten() {
            let text = |key: &str| definition.get(key).and_then(Value::as_str);
            let Some(iri) = definition.as_str().or_else(|| text("@id")) else {
                continue;
            };
            // What a signed graph says of a `signature` is not the document's own.
            if term.starts_with('@') || term == "signature" || !target.names.insert(term.clone()) {
                continue;
            }
            if definition.as_str().is_some_and(|iri| iri.ends_with(['#', '/'])) {
                target.prefixes.insert(term.clone());
            }
            target.by_iri.entry(resolve(iri)).or_default().push(Def {
                term: term.clone(),
                coerced: text("@type").map(resolve),
                container: match definition.get("@container").and_then(Value::as_str) {
                    None | Some("@set") => Container::None,
                    Some("@list") => Container::List,
                    Some("@language") => Container::Language,
                    Some(_) => Container::Other,
                },
            });
        }
        target
    }

    fn term(&self, iri: &str, fits: impl Fn(&Def) -> bool) -> Option<&Def> {
        self.by_iri.get(iri)?.iter().find(|def| fits(def))
    }

    /// An IRI that stands where a name could: not one that a reader would expand.
    fn safe<'a>(&self, iri: &'a str) -> Result<&'a str, Error> {
        let scheme = iri.split(':').next().unwrap_or(iri);
        if self.prefixes.contains(scheme) || !iri.contains(':') {
            return Err(Error::Unwritable(iri.to_owned()));
        }
        Ok(iri)
    }
}

impl Expanded {
    /// The document in the compact form of ActivityStreams, with the security vocabulary and Mastodon's extensions under
    /// their usual names, and every other property under its full IRI.
    ///
    /// It is made of the statements alone: what the document called things, in which order, and what it said outside of
    /// its contexts' meaning is gone. A node that several others name is written out where the document wrote it out, and
    /// named elsewhere. What stands in a graph of its own (such as `proof`) is left out, and so are types without an IRI.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Limit`], and [`Error::Empty`] where nothing is said about the root.
    pub fn compact(&self, limits: &Limits) -> Result<Value, Error> {
        let mut by_subject: HashMap<&Term, Vec<(usize, &Quad)>> = HashMap::new();
        let mut placed = HashSet::new();
        for (index, quad) in self.dataset.quads.iter().enumerate() {
            if quad.graph.is_some() {
                continue;
            }
            by_subject.entry(&quad.subject).or_default().push((index, quad));
            if self.written.contains(&index) {
                placed.insert(&quad.object);
            }
        }
        if !by_subject.contains_key(&self.root) {
            return Err(Error::Empty);
        }
        let mut writer = Writer {
            target: &TARGET,
            by_subject,
            written: &self.written,
            placed,
            above: Vec::new(),
            used: BTreeSet::new(),
            left: limits.compact,
            limits,
        };
        let mut document = writer.node(&self.root)?;
        let mut context = vec![json!(AS2), json!(SECURITY)];
        let extensions: Map<String, Value> = EXTENSIONS
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(term, _)| writer.used.contains(term.as_str()))
            .map(|(term, definition)| (term.clone(), definition.clone()))
            .collect();
        if !extensions.is_empty() {
            context.push(Value::Object(extensions));
        }
        document.insert("@context".to_owned(), Value::Array(context));
        Ok(Value::Object(document))
    }
}

struct Writer<'a> {
    target: &'static Target,
    by_subject: HashMap<&'a Term, Vec<(usize, &'a Quad)>>,
    written: &'a HashSet<usize>,
    /// Nodes that have their place: where the document wrote them out, or else where they were met first.
    placed: HashSet<&'a Term>,
    above: Vec<&'a Term>,
    used: BTreeSet<&'static str>,
    left: u64,
    limits: &'a Limits,
}

/// One value on its way into the object that is written.
enum Written {
    /// Under this name.
    Value(String, Value),
    /// In the language map of this name.
    Language(String, String, Value),
}

impl<'a> Writer<'a> {
    fn spend(&mut self) -> Result<(), Error> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or(Error::limit("values in the compact form", self.limits.compact))?;
        Ok(())
    }

    fn node(&mut self, subject: &'a Term) -> Result<Map<String, Value>, Error> {
        self.spend()?;
        if self.above.len() >= self.limits.depth {
            return Err(Error::limit("levels", self.limits.depth as u64));
        }
        self.above.push(subject);
        let mut object = Map::new();
        if let Term::Iri(iri) = subject {
            object.insert("id".to_owned(), json!(self.target.safe(iri)?));
        }
        let mut values: HashMap<&str, u32> = HashMap::new();
        let quads = self.by_subject.get(subject).cloned().unwrap_or_default();
        for (_, quad) in &quads {
            *values.entry(&quad.predicate).or_default() += 1;
        }
        for (index, quad) in &quads {
            if quad.predicate.strip_prefix(RDF) == Some("type") {
                if let Term::Iri(class) = &quad.object {
                    let name = self.class(class)?;
                    add(&mut object, "type", name);
                }
                continue;
            }
            let alone = values.get(quad.predicate.as_str()) == Some(&1);
            match self.value(*index, quad, alone)? {
                Written::Value(name, Value::Array(items)) => {
                    // A list is an array, also of one.
                    object.insert(name, Value::Array(items));
                }
                Written::Value(name, value) => add(&mut object, &name, value),
                Written::Language(name, language, value) => {
                    let map = object.entry(name).or_insert_with(|| json!({}));
                    if let Value::Object(map) = map {
                        add(map, &language, value);
                    }
                }
            }
        }
        self.above.pop();
        Ok(object)
    }

    fn class(&mut self, iri: &str) -> Result<Value, Error> {
        match self.target.term(iri, |def| def.container == Container::None) {
            Some(def) => Ok(json!(self.note(def))),
            None => Ok(json!(self.target.safe(iri)?)),
        }
    }

    fn note(&mut self, def: &'static Def) -> String {
        self.used.insert(&def.term);
        def.term.clone()
    }

    fn value(&mut self, index: usize, quad: &'a Quad, alone: bool) -> Result<Written, Error> {
        let (predicate, object) = (quad.predicate.as_str(), &quad.object);
        self.spend()?;
        let target = self.target;
        let plain = |def: &Def| def.container == Container::None && def.coerced.is_none();
        let full = || target.safe(predicate).map(str::to_owned);
        match object {
            Term::Literal {
                value,
                language: Some(language),
                ..
            } => {
                if let Some(def) = target.term(predicate, |def| def.container == Container::Language) {
                    return Ok(Written::Language(self.note(def), language.clone(), json!(value)));
                }
                let name = match target.term(predicate, plain) {
                    Some(def) => self.note(def),
                    None => full()?,
                };
                Ok(Written::Value(
                    name,
                    json!({ "@value": value, "@language": language }),
                ))
            }
            Term::Literal { value, datatype, .. } => {
                let coerced = |def: &Def| {
                    def.container == Container::None && def.coerced.as_deref() == Some(datatype.as_str())
                };
                if let Some(def) = target.term(predicate, coerced) {
                    let value = native(value, datatype).unwrap_or_else(|| json!(value));
                    return Ok(Written::Value(self.note(def), value));
                }
                let name = match target.term(predicate, plain) {
                    Some(def) => self.note(def),
                    None => full()?,
                };
                Ok(Written::Value(name, literal(value, datatype)))
            }
            Term::Iri(_) | Term::Blank(_) => {
                if let Some(items) = self.list(object)? {
                    return self.list_value(predicate, &items, alone);
                }
                let reference = |def: &Def| {
                    def.container == Container::None
                        && matches!(def.coerced.as_deref(), Some("@id" | "@vocab"))
                };
                if let Some(def) = target.term(predicate, reference) {
                    return Ok(Written::Value(
                        self.note(def),
                        self.reference(index, object, false)?,
                    ));
                }
                let name = match target.term(predicate, plain) {
                    Some(def) => self.note(def),
                    None => full()?,
                };
                Ok(Written::Value(name, self.reference(index, object, true)?))
            }
        }
    }

    fn list_value(
        &mut self,
        predicate: &str,
        items: &[(usize, &'a Term)],
        alone: bool,
    ) -> Result<Written, Error> {
        let def = self
            .target
            .term(predicate, |def| def.container == Container::List);
        let by_id = def.is_some_and(|def| def.coerced.as_deref() == Some("@id"));
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items {
            self.spend()?;
            values.push(match item {
                Term::Literal {
                    value,
                    language: Some(language),
                    ..
                } => {
                    json!({ "@value": value, "@language": language })
                }
                Term::Literal { value, datatype, .. } => literal(value, datatype),
                node => self.reference(*index, node, !by_id)?,
            });
        }
        match def {
            Some(def) if alone => Ok(Written::Value(self.note(def), Value::Array(values))),
            _ => Ok(Written::Value(
                self.target.safe(predicate)?.to_owned(),
                json!({ "@list": values }),
            )),
        }
    }

    /// A node below another: written out, or only named where nothing is said of it or it stands above already.
    fn reference(&mut self, edge: usize, node: &'a Term, as_object: bool) -> Result<Value, Error> {
        let above = self.above.contains(&node);
        match node {
            Term::Iri(iri)
                if above
                    || !self.by_subject.contains_key(node)
                    || !(self.written.contains(&edge) || self.placed.insert(node)) =>
            {
                let iri = self.target.safe(iri)?;
                Ok(if as_object {
                    json!({ "id": iri })
                } else {
                    json!(iri)
                })
            }
            _ if above => Err(Error::AmbiguousRoot("nodes without names stand in a circle")),
            _ => self.node(node).map(Value::Object),
        }
    }

    /// The items where this node is a list and nothing else.
    fn list(&mut self, node: &'a Term) -> Result<Option<Vec<(usize, &'a Term)>>, Error> {
        let mut items = Vec::new();
        let mut node = node;
        loop {
            if matches!(node, Term::Iri(iri) if iri.strip_prefix(RDF) == Some("nil")) {
                return Ok(Some(items));
            }
            // Paid for also where it turns out to be no list: a circle of them would go on for ever.
            self.spend()?;
            let Some((first, rest)) = self.link(node) else {
                return Ok(None);
            };
            items.push(first);
            node = rest;
        }
    }

    fn link(&self, node: &'a Term) -> Option<((usize, &'a Term), &'a Term)> {
        let (mut first, mut rest) = (None, None);
        if !matches!(node, Term::Blank(_)) {
            return None;
        }
        for (index, quad) in self.by_subject.get(node)? {
            let slot = match quad.predicate.strip_prefix(RDF)? {
                "first" => &mut first,
                "rest" => &mut rest,
                _ => return None,
            };
            if slot.replace((*index, &quad.object)).is_some() {
                return None;
            }
        }
        Some((first?, rest?.1))
    }
}

/// One more value of a property.
fn add(object: &mut Map<String, Value>, name: &str, value: Value) {
    match object.get_mut(name) {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
    }
}

fn literal(value: &str, datatype: &str) -> Value {
    if datatype == XSD_STRING {
        return json!(value);
    }
    let untyped = matches!(datatype.strip_prefix(XSD), Some("boolean" | "integer" | "double"));
    match native(value, datatype) {
        Some(value) if untyped => value,
        _ => json!({ "@value": value, "@type": datatype }),
    }
}

/// A number or a truth value where the text is one in its usual form.
fn native(value: &str, datatype: &str) -> Option<Value> {
    match datatype.strip_prefix(XSD)? {
        "boolean" => value.parse::<bool>().ok().map(Value::Bool),
        "integer" | "nonNegativeInteger" => {
            let number: i64 = value.parse().ok()?;
            (number.to_string() == value).then(|| json!(number))
        }
        "double" | "float" | "decimal" => {
            let number: f64 = value.parse().ok()?;
            if number.fract() == 0.0 && number.abs() < 9e15 {
                // JSON does not tell 48 from 48.0; everybody writes 48.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "whole, and within what an f64 holds exactly"
                )]
                return Some(json!(number as i64));
            }
            Number::from_f64(number).map(Value::Number)
        }
        _ => None,
    }
}
