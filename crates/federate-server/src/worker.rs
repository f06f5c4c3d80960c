//! The inbox worker: what was accepted is judged against today's state and handed to its handler.

mod judge;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use federate_protocol::activitystreams::{Activity, Iri};
use federate_protocol::delivery::backoff;
use federate_protocol::{Authenticated, BadSeal, Envelope};
use federate_store::{
    BoxFuture, Claim, Claimed, Ending, LEASE, Outgoing, Pending, ReceivedId, Settlement, StoreError,
};
use futures_util::future::{Either, join, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;
use tracing::Instrument as _;

use self::judge::Stop;
use crate::behaviour::{self, Turn};
use crate::engine::InboxWorker;
use crate::error::chain;
use crate::groups::Announced;
use crate::metered::{self, Run};
use crate::spans;
use crate::{Cx, Directory, Federation};

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

/// Whoever made a handler wait so long, by a server that trickles for example, has had its share of this step: what else it sent
/// is put off. Otherwise a hundred such activities of one sender would stop the inbox for an hour.
const SLOW: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// After this many failed runs an activity goes to the dead letters.
const RUNS: u32 = 12;

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
}

/// What ends while a step goes on.
enum Event {
    Claimed(Result<Taken, StoreError>),
    /// What one sender sent with a claim, so much, is through, as far as the store answered.
    Handled(
        Option<Claim>,
        usize,
        Vec<(ReceivedId, Ending)>,
        Result<(), StoreError>,
    ),
    Finished(Result<(), StoreError>),
    /// What waits was looked at, where it was time to.
    Sampled(Result<(), StoreError>),
}

/// What became of one that was taken up.
enum Handled {
    Ended(Ended),
    /// Its handler is through, and nothing says so yet.
    Unmarked(Sent),
}

/// What a handler did beside what the application knows.
struct Sent {
    outgoing: Vec<Outgoing>,
    marked_itself: bool,
}

impl Sent {
    fn is_nothing(&self) -> bool {
        self.outgoing.is_empty() && !self.marked_itself
    }
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
            let ended = match goes_on {
                false => Some(running.next().await),
                true => match select(running.next(), arriving.as_mut()).await {
                    Either::Left((ended, _)) => Some(ended),
                    Either::Right(((), _)) => None,
                },
            };
            let Some(ended) = ended else {
                came = true;
                if let Some(error) = failed.take() {
                    log_store(&error);
                    watch.store::<()>(&Err(error), inner.clock.now());
                    next_claim = Some(Instant::now() + LOOK);
                }
                more = knows_claims;
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
                    more &= !taken.claimed.is_empty() && knows_claims;
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
                Some(Event::Handled(claim, taken, endings, result)) => {
                    if let Some(portion) = portions.get_mut(&claim) {
                        portion.left -= 1;
                        portion.waiting -= taken;
                        portion.endings.extend(endings);
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
            let waiting = std::mem::take(&mut portions).into_iter();
            let (through, left): (Vec<_>, Vec<_>) = waiting.partition(|(_, portion)| portion.left == 0);
            portions.extend(left);
            for (claim, portion) in through {
                running.push(Box::pin(self.finish(claim, portion.endings, held)));
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
                portion.endings.push((one.id, Ending::Settled(Settlement::Done)));
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
        if let Some(activity) = inner.fresh.take(&one.id) {
            return Ok(Envelope::Activity(activity));
        }
        let (envelope, _) = one.sealed.open_envelope(&inner.secret)?;
        Ok(envelope)
    }

    /// Writes down what became of all that came with a claim, and gives it back.
    async fn finish(&self, claim: Option<Claim>, endings: Vec<(ReceivedId, Ending)>, held: &Held) -> Event {
        let finished = self.write_down(claim, endings).await;
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

    async fn write_down(
        &self,
        claim: Option<Claim>,
        endings: Vec<(ReceivedId, Ending)>,
    ) -> Result<bool, StoreError> {
        let inbox = &self.federation.inner.stores.inbox;
        if let Some(claim) = claim {
            return inbox.finish(claim, &endings).await;
        }
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
        let mut endings = Vec::with_capacity(taken);
        let result = self.handle_each(activities, &mut endings).await;
        Event::Handled(claim, taken, endings, result)
    }

    async fn handle_each(
        &self,
        activities: Vec<Opened>,
        endings: &mut Vec<(ReceivedId, Ending)>,
    ) -> Result<(), StoreError> {
        let inner = &self.federation.inner;
        let mut pause = None::<Duration>;
        // What was handled at once, and sent nothing: marked together.
        let mut unmarked = Vec::new();
        for Opened { one, envelope, asked } in activities {
            if let Some(wait) = &mut pause {
                // Each behind the one before it, so that none is put off again and again.
                *wait = (*wait + SLOW * 6).min(LONGEST_PAUSE);
                let at = self.federation.now() + *wait;
                endings.push((one.id, Ending::Later { at }));
                continue;
            }
            let begun = Instant::now();
            let handled = {
                let before = unmarked
                    .iter()
                    .map(|(id, _): &(ReceivedId, _)| id.clone())
                    .collect();
                let mut handling = pin!(self.handle(&one, envelope, asked, before));
                match handling.as_mut().now_or_never() {
                    Some(handled) => handled,
                    None => {
                        // It waits for something. What was handled before it does not wait for that too.
                        let (handled, marked) = join(handling, self.mark(&mut unmarked, endings)).await;
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
                    let ending = self.ending(&one, Ended::Done, took);
                    unmarked.push((one.id, ending));
                    continue;
                }
                Ok(Handled::Unmarked(sent)) => {
                    // In their order: whoever takes this up anew begins with the first that is not marked.
                    self.mark(&mut unmarked, endings).await?;
                    self.mark_with(&one.id, &sent).await?;
                    Ended::Done
                }
                Ok(Handled::Ended(ended)) => ended,
                Err(e) => {
                    self.mark(&mut unmarked, endings).await?;
                    return Err(e);
                }
            };
            let ending = self.ending(&one, ended, took);
            endings.push((one.id, ending));
        }
        self.mark(&mut unmarked, endings).await
    }

    /// Marks what was handled, and takes down that it is done.
    async fn mark(
        &self,
        unmarked: &mut Vec<(ReceivedId, Ending)>,
        endings: &mut Vec<(ReceivedId, Ending)>,
    ) -> Result<(), StoreError> {
        if unmarked.is_empty() {
            return Ok(());
        }
        let marked = std::mem::take(unmarked);
        let ids: Vec<ReceivedId> = marked.iter().map(|(id, _)| id.clone()).collect();
        self.federation.inner.stores.inbox.ack_all(&ids).await?;
        endings.extend(marked);
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

    /// `before`: what of the same sender was handled, and is not marked yet.
    async fn handle(
        &self,
        one: &Pending,
        envelope: Envelope,
        asked: Asked,
        before: Vec<ReceivedId>,
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

    async fn take_up(
        &self,
        one: &Pending,
        envelope: Envelope,
        before: Vec<ReceivedId>,
    ) -> Result<Handled, StoreError> {
        match envelope {
            Envelope::Activity(activity) => {
                let span = spans::handled(one, &activity);
                let running = async { Ok(self.run(&one.id, *activity, before).await) };
                told(running).instrument(span).await
            }
            Envelope::Forwarded(forwarded) => {
                let span = spans::forwarded(one, &forwarded);
                let looking = Box::pin(self.federation.look_up_stored(&forwarded, &one.sealed));
                let looking = async { looking.await.map(Handled::Ended) };
                told(looking).instrument(span).await
            }
            _ => Ok(Handled::Ended(Ended::Never(
                "of a kind that this release does not know".to_owned(),
            ))),
        }
    }

    async fn run(
        &self,
        id: &ReceivedId,
        activity: Authenticated<Activity>,
        before: Vec<ReceivedId>,
    ) -> Handled {
        let cx = Cx::new(self.federation.clone(), id.clone(), activity.by().clone()).behind(before);
        let run = AssertUnwindSafe(self.judge_and_run(&cx, activity))
            .catch_unwind()
            .await;
        let ended = match run {
            Err(panic) => Ended::Again(format!("the handler panicked: {}", said(&*panic))),
            Ok(Err(Stop::Handled)) => Ended::Done,
            Ok(Err(Stop::Goes(pause))) => Ended::Goes(pause),
            Ok(Err(Stop::Refused(reason))) => Ended::Never(reason),
            Ok(Err(Stop::Failed(failure))) if failure.is_permanent() => Ended::Never(failure.chain()),
            Ok(Err(Stop::Failed(failure))) => Ended::Again(failure.chain()),
            Ok(Ok(())) => {
                return Handled::Unmarked(Sent {
                    outgoing: cx.take_sent(),
                    marked_itself: cx.marked_itself(),
                });
            }
        };
        Handled::Ended(ended)
    }

    async fn judge_and_run(&self, cx: &Cx<App>, activity: Authenticated<Activity>) -> Result<(), Stop> {
        let activity = self.judge(activity).await?;
        let mut announced = crate::relay::announced(cx, &activity).await?;
        if let Announced::Nothing = announced {
            announced = crate::relay::pass_on_announced(cx, &activity).await?;
        }
        if let Announced::Nothing = announced {
            announced = crate::groups::announced(cx, &activity).await?;
        }
        match announced {
            Announced::Nothing => {}
            Announced::Taken => return Ok(()),
            Announced::Later(pause) => return Err(Stop::Goes(pause)),
        }
        if crate::relay::followed(cx, &activity).await? {
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
        crate::relay::pass_on(cx, &activity).await?;
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
}

/// Says in the span how it ended.
async fn told(run: impl Future<Output = Result<Handled, StoreError>>) -> Result<Handled, StoreError> {
    let handled = run.await?;
    spans::ended(match &handled {
        Handled::Unmarked(_) | Handled::Ended(Ended::Done | Ended::Goes(_)) => Run::Handled,
        Handled::Ended(Ended::Again(_)) => Run::Failed,
        Handled::Ended(Ended::Never(_)) => Run::Dead,
    });
    Ok(handled)
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
