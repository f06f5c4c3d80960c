//! What came of what was under way.

use super::{Driver, Ended};
use crate::{
    DeliveryEvent, Outcome,
    failure::{Attempted, FailureKind},
    held::{Held, Host, Running},
    metered::{self, AttemptOutcome},
};
use federate_protocol::delivery::{Fault, Next, Standing, Verdict, next_attempt};
use federate_store::{Delivery, Settled};
use std::collections::BTreeMap;
use tokio::task::{Id, JoinError};

impl Driver {
    pub(super) fn take_in(&mut self, ended: Result<(Id, Ended), JoinError>) {
        match ended {
            Ok((id, Ended::Attempt(Ok(attempted)))) => self.attempted(id, &attempted),
            Ok((id, Ended::Attempt(Err(error)))) => {
                self.abandoned(id);
                self.store_failed(&error, "read a body");
            }
            Ok((_, Ended::Sampled(backlog))) => self.sampled(backlog),
            Ok((id, Ended::Expansion(expanded))) => self.expansion_ended(id, Some(expanded)),
            Err(error) if self.running.contains_key(&error.id()) => {
                if error.is_panic() {
                    let attempted = Attempted::ours(format!("{}: panicked", Fault::Local));
                    self.attempted(error.id(), &attempted);
                } else {
                    self.abandoned(error.id());
                }
            }
            Err(error) => self.expansion_ended(error.id(), None),
        }
    }

    pub(super) fn attempted(&mut self, id: Id, attempted: &Attempted) {
        let verdict = &attempted.verdict;
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
            begun,
            ..
        } = running;
        if let Some(held) = &mut held {
            let was_open = held.state.is_open();
            held.state.on_outcome(ticket, verdict, now, entropy);
            metered::breaker(was_open, held.state.is_open());
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
        let took = now.duration_since(begun).unwrap_or_default();
        match &settled {
            Settled::Delivered => {
                metered::attempt(AttemptOutcome::Delivered, took);
                metered::delivered(now.duration_since(delivery.first_enqueued).unwrap_or_default());
            }
            Settled::Dead { .. } => metered::attempt(AttemptOutcome::Dead, took),
            _ => metered::attempt(AttemptOutcome::Retry, took),
        }
        if let Some(kind) = attempted.failure {
            metered::failure(kind);
        }
        // Worth another try, and given up on nevertheless: its time is over.
        let given_up = match attempted.failure {
            Some(kind) if matches!(verdict, Verdict::Dead { .. }) => kind,
            _ => FailureKind::Horizon,
        };
        self.tell_why(&delivery, &settled, given_up);
    }

    /// One line for each failure, with its reason. What is given up on here had no attempt of its own: its time is over.
    pub(super) fn tell(&mut self, delivery: &Delivery, settled: &Settled) {
        self.tell_why(delivery, settled, FailureKind::Horizon);
    }

    fn tell_why(&mut self, delivery: &Delivery, settled: &Settled, given_up: FailureKind) {
        let (activity, inbox, attempt) = (
            &delivery.activity,
            &delivery.inbox,
            delivery.attempt.saturating_add(1),
        );
        let outcome = match settled {
            Settled::Delivered => {
                self.progress.delivered += 1;
                self.watch.delivered();
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
                metered::dead(given_up);
                tracing::warn!(%activity, %inbox, attempt, reason, "delivery given up");
                Outcome::Dead { reason }
            }
            _ => return,
        };
        if let Some(observer) = &self.settings.observer {
            let mut event = DeliveryEvent::new(delivery, outcome);
            if let (Settled::Dead { .. }, FailureKind::Status(status)) = (settled, given_up) {
                event.status = Some(status);
            }
            observer.attempted(&event);
        }
    }

    pub(super) fn abandoned(&mut self, id: Id) {
        self.progress.abandoned += 1;
        let Some(running) = self.take_running(id) else {
            return;
        };
        let now = self.settings.clock.now();
        let took = now.duration_since(running.begun).unwrap_or_default();
        metered::attempt(AttemptOutcome::Abandoned, took);
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
