//! What one sender sent, one after the other: handled, marked, and how it ended.

use std::pin::pin;
use std::time::Duration;

use federate_protocol::Envelope;
use federate_protocol::delivery::backoff;
use federate_store::{Ending, Outgoing, Pending, ReceivedId, Settlement, StoreError};
use futures_util::FutureExt as _;
use futures_util::future::join;
use tokio::time::Instant;

use super::{Asked, Ended, Opened, Worker};
use crate::Directory;
use crate::metered::{self, Run};
use crate::unmarked::Unmarked;

/// Whoever made a handler wait so long, by a server that trickles for example, has had its share of this step: what else it sent
/// is put off. Otherwise a hundred such activities of one sender would stop the inbox for an hour.
const SLOW: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// After this many failed runs an activity goes to the dead letters.
const RUNS: u32 = 12;

/// What became of one that was taken up.
pub(super) enum Handled {
    Ended(Ended),
    /// Its handler is through, and nothing says so yet.
    Unmarked(Sent),
}

/// What a handler did beside what the application knows.
pub(super) struct Sent {
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) marked_itself: bool,
}

impl Sent {
    fn is_nothing(&self) -> bool {
        self.outgoing.is_empty() && !self.marked_itself
    }
}

/// What became of activities.
#[derive(Default)]
pub(super) struct Became {
    pub(super) endings: Vec<(ReceivedId, Ending)>,
    /// Done too, and not marked: their handlers waited for nothing, and sent nothing.
    pub(super) unmarked: Vec<ReceivedId>,
}

pub(super) fn all_done(
    ids: impl IntoIterator<Item = ReceivedId>,
) -> impl Iterator<Item = (ReceivedId, Ending)> {
    ids.into_iter().map(|id| (id, Ending::Settled(Settlement::Done)))
}

impl<App: Directory> Worker<App> {
    pub(super) async fn handle_each(
        &self,
        activities: Vec<Opened>,
        became: &mut Became,
    ) -> Result<(), StoreError> {
        let inner = &self.federation.inner;
        let mut pause = None::<Duration>;
        let unmarked = Unmarked::default();
        // Whether a handler of these may have left something in the application's database, which is to have the mark then.
        let mut have_waited = false;
        for Opened { one, envelope, asked } in activities {
            if let Some(wait) = &mut pause {
                // Each behind the one before it, so that none is put off again and again.
                *wait = (*wait + SLOW * 6).min(LONGEST_PAUSE);
                let at = self.federation.now() + *wait;
                became.endings.push((one.id, Ending::Later { at }));
                continue;
            }
            let begun = Instant::now();
            let handled = {
                let mut handling = pin!(self.handle(&one, envelope, asked, &unmarked));
                match handling.as_mut().now_or_never() {
                    Some(handled) => handled,
                    None => {
                        have_waited = true;
                        // It waits for something. What was handled before it does not wait for that too.
                        let (handled, marked) = join(handling, self.mark(&unmarked, became)).await;
                        if let Err(e) = marked {
                            // What it marked in its own transaction does not come again, nor does what is before it.
                            if let Ok(Handled::Unmarked(sent)) = &handled
                                && sent.marked_itself
                            {
                                self.mark_with(&one.id, sent).await?;
                            }
                            return Err(e);
                        }
                        handled
                    }
                }
            };
            let took = begun.elapsed();
            inner.watch.turn(self.federation.now());
            if took >= SLOW {
                pause = Some(Duration::ZERO);
            }
            let ended = match handled {
                Ok(Handled::Unmarked(sent)) if sent.is_nothing() => {
                    metered::handled(Run::Handled, took);
                    unmarked.push(one.id);
                    continue;
                }
                Ok(Handled::Unmarked(sent)) => {
                    // In their order: whoever takes this up anew begins with the first that is not marked.
                    self.mark(&unmarked, became).await?;
                    self.mark_with(&one.id, &sent).await?;
                    Ended::Done
                }
                Ok(Handled::Ended(ended)) => ended,
                Err(e) => {
                    self.mark(&unmarked, became).await?;
                    return Err(e);
                }
            };
            let ending = self.ending(&one, ended, took);
            became.endings.push((one.id, ending));
        }
        if have_waited {
            return self.mark(&unmarked, became).await;
        }
        // That they are done is written down with what came with them, and takes no transaction of the application's database.
        became.unmarked = unmarked.ids();
        Ok(())
    }

    /// Marks what was handled, and takes down that it is done.
    async fn mark(&self, unmarked: &Unmarked, became: &mut Became) -> Result<(), StoreError> {
        let ids = unmarked.ids();
        if ids.is_empty() {
            return Ok(());
        }
        self.federation.inner.stores.inbox.ack_all(&ids).await?;
        unmarked.clear();
        became.endings.extend(all_done(ids));
        Ok(())
    }

    /// Marks one with what its handler sent.
    async fn mark_with(&self, id: &ReceivedId, sent: &Sent) -> Result<(), StoreError> {
        let inner = &self.federation.inner;
        if !inner.stores.inbox.ack(id, &sent.outgoing).await? && sent.marked_itself {
            // The handler marked the activity in its own transaction, so the mark is older than what it sent by
            // awaiting. Recording is idempotent.
            for outgoing in &sent.outgoing {
                inner.stores.outbox.record(outgoing).await?;
            }
        }
        self.federation.wake();
        Ok(())
    }

    /// Behind what the same sender sent before.
    async fn handle(
        &self,
        one: &Pending,
        envelope: Envelope,
        asked: Asked,
        before: &Unmarked,
    ) -> Result<Handled, StoreError> {
        // Whoever waited long for its turn may have lost the claim to another, who was quicker.
        let is_late = asked.is_late(self.federation.now());
        if is_late && self.federation.inner.stores.inbox.handled(&one.id).await? {
            return Ok(Handled::Ended(Ended::Done));
        }
        self.take_up(one, envelope, before).await
    }

    fn ending(&self, one: &Pending, ended: Ended, took: Duration) -> Ending {
        metered::handled(
            match &ended {
                Ended::Done => Run::Handled,
                Ended::Goes(_) => Run::Handled,
                Ended::Again(_) if one.attempt + 1 < RUNS => Run::Failed,
                Ended::Again(_) | Ended::Never(_) => Run::Dead,
            },
            took,
        );
        match ended {
            Ended::Done => Ending::Settled(Settlement::Done),
            Ended::Goes(pause) => Ending::Later {
                at: self.federation.now() + pause,
            },
            Ended::Again(reason) if one.attempt + 1 < RUNS => {
                let mut entropy = [0; 8];
                self.federation.inner.entropy.fill(&mut entropy);
                // A handler waits for our own database or for one look-up: an eighth of what a delivery waits.
                let pause = backoff(one.attempt + 1, u64::from_le_bytes(entropy)) / 8;
                tracing::warn!(activity = %one.id, %reason, again_in = ?pause, "an activity could not be handled");
                let at = self.federation.now() + pause;
                Ending::Again { at, reason }
            }
            Ended::Again(reason) | Ended::Never(reason) => {
                tracing::warn!(activity = %one.id, %reason, "an activity was given up on");
                Ending::Settled(Settlement::Dead { reason })
            }
        }
    }
}
