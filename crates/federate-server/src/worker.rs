//! The inbox worker: what was accepted is judged against today's state and handed to its handler.

mod in_order;
mod judge;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use federate_protocol::activitystreams::Iri;
use federate_protocol::{BadSeal, Envelope};
use federate_store::{BoxFuture, Claim, Claimed, Ending, LEASE, Pending, ReceivedId, Settlement, StoreError};
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt};
use tokio::time::Instant;

use self::in_order::{Became, all_done};
use crate::engine::InboxWorker;
use crate::error::chain;
use crate::metered::{self, Run};
use crate::{Directory, Federation};

/// How many activities are taken up in one step, and how many senders at once. A handler mostly waits, for a database or for a
/// peer: those who make it wait long must not hold all places.
const BATCH: usize = 128;
const AT_ONCE: usize = 64;

/// How many are in hand at once where a worker goes on, and how often it looks then for what it did not hear of. A few times what is
/// taken up in one step, so that it takes many senders at once to fill it.
const IN_HAND: usize = 4 * BATCH;
const LOOK: Duration = Duration::from_secs(1);

/// How many are claimed at once: a part of a step, so that of a burst other processes get theirs. Where more waits again and again, it is
/// a backlog, with enough for all: then twice as many each time.
const PORTION: usize = 32;
const MOST: usize = BATCH;

/// How long the worker waits after a claim that found less than a portion before it makes the next: of a stream, what comes meanwhile
/// is claimed, marked and given back together, which costs a fraction of one by one. Whoever is sent something while nothing else comes does
/// not wait.
const PACE: Duration = Duration::from_millis(5);

/// How long what a newer release has sealed is left to it, each time that this one comes upon it.
const NEWER: Duration = Duration::from_secs(60);

pub(crate) struct Worker<App: Directory> {
    pub(crate) federation: Federation<App>,
    /// The name that nobody else has, where there is one.
    name: Option<String>,
    began: AtomicBool,
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
    async fn step(&self, goes_on: bool) -> Result<usize, StoreError> {
        if goes_on {
            self.federation.inner.fresh.wanted();
        }
        self.take_back().await?;
        let held = Mutex::default();
        let renewing = pin!(self.renew(&held));
        match select(pin!(self.work_off(&held, goes_on)), renewing).await {
            Either::Left((count, _)) => count,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn arrived(&self) {
        self.federation.inner.arrived.notified().await;
    }

    fn wake(&self) {
        self.federation.inner.moderation.heard();
        self.federation.inner.arrived.notify_one();
    }

    async fn next_due(&self) -> Option<SystemTime> {
        self.federation.inner.stores.inbox.next_due().await.ok().flatten()
    }
}

struct Opened {
    one: Pending,
    envelope: Envelope,
    asked: Asked,
}

/// When it was asked what is free and what was handled, by both clocks: the one stands still while the machine sleeps, and leases end by the
/// other, which somebody may set.
#[derive(Clone, Copy)]
struct Asked {
    at: Instant,
    wall: SystemTime,
}

impl Asked {
    /// Whether the claim may have gone to another since.
    fn is_late(self, now: SystemTime) -> bool {
        // Of a clock that went back it is not known how long it was.
        let since = now.duration_since(self.wall).unwrap_or(LEASE);
        self.at.elapsed().max(since) >= LEASE / 3
    }
}

/// What was claimed, and whether a former life handled it.
struct Taken {
    claimed: Vec<(Claimed, bool)>,
    asked: Asked,
}

/// Whose turn it takes: who sent it here.
fn sent_by(envelope: &Envelope) -> Option<Iri> {
    match envelope {
        Envelope::Activity(activity) => Some(activity.by().clone()),
        Envelope::Forwarded(forwarded) => Some(forwarded.forwarder().clone()),
        _ => None,
    }
}

/// What has been handled of what came with one claim.
#[derive(Default)]
struct Portion {
    /// Senders that are not through yet.
    left: usize,
    /// How many activities these sent.
    waiting: usize,
    endings: Vec<(ReceivedId, Ending)>,
    /// Of each sender, what is done and not marked.
    unmarked: Vec<Vec<ReceivedId>>,
    /// The same, of what was to be marked meanwhile and could not be.
    refused: Vec<Vec<ReceivedId>>,
}

/// What ends while a step goes on.
enum Event {
    Claimed(Result<Taken, StoreError>),
    /// What one sender sent with a claim, so much, is through, as far as the store answered.
    Handled(Option<Claim>, usize, Became, Result<(), StoreError>),
    /// These of a claim were marked while another sender's is not through yet.
    Marked(Option<Claim>, Vec<ReceivedId>, Result<(), StoreError>),
    Finished(Result<(), StoreError>),
    /// What waits was looked at, where it was time to.
    Sampled(Result<(), StoreError>),
}

/// The claims of a step.
type Held = Mutex<BTreeSet<Claim>>;

impl<App: Directory> Worker<App> {
    /// Takes back, once, what a former life of this worker had in hand when it died.
    async fn take_back(&self) -> Result<(), StoreError> {
        let Some(name) = &self.name else {
            return Ok(());
        };
        if !self.began.swap(true, Ordering::Relaxed) {
            let reclaimed = self.federation.inner.stores.inbox.reclaim(name).await;
            self.began.store(reclaimed.is_ok(), Ordering::Relaxed);
            if reclaimed? > 0 {
                tracing::info!("took back received activities that a former life of this worker had in hand");
            }
        }
        Ok(())
    }

    /// Claims a little, again and again while there are places, so that other processes find something too; and gives each shard
    /// back as soon as what came of it is handled, so that a slow sender holds up none but its own.
    ///
    /// All of it is polled together: a handler that is not may hold the connection for which a claim waits.
    ///
    /// Where it goes on, what arrives meanwhile is claimed too, until the engine is told to stop: whoever arrives later does not wait
    /// for the slowest of those before it. Nor does it where the store has refused something: that is told at once, and a little later
    /// the store is asked again.
    async fn work_off(&self, held: &Held, goes_on: bool) -> Result<usize, StoreError> {
        let inner = &self.federation.inner;
        let watch = &inner.watch;
        let mut running: FuturesUnordered<BoxFuture<'_, Event>> = FuturesUnordered::new();
        let mut portions: BTreeMap<Option<Claim>, Portion> = BTreeMap::new();
        let (mut count, mut more, mut claiming, mut failed) = (0, true, false, None);
        // What a store without claims gave it would give again, while it is being handled.
        let (mut knows_claims, mut came) = (true, false);
        // Whether something arrived that the claim in flight may not have seen.
        let mut came_meanwhile = false;
        let mut arriving = pin!(self.more_may_be_there());
        let (mut next_claim, mut max) = (None, PORTION);
        let mut sampling = false;
        loop {
            let room = match goes_on {
                true => {
                    portions.values().map(|portion| portion.waiting).sum::<usize>() < IN_HAND
                        && !watch.is_draining()
                }
                false => count < BATCH,
            };
            if more && !claiming && running.len() < AT_ONCE && room {
                claiming = true;
                running.push(Box::pin(self.claim_at(next_claim, max)));
            }
            let ended = match running.next().now_or_never() {
                Some(ended) => Some(ended),
                None => {
                    for (claim, unmarked) in left_unmarked(&mut portions) {
                        running.push(Box::pin(self.mark_meanwhile(claim, unmarked)));
                    }
                    match goes_on {
                        false => Some(running.next().await),
                        true => match select(running.next(), arriving.as_mut()).await {
                            Either::Left((ended, _)) => Some(ended),
                            Either::Right(((), _)) => None,
                        },
                    }
                }
            };
            let Some(ended) = ended else {
                came = true;
                if let Some(error) = failed.take() {
                    log_store(&error);
                    watch.store::<()>(&Err(error), inner.clock.now());
                    next_claim = Some(Instant::now() + LOOK);
                }
                more = knows_claims;
                came_meanwhile |= claiming;
                if !sampling && watch.is_sample_due(inner.clock.now()) {
                    sampling = true;
                    running.push(Box::pin(async {
                        Event::Sampled(watch.sample(&inner.stores, inner.clock.now()).await)
                    }));
                }
                arriving.set(self.more_may_be_there());
                continue;
            };
            match ended {
                None => break,
                Some(Event::Claimed(Ok(taken))) => {
                    claiming = false;
                    watch.store(&Ok(()), inner.clock.now());
                    let claims = taken.claimed.iter().map(|(one, _)| one.claim);
                    count += taken.claimed.len();
                    knows_claims &= claims.clone().all(|claim| claim.is_some());
                    let unseen = std::mem::take(&mut came_meanwhile);
                    more &= (!taken.claimed.is_empty() || unseen) && knows_claims;
                    let is_full = taken.claimed.len() >= max;
                    next_claim = (goes_on && !is_full).then(|| Instant::now() + PACE);
                    max = match is_full {
                        true => (max * 2).min(MOST),
                        false => PORTION,
                    };
                    lock(held).extend(claims.flatten());
                    for (claim, opened) in self.by_sender(taken, &mut portions) {
                        running.push(Box::pin(self.handle_all(claim, opened)));
                    }
                }
                Some(Event::Handled(claim, taken, became, result)) => {
                    if let Some(portion) = portions.get_mut(&claim) {
                        portion.left -= 1;
                        portion.waiting -= taken;
                        portion.endings.extend(became.endings);
                        if !became.unmarked.is_empty() {
                            portion.unmarked.push(became.unmarked);
                        }
                    }
                    more &= result.is_ok();
                    failed = failed.or(result.err());
                }
                Some(Event::Marked(claim, ids, result)) => {
                    if let Some(portion) = portions.get_mut(&claim) {
                        portion.left -= 1;
                        match &result {
                            Ok(()) => portion.endings.extend(all_done(ids)),
                            Err(_) => portion.refused.push(ids),
                        }
                    }
                    more &= result.is_ok();
                    failed = failed.or(result.err());
                }
                Some(Event::Finished(result)) => {
                    failed = failed.or(result.err());
                    // What arrived while its shard was in hand could not be claimed.
                    more |= came && knows_claims && failed.is_none();
                }
                Some(Event::Sampled(result)) => {
                    sampling = false;
                    failed = failed.or(result.err());
                }
                Some(Event::Claimed(Err(error))) => {
                    (claiming, more) = (false, false);
                    failed = Some(error);
                }
            }
            // Also those of which nothing could be opened, so that nobody is waited for.
            for (claim, portion) in portions.extract_if(.., |_, portion| portion.left == 0) {
                running.push(Box::pin(self.finish(claim, portion, held)));
            }
        }
        failed.map_or(Ok(count), Err)
    }

    /// Returns when something arrived, and once a second.
    async fn more_may_be_there(&self) {
        let inner = &self.federation.inner;
        let (arrived, looked) = (
            pin!(inner.arrived.notified()),
            inner.clock.sleep_until(inner.clock.now() + LOOK),
        );
        select(arrived, looked).await;
    }

    /// The next claim, at that time. Whoever is told to stop meanwhile claims no more.
    async fn claim_at(&self, at: Option<Instant>, max: usize) -> Event {
        if let Some(at) = at.filter(|at| *at > Instant::now()) {
            tokio::time::sleep_until(at).await;
            if self.federation.inner.watch.is_draining() {
                let (claimed, asked) = (Vec::new(), self.asked());
                return Event::Claimed(Ok(Taken { claimed, asked }));
            }
        }
        Event::Claimed(self.claim(max).await)
    }

    fn asked(&self) -> Asked {
        Asked {
            at: Instant::now(),
            wall: self.federation.now(),
        }
    }

    async fn claim(&self, max: usize) -> Result<Taken, StoreError> {
        let inbox = &self.federation.inner.stores.inbox;
        let name = self.name.as_deref().unwrap_or("unnamed");
        let asked = self.asked();
        let claimed = inbox.claim(name, max, asked.wall).await?;
        let ids: Vec<ReceivedId> = claimed.iter().map(|one| one.pending.id.clone()).collect();
        let handled = match ids.is_empty() {
            true => Vec::new(),
            false => match inbox.handled_of(&ids).await {
                Ok(handled) => handled,
                Err(e) => {
                    // Nobody would give them back before their leases end.
                    let claims: BTreeSet<Claim> = claimed.iter().filter_map(|one| one.claim).collect();
                    for claim in claims {
                        // Also where one is not: it is free when its lease ends.
                        let _ = inbox.finish(claim, &[]).await;
                    }
                    return Err(e);
                }
            },
        };
        let claimed = claimed.into_iter().zip(handled).collect();
        Ok(Taken { claimed, asked })
    }

    /// What one sender sent is handled in the order in which it came; senders do not wait for each other.
    fn by_sender(
        &self,
        taken: Taken,
        portions: &mut BTreeMap<Option<Claim>, Portion>,
    ) -> Vec<(Option<Claim>, Vec<Opened>)> {
        let mut senders: BTreeMap<(Option<Claim>, Option<Iri>), Vec<Opened>> = BTreeMap::new();
        let asked = taken.asked;
        for (Claimed { pending: one, claim }, is_handled) in taken.claimed {
            let portion = portions.entry(claim).or_default();
            if is_handled {
                // A former life committed this and died before it said so.
                metered::handled(Run::Handled, Duration::ZERO);
                portion.endings.extend(all_done([one.id]));
                continue;
            }
            match self.open(&one) {
                Ok(envelope) => {
                    let of_sender = senders.entry((claim, sent_by(&envelope))).or_insert_with(|| {
                        portion.left += 1;
                        Vec::new()
                    });
                    portion.waiting += 1;
                    of_sender.push(Opened { one, envelope, asked });
                }
                // A newer release beside this one knows it: whoever has that takes it up.
                Err(bad @ BadSeal::UnknownVersion) => {
                    tracing::warn!(activity = %one.id, reason = %bad, "left to a newer release");
                    let at = asked.wall + NEWER;
                    portion.endings.push((one.id, Ending::Later { at }));
                }
                Err(bad) => {
                    tracing::error!(activity = %one.id, reason = %bad, "a stored envelope is not one of ours");
                    metered::handled(Run::Dead, Duration::ZERO);
                    let reason = format!("the stored envelope cannot be opened: {bad}");
                    let dead = Ending::Settled(Settlement::Dead { reason });
                    portion.endings.push((one.id, dead));
                }
            }
        }
        let of_senders = senders.into_iter();
        of_senders.map(|((claim, _), opened)| (claim, opened)).collect()
    }

    /// What waits, as it was accepted by this process a moment ago, or out of its envelope.
    fn open(&self, one: &Pending) -> Result<Envelope, BadSeal> {
        let inner = &self.federation.inner;
        if let Some(activity) = inner.fresh.take(&one.sealed) {
            return Ok(Envelope::Activity(Box::new(Arc::unwrap_or_clone(activity))));
        }
        let (envelope, _) = one.sealed.open_envelope(&inner.secret)?;
        Ok(envelope)
    }

    /// Writes down what became of all that came with a claim, and gives it back.
    async fn finish(&self, claim: Option<Claim>, portion: Portion, held: &Held) -> Event {
        let finished = self.write_down(claim, portion).await;
        if let Some(claim) = claim {
            lock(held).remove(&claim);
            if matches!(finished, Ok(false)) {
                tracing::warn!(
                    shard = claim.shard,
                    "another worker took over what this one had in hand for too long"
                );
            }
        }
        Event::Finished(finished.map(|_| ()))
    }

    async fn write_down(&self, claim: Option<Claim>, portion: Portion) -> Result<bool, StoreError> {
        let inbox = &self.federation.inner.stores.inbox;
        let mut endings = portion.endings;
        let unmarked = [portion.unmarked, portion.refused].concat();
        let Some(claim) = claim else {
            let (marked, refused) = self.mark_each(unmarked).await;
            endings.extend(all_done(marked));
            let settled = self.settle_each(endings).await;
            return refused.and(settled);
        };
        if unmarked.is_empty() {
            return inbox.finish(claim, &endings).await;
        }
        let finished = inbox.finish_unmarked(claim, &endings, &unmarked.concat()).await;
        if matches!(finished, Ok(true)) {
            return finished;
        }
        // Whoever takes it up next finds the marks: they are the one trace that it was handled.
        let (marked, refused) = self.mark_each(unmarked).await;
        match (&finished, refused) {
            (Err(_), _) => {
                // What became of the others can be written down all the same.
                endings.extend(all_done(marked));
                let _ = inbox.finish(claim, &endings).await;
            }
            (Ok(_), Err(e)) => log_store(&e),
            (Ok(_), Ok(())) => {}
        }
        finished
    }

    /// Those of each sender by themselves: what is not taken of one keeps no other out. What is marked, and the first error.
    async fn mark_each(&self, unmarked: Vec<Vec<ReceivedId>>) -> (Vec<ReceivedId>, Result<(), StoreError>) {
        let (mut marked, mut first) = (Vec::new(), Ok(()));
        for ids in unmarked {
            match self.federation.inner.stores.inbox.ack_all(&ids).await {
                Ok(()) => marked.extend(ids),
                Err(e) => first = first.and(Err(e)),
            }
        }
        (marked, first)
    }

    /// As a store does that knows of no claims.
    async fn settle_each(&self, endings: Vec<(ReceivedId, Ending)>) -> Result<bool, StoreError> {
        let inbox = &self.federation.inner.stores.inbox;
        for (id, ending) in endings {
            match ending {
                Ending::Settled(settlement) => inbox.settle(&id, settlement).await?,
                Ending::Again { at, reason } => inbox.retry(&id, at, &reason).await?,
                // Such a store knows no other way.
                Ending::Later { at } => inbox.retry(&id, at, "put off").await?,
            }
        }
        Ok(true)
    }

    /// A handler may take longer than a lease.
    async fn renew(&self, held: &Held) -> Infallible {
        let inner = &self.federation.inner;
        loop {
            inner.clock.sleep_until(inner.clock.now() + LEASE / 3).await;
            let claims: Vec<Claim> = lock(held).iter().copied().collect();
            if claims.is_empty() {
                continue;
            }
            if let Err(e) = inner.stores.inbox.renew(&claims, inner.clock.now()).await {
                log_store(&e);
            }
        }
    }

    /// Handles what one sender sent, one after the other. With an error of the store: what became of those before it.
    async fn handle_all(&self, claim: Option<Claim>, activities: Vec<Opened>) -> Event {
        let taken = activities.len();
        let mut became = Became::default();
        let result = self.handle_each(activities, &mut became).await;
        Event::Handled(claim, taken, became, result)
    }

    async fn mark_meanwhile(&self, claim: Option<Claim>, unmarked: Vec<ReceivedId>) -> Event {
        let marked = self.federation.inner.stores.inbox.ack_all(&unmarked).await;
        Event::Marked(claim, unmarked, marked)
    }
}

/// What was handled, of each sender, of claims of which something is not: it is marked, so that dying meanwhile repeats no more than what
/// is not through.
fn left_unmarked(portions: &mut BTreeMap<Option<Claim>, Portion>) -> Vec<(Option<Claim>, Vec<ReceivedId>)> {
    let mut left = Vec::new();
    for (claim, portion) in portions {
        portion.left += portion.unmarked.len();
        left.extend(portion.unmarked.drain(..).map(|ids| (*claim, ids)));
    }
    left
}

/// The worker, for the engine.
pub(crate) fn worker<App: Directory>(
    federation: &Federation<App>,
    name: Option<String>,
) -> Arc<dyn InboxWorker> {
    Arc::new(Worker {
        federation: federation.clone(),
        name,
        began: AtomicBool::new(false),
    })
}

fn lock(held: &Held) -> MutexGuard<'_, BTreeSet<Claim>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A store's refusal, for the log.
pub(crate) fn log_store(e: &StoreError) {
    tracing::error!(reason = %chain(e), "the store does not answer the inbox worker");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_late_by_either_clock_and_by_one_that_went_back() {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let at = Instant::now();
        let asked = Asked { at, wall };
        let (moment, third) = (Duration::from_millis(1), LEASE / 3);
        assert!(!asked.is_late(wall));
        assert!(!asked.is_late(wall + third - moment));
        assert!(asked.is_late(wall + third));
        assert!(asked.is_late(wall - moment));
        tokio::time::advance(third - moment).await;
        assert!(!asked.is_late(wall));
        tokio::time::advance(moment).await;
        assert!(asked.is_late(wall));
    }
}
