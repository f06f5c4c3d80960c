//! Both directions, against one peer.

use crate::case::Case;
use crate::draw::Draw;
use bytes::Bytes;
use http::Request;
use std::collections::BTreeMap;
use std::io::Write as _;

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// We sign, the peer verifies.
    Out,
    /// The peer signs, we verify.
    In,
}

/// Somebody else's signatures.
pub trait Peer {
    /// What it is called, with its version.
    fn name(&self) -> String;
    /// Whether it has this format and this kind of key at all, in this direction.
    fn has(&self, case: &Case, direction: Direction) -> bool;
    /// Signs the request of the case.
    ///
    /// # Errors
    /// Whatever it says.
    fn sign(&mut self, case: &Case) -> Result<Request<Bytes>, String>;
    /// Its verdict on a request whose target is absolute, digests included.
    ///
    /// # Errors
    /// Whatever it says.
    fn verify(&mut self, case: &Case, request: &Request<Bytes>) -> Result<(), String>;
    /// Why this case is known to end otherwise than it should.
    fn explains(&self, case: &Case, direction: Direction) -> Option<&'static str>;
}

/// Draws so many requests and prints how they went; whether there was no disagreement but explained ones.
pub fn run(peer: &mut dyn Peer, seed: u64, requests: usize) -> bool {
    let mut draw = Draw::new(seed);
    let mut tally = Tally::default();
    for number in 0..requests {
        let case = Case::draw(number, &mut draw);
        for direction in [Direction::Out, Direction::In] {
            if peer.has(&case, direction) {
                let verdict = verdict(peer, &case, direction);
                tally.note(&case, direction, &verdict, peer.explains(&case, direction));
            }
        }
    }
    tally.print(&peer.name(), seed, requests)
}

fn verdict(peer: &mut dyn Peer, case: &Case, direction: Direction) -> Result<(), String> {
    match direction {
        Direction::Out => peer.verify(case, &case.altered(case.signed())),
        Direction::In => {
            let signed = peer.sign(case).map_err(|error| format!("cannot sign: {error}"))?;
            case.verify(case.altered(signed))
        }
    }
}

#[derive(Default)]
struct Tally {
    /// Direction, format, algorithm: verified, and refused because altered.
    agreed: BTreeMap<String, (usize, usize)>,
    explained: BTreeMap<String, usize>,
    /// Explained, and yet as it should be: the explanation is too wide.
    too_wide: BTreeMap<String, usize>,
    open: Vec<String>,
}

impl Tally {
    fn note(
        &mut self,
        case: &Case,
        direction: Direction,
        verdict: &Result<(), String>,
        explained: Option<&'static str>,
    ) {
        let way = match direction {
            Direction::Out => "ours, verified there",
            Direction::In => "theirs, verified here",
        };
        let agrees = verdict.is_ok() == case.altered.is_none();
        match (agrees, explained) {
            (true, explained) => {
                let entry = format!("{way}: {}, {}", case.flavour, case.key().algorithm);
                let (verified, refused) = self.agreed.entry(entry).or_default();
                *if case.altered.is_none() { verified } else { refused } += 1;
                if let Some(why) = explained.filter(|_| case.altered.is_none()) {
                    *self.too_wide.entry(format!("{way}: {why}")).or_default() += 1;
                }
            }
            (false, Some(why)) => *self.explained.entry(format!("{way}: {why}")).or_default() += 1,
            (false, None) => self
                .open
                .push(format!("{way}: {verdict:?}\n    {:?}", case.without_body())),
        }
    }

    fn print(&self, peer: &str, seed: u64, requests: usize) -> bool {
        let mut out = std::io::stdout().lock();
        let mut say = |line: String| drop(writeln!(out, "{line}"));
        say(format!("{peer}: {requests} requests, seed {seed}"));
        for (what, (verified, refused)) in &self.agreed {
            say(format!(
                "  {what}: {verified} verified, {refused} altered and refused"
            ));
        }
        for (why, count) in &self.explained {
            say(format!("  explained, {count} times: {why}"));
        }
        for (why, count) in &self.too_wide {
            say(format!("  explained, but as it should be, {count} times: {why}"));
        }
        for open in self.open.iter().take(10) {
            say(format!("  DISAGREEMENT: {open}"));
        }
        let explained: usize = self.explained.values().sum();
        say(format!(
            "  {} disagreements, {explained} explained",
            self.open.len()
        ));
        self.open.is_empty()
    }
}
