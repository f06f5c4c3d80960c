//! What a store promises that can be moved out of, and one that can be moved into.

use super::{at, delivery, iri, outbox::outgoing};
use crate::{
    Accepted, Backend, Counts, Delivery, DeliveryId, Follower, Hold, Inbox, LEASE, OrderKey, Priority,
    Relation, RelationKey, RelationKind, RelationState, Relations, Rule, Sealed, Settled, Settlement,
    StoreError, StoreErrorKind, Stores, Verdict, async_trait,
    transfer::{Arrival, Census, Departure, Export, Import, Part, Record, TransferError, transfer},
};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::SystemTime,
};

const INSTANCE: &str = "https://a.example";

/// Every promise of [`Export`] and [`Import`], from stores of one kind into stores of another or the same.
pub async fn stores_move<S, T>(source: impl AsyncFn() -> S, target: impl AsyncFn() -> T)
where
    S: Backend + Export,
    T: Backend + Import,
{
    everything_arrives(&source().await, &target().await).await;
    a_transfer_that_stops_goes_on(&source().await, &target().await).await;
    nothing_is_begun_where_it_must_not(&source().await, &target().await, &target().await).await;
    a_worker_is_waited_for(&source().await, &target().await).await;
}

async fn everything_arrives<S: Backend + Export, T: Backend + Import>(source: &S, target: &T) {
    let (from, to) = (source.stores(), target.stores());
    fill(&from).await;
    let (records, counts, due) = (records(source).await, counts(&from).await, due(&from).await);
    for part in Part::ALL {
        assert!(
            records.get(&part).is_some_and(|records| !records.is_empty()),
            "some {part}"
        );
    }
    let census = transfer(source, target, at(60)).await.expect("transfer");
    assert_eq!(target.census().await.expect("census"), census);
    assert_eq!(self::records(target).await, records);
    assert_eq!(self::counts(&to).await, counts);
    assert_eq!(
        to.binding.instance().await.expect("read").as_deref(),
        Some(INSTANCE)
    );

    assert_eq!(from.binding.hold().await.expect("read"), Some(Hold::Moved));
    assert_eq!(from.queue.lease("w", 9, at(900)).await.expect("lease"), []);
    nothing_can_be_added(&from).await;
    let taken_up = from.inbox.claim("w", 9, at(900)).await;
    assert!(taken_up.is_err(), "it is taken up where it went: {taken_up:?}");
    assert_eq!(self::counts(&from).await, counts);

    let again = transfer(source, target, at(61)).await.expect("once more");
    assert_eq!(again, census);
    assert_eq!(to.binding.hold().await.expect("read"), None);
    assert_eq!(self::due(&to).await, due, "the same is due, in the same order");
    work_goes_on(&to, counts).await;
}

/// Whatever call fails, and whether it had its effect.
async fn a_transfer_that_stops_goes_on<S: Backend + Export, T: Backend + Import>(source: &S, target: &T) {
    let (from, to) = (source.stores(), target.stores());
    fill(&from).await;
    let (records, counts) = (records(source).await, counts(&from).await);
    let mut stops = 0_usize;
    loop {
        let flaky = Flaky {
            target,
            // At each part first, before its records are there and after; then at what comes after them.
            left: AtomicUsize::new(1 + stops.saturating_sub(2 * Part::ALL.len()) / 2),
            takes_effect: stops % 2 == 1,
        };
        let before = to.queue.lease("w", 99, at(900)).await.expect("lease");
        match transfer(source, &flaky, at(60)).await {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, TransferError::Store { .. }), "{error:?}"),
        }
        assert_eq!(before, [], "not before it is whole");
        if from.binding.hold().await.expect("read").is_some() {
            assert_eq!(from.queue.lease("w", 99, at(900)).await.expect("lease"), []);
        }
        stops += 1;
        assert!(stops < 200, "it never ends");
    }
    assert!(stops > 2 * Part::ALL.len(), "it was stopped {stops} times");
    assert_eq!(self::records(target).await, records);
    assert_eq!(self::counts(&to).await, counts);
    assert_eq!(to.binding.hold().await.expect("read"), None);
}

async fn nothing_is_begun_where_it_must_not<S, T>(source: &S, target: &T, other: &T)
where
    S: Backend + Export,
    T: Backend + Import,
{
    let from = source.stores();
    fill(&from).await;
    target
        .stores()
        .keys
        .get_or_insert("k", b"k")
        .await
        .expect("insert");
    let refused = transfer(source, target, at(60)).await;
    assert!(matches!(refused, Err(TransferError::NotEmpty)), "{refused:?}");
    other
        .stores()
        .binding
        .bind("https://z.example")
        .await
        .expect("bind");
    let refused = transfer(source, other, at(60)).await;
    assert!(
        matches!(refused, Err(TransferError::OtherInstance { .. })),
        "{refused:?}"
    );
    assert_eq!(
        from.binding.hold().await.expect("read"),
        None,
        "the source goes on"
    );
    from.binding.hold_back().await.expect("hold back");
    other.stores().binding.rebind(INSTANCE).await.expect("rebind");
    let refused = transfer(source, other, at(60)).await;
    assert!(
        matches!(refused, Err(TransferError::Held(Hold::Restored))),
        "{refused:?}"
    );
    // Given up: the source works on, and what came to the target is no beginning of another transfer.
    from.binding.allow().await.expect("allow");
    transfer(source, other, at(60)).await.expect("transfer");
    from.binding.allow().await.expect("allow");
    from.outbox.record(&outgoing(77)).await.expect("record");
    let refused = transfer(source, other, at(60)).await;
    assert!(matches!(refused, Err(TransferError::NotEmpty)), "{refused:?}");
}

async fn a_worker_is_waited_for<S: Backend + Export, T: Backend + Import>(source: &S, target: &T) {
    let from = source.stores();
    let one = delivery::delivery(1, "b.example", 1);
    let batch = std::slice::from_ref(&one);
    from.queue.enqueue(batch, at(0)).await.expect("enqueue");
    let lane = delivery::lease_one(&*from.queue, at(0)).await;
    let refused = transfer(source, target, at(1)).await;
    assert!(
        matches!(refused, Err(TransferError::InUse { lanes: 1 })),
        "{refused:?}"
    );
    assert_eq!(from.binding.hold().await.expect("read"), Some(Hold::Moved));
    // It dies, and its lease ends; were it only asleep, it has nothing more to say.
    let census = transfer(source, target, at(0) + LEASE).await.expect("transfer");
    assert_eq!(census.counts.pending, 1);
    let late = from
        .queue
        .settle(&lane, &[(one.id, Settled::Delivered)], at(99))
        .await;
    assert!(late.is_err_and(|error| error.kind() == StoreErrorKind::Fenced));
}

/// Something of everything.
async fn fill(stores: &Stores) {
    stores.binding.bind(INSTANCE).await.expect("bind");
    for number in 0..5 {
        stores.outbox.record(&outgoing(number)).await.expect("record");
    }
    for number in [0, 3] {
        stores.outbox.expanded(&outgoing(number).id).await.expect("mark");
    }
    let block = Rule::new("evil.example", Verdict::Block, at(3))
        .because("spam")
        .by("mo");
    let pardon = Rule::new("evil.example", Verdict::Unblock, at(4));
    stores.rules.decide(&[block, pardon]).await.expect("decide");
    stores
        .keys
        .get_or_insert("alice", b"se\0cret")
        .await
        .expect("insert");
    for (number, shared) in [(3, None), (1, Some("https://f.example/inbox")), (2, None)] {
        let actor = format!("https://f.example/{number}");
        let follower = Follower::parse(&actor, &format!("{actor}/inbox"), shared).expect("a follower");
        stores.followers.add("alice", &follower).await.expect("add");
    }
    fill_relations(&*stores.relations).await;
    fill_inbox(&*stores.inbox).await;
    fill_queue(stores).await;
}

async fn fill_relations(relations: &dyn Relations) {
    for (number, state) in [
        (3, RelationState::Pending),
        (1, RelationState::Accepted),
        (2, RelationState::Rejected),
    ] {
        let actor = iri(&format!("https://f.example/{number}"));
        let key = RelationKey::new(RelationKind::EmojiReact, "https://a.example/notes/1", &actor);
        let relation = Relation {
            activity: (number > 1).then(|| iri(&format!("https://f.example/likes/{number}"))),
            state,
            until: (number > 2).then(|| at(number)),
            note: format!("note {number}"),
            ..Relation::new(key.named("✨"), at(number))
        };
        relations.put(&relation).await.expect("put");
    }
}

async fn fill_inbox(inbox: &dyn Inbox) {
    for number in 0..6 {
        let id = iri(&format!("https://b.example/likes/{number}"));
        let sealed = Sealed::from_bytes(format!("sealed\0{number}"));
        let accepted = inbox.accept("https://b.example", &id, &sealed, at(number)).await;
        let Accepted::New(id) = accepted.expect("accept") else {
            continue;
        };
        match number {
            1 => {
                inbox.ack(&id, &[outgoing(50)]).await.expect("ack");
                inbox.settle(&id, Settlement::Done).await.expect("settle");
            }
            2 => {
                let reason = "handler failed".to_owned();
                inbox.retry(&id, at(9), "once").await.expect("put off");
                inbox
                    .settle(&id, Settlement::Dead { reason })
                    .await
                    .expect("settle");
            }
            3 => inbox.retry(&id, at(70), "busy").await.expect("put off"),
            // It died between the two steps.
            4 => assert!(inbox.ack(&id, &[]).await.expect("ack")),
            _ => {}
        }
    }
}

async fn fill_queue(stores: &Stores) {
    let queue = &*stores.queue;
    let mut batch: Vec<Delivery> = (0..40)
        .map(|n| delivery::delivery(n % 8, &format!("h{}.example", n % 5), n % 3))
        .collect();
    for one in &mut batch {
        // Of the activity, as all that belongs to it.
        let digit = one.activity.as_str().bytes().last().unwrap_or_default();
        one.priority = [Priority::High, Priority::Usual, Priority::Low][usize::from(digit % 3)];
        one.order = (digit % 2 == 0).then(|| OrderKey::of(&iri("https://a.example/notes/1")));
    }
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    for (round, now) in [at(1), at(2), at(3)].into_iter().enumerate() {
        for lane in queue.lease("w", 9, now).await.expect("lease") {
            let found = queue.due(&lane, 3, now).await.expect("due");
            let outcomes = found.into_iter().enumerate().map(|(n, one)| {
                let settled = match (n + round) % 3 {
                    0 => delivery::retry(50 + 10 * n as u64),
                    1 => delivery::dead("answered 410"),
                    _ => Settled::Delivered,
                };
                (one.id, settled)
            });
            let outcomes: Vec<_> = outcomes.collect();
            queue.settle(&lane, &outcomes, now).await.expect("settle");
            let closed = (lane.host == "h1.example" && round == 2).then(|| at(100));
            queue.release(lane, closed).await.expect("release");
        }
    }
    queue.pause("h2.example").await.expect("pause");
    queue.cancel("h4.example").await.expect("cancel");
    let needless = delivery::delivery(20, "h3.example", 1);
    queue
        .enqueue(std::slice::from_ref(&needless), at(4))
        .await
        .expect("enqueue");
    assert_eq!(queue.supersede(&needless.activity).await.expect("supersede"), 1);
    // The long ended is forgotten; the figures have it still.
    assert_eq!(queue.prune(at(900), 1).await.expect("prune"), 1);
}

async fn nothing_can_be_added(stores: &Stores) {
    let late = stores.outbox.record(&outgoing(99)).await;
    assert!(late.is_err(), "recorded and lost");
    let key = RelationKey::new(RelationKind::Like, "x", &iri("https://f.example/late"));
    let late = stores.relations.put(&Relation::new(key, at(900))).await;
    assert!(late.is_err(), "liked and lost");
    let late = delivery::delivery(99, "late.example", 1);
    assert!(stores.queue.enqueue(&[late], at(900)).await.is_err());
    let id = iri("https://b.example/late");
    let late = stores
        .inbox
        .accept("https://b.example", &id, &Sealed::from_bytes("x"), at(900))
        .await;
    assert!(late.is_err(), "accepted and lost");
    let late = Rule::new("late.example", Verdict::Block, at(900));
    assert!(stores.rules.decide(&[late]).await.is_err(), "decided and lost");
}

async fn work_goes_on(stores: &Stores, before: Counts) {
    stores.queue.resume("h2.example").await.expect("resume");
    let mut now = at(10_000);
    let mut rounds = 0;
    loop {
        let lanes = stores.queue.lease("w", 9, now).await.expect("lease");
        if lanes.is_empty() {
            break;
        }
        for lane in lanes {
            let found = stores.queue.due(&lane, 99, now).await.expect("due");
            let outcomes: Vec<_> = found
                .into_iter()
                .map(|one| (one.id, Settled::Delivered))
                .collect();
            stores.queue.settle(&lane, &outcomes, now).await.expect("settle");
            stores.queue.release(lane, None).await.expect("release");
        }
        now += LEASE;
        rounds += 1;
        assert!(rounds < 100, "it never ends");
    }
    let after = counts(stores).await;
    assert_eq!((after.pending, after.dead), (0, before.dead));
    assert_eq!(after.delivered, before.delivered + before.pending);
}

async fn counts(stores: &Stores) -> Counts {
    delivery::counts(&*stores.queue).await
}

/// What is due of each host, in its order. (What lanes are leased for it is given back.)
async fn due(stores: &Stores) -> BTreeMap<String, Vec<DeliveryId>> {
    let now: SystemTime = at(61);
    let mut all = BTreeMap::new();
    for lane in stores.queue.lease("w", 99, now).await.expect("lease") {
        let due = delivery::due(&*stores.queue, &lane, now).await;
        all.insert(lane.host.clone(), due);
        stores.queue.release(lane, None).await.expect("release");
    }
    assert!(!all.is_empty(), "something is due");
    all
}

/// All that an export gives, page after page.
async fn records(store: &dyn Export) -> BTreeMap<Part, Vec<Record>> {
    let mut all = BTreeMap::new();
    for part in Part::ALL {
        let records = all.entry(part).or_insert_with(Vec::new);
        let mut after: Option<String> = None;
        loop {
            let page = store.records(part, after.as_deref(), 3).await.expect("a page");
            assert!(page.len() <= 3, "at most max");
            let Some((cursor, _)) = page.last() else { break };
            after = Some(cursor.clone());
            records.extend(page.into_iter().map(|(_, record)| record));
        }
        // Within an activity, and among lanes, the order is each store's own.
        if matches!(part, Part::Deliveries | Part::Lanes) {
            records.sort_by_key(|record| format!("{record:?}"));
        }
    }
    all
}

/// A store that fails after some calls: before the next has its effect, or after it.
#[derive(Debug)]
struct Flaky<'a, T> {
    target: &'a T,
    left: AtomicUsize,
    takes_effect: bool,
}

impl<T> Flaky<'_, T> {
    /// Whether this is the call that fails.
    fn fails(&self) -> Result<bool, StoreError> {
        if self.left.load(Ordering::Relaxed) > 0 {
            self.left.fetch_sub(1, Ordering::Relaxed);
            return Ok(false);
        }
        if self.takes_effect {
            Ok(true)
        } else {
            Err(Self::fault())
        }
    }

    fn fault() -> StoreError {
        StoreError::broken("a fault of the test")
    }
}

macro_rules! flaky {
    ($self:ident, $call:expr) => {{
        let fails = $self.fails()?;
        let done = $call.await?;
        if fails { Err(Self::fault()) } else { Ok(done) }
    }};
}

#[async_trait]
impl<T: Import> Export for Flaky<'_, T> {
    async fn departure(&self) -> Result<Departure, StoreError> {
        self.target.departure().await
    }

    async fn seal(&self, now: SystemTime) -> Result<u64, StoreError> {
        self.target.seal(now).await
    }

    async fn records(
        &self,
        part: Part,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        self.target.records(part, after, max).await
    }

    async fn census(&self) -> Result<Census, StoreError> {
        flaky!(self, self.target.census())
    }
}

#[async_trait]
impl<T: Import> Import for Flaky<'_, T> {
    async fn arrive(&self, departure: &Departure) -> Result<Arrival, StoreError> {
        flaky!(self, self.target.arrive(departure))
    }

    async fn arrived(&self, part: Part) -> Result<Option<String>, StoreError> {
        self.target.arrived(part).await
    }

    async fn import(&self, part: Part, records: &[Record], cursor: &str) -> Result<(), StoreError> {
        flaky!(self, self.target.import(part, records, cursor))
    }

    async fn import_counts(&self, counts: &Counts) -> Result<(), StoreError> {
        flaky!(self, self.target.import_counts(counts))
    }

    async fn complete(&self) -> Result<(), StoreError> {
        flaky!(self, self.target.complete())
    }
}
