//! The inbox worker: what was accepted is judged against today's state and handed to its handler.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_protocol::authorise::{authorise, questions};
use federate_protocol::delivery::backoff;
use federate_protocol::{Authenticated, Envelope, Facts, Known};
use federate_store::{CacheKind, Entry, Pending, ReceivedId, Settlement, StoreError, StoreErrorKind};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::behaviour::{self, Turn};
use crate::engine::InboxWorker;
use crate::error::chain;
use crate::metered::{self, Run};
use crate::spans;
use crate::{Cx, Directory, Error, Failure, Federation, Local};

/// How many activities are taken up in one step, and how many senders at once. A handler mostly waits, for a database or for a
/// peer: those who make it wait long must not hold all places.
const BATCH: usize = 128;
const AT_ONCE: usize = 64;

/// Whoever made a handler wait so long, by a server that trickles for example, has had its share of this step: what else it sent
/// is put off. Otherwise a hundred such activities of one sender would stop the inbox for an hour.
const SLOW: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// After this many failed runs an activity goes to the dead letters.
const RUNS: u32 = 12;

pub(crate) struct Worker<App: Directory> {
    pub(crate) federation: Federation<App>,
}

/// How a run ended.
pub(crate) enum Ended {
    /// Handled, or nobody wanted it.
    Done,
    /// It will be tried again.
    Again(String),
    /// It never will.
    Never(String),
    /// There is more to do than should be done at once.
    Goes(Duration),
}

#[async_trait]
impl<App: Directory> InboxWorker for Worker<App> {
    async fn step(&self) -> Result<usize, StoreError> {
        let inner = &self.federation.inner;
        let pending = inner.stores.inbox.pending(BATCH, self.federation.now()).await?;
        let count = pending.len();
        // What one sender sent is handled in the order in which it came; senders do not wait for each other.
        let mut senders: BTreeMap<Option<Iri>, Vec<Opened>> = BTreeMap::new();
        for one in pending {
            match one.sealed.open_envelope(&inner.secret) {
                Ok((envelope, _)) => senders
                    .entry(sent_by(&envelope))
                    .or_default()
                    .push(Opened { one, envelope }),
                Err(bad) => {
                    tracing::error!(activity = %one.id, reason = %bad, "a stored envelope is not one of ours");
                    metered::handled(Run::Dead, Duration::ZERO);
                    let reason = format!("the stored envelope cannot be opened: {bad}");
                    inner
                        .stores
                        .inbox
                        .settle(&one.id, Settlement::Dead { reason })
                        .await?;
                }
            }
        }
        let results: Vec<Result<(), StoreError>> = stream::iter(senders.into_values())
            .map(|activities| self.handle_all(activities))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        results.into_iter().collect::<Result<(), StoreError>>()?;
        Ok(count)
    }

    async fn arrived(&self) {
        self.federation.inner.arrived.notified().await;
    }

    fn wake(&self) {
        self.federation.inner.arrived.notify_one();
    }

    async fn next_due(&self) -> Option<SystemTime> {
        self.federation.inner.stores.inbox.next_due().await.ok().flatten()
    }
}

struct Opened {
    one: Pending,
    envelope: Envelope,
}

/// Whose turn it takes: who sent it here.
fn sent_by(envelope: &Envelope) -> Option<Iri> {
    match envelope {
        Envelope::Activity(activity) => Some(activity.by().clone()),
        Envelope::Forwarded(forwarded) => Some(forwarded.forwarder().clone()),
        _ => None,
    }
}

impl<App: Directory> Worker<App> {
    async fn handle_all(&self, activities: Vec<Opened>) -> Result<(), StoreError> {
        let inner = &self.federation.inner;
        let mut pause = None::<Duration>;
        for Opened { one, envelope } in activities {
            if let Some(wait) = &mut pause {
                // Each behind the one before it, so that none is put off again and again.
                *wait = (*wait + SLOW * 6).min(LONGEST_PAUSE);
                let at = self.federation.now() + *wait;
                inner
                    .stores
                    .inbox
                    .retry(&one.id, at, "an earlier one of this sender took long")
                    .await?;
                continue;
            }
            let begun = Instant::now();
            let ended = if self.federation.inner.stores.inbox.handled(&one.id).await? {
                // A former life committed this and died before it said so.
                Ended::Done
            } else {
                self.take_up(&one, envelope).await?
            };
            inner.watch.turn(self.federation.now());
            self.end(&one, ended, begun.elapsed()).await?;
            if begun.elapsed() >= SLOW {
                pause = Some(Duration::ZERO);
            }
        }
        Ok(())
    }

    async fn end(&self, one: &Pending, ended: Ended, took: Duration) -> Result<(), StoreError> {
        let inbox = &self.federation.inner.stores.inbox;
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
            Ended::Done => inbox.settle(&one.id, Settlement::Done).await,
            Ended::Goes(pause) => {
                let at = self.federation.now() + pause;
                inbox.retry(&one.id, at, "the rest is done later").await
            }
            Ended::Again(reason) if one.attempt + 1 < RUNS => {
                let mut entropy = [0; 8];
                self.federation.inner.entropy.fill(&mut entropy);
                // A handler waits for our own database or for one look-up: an eighth of what a delivery waits.
                let pause = backoff(one.attempt + 1, u64::from_le_bytes(entropy)) / 8;
                tracing::warn!(activity = %one.id, %reason, again_in = ?pause, "an activity could not be handled");
                inbox.retry(&one.id, self.federation.now() + pause, &reason).await
            }
            Ended::Again(reason) | Ended::Never(reason) => {
                tracing::warn!(activity = %one.id, %reason, "an activity was given up on");
                inbox.settle(&one.id, Settlement::Dead { reason }).await
            }
        }
    }

    async fn take_up(&self, one: &Pending, envelope: Envelope) -> Result<Ended, StoreError> {
        match envelope {
            Envelope::Activity(activity) => {
                let span = spans::handled(one, &activity);
                self.told(self.run(&one.id, *activity)).instrument(span).await
            }
            Envelope::Forwarded(forwarded) => {
                let span = spans::forwarded(one, &forwarded);
                let looking = self.federation.look_up(&forwarded);
                self.told(looking).instrument(span).await
            }
            _ => Ok(Ended::Never(
                "of a kind that this release does not know".to_owned(),
            )),
        }
    }

    /// Says in the span how it ended.
    async fn told(&self, run: impl Future<Output = Result<Ended, StoreError>>) -> Result<Ended, StoreError> {
        let ended = run.await?;
        spans::ended(match &ended {
            Ended::Done | Ended::Goes(_) => Run::Handled,
            Ended::Again(_) => Run::Failed,
            Ended::Never(_) => Run::Dead,
        });
        Ok(ended)
    }

    async fn run(&self, id: &ReceivedId, activity: Authenticated<Activity>) -> Result<Ended, StoreError> {
        let cx = Cx::new(self.federation.clone(), id.clone(), activity.by().clone());
        let run = AssertUnwindSafe(self.judge_and_run(&cx, activity))
            .catch_unwind()
            .await;
        match run {
            Err(panic) => Ok(Ended::Again(format!("the handler panicked: {}", said(&*panic)))),
            Ok(Err(Stop::Handled)) => Ok(Ended::Done),
            Ok(Err(Stop::Goes(pause))) => Ok(Ended::Goes(pause)),
            Ok(Err(Stop::Refused(reason))) => Ok(Ended::Never(reason)),
            Ok(Err(Stop::Failed(failure))) if failure.is_permanent() => Ok(Ended::Never(failure.chain())),
            Ok(Err(Stop::Failed(failure))) => Ok(Ended::Again(failure.chain())),
            Ok(Ok(())) => {
                let sent = cx.take_sent();
                let inner = &self.federation.inner;
                if !inner.stores.inbox.ack(id, &sent).await? && cx.marked_itself() {
                    // The handler marked the activity in its own transaction, so the mark is older than what it sent by
                    // awaiting. Recording is idempotent.
                    for outgoing in &sent {
                        inner.stores.outbox.record(outgoing).await?;
                    }
                }
                if !sent.is_empty() || cx.marked_itself() {
                    self.federation.wake();
                }
                Ok(Ended::Done)
            }
        }
    }

    async fn judge_and_run(&self, cx: &Cx<App>, activity: Authenticated<Activity>) -> Result<(), Stop> {
        let activity = self.judge(activity).await?;
        if crate::groups::announced(cx, &activity).await? {
            return Ok(());
        }
        if activity.is("Update") && about_itself(&activity) {
            // What the activity embeds is believed, but what is kept is what its server says.
            let fetcher = &self.federation.inner.fetcher;
            if let Err(e) = fetcher.fresh_actor(activity.by(), self.federation.now()).await {
                tracing::info!(actor = %activity.by(), reason = %chain(&e), "a changed actor could not be fetched");
            }
        }
        if let Turn::Again(pause) = behaviour::received(cx, &activity).await? {
            return Err(Stop::Goes(pause));
        }
        crate::forwarding::pass_on(cx, &activity).await?;
        crate::groups::announce(cx, &activity).await?;
        match self.federation.inner.handlers.start(cx, &activity) {
            Some(running) => running.await?,
            None => {
                tracing::debug!(activity = %activity.id(), r#type = activity.type_name(), "nobody handles this");
            }
        }
        if activity.is("Delete") && about_itself(&activity) {
            self.federation.inner.fetcher.forget_actor(activity.by()).await;
        }
        if activity.is("Move") {
            self.moved(activity.by()).await;
        }
        Ok(())
    }

    /// How long ago this actor moved, where that is still remembered.
    async fn last_move(&self, who: &Iri) -> Option<Duration> {
        let cache = &self.federation.inner.stores.cache;
        let entry = cache.get(CacheKind::Move, who.as_str()).await.ok().flatten()?;
        // A clock that went back in the meantime says: just now.
        Some(
            self.federation
                .now()
                .duration_since(entry.stored)
                .unwrap_or_default(),
        )
    }

    /// Remembers that this actor moved. Forgetting it costs a second round of follows, and nothing else.
    async fn moved(&self, who: &Iri) {
        let stored = self.federation.now();
        let entry = Entry {
            bytes: Bytes::from_static(b"moved"),
            stored,
            expires: stored + self.federation.inner.receiving.limits.move_cooldown,
        };
        let cache = &self.federation.inner.stores.cache;
        if let Err(e) = cache.put(CacheKind::Move, who.as_str(), &entry).await {
            tracing::warn!(actor = %who, reason = %chain(&e), "a move could not be remembered");
        }
    }

    /// May they? What the application knows decides, and today's blocks.
    async fn judge(&self, activity: Authenticated<Activity>) -> Result<Authenticated<Activity>, Stop> {
        let federation = &self.federation;
        let config = federation.receiving();
        let asked = questions(&activity);
        let mut facts = Facts::new(&config.own_origins, &config.blocks)
            .ownership(federation.inner.ownership)
            .limits(config.limits.clone());
        if let Some(id) = &asked.object {
            facts = facts.object(self.known(&activity, id).await?);
        }
        if let Some(id) = &asked.target {
            facts = facts.target(self.known(&activity, id).await?);
        }
        let mut request = None;
        if let Some(id) = &asked.request {
            request = self.our_request(id).await?;
            let whom = match &request {
                Some(request) => request.object().id(),
                None => federation.app().asked(id).await?,
            };
            if let Some(whom) = whom {
                facts = facts.asked(whom);
            }
        }
        if let Some(id) = &asked.moved_to {
            let last = self.last_move(activity.by()).await;
            // One that moves too often is refused for that, and costs whom it names no request.
            if last.is_none_or(|ago| ago >= federation.limits().move_cooldown) {
                let target = federation
                    .inner
                    .fetcher
                    .fresh_actor(id, federation.now())
                    .await
                    .map_err(Failure::from)?;
                facts = facts.target_also_known_as(target.also_known_as().to_vec());
            }
            if let Some(ago) = last {
                facts = facts.last_move(ago);
            }
        }
        authorise(&activity, &facts).map_err(|refused| Stop::Refused(refused.reason()))?;
        Ok(match request {
            // Theirs embeds ours, or names it; what a handler reads of it is what we sent.
            Some(request) => activity.with_object(&request),
            None => activity,
        })
    }

    async fn known(&self, activity: &Authenticated<Activity>, id: &Iri) -> Result<Known, Failure> {
        let federation = &self.federation;
        if let Some(Local::Actor(_)) = federation.uris().parse(id) {
            return Ok(Known::Nothing);
        }
        Ok(match federation.app().known(id).await? {
            Known::Nothing if behaviour::was_deleted(federation, activity, id).await? => Known::Gone,
            known => known,
        })
    }

    /// The activity of ours that an `Accept` or a `Reject` answers, as we sent it.
    async fn our_request(&self, id: &Iri) -> Result<Option<Object>, Failure> {
        if !self.federation.uris().is_local(id) {
            return Ok(None);
        }
        match self.federation.stores().outbox.body(id).await? {
            Some(body) => Ok(Some(Object::parse(&body)?)),
            None => behaviour::our_follow(&self.federation, id).await,
        }
    }
}

/// Why a run stopped early.
enum Stop {
    /// Another worker, or a former life, handled it.
    Handled,
    /// They may not.
    Refused(String),
    /// It is not done with yet, and nothing failed.
    Goes(Duration),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure.store_error() {
            Some(StoreErrorKind::Fenced) => Stop::Handled,
            _ => Stop::Failed(failure),
        }
    }
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Failure::from(e).into()
    }
}

/// Whether the sender acts on itself: its profile, its account.
fn about_itself(activity: &Authenticated<Activity>) -> bool {
    activity.object().id().as_ref() == Some(activity.by())
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}

/// The worker, for the engine.
pub(crate) fn worker<App: Directory>(federation: &Federation<App>) -> Arc<dyn InboxWorker> {
    Arc::new(Worker {
        federation: federation.clone(),
    })
}

/// A store's refusal, for the log.
pub(crate) fn log_store(e: &StoreError) {
    tracing::error!(reason = %chain(e), "the store does not answer the inbox worker");
}
