//! A store that does not answer as it should.

use super::{Driver, LookAt, Pause};
use crate::{attempt::chain, metered};
use federate_store::{StoreError, StoreErrorKind};

impl Driver {
    /// The answer of the store, or a pause.
    pub(super) fn taken<T>(&mut self, answer: Result<T, StoreError>, what: &'static str) -> Option<T> {
        match answer {
            Ok(value) => {
                self.pause.failures = 0;
                self.watch.store_answered(self.settings.clock.now());
                Some(value)
            }
            Err(error) => {
                self.store_failed(&error, what);
                None
            }
        }
    }

    /// The answer of the store about a lane: `Fenced` costs the lane, and not more.
    pub(super) fn taken_from<T>(
        &mut self,
        host: &str,
        answer: Result<T, StoreError>,
        what: &'static str,
    ) -> Option<T> {
        match answer {
            Err(error) if error.kind() == StoreErrorKind::Fenced => {
                // A lease that went to another is an answer.
                self.watch.store_answered(self.settings.clock.now());
                self.lost(host);
                None
            }
            answer => self.taken(answer, what),
        }
    }

    /// Another worker has the lane now, and repeats what is in hand.
    pub(super) fn lost(&mut self, host: &str) {
        let Some(held) = self.lanes.remove(host) else {
            return;
        };
        metered::store_error(StoreErrorKind::Fenced);
        if let Some(standing) = held.turn {
            self.turns.remove(host, standing);
        }
        self.outcomes = self.outcomes.saturating_sub(held.outcomes.len());
        tracing::warn!(
            host,
            in_hand = held.in_hand.len(),
            "lease went to another worker, who repeats what is in hand"
        );
    }

    pub(super) fn store_failed(&mut self, error: &StoreError, what: &'static str) {
        self.progress.store_errors += 1;
        metered::store_error(error.kind());
        self.watch
            .store_refused(self.settings.clock.now(), what, error.kind());
        self.pause.failures = self.pause.failures.saturating_add(1);
        let wait = Pause::FIRST
            .saturating_mul(1 << self.pause.failures.min(10))
            .min(Pause::LONGEST);
        self.pause.until = Some(self.settings.clock.now() + wait);
        tracing::error!(
            what,
            error = chain(error),
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "store refused"
        );
        // Whatever was asked is asked again.
        self.look_at = LookAt {
            outbox: true,
            queue: true,
        };
    }
}
