//! Whole lives of an engine under a seed: faults of the network, crashes between any two steps, clocks that jump.

use crate::faulty::Faulty;
use crate::support::{DAY, Reply, Rng, World, iri, seconds, start};
use federate_delivery::{Clock as _, Engine};
use federate_http::{HttpErrorKind, Phase};
use federate_protocol::delivery::HORIZON;
use federate_store::Priority;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::SystemTime,
};

/// More by `FEDERATE_SEEDS=10000`, one by `FEDERATE_SEED=17`.
const SEEDS: u64 = 200;

#[test]
fn p21_what_is_enqueued_arrives_or_is_accounted_for() {
    for seed in seeds() {
        let trace = std::panic::catch_unwind(|| live(seed));
        let Ok(trace) = trace else {
            panic!("failed with FEDERATE_SEED={seed}")
        };
        assert!(!trace.is_empty());
    }
}

#[test]
fn p21_a_seed_repeats_itself() {
    for seed in 0..5 {
        assert_eq!(live(seed), live(seed), "FEDERATE_SEED={seed}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the number of seeds is the caller's choice"
)]
fn seeds() -> std::ops::Range<u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse::<u64>().ok())
    };
    match number("FEDERATE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FEDERATE_SEEDS").unwrap_or(SEEDS),
    }
}

/// What kind of host it is, for as long as the fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    Dead(HttpErrorKind),
    Lossy,
    Slow,
    /// Up and down by turns, in hours.
    Flapping(u64),
    Limiting,
    Refusing(u16),
    Broken,
    Panicking,
}

fn kind(rng: &mut Rng) -> Kind {
    match rng.below(12) {
        0..=3 => Kind::Good,
        4 => Kind::Dead(
            [HttpErrorKind::Connect, HttpErrorKind::Dns, HttpErrorKind::Tls][rng.below(3) as usize],
        ),
        5 => Kind::Lossy,
        6 => Kind::Slow,
        7 => Kind::Flapping(1 + rng.below(40)),
        8 => Kind::Limiting,
        9 => Kind::Refusing([403, 404, 410, 413][rng.below(4) as usize]),
        10 => Kind::Broken,
        _ => Kind::Panicking,
    }
}

fn reply(kind: Kind, rng: &mut Rng, at: SystemTime) -> Reply {
    let hours = at
        .duration_since(start() - DAY * 30)
        .unwrap_or_default()
        .as_secs()
        / 3600;
    match kind {
        Kind::Good => Reply::Status(202),
        Kind::Dead(error) => Reply::Fail(error),
        Kind::Lossy if rng.chance(30) => Reply::LostAnswer,
        Kind::Lossy if rng.chance(30) => Reply::Fail(HttpErrorKind::Timeout(Phase::Head)),
        Kind::Slow if rng.chance(50) => Reply::Slow(seconds(rng.below(30)), 202),
        Kind::Flapping(period) if (hours / period).is_multiple_of(2) => Reply::Status(503),
        Kind::Limiting if rng.chance(40) => Reply::After(429, rng.below(4000).to_string()),
        Kind::Refusing(status) => Reply::Status(status),
        Kind::Broken if rng.chance(50) => Reply::Status([500, 502, 301, 401, 520][rng.below(5) as usize]),
        Kind::Panicking if rng.chance(20) => Reply::Panic,
        _ => Reply::Status(200),
    }
}

struct Life {
    world: World,
    store: Arc<Faulty>,
    rng: Rng,
    kinds: BTreeMap<String, Kind>,
    posted: BTreeSet<(String, String)>,
    /// Of what must keep its order: the object, and the how-manyth it is.
    ordered: BTreeMap<String, (u64, usize)>,
    jumped: bool,
    /// Hosts that were suspended once: something for them may have been called off.
    suspended: BTreeSet<String>,
    /// How many deliveries the store says that it has taken back, and called off.
    superseded: u64,
    cancelled: u64,
    trace: Vec<String>,
}

/// The life of one instance; what happened, as text.
fn live(seed: u64) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::panic::set_hook(Box::new(|info| {
        if !info.to_string().contains("a script said so") {
            #[expect(clippy::print_stderr, reason = "this is a test that failed")]
            {
                eprintln!("{info}");
            }
        }
    }));
    runtime.block_on(async {
        let mut rng = Rng(seed);
        let kinds: BTreeMap<String, Kind> = (0..2 + rng.below(8))
            .map(|n| (format!("h{n}.example"), kind(&mut rng)))
            .collect();
        let world = World::new(|_, _| Reply::Status(202));
        set_script(&world, kinds.clone(), Rng(rng.next()));
        let faults = [0, 0, 1, 10][rng.below(4) as usize];
        let store = Faulty::new(&world.stores, rng.next(), faults);
        let mut life = Life {
            world,
            store,
            rng,
            kinds,
            posted: BTreeSet::new(),
            ordered: BTreeMap::new(),
            jumped: false,
            suspended: BTreeSet::new(),
            superseded: 0,
            cancelled: 0,
            trace: vec![],
        };
        life.troubled().await;
        life.healed().await;
        life.trace
    })
}

fn set_script(world: &World, kinds: BTreeMap<String, Kind>, mut rng: Rng) {
    world
        .net
        .script(move |url, at| reply(kinds[iri(url).host().unwrap()], &mut rng, at));
}

impl Life {
    fn engine(&mut self) -> Engine {
        self.world
            .builder_over(&self.store.stores())
            .seed(self.rng.next())
            .in_flight(1 + self.rng.below(40) as usize)
            .build()
    }

    /// Posts, steps, crashes and jumps.
    async fn troubled(&mut self) {
        let mut engine = self.engine();
        for round in 0..6 + self.rng.below(14) {
            for n in 0..self.rng.below(5) {
                self.post(&format!("https://a.example/{round}/{n}")).await;
            }
            self.operate().await;
            if self.rng.chance(8) {
                self.outage(&engine).await;
            } else if self.rng.chance(25) {
                let polls = self.rng.below(60);
                self.crash_in(&engine, polls).await;
                drop(engine);
                engine = self.engine();
            } else {
                self.step(&engine).await;
            }
            self.check().await;
            self.time_passes(&engine).await;
        }
    }

    async fn post(&mut self, id: &str) {
        let hosts: Vec<String> = self.kinds.keys().cloned().collect();
        let mut inboxes = vec![];
        for host in hosts {
            for inbox in ["inbox", "users/bob/inbox"] {
                if self.rng.chance(40) {
                    inboxes.push(format!("https://{host}/{inbox}"));
                }
            }
        }
        let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
        let priority = [Priority::High, Priority::Usual, Priority::Low][self.rng.below(3) as usize];
        let object = self.rng.chance(50).then(|| self.rng.below(3));
        if let Some(object) = object {
            let number = self.ordered.len();
            self.ordered.insert(id.to_owned(), (object, number));
        }
        let object = object.map(|object| format!("https://a.example/notes/{object}"));
        self.world
            .post_about(object.as_deref(), priority, id, &inboxes)
            .await;
        self.posted
            .extend(inboxes.iter().map(|inbox| (id.to_owned(), (*inbox).to_owned())));
    }

    /// What people do meanwhile: a host is suspended or not any more, a post is taken back.
    async fn operate(&mut self) {
        let hosts: Vec<String> = self.kinds.keys().cloned().collect();
        let host = hosts[self.rng.below(hosts.len() as u64) as usize].clone();
        let queue = self.world.stores.queue.clone();
        match self.rng.below(100) {
            0..=5 => {
                self.world.app.suspended.lock().unwrap().insert(host.clone());
                self.cancelled += queue.cancel(&host).await.unwrap();
                self.trace.push(format!("suspended {host}"));
                self.suspended.insert(host);
            }
            6..=15 => {
                self.world.app.suspended.lock().unwrap().remove(&host);
            }
            16..=25 if !self.posted.is_empty() => {
                let at = self.rng.below(self.posted.len() as u64) as usize;
                let id = self.posted.iter().nth(at).unwrap().0.clone();
                self.superseded += queue.supersede(&iri(&id)).await.unwrap();
                self.trace.push(format!("took back {id}"));
            }
            26..=30 => queue.pause(&host).await.unwrap(),
            31..=45 => queue.resume(&host).await.unwrap(),
            _ => {}
        }
    }

    /// The disk is full, or the database restarts: every call fails for a while.
    async fn outage(&mut self, engine: &Engine) {
        let before = self.store.percent(100);
        for _ in 0..1 + self.rng.below(3) {
            self.step(engine).await;
            self.check().await;
            self.world.clock.advance(seconds(self.rng.below(120)));
        }
        self.store.percent(before);
        self.trace.push("outage".to_owned());
    }

    async fn time_passes(&mut self, engine: &Engine) {
        let clock = self.world.clock.clone();
        match self.rng.below(100) {
            0..=59 => drop(self.world.to_next_due(engine).await),
            60..=79 => clock.advance(seconds(self.rng.below(600))),
            80..=93 => clock.advance(seconds(self.rng.below(3 * 86_400))),
            94..=96 => {
                self.jumped = true;
                clock.set(clock.now() - DAY);
            }
            97 => {
                self.jumped = true;
                clock.advance(DAY * 365);
            }
            _ => {}
        }
    }

    /// A step to its end; slow answers need time to pass meanwhile.
    async fn step(&mut self, engine: &Engine) {
        let clock = self.world.clock.clone();
        let ticker = async {
            loop {
                yields(60).await;
                clock.advance(seconds(5));
            }
        };
        let progress = tokio::select! {
            biased;
            progress = engine.step() => progress,
            () = ticker => unreachable!("it never ends"),
        };
        let now = clock.now().duration_since(start() - DAY * 30).unwrap().as_secs();
        self.trace.push(format!("{now} {progress:?}"));
    }

    /// A step that ends in the middle.
    async fn crash_in(&mut self, engine: &Engine, polls: u64) {
        tokio::select! {
            biased;
            _ = engine.step() => {}
            () = yields(polls) => {}
        }
        self.trace.push("crash".to_owned());
    }

    /// The invariant, and that nothing was made up.
    async fn check(&self) {
        let counts = self.world.counts().await;
        assert!(counts.enqueued <= self.posted.len() as u64, "{counts:?}");
        let taken = self.world.net.taken();
        assert!(taken.is_subset(&self.posted));
        assert!(
            counts.delivered <= taken.len() as u64,
            "{counts:?}, and {} taken",
            taken.len()
        );
        self.check_order();
        self.check_suspended();
        assert_eq!(counts.cancelled, self.cancelled);
        assert_eq!(counts.superseded, self.superseded);
        let most = self.world.net.most_under_way.lock().unwrap();
        assert!(most.values().all(|most| *most <= 64), "{most:?}");
    }

    /// P11: of what is about one object, no inbox gets anything before what went before it.
    fn check_order(&self) {
        let mut last: BTreeMap<(String, u64), usize> = BTreeMap::new();
        for (id, inbox) in self.world.net.arrivals() {
            if let Some((object, number)) = self.ordered.get(&id) {
                let before = last.insert((inbox.clone(), *object), *number);
                assert!(
                    before.is_none_or(|before| before < *number),
                    "{id} came late to {inbox}"
                );
            }
        }
    }

    /// P22: no request began to a host that was suspended then. (What was under way when it was suspended is looked at in `Net`.)
    fn check_suspended(&self) {
        let begun = self.world.net.begun_suspended.lock().unwrap();
        assert!(begun.is_empty(), "{begun:?}");
    }

    /// The faults end; what is not refused for good arrives.
    async fn healed(&mut self) {
        for kind in self.kinds.values_mut() {
            if !matches!(kind, Kind::Refusing(_)) {
                *kind = Kind::Good;
            }
        }
        set_script(&self.world, self.kinds.clone(), Rng(0));
        self.store.percent(0);
        self.world.app.suspended.lock().unwrap().clear();
        for host in self.kinds.keys() {
            self.world.stores.queue.resume(host).await.unwrap();
        }
        let engine = self.engine();
        let healed_at = self.world.clock.now();
        loop {
            self.step(&engine).await;
            self.check().await;
            let counts = self.world.counts().await;
            let unexpanded = self.world.stores.outbox.unexpanded(1).await.unwrap();
            if counts.pending == 0 && unexpanded.is_empty() {
                break;
            }
            assert!(self.world.to_next_due(&engine).await, "{counts:?} {unexpanded:?}");
            // The longest back-off, the longest pause, a clock that was set back, and some slack.
            let limit = DAY * if self.jumped { 10 } else { 2 };
            assert!(self.world.clock.now() < healed_at + limit, "{counts:?}");
        }
        self.account().await;
    }

    /// Each of what was posted is with its host, or dead for a reason that holds.
    async fn account(&mut self) {
        let counts = self.world.counts().await;
        assert_eq!(counts.enqueued, self.posted.len() as u64);
        let dead = self.world.stores.queue.dead(usize::MAX).await.unwrap();
        let mut ended = self.world.net.taken();
        for letter in dead {
            let (activity, inbox) = letter.delivery.id.parts();
            let pair = (activity.to_owned(), inbox.to_owned());
            assert!(self.posted.contains(&pair));
            let refused = matches!(
                self.kinds[letter.delivery.inbox.host().unwrap()],
                Kind::Refusing(_)
            );
            let was_suspended = letter.reason.contains("suspended");
            assert!(!was_suspended || self.suspended.contains(letter.delivery.inbox.host().unwrap()));
            let age = letter
                .died
                .duration_since(letter.delivery.first_enqueued)
                .unwrap_or_default();
            assert!(refused || was_suspended || age >= HORIZON, "{letter:?}");
            assert!(!letter.reason.is_empty());
            ended.insert(pair);
        }
        // What is neither with its host nor dead was taken back before anybody had seen it, or called off.
        let missing: Vec<_> = self.posted.difference(&ended).collect();
        assert!(
            missing.len() as u64 <= counts.superseded + counts.cancelled,
            "{missing:?}"
        );
        let tried: BTreeSet<(String, String)> = self.world.net.tried();
        for (id, inbox) in missing {
            let was_suspended = self.suspended.contains(iri(inbox).host().unwrap());
            let was_tried = tried.contains(&(id.clone(), inbox.clone()));
            assert!(
                was_suspended || !was_tried,
                "{id} for {inbox} was taken back and had been tried"
            );
        }
        assert!(ended.is_subset(&self.posted));
        let total = self.world.net.seen().len();
        self.trace.push(format!("{counts:?} in {total} requests"));
    }
}

async fn yields(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}
