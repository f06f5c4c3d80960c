//! What came of what was under way.

use super::{Driver, Ended};
use crate::{
    DeliveryEvent, Outcome,
    held::{Held, Host, Running},
};
use federate_protocol::delivery::{Fault, Next, Standing, Verdict, next_attempt};
use federate_store::{Delivery, Settled};
use std::collections::BTreeMap;
use tokio::task::{Id, JoinError};

impl Driver {
    pub(super) fn take_in(&mut self, ended: Result<(Id, Ended), JoinError>) {
        match ended {
            Ok((id, Ended::Attempt(Ok(verdict)))) => self.attempted(id, &verdict),
            Ok((id, Ended::Attempt(Err(error)))) => {
                self.abandoned(id);
                self.store_failed(&error, "read a body");
            }
            Ok((id, Ended::Expansion(expanded))) => self.expansion_ended(id, Some(expanded)),
            Err(error) if self.running.contains_key(&error.id()) => {
                if error.is_panic() {
                    let reason = format!("{}: panicked", Fault::Local);
                    let verdict = Verdict::Retry {
                        after: None,
                        reason,
                        host_failed: false,
                    };
                    self.attempted(error.id(), &verdict);
                } else {
                    self.abandoned(error.id());
                }
            }
            Err(error) => self.expansion_ended(error.id(), None),
        }
    }

    pub(super) fn attempted(&mut self, id: Id, verdict: &Verdict) {
        let Some(running) = self.take_running(id) else {
            return;
        };
        let now = self.settings.clock.now();
        self.progress.attempts += 1;
        let entropy = self.random.next();
        let mut held = Self::lane_of(&mut self.lanes, &running);
        let Running {
            host,
            delivery,
            ticket,
            ..
        } = running;
        if let Some(held) = &mut held {
            held.state.on_outcome(ticket, verdict, now, entropy);
        }
        let next = next_attempt(
            verdict,
            &self.settings.schedule,
            delivery.first_enqueued,
            delivery.attempt.saturating_add(1),
            held.as_ref().map_or(0, |held| held.state.failed_tries()),
            now,
            entropy.rotate_left(17),
        );
        let settled = match next {
            Next::Delivered => Settled::Delivered,
            Next::Retry { at, reason } => Settled::Retry { at, reason },
            Next::Dead { reason } => Settled::Dead { reason },
        };
        if let Some(held) = held {
            // It is in hand until the store knows.
            held.outcomes.push((delivery.id.clone(), settled.clone()));
            self.others_wait |= held.ordered;
            self.outcomes += 1;
            self.first_outcome.get_or_insert(now);
            self.unsettled.insert(Host::clone(&host));
            self.sort(&host, now);
        }
        self.tell(&delivery, &settled);
    }

    /// One line for each failure, with its reason.
    pub(super) fn tell(&mut self, delivery: &Delivery, settled: &Settled) {
        let (activity, inbox, attempt) = (
            &delivery.activity,
            &delivery.inbox,
            delivery.attempt.saturating_add(1),
        );
        let outcome = match settled {
            Settled::Delivered => {
                self.progress.delivered += 1;
                tracing::debug!(%activity, %inbox, attempt, "delivered");
                Outcome::Delivered
            }
            Settled::Retry { at, reason } => {
                self.progress.retried += 1;
                let again = at
                    .duration_since(self.settings.clock.now())
                    .unwrap_or_default()
                    .as_secs();
                tracing::info!(%activity, %inbox, attempt, reason, again_in_seconds = again, "delivery failed, to be repeated");
                Outcome::Retry { at: *at, reason }
            }
            Settled::Dead { reason } => {
                self.progress.dead += 1;
                tracing::warn!(%activity, %inbox, attempt, reason, "delivery given up");
                Outcome::Dead { reason }
            }
            _ => return,
        };
        if let Some(observer) = &self.settings.observer {
            observer.attempted(&DeliveryEvent::new(delivery, outcome));
        }
    }

    pub(super) fn abandoned(&mut self, id: Id) {
        self.progress.abandoned += 1;
        let Some(running) = self.take_running(id) else {
            return;
        };
        let now = self.settings.clock.now();
        if let Some(held) = Self::lane_of(&mut self.lanes, &running) {
            held.state.on_abandoned(running.ticket, now);
            held.in_hand.remove(&running.delivery.id);
            self.has_more(&running.host, now);
        }
    }

    pub(super) fn take_running(&mut self, id: Id) -> Option<Running> {
        let running = self.running.remove(&id)?;
        match running.standing {
            Standing::Proven => {}
            Standing::Unknown => self.unknown = self.unknown.saturating_sub(1),
            Standing::Suspect => self.suspects = self.suspects.saturating_sub(1),
        }
        if let Some(held) = Self::lane_of(&mut self.lanes, &running) {
            held.running = held.running.saturating_sub(1);
        }
        Some(running)
    }

    /// The lane of an attempt, if it is still ours under the same lease.
    pub(super) fn lane_of<'a>(
        lanes: &'a mut BTreeMap<Host, Held>,
        running: &Running,
    ) -> Option<&'a mut Held> {
        lanes
            .get_mut(&running.host)
            .filter(|held| held.lane.fence == running.fence)
    }
}
