//! Which format to send to a host, and what its answers teach.

use crate::{Flavour, structured};
use http::{HeaderMap, StatusCode};
use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

/// What is remembered of one host: which signature format it takes.
///
/// A value, given in and handed back: keep one for each host (scheme, name and port), in memory or in a store by its
/// text ([`Display`](fmt::Display) and [`FromStr`]), and begin with [`FlavourMemory::default`].
///
/// draft-cavage is sent until there is evidence that the host verifies RFC 9421. A `202` is no such evidence: several
/// servers answer it to a signature that they cannot read, and drop the activity. What ages out keeps a stored memory
/// from being wrong for ever: evidence holds for [`FlavourMemory::EVIDENCE`], a refusal for
/// [`FlavourMemory::REFUSAL`].
///
/// ```
/// use federate_signatures::{Flavour, FlavourEvidence, FlavourMemory};
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let mut host = FlavourMemory::default();
/// assert_eq!(host.flavour(now), Flavour::Cavage);
/// // A request of that host came, and its RFC 9421 signature was verified.
/// host.learn(FlavourEvidence::Signs, now);
/// assert_eq!(host.flavour(now), Flavour::Rfc9421);
/// // What is stored is one line.
/// assert_eq!(host.to_string().parse(), Ok(host));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlavourMemory {
    /// The strongest evidence, and when it was seen.
    evidence: Option<(FlavourEvidence, u64)>,
    /// When the host answered 401 to RFC 9421 and took draft-cavage instead.
    refused: Option<u64>,
}

/// Why a host is believed to verify RFC 9421, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FlavourEvidence {
    /// Its software and version are known to ([`FlavourEvidence::of_software`]), or one of its actors says so by
    /// [FEP-844e](https://codeberg.org/fediverse/fep/src/branch/main/fep/844e/fep-844e.md).
    Software,
    /// A request from it carried an RFC 9421 signature that was verified.
    Signs,
    /// It answered with [`Accept-Signature`](https://www.rfc-editor.org/rfc/rfc9421#section-5.1).
    AcceptSignature,
    /// It refused draft-cavage with 401 and took the same request signed by RFC 9421.
    Took,
}

/// What to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Knock {
    /// The answer stands.
    Answered,
    /// Sign the same request anew in this format and send it once more, now.
    Again(Flavour),
}

impl FlavourMemory {
    /// How long evidence holds: 90 days.
    pub const EVIDENCE: Duration = Duration::from_secs(90 * 86_400);
    /// How long draft-cavage is sent to a host that refused RFC 9421, whatever speaks for it: 7 days.
    pub const REFUSAL: Duration = Duration::from_secs(7 * 86_400);

    /// The format for the next request to this host.
    #[must_use]
    pub fn flavour(&self, now: SystemTime) -> Flavour {
        let now = seconds(now);
        let refused = self.refused.is_some_and(|at| within(at, now, Self::REFUSAL));
        if self.believed(now) && !refused {
            Flavour::Rfc9421
        } else {
            Flavour::Cavage
        }
    }

    /// Takes evidence in; whether the memory changed so much that it should be stored. The same evidence again only
    /// counts as a change once a day, so that a busy host does not cost a write for each request.
    pub fn learn(&mut self, evidence: FlavourEvidence, now: SystemTime) -> bool {
        let now = seconds(now);
        if let Some((known, at)) = self.evidence
            && within(at, now, Self::EVIDENCE)
            && (known > evidence || (known == evidence && within(at, now, DAY)))
        {
            return false;
        }
        self.evidence = Some((evidence, now));
        true
    }

    /// Takes the answer to a delivery in, and says whether to knock once more in the other format.
    ///
    /// `again` is whether this was the second knock already. Only a 401 leads to one: from RFC 9421 to draft-cavage,
    /// because whoever says 401 has looked at the signature; from draft-cavage to RFC 9421 only where there is
    /// evidence, `Accept-Signature` in this very answer included. 400, 403, 5xx and everything that is no answer
    /// (for which this is not called) change neither the format nor the memory.
    pub fn answered(
        &mut self,
        sent: Flavour,
        again: bool,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Knock {
        if offers_rfc9421(headers) {
            self.learn(FlavourEvidence::AcceptSignature, now);
        }
        let unauthorised = status == StatusCode::UNAUTHORIZED;
        match (sent, again) {
            (Flavour::Rfc9421, false) if unauthorised => Knock::Again(Flavour::Cavage),
            (Flavour::Cavage, false) if unauthorised && self.believed(seconds(now)) => {
                Knock::Again(Flavour::Rfc9421)
            }
            // A second knock came after a 401: this host verifies, so what it takes now says something.
            (Flavour::Rfc9421, true) if status.is_success() => {
                self.evidence = Some((FlavourEvidence::Took, seconds(now)));
                self.refused = None;
                Knock::Answered
            }
            (Flavour::Cavage, true) if status.is_success() => {
                self.refused = Some(seconds(now));
                Knock::Answered
            }
            _ => Knock::Answered,
        }
    }

    /// Why RFC 9421 is believed to be understood, and since when; however old.
    #[must_use]
    pub fn evidence(&self) -> Option<(FlavourEvidence, SystemTime)> {
        let (evidence, at) = self.evidence?;
        Some((
            evidence,
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(at))?,
        ))
    }

    fn believed(&self, now: u64) -> bool {
        self.evidence
            .is_some_and(|(_, at)| within(at, now, Self::EVIDENCE))
    }
}

impl FlavourEvidence {
    /// The evidence that NodeInfo gives: `software.name` and `software.version`.
    ///
    /// Only what verifies RFC 9421 by default and was seen to is listed: Mastodon from 4.5, Mitra from 5.9. Other
    /// servers that verify it also sign with it, and are known by that.
    #[must_use]
    pub fn of_software(name: &str, version: &str) -> Option<Self> {
        let since = match name {
            "mastodon" => (4, 5),
            "mitra" => (5, 9),
            _ => return None,
        };
        let mut numbers = version
            .split(|c: char| !c.is_ascii_digit())
            .map(str::parse::<u32>);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            return None;
        };
        ((major, minor) >= since).then_some(Self::Software)
    }

    /// The evidence that an entry of `generator.implements` gives (FEP-844e): its `href`.
    #[must_use]
    pub fn of_capability(href: &str) -> Option<Self> {
        const RFC: &str = "https://datatracker.ietf.org/doc/html/rfc9421";
        (href.split('#').next() == Some(RFC)).then_some(Self::Software)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Signs => "signs",
            Self::AcceptSignature => "accept-signature",
            Self::Took => "took",
        }
    }
}

/// `rfc9421=<evidence>@<seconds> refused@<seconds>`, each part only where it is known.
impl fmt::Display for FlavourMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((evidence, at)) = self.evidence {
            write!(f, "rfc9421={}@{at}", evidence.as_str())?;
        }
        if let Some(at) = self.refused {
            let space = if self.evidence.is_some() { " " } else { "" };
            write!(f, "{space}refused@{at}")?;
        }
        Ok(())
    }
}

impl FromStr for FlavourMemory {
    type Err = BadFlavourMemory;

    fn from_str(text: &str) -> Result<Self, BadFlavourMemory> {
        let mut out = Self::default();
        for part in text.split_ascii_whitespace() {
            let (name, at) = part.split_once('@').ok_or(BadFlavourMemory)?;
            let at: u64 = at.parse().map_err(|_| BadFlavourMemory)?;
            let known = match name {
                "refused" => out.refused.replace(at).is_some(),
                name => {
                    let evidence = match name.strip_prefix("rfc9421=") {
                        Some("software") => FlavourEvidence::Software,
                        Some("signs") => FlavourEvidence::Signs,
                        Some("accept-signature") => FlavourEvidence::AcceptSignature,
                        Some("took") => FlavourEvidence::Took,
                        _ => return Err(BadFlavourMemory),
                    };
                    out.evidence.replace((evidence, at)).is_some()
                }
            };
            if known {
                return Err(BadFlavourMemory);
            }
        }
        Ok(out)
    }
}

/// The text is no [`FlavourMemory`]: begin with an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a flavour memory")]
pub struct BadFlavourMemory;

/// Whether an answer offers RFC 9421: a readable `Accept-Signature` with at least one label.
fn offers_rfc9421(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all("accept-signature").iter();
    // One line is all that anybody sends; the rest would have to be joined to be read.
    lines
        .next()
        .and_then(|line| line.to_str().ok())
        .and_then(|line| structured::inner_lists("accept-signature", line, LABELS).ok())
        .is_some_and(|lists| !lists.is_empty())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// A time in the future counts: clocks are set back.
fn within(at: u64, now: u64, limit: Duration) -> bool {
    now.saturating_sub(at) <= limit.as_secs()
}

const DAY: Duration = Duration::from_secs(86_400);
const LABELS: usize = 4;
