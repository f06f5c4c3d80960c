//! RDFC-1.0 (what URDNA2015 became), with a budget. <https://www.w3.org/TR/rdf-canon/>

use crate::quad::write_quad;
use crate::{Dataset, Error, Quad, Term};
use ring::digest::{self, Algorithm};
use std::collections::{BTreeMap, HashMap};

/// Two blank nodes that look alike are told apart by their neighbours, and these by theirs: no post needs it this deep.
const MAX_DEPTH: usize = 192;
/// Bytes that are written, sorted and hashed for one step.
const BYTES_A_STEP: usize = 64;

/// A dataset in its one canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    nquads: String,
    labels: BTreeMap<String, String>,
    steps: u64,
}

impl Canonical {
    /// The statements as sorted N-Quads: what is hashed, and signed.
    #[must_use]
    pub fn nquads(&self) -> &str {
        &self.nquads
    }

    /// Which canonical label each blank node received.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// How many steps of the budget it took.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// SHA-256 of [`Self::nquads`] in lower-case hex.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        hex(digest::digest(&digest::SHA256, self.nquads.as_bytes()).as_ref())
    }
}

/// The hash with which blank nodes are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CanonicalHash {
    /// SHA-256: what everything in the fediverse uses.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
}

impl Dataset {
    /// The canonical form by RDFC-1.0 with SHA-256, in at most `steps` steps.
    ///
    /// A step is one statement, 64 bytes of one that is written or hashed, or one node of one attempted order: the time
    /// that a step takes has a bound, so that `steps` bounds the time. A graph in which many blank nodes look alike (a
    /// poison graph) ends here, and so does one whose names are long and many.
    ///
    /// # Errors
    /// [`Error::Limit`] when the budget is spent.
    pub fn canonicalise(&self, steps: u64) -> Result<Canonical, Error> {
        self.canonicalise_with(CanonicalHash::Sha256, steps)
    }

    /// As [`Self::canonicalise`], with another hash.
    ///
    /// # Errors
    /// [`Error::Limit`] when the budget is spent.
    pub fn canonicalise_with(&self, hash: CanonicalHash, steps: u64) -> Result<Canonical, Error> {
        let mut run = Run::new(self, hash, steps);
        let canonical = run.issue_all()?;
        let mut lines = Vec::with_capacity(self.quads.len());
        for quad in &self.quads {
            let mut line = String::new();
            write_quad(&mut line, quad, |out, label| {
                out.push_str("_:");
                let id = run.ids.get(label).and_then(|id| canonical.get(*id));
                out.push_str(id.map_or(label, String::as_str));
            });
            run.spend(1 + line.len() / BYTES_A_STEP)?;
            lines.push(line);
        }
        lines.sort_unstable();
        let labels = run
            .ids
            .iter()
            .filter_map(|(label, id)| Some(((*label).to_owned(), canonical.get(*id)?.clone())))
            .collect();
        Ok(Canonical {
            nquads: lines.concat(),
            labels,
            steps: run.spent,
        })
    }
}

/// Labels in the order in which they were given out.
#[derive(Clone)]
struct Issuer {
    prefix: &'static str,
    order: Vec<usize>,
    issued: HashMap<usize, String>,
}

impl Issuer {
    fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            order: Vec::new(),
            issued: HashMap::new(),
        }
    }

    fn get(&self, id: usize) -> Option<&String> {
        self.issued.get(&id)
    }

    fn issue(&mut self, id: usize) -> &str {
        let next = self.order.len();
        let (order, prefix) = (&mut self.order, self.prefix);
        self.issued.entry(id).or_insert_with(|| {
            order.push(id);
            format!("{prefix}{next}")
        })
    }
}

struct Run<'a> {
    algorithm: &'static Algorithm,
    budget: u64,
    spent: u64,
    ids: HashMap<&'a str, usize>,
    quads: Vec<Vec<&'a Quad>>,
    first: Vec<String>,
    canonical: Issuer,
}

fn ends(quad: &Quad) -> [(Option<&Term>, char); 3] {
    [
        (Some(&quad.subject), 's'),
        (Some(&quad.object), 'o'),
        (quad.graph.as_ref(), 'g'),
    ]
}

impl<'a> Run<'a> {
    fn new(dataset: &'a Dataset, hash: CanonicalHash, budget: u64) -> Self {
        let mut ids = HashMap::new();
        let mut quads: Vec<Vec<&Quad>> = Vec::new();
        for quad in &dataset.quads {
            let mut met = [usize::MAX; 3];
            for ((term, _), met_here) in ends(quad).into_iter().zip(0..) {
                let Some(Term::Blank(label)) = term else {
                    continue;
                };
                let id = *ids.entry(label.as_str()).or_insert_with(|| {
                    quads.push(Vec::new());
                    quads.len() - 1
                });
                if !met.contains(&id)
                    && let Some(of) = quads.get_mut(id)
                {
                    of.push(quad);
                }
                if let Some(slot) = met.get_mut::<usize>(met_here) {
                    *slot = id;
                }
            }
        }
        Self {
            algorithm: match hash {
                CanonicalHash::Sha256 => &digest::SHA256,
                CanonicalHash::Sha384 => &digest::SHA384,
            },
            budget,
            spent: 0,
            ids,
            quads,
            first: Vec::new(),
            canonical: Issuer::new("c14n"),
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), Error> {
        self.spent = self.spent.saturating_add(steps as u64);
        if self.spent > self.budget {
            return Err(Error::limit("steps of canonicalisation", self.budget));
        }
        Ok(())
    }

    fn hash(&mut self, data: &str) -> Result<String, Error> {
        self.spend(1 + data.len() / BYTES_A_STEP)?;
        Ok(hex(digest::digest(self.algorithm, data.as_bytes()).as_ref()))
    }

    /// The canonical label of each blank node, by its index.
    fn issue_all(&mut self) -> Result<Vec<String>, Error> {
        let mut by_hash: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for id in 0..self.quads.len() {
            let hash = self.first_degree(id)?;
            self.first.push(hash.clone());
            by_hash.entry(hash).or_default().push(id);
        }
        by_hash.retain(|_, ids| match ids.as_slice() {
            [id] => {
                self.canonical.issue(*id);
                false
            }
            _ => true,
        });
        for ids in by_hash.into_values() {
            let mut paths = Vec::new();
            for id in ids {
                if self.canonical.get(id).is_some() {
                    continue;
                }
                let mut issuer = Issuer::new("b");
                issuer.issue(id);
                paths.push(self.n_degree(id, issuer, 0)?);
            }
            paths.sort_by(|a, b| a.0.cmp(&b.0));
            for (_, issuer) in paths {
                for id in issuer.order {
                    self.canonical.issue(id);
                }
            }
        }
        Ok((0..self.quads.len())
            .map(|id| self.canonical.get(id).cloned().unwrap_or_default())
            .collect())
    }

    fn first_degree(&mut self, id: usize) -> Result<String, Error> {
        let mut lines = Vec::new();
        for index in 0.. {
            let Some(quad) = self.quads.get(id).and_then(|quads| quads.get(index)).copied() else {
                break;
            };
            let mut line = String::new();
            write_quad(&mut line, quad, |out, label| {
                out.push_str(if self.ids.get(label) == Some(&id) {
                    "_:a"
                } else {
                    "_:z"
                });
            });
            self.spend(1 + line.len() / BYTES_A_STEP)?;
            lines.push(line);
        }
        lines.sort_unstable();
        self.hash(&lines.concat())
    }

    fn related(
        &mut self,
        related: usize,
        quad: &Quad,
        issuer: &Issuer,
        position: char,
    ) -> Result<String, Error> {
        let mut input = String::from(position);
        if position != 'g' {
            input.push('<');
            input.push_str(&quad.predicate);
            input.push('>');
        }
        match self.canonical.get(related).or_else(|| issuer.get(related)) {
            Some(label) => {
                input.push_str("_:");
                input.push_str(label);
            }
            None => input.push_str(self.first.get(related).map_or("", String::as_str)),
        }
        self.hash(&input)
    }

    fn n_degree(&mut self, id: usize, mut issuer: Issuer, depth: usize) -> Result<(String, Issuer), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::limit(
                "blank nodes told apart by one another",
                MAX_DEPTH as u64,
            ));
        }
        let mut neighbours: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for index in 0.. {
            let Some(quad) = self.quads.get(id).and_then(|quads| quads.get(index)).copied() else {
                break;
            };
            for (term, position) in ends(quad) {
                let Some(Term::Blank(label)) = term else {
                    continue;
                };
                match self.ids.get(label.as_str()).copied() {
                    Some(other) if other != id => {
                        let hash = self.related(other, quad, &issuer, position)?;
                        neighbours.entry(hash).or_default().push(other);
                    }
                    _ => {}
                }
            }
        }
        let mut data = String::new();
        for (hash, nodes) in neighbours {
            data.push_str(&hash);
            let mut chosen: Option<(String, Issuer)> = None;
            let mut orders = Permutations::new(nodes);
            while let Some(order) = orders.next() {
                self.spend(1 + order.len() + issuer.order.len())?;
                let best = chosen.as_ref().map(|(path, _)| path.as_str());
                let attempt = self.attempt(order, issuer.clone(), best, depth)?;
                if attempt.is_some() {
                    chosen = attempt;
                }
            }
            if let Some((path, chosen)) = chosen {
                data.push_str(&path);
                issuer = chosen;
            }
        }
        Ok((self.hash(&data)?, issuer))
    }

    /// The path of one order of neighbours, if it is better than the best one so far.
    fn attempt(
        &mut self,
        order: &[usize],
        mut issuer: Issuer,
        best: Option<&str>,
        depth: usize,
    ) -> Result<Option<(String, Issuer)>, Error> {
        let worse = |path: &str| best.is_some_and(|b| path.len() >= b.len() && path > b);
        let mut path = String::new();
        let mut deeper = Vec::new();
        for &node in order {
            path.push_str("_:");
            if let Some(label) = self.canonical.get(node) {
                path.push_str(label);
            } else {
                if issuer.get(node).is_none() {
                    deeper.push(node);
                }
                path.push_str(issuer.issue(node));
            }
            if worse(&path) {
                return Ok(None);
            }
        }
        for node in deeper {
            let (hash, after) = self.n_degree(node, issuer.clone(), depth + 1)?;
            path.push_str("_:");
            path.push_str(issuer.issue(node));
            path.push('<');
            path.push_str(&hash);
            path.push('>');
            issuer = after;
            if worse(&path) {
                return Ok(None);
            }
        }
        Ok(best
            .is_none_or(|best| path.as_str() < best)
            .then_some((path, issuer)))
    }
}

/// Every order of a few nodes, one after another (Heap), so that a spent budget ends them.
struct Permutations {
    items: Vec<usize>,
    counters: Vec<usize>,
    at: usize,
    begun: bool,
}

impl Permutations {
    fn new(items: Vec<usize>) -> Self {
        Self {
            counters: vec![0; items.len()],
            items,
            at: 0,
            begun: false,
        }
    }

    fn next(&mut self) -> Option<&[usize]> {
        if !self.begun {
            self.begun = true;
            return Some(&self.items);
        }
        while self.at < self.items.len() {
            let counter = self.counters.get_mut(self.at)?;
            if *counter < self.at {
                let with = if self.at.is_multiple_of(2) { 0 } else { *counter };
                self.items.swap(with, self.at);
                *counter += 1;
                self.at = 0;
                return Some(&self.items);
            }
            *counter = 0;
            self.at += 1;
        }
        None
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from(
                DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0'),
            ));
        }
    }
    out
}
