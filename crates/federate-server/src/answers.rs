//! Loops: what answers by itself stops answering who answers by itself.
//!
//! | limit | default | why |
//! |---|---|---|
//! | [answers](crate::Builder::answers) | 100 an hour | that handlers send on behalf of one of ours to one actor elsewhere: nobody talks to a bot so much, and two bots that answer each other have sent them within seconds |
//! | pairs of which something is kept | 50,000 | some 200 bytes each |

use std::time::{Duration, SystemTime};

use federate_protocol::activitystreams::Iri;

use crate::Error;
use crate::buckets::{Buckets, Rate};

/// Of how many pairs of actors it is known what they have answered.
const MOST_PAIRS: usize = 50_000;

/// What handlers have sent to whom made them run.
#[derive(Debug)]
pub(crate) struct Answers(Buckets);

impl Default for Answers {
    fn default() -> Self {
        Answers::new(Rate::new(100, Duration::from_secs(60 * 60)))
    }
}

impl Answers {
    pub(crate) fn new(rate: Rate) -> Self {
        Answers(Buckets::new(rate, MOST_PAIRS))
    }

    /// One of ours answers an actor elsewhere.
    pub(crate) fn count(&self, sender: &str, to: &Iri, now: SystemTime) -> Result<(), Error> {
        self.0.take(&format!("{sender} {to}"), now).map_err(|wait| {
            tracing::warn!(sender, %to, again_in = ?wait, "an answer is not sent: this looks like two that answer each other");
            Error::permanent(format!("{sender} has answered {to} too often lately: a loop"))
        })
    }
}

/// Whether an activity of this type counts. What only ends an exchange is no answer that could be answered.
pub(crate) fn counts(activity_type: &str) -> bool {
    !matches!(
        activity_type,
        "Accept" | "Reject" | "TentativeAccept" | "TentativeReject" | "Undo" | "Delete"
    )
}
