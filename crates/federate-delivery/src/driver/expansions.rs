//! Activities that become deliveries.

use super::{Driver, Ended, LookAt};
use crate::{
    attempt::chain,
    expand::{Expanded, expand},
    metered, spans,
};
use federate_protocol::delivery::backoff;
use federate_store::Outgoing;
use std::{collections::BTreeSet, sync::Arc, time::SystemTime};
use tokio::task::Id;
use tracing::Instrument as _;

/// Activities whose expansion failed and that wait for another try; beyond, they are tried more often.
const MAX_PUT_OFF: usize = 10_000;

impl Driver {
    pub(super) async fn start_expansion(&mut self, now: SystemTime) -> bool {
        if self.put_off.values().any(|(_, at)| *at <= now) {
            self.look_at.outbox = true;
        }
        if self.expanding.is_some() || !self.look_at.outbox || self.is_paused() {
            return false;
        }
        // What is put off stays at the head of the outbox, with what must not overtake it: look behind them.
        let max = match self.put_off.len() {
            0 => 1,
            some => 2 * some + 16,
        };
        let read = self.settings.stores.outbox.unexpanded(max).await;
        let rows = match self.taken(read, "read the outbox") {
            Some(rows) => rows,
            None => return false,
        };
        let mut held_up = BTreeSet::new();
        let row = rows.into_iter().find(|row| {
            let waits = self.put_off.get(&row.id).is_some_and(|(_, at)| *at > now);
            if waits {
                held_up.extend(row.order);
            }
            !waits && row.order.is_none_or(|order| !held_up.contains(&order))
        });
        let Some(outgoing) = row else {
            self.look_at.outbox = false;
            // Those whose time had come were not there any more.
            self.put_off.retain(|_, (_, at)| *at > now);
            return false;
        };
        self.spawn_expansion(outgoing);
        true
    }

    pub(super) fn spawn_expansion(&mut self, outgoing: Outgoing) {
        let (settings, signals) = (Arc::clone(&self.settings), Arc::clone(&self.signals));
        let activity = outgoing.id.clone();
        let span = spans::expansion(&outgoing);
        let task = async move { Ended::Expansion(expand(&settings, &signals, &outgoing).await) };
        let handle = self.tasks.spawn(task.instrument(span));
        self.expanding = Some((handle.id(), handle, activity));
    }

    pub(super) fn expansion_ended(&mut self, id: Id, expanded: Option<Expanded>) {
        let Some((_, _, activity)) = self.expanding.take_if(|(expanding, ..)| *expanding == id) else {
            return;
        };
        let reason = match expanded {
            Some(Expanded::Whole { enqueued }) => {
                self.put_off.remove(&activity);
                self.progress.expanded += 1;
                self.progress.enqueued += enqueued;
                metered::expanded(enqueued);
                self.look_at = LookAt {
                    outbox: true,
                    queue: true,
                };
                tracing::debug!(%activity, inboxes = enqueued, "expanded");
                return;
            }
            Some(Expanded::Store(error)) => {
                metered::expansion_failed();
                return self.store_failed(&error, "write an expansion");
            }
            Some(Expanded::Later(error)) => chain(&error),
            None if self.draining => return,
            None => "panicked".to_owned(),
        };
        metered::expansion_failed();
        let tries = self
            .put_off
            .get(&activity)
            .map_or(1, |(tries, _)| tries.saturating_add(1));
        // At the most an hour: nothing but this waits behind it.
        let wait = backoff(tries.min(8), self.random.next());
        tracing::warn!(%activity, tries, reason, again_in_seconds = wait.as_secs(), "expansion failed, to be repeated");
        if self.put_off.len() < MAX_PUT_OFF {
            self.put_off
                .insert(activity, (tries, self.settings.clock.now() + wait));
        }
    }
}
