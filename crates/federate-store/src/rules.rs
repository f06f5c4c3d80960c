//! What moderators decided about hosts: kept as the list of their decisions, so that it says who, why and when.

use crate::{StoreError, shorten};
use std::{fmt, time::SystemTime};

/// What was decided about a host. What is not known here was decided by a later release, and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing is taken from it and nothing is sent to it.
    Block,
    /// No longer so.
    Unblock,
    /// By its stored form: what a later release decides. It blocks nothing here.
    Other(String),
}

impl Verdict {
    /// The form to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Other(stored) => stored,
        }
    }

    /// Takes back what [`as_str`](Verdict::as_str) gave.
    #[must_use]
    pub fn from_stored(stored: &str) -> Self {
        match stored {
            "block" => Self::Block,
            "unblock" => Self::Unblock,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// About whom: a host in its ASCII form, in lower case. It holds for all below it, too.
    pub host: String,
    /// What.
    pub verdict: Verdict,
    /// Why, in words for an operator; empty where nobody said. At most [`MAX_REASON`](crate::MAX_REASON) bytes.
    pub reason: String,
    /// Who, as the application names its moderators; empty where nobody said. At most [`MAX_REASON`](crate::MAX_REASON) bytes.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

impl Rule {
    /// A decision of nobody in particular, without a reason.
    #[must_use]
    pub fn new(host: &str, verdict: Verdict, at: SystemTime) -> Self {
        Self {
            host: host.to_owned(),
            verdict,
            reason: String::new(),
            by: String::new(),
            at,
        }
    }

    /// Why. What is too long is cut.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = written(reason);
        self
    }

    /// By whom. What is too long is cut.
    #[must_use]
    pub fn by(mut self, who: &str) -> Self {
        self.by = written(who);
        self
    }

    /// Whether a decision adds nothing to this one: all but the time is the same.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.host == other.host
            && self.verdict == other.verdict
            && self.reason == other.reason
            && self.by == other.by
    }
}

/// As every store can write it: not too long, and without the one character that no text of PostgreSQL can hold.
fn written(text: &str) -> String {
    shorten(text).replace('\0', " ")
}

/// The rules that hold, and which they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    /// How many decisions there were: it grows with each.
    pub version: u64,
    /// The last decision about each host, in the order of the hosts.
    pub rules: Vec<Rule>,
}

/// The decisions about hosts, in the order in which they were made.
///
/// All processes over a store see the same. Each keeps what holds in memory and asks for the [`version`](Rules::version) now and
/// then; a store that [tells](crate::Backend::listen) of changes tells of these.
#[async_trait::async_trait]
pub trait Rules: fmt::Debug + Send + Sync {
    /// Adds decisions, in one durable transaction. One that says nothing new (the last about its host has the same verdict,
    /// reason and author) is not added. The version after it: whoever reads that version, or a later one, sees them all.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and none was added.
    async fn decide(&self, rules: &[Rule]) -> Result<u64, StoreError>;

    /// How many decisions there were. Cheap: for every second.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn version(&self) -> Result<u64, StoreError>;

    /// What holds.
    ///
    /// # Errors
    /// As [`version`](Rules::version).
    async fn ruling(&self) -> Result<Ruling, StoreError>;

    /// At most `max` decisions with their numbers, the latest first: of those before the number `before`, where it is given, and
    /// about `host`, where that is.
    ///
    /// # Errors
    /// As [`version`](Rules::version).
    async fn history(
        &self,
        host: Option<&str>,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<(u64, Rule)>, StoreError>;
}
