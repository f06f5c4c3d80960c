//! Activities that become deliveries.

use super::{Driver, Ended, LookAt};
use crate::{
    attempt::chain,
    expand::{self, Expanded, expand_all},
    metered,
};
use federate_protocol::{activitystreams::Iri, delivery::backoff};
use federate_store::Outgoing;
use std::{collections::BTreeSet, sync::Arc, time::SystemTime};
use tokio::task::Id;

/// Activities whose expansion failed and that wait for another try; beyond, they are tried more often.
const MAX_PUT_OFF: usize = 10_000;

/// Activities that are expanded at once, at most: those that are for few.
const AT_ONCE: usize = 32;

/// What is for more than so many is expanded alone, so that no two large audiences lie in memory.
const FEW: usize = 64;

/// Rows of the outbox that are read at once, about: what stands behind so many that wait for one another waits with them.
const MAX_BEHIND: usize = 4_096;

impl Driver {
    pub(super) async fn start_expansion(&mut self, now: SystemTime) -> bool {
        if self.put_off.values().any(|(_, at)| *at <= now) {
            self.look_at.outbox = true;
        }
        if self.expanding.is_some() || !self.look_at.outbox || self.is_paused() {
            return false;
        }
        // What is put off stays at the head of the outbox, with what must not overtake it: look behind them.
        let at_once = self.expand_at_once.clamp(1, AT_ONCE);
        let max = match self.put_off.len() {
            0 => at_once,
            some => 2 * some + 16 + at_once,
        };
        let max = max.saturating_add(self.look_behind);
        let read = self.settings.stores.outbox.unexpanded(max).await;
        let rows = match self.taken(read, "read the outbox") {
            Some(rows) => rows,
            None => return false,
        };
        let is_whole = rows.len() < max;
        let mut held_up = BTreeSet::new();
        let free = rows.into_iter().filter(|row| {
            let waits = self.put_off.get(&row.id).is_some_and(|(_, at)| *at > now);
            if waits {
                held_up.extend(row.order);
            }
            !waits && row.order.is_none_or(|order| !held_up.contains(&order))
        });
        let chosen: Vec<Outgoing> = free.take(at_once).collect();
        if chosen.is_empty() && !is_whole && max < MAX_BEHIND {
            // All of these wait for one another; others may stand behind them.
            self.look_behind = max;
            return true;
        }
        self.look_behind = 0;
        if chosen.is_empty() {
            self.look_at.outbox = false;
            // Those whose time had come were not there any more.
            self.put_off.retain(|_, (_, at)| *at > now);
            return false;
        }
        let are_few = chosen.iter().all(|row| row.audience.len() <= FEW);
        self.alone = self.alone.saturating_sub(1);
        self.expand_at_once = match are_few && self.alone == 0 {
            true => (at_once * 2).min(AT_ONCE),
            false => 1,
        };
        self.spawn_expansion(chosen);
        true
    }

    fn spawn_expansion(&mut self, rows: Vec<Outgoing>) {
        let (settings, signals) = (Arc::clone(&self.settings), Arc::clone(&self.signals));
        let activities = rows.iter().map(|row| row.id.clone()).collect();
        let task = async move { Ended::Expansion(expand_all(&settings, &signals, &rows).await) };
        let handle = self.tasks.spawn(task);
        self.expanding = Some((handle.id(), handle, activities));
    }

    /// `None`: it panicked, or was cut off.
    pub(super) fn expansion_ended(&mut self, id: Id, ended: Option<expand::Ended>) {
        let Some((_, _, activities)) = self.expanding.take_if(|(expanding, ..)| *expanding == id) else {
            return;
        };
        match ended {
            Some(ended) => {
                for (activity, expanded) in ended {
                    self.expanded(activity, expanded);
                }
            }
            None if self.draining => {}
            None => match <[Iri; 1]>::try_from(activities) {
                Ok([activity]) => self.put_off(activity, "panicked"),
                Err(several) => {
                    // One of them is to blame, and the others are not: which one shows when each is expanded by itself.
                    tracing::warn!(
                        activities = several.len(),
                        "an expansion panicked, they are tried one by one"
                    );
                    self.expand_at_once = 1;
                    self.alone = several.len();
                    self.look_at.outbox = true;
                }
            },
        }
    }

    fn expanded(&mut self, activity: Iri, expanded: Expanded) {
        match expanded {
            Expanded::Whole { enqueued } => {
                self.put_off.remove(&activity);
                self.progress.expanded += 1;
                self.progress.enqueued += enqueued;
                metered::expanded(enqueued);
                self.look_at = LookAt {
                    outbox: true,
                    queue: true,
                };
                tracing::debug!(%activity, inboxes = enqueued, "expanded");
            }
            Expanded::Store(error) => {
                metered::expansion_failed();
                self.store_failed(&error, "write an expansion");
            }
            Expanded::Later(error) => self.put_off(activity, &chain(&error)),
        }
    }

    fn put_off(&mut self, activity: Iri, reason: &str) {
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
