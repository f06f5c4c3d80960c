//! What an operator sees: figures, spans, health, and what is in hand.

use crate::faulty::Faulty;
use crate::support::{DAY, Reply, World, host_of, iri, seconds};
use federate_delivery::{Clock as _, Engine, Operator, Unready};
use federate_http::HttpErrorKind;
use federate_store::{DeliveryId, Inspection, LEASE, Outgoing, StoreErrorKind};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;
use tracing::{
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _, registry::LookupSpan};

/// Everything there is, by name and labels; of a histogram, how many values there were. Counters count from the last call.
fn figures(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let mut name = key.key().name().to_owned();
        for label in key.key().labels() {
            name.push_str(&format!(" {}={}", label.key(), label.value()));
        }
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => values.len() as f64,
        };
        (name, value)
    })
    .collect()
}

/// Lets others run, until it is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn p19_the_figures_are_those_of_the_run() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(|url, _| match host_of(url).as_str() {
        "gone.example" => Reply::Status(410),
        "down.example" => Reply::Fail(HttpErrorKind::Connect),
        "slow.example" => Reply::Status(503),
        _ => Reply::Status(202),
    });
    let engine = world.builder().build();
    world
        .post(
            "https://a.example/1",
            &[
                "https://good.example/1",
                "https://good.example/2",
                "https://gone.example/1",
                "https://down.example/1",
                "https://slow.example/1",
            ],
        )
        .await;
    world
        .post_as("nobody", "https://a.example/2", &["https://good.example/1"])
        .await;
    world
        .post_as("later", "https://a.example/3", &["https://good.example/1"])
        .await;
    engine.step().await;
    world.clock.advance(seconds(1));
    engine.step().await;

    let seen = figures(&snapshotter);
    let expected = [
        ("federate_delivery_enqueued_total", 6.0),
        ("federate_delivery_expansions_total outcome=whole", 2.0),
        ("federate_delivery_expansions_total outcome=failed", 1.0),
        ("federate_delivery_attempts_total outcome=delivered", 2.0),
        ("federate_delivery_attempts_total outcome=retry", 2.0),
        ("federate_delivery_attempts_total outcome=dead", 2.0),
        ("federate_delivery_attempt_seconds outcome=delivered", 2.0),
        ("federate_delivery_latency_seconds", 2.0),
        ("federate_delivery_failures_total reason=status_410", 1.0),
        ("federate_delivery_failures_total reason=status_5xx", 1.0),
        ("federate_delivery_failures_total reason=connect", 1.0),
        ("federate_delivery_failures_total reason=sender", 1.0),
        ("federate_delivery_dead_total reason=status_410", 1.0),
        ("federate_delivery_dead_total reason=sender", 1.0),
        ("federate_delivery_in_flight", 0.0),
        ("federate_delivery_lanes", 0.0),
    ];
    for (name, value) in expected {
        assert_eq!(seen.get(name), Some(&value), "{name} in {seen:#?}");
    }

    // A minute later the store is looked at again: two wait, for the two that do not answer.
    world.clock.advance(seconds(59));
    engine.step().await;
    let seen = figures(&snapshotter);
    assert_eq!(seen["federate_delivery_pending age=under_5m"], 2.0);
    assert_eq!(seen["federate_delivery_pending age=older"], 0.0);
    assert_eq!(seen["federate_delivery_pending_hosts"], 2.0);
    assert_eq!(seen["federate_delivery_oldest_pending_seconds"], 60.0);
}

#[tokio::test]
async fn p19_what_took_long_is_measured_by_the_clock() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(|_, _| Reply::Slow(seconds(7), 202));
    let engine = world.builder().build();
    world.post("https://a.example/1", &["https://b.example/1"]).await;
    let moving = async {
        until("a request is under way", || {
            world.net.most_under_way.lock().unwrap().contains_key("b.example")
        })
        .await;
        world.clock.advance(seconds(7));
    };
    tokio::join!(engine.step(), moving);
    let durations: Vec<(String, Vec<f64>)> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .filter_map(|(key, unit, _, value)| match value {
            DebugValue::Histogram(values) => {
                assert_eq!(unit, Some(metrics::Unit::Seconds));
                let values = values.into_iter().map(|value| value.into_inner()).collect();
                Some((key.key().name().to_owned(), values))
            }
            _ => None,
        })
        .collect();
    for name in [
        "federate_delivery_attempt_seconds",
        "federate_delivery_latency_seconds",
    ] {
        let found = durations.iter().find(|(found, _)| found == name);
        assert_eq!(found.map(|(_, values)| values.clone()), Some(vec![7.0]), "{name}");
    }
}

#[tokio::test]
async fn p19_breakers_are_counted_as_they_open_and_close() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(|_, _| Reply::Fail(HttpErrorKind::Connect));
    let engine = world.builder().build();
    let inboxes: Vec<String> = (0..6).map(|n| format!("https://down.example/{n}")).collect();
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    world.post("https://a.example/1", &inboxes).await;
    engine.step().await;
    world.clock.advance(seconds(1));
    engine.step().await;
    let seen = figures(&snapshotter);
    assert_eq!(seen["federate_delivery_breakers_opened_total"], 1.0, "{seen:#?}");
    assert_eq!(seen.get("federate_delivery_breakers_closed_total"), None);

    world.net.script(|_, _| Reply::Status(202));
    let (mut open, mut closed) = (Vec::new(), 0.0);
    for _ in 0..100 {
        world.clock.advance(seconds(10));
        engine.step().await;
        let seen = figures(&snapshotter);
        open.push(seen["federate_delivery_breakers_open"]);
        closed += seen
            .get("federate_delivery_breakers_closed_total")
            .unwrap_or(&0.0);
    }
    assert_eq!((open[0], open[99], closed), (1.0, 0.0, 1.0), "{open:?}");
    assert_eq!(world.counts().await.delivered, 6);
}

#[tokio::test]
async fn p19_what_had_its_time_died_of_the_horizon() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(|_, _| Reply::Fail(HttpErrorKind::Dns));
    let engine = world.builder().build();
    let inboxes: Vec<String> = (0..8).map(|n| format!("https://down.example/{n}")).collect();
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    world.post("https://a.example/1", &inboxes).await;
    for _ in 0..5_000 {
        engine.step().await;
        if !world.to_next_due(&engine).await {
            break;
        }
    }
    let counts = world.counts().await;
    assert_eq!((counts.pending, counts.dead), (0, 8));
    let seen = figures(&snapshotter);
    assert_eq!(seen["federate_delivery_dead_total reason=horizon"], 8.0);
    let died: f64 = seen
        .iter()
        .filter(|(name, _)| name.starts_with("federate_delivery_dead_total"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(died, 8.0, "each once: {seen:#?}");
}

#[tokio::test]
async fn p19_a_thousand_hosts_make_no_more_series_than_ten() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(|url, _| match host_of(url).as_bytes()[1] % 5 {
        0 => Reply::Status(410),
        1 => Reply::Fail(HttpErrorKind::Connect),
        2 => Reply::Status(503),
        _ => Reply::Status(202),
    });
    let engine = world.builder().build();
    let mut series = Vec::new();
    for (round, hosts) in [0..10, 10..1_000].into_iter().enumerate() {
        let inboxes: Vec<String> = hosts
            .map(|n| format!("https://h{:03}.example/inbox", n))
            .collect();
        // The second letter of the first ten has all the residues, too.
        let all: Vec<String> = (0..10)
            .map(|n| format!("https://h{n}x.example/inbox"))
            .chain(inboxes)
            .collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        world.post(&format!("https://a.example/{round}"), &all).await;
        engine.step().await;
        world.clock.advance(seconds(61));
        engine.step().await;
        series.push(figures(&snapshotter).into_keys().collect::<BTreeSet<_>>());
    }
    assert!(world.net.seen().len() > 1_000);
    // What the second round brings is nothing that was not there: but for a breaker, which ten hosts need not open.
    let new: Vec<_> = series[1].difference(&series[0]).collect();
    assert!(new.iter().all(|name| name.contains("breakers")), "{new:?}");
    assert!(series[1].len() < 50, "{:#?}", series[1]);
    assert!(
        series[1].iter().all(|name| !name.contains("example")),
        "{:#?}",
        series[1]
    );
}

#[tokio::test]
async fn p19_store_errors_are_counted_by_kind() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(|_, _| Reply::Status(202));
    let faulty = Faulty::new(&world.stores, 1, 100);
    let engine = world.builder_over(&faulty.stores()).build();
    for _ in 0..20 {
        engine.step().await;
    }
    let seen = figures(&snapshotter);
    let errors: f64 = ["busy", "full", "broken"]
        .map(|kind| seen[&format!("federate_delivery_store_errors_total kind={kind}")])
        .iter()
        .sum();
    assert_eq!(errors, engine.progress().store_errors as f64);
    assert!(errors >= 20.0);
}

/// What a log gets: spans with their fields, and events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    spans: Vec<(String, BTreeMap<String, String>)>,
    events: Vec<BTreeMap<String, String>>,
    place: BTreeMap<u64, usize>,
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        let mut lines = self.0.lock().unwrap();
        let place = lines.spans.len();
        lines.place.insert(id.into_u64(), place);
        lines
            .spans
            .push((attributes.metadata().name().to_owned(), fields));
    }

    fn on_record(&self, id: &span::Id, record: &span::Record<'_>, _: Context<'_, S>) {
        let mut lines = self.0.lock().unwrap();
        let place = lines.place[&id.into_u64()];
        record.record(&mut Fields(&mut lines.spans[place].1));
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().events.push(fields);
    }
}

/// Beside a second one: with a single subscriber, a thread of another test, which has none, decides for all whether a line or a
/// span that it meets first is of interest.
fn beside_another() {
    static OTHER: std::sync::OnceLock<tracing::Dispatch> = std::sync::OnceLock::new();
    OTHER.get_or_init(|| tracing::Dispatch::new(tracing_subscriber::registry()));
}

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        beside_another();
        tracing::subscriber::set_default(tracing_subscriber::registry().with(self.clone()))
    }

    fn spans(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let lines = self.0.lock().unwrap();
        let named = lines.spans.iter().filter(|(span, _)| span == name);
        named.map(|(_, fields)| fields.clone()).collect()
    }

    fn said(&self, message: &str) -> Vec<BTreeMap<String, String>> {
        let lines = self.0.lock().unwrap();
        let said = lines
            .events
            .iter()
            .filter(|fields| fields.get("message").is_some_and(|said| said == message));
        said.cloned().collect()
    }

    fn whole(&self) -> String {
        let lines = self.0.lock().unwrap();
        format!("{:?} {:?}", lines.spans, lines.events)
    }
}

#[tokio::test]
async fn each_attempt_and_each_expansion_is_a_span_without_secrets() {
    let log = Log::default();
    let _guard = log.listen();
    let world = World::new(|url, _| match host_of(url).as_str() {
        "gone.example" => Reply::Status(410),
        "down.example" => Reply::Fail(HttpErrorKind::Reset),
        _ => Reply::Status(202),
    });
    let engine = world.builder().build();
    let long = format!("https://a.example/{}", "x".repeat(1_500));
    let audience = ["good.example", "gone.example", "down.example"];
    let audience = audience
        .map(|host| iri(&format!("https://{host}/inbox")))
        .to_vec();
    let outgoing = Outgoing::new(
        iri(&long),
        "alice",
        "{\"content\":\"for-your-eyes-only\"}",
        audience,
    );
    world.stores.outbox.record(&outgoing).await.unwrap();
    engine.step().await;

    let attempts = log.spans("delivery_attempt");
    let outcomes: BTreeMap<_, _> = attempts
        .iter()
        .map(|span| (span["host"].as_str(), span["outcome"].as_str()))
        .collect();
    let expected = [
        ("good.example", "delivered"),
        ("gone.example", "dead"),
        ("down.example", "retry"),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
    for span in &attempts {
        assert_eq!(span["attempt"], "1");
        assert!(long.starts_with(&span["activity"]), "{span:?}");
        assert!(span["activity"].len() <= 256);
    }
    let expansions = log.spans("delivery_expansion");
    assert_eq!(expansions.len(), 1);
    assert_eq!(
        (
            expansions[0]["sender"].as_str(),
            expansions[0]["recipients"].as_str()
        ),
        ("alice", "3")
    );

    // The body and the signature went out, and are nowhere in the log.
    let sent = world.net.seen().remove(0).request;
    let signature = sent.headers()["signature"].to_str().unwrap();
    let signature = signature.rsplit_once("signature=\"").unwrap().1;
    let whole = log.whole();
    assert!(!whole.contains("for-your-eyes-only"), "{whole}");
    assert!(!whole.contains(&signature[..16]), "{whole}");
    assert!(!whole.contains("main-key"), "{whole}");
}

#[tokio::test]
async fn a_backlog_that_drains_has_a_line_a_minute() {
    const LINE: &str = "working off a backlog";
    let log = Log::default();
    let _guard = log.listen();
    let world = World::new(|url, _| match host_of(url).starts_with("down") {
        true => Reply::Status(500),
        false => Reply::Status(202),
    });
    let engine = world.builder().in_flight(4).build();
    let down: Vec<String> = (0..10)
        .map(|n| format!("https://down{n}.example/inbox"))
        .collect();
    let down: Vec<&str> = down.iter().map(String::as_str).collect();
    world.post("https://a.example/1", &down).await;
    let good: Vec<String> = (0..30)
        .map(|n| format!("https://good{n}.example/inbox"))
        .collect();
    let good: Vec<&str> = good.iter().map(String::as_str).collect();
    world.post("https://a.example/2", &good).await;
    engine.step().await;
    assert_eq!(log.said(LINE).len(), 0, "nothing to compare with yet");
    world.clock.advance(seconds(60));
    engine.step().await;
    let said = log.said(LINE);
    assert_eq!(said.len(), 1);
    assert_eq!(
        (said[0]["pending"].as_str(), said[0]["delivered"].as_str()),
        ("10", "30")
    );
    assert_eq!(
        (
            said[0]["per_second"].as_str(),
            said[0]["estimated_seconds"].as_str()
        ),
        ("0.5", "20")
    );
    for _ in 0..5 {
        world.clock.advance(seconds(11));
        engine.step().await;
    }
    assert_eq!(log.said(LINE).len(), 1, "once a minute");

    world.net.script(|_, _| Reply::Status(202));
    for _ in 0..100 {
        world.clock.advance(seconds(61));
        engine.step().await;
    }
    assert_eq!(world.counts().await.pending, 0);
    let before = log.said(LINE).len();
    world.post("https://a.example/3", &good).await;
    engine.step().await;
    world.clock.advance(seconds(61));
    engine.step().await;
    assert_eq!(log.said(LINE).len(), before, "no backlog, no line");
}

/// Runs the engine beside `look`, and stops it without waiting for what is under way.
async fn beside<T>(engine: &Engine, look: impl Future<Output = T>) -> T {
    let (stop, stopped) = oneshot::channel::<()>();
    let running = engine.run_until(async {
        let _ = stopped.await;
    });
    let looking = async {
        let seen = look.await;
        let _ = stop.send(());
        seen
    };
    tokio::join!(running, looking).1
}

#[tokio::test]
async fn p19_a_running_engine_shows_what_it_has_in_hand() {
    let world = World::new(|url, _| match host_of(url).as_str() {
        "hangs.example" => Reply::Hang,
        _ => Reply::Fail(HttpErrorKind::Connect),
    });
    let engine = world.builder().drain(seconds(0)).build();
    let idle = engine.snapshot(9).await;
    assert_eq!((idle.in_flight, idle.lanes, idle.hosts.len()), (0, 0, 0));
    let hanging: Vec<String> = (0..5).map(|n| format!("https://hangs.example/{n}")).collect();
    let mut inboxes: Vec<&str> = hanging.iter().map(String::as_str).collect();
    inboxes.extend(["https://down1.example/1", "https://down2.example/1"]);
    world.post("https://a.example/1", &inboxes).await;
    let operator = Operator::new(&world.stores);
    beside(&engine, async {
        until("all have been tried", || world.net.seen().len() == 4).await;
        until("two are under way", || engine.health().in_flight == 2).await;
        let snapshot = engine.snapshot(2).await;
        assert_eq!(snapshot.in_flight, 2, "the window of a new host");
        assert_eq!(snapshot.hosts.len(), 2, "so many and no more");
        let first = &snapshot.hosts[0];
        assert_eq!((first.host.as_str(), first.leased), ("hangs.example", true));
        assert_eq!((first.lane.in_flight, first.lane.window), (2, 2));
        assert_eq!(snapshot.hosts[1].lane.failures, 1);

        // Whoever looks from outside sees an upper bound, and those are pending.
        let status = operator.status(9, world.clock.now()).await.unwrap();
        assert_eq!(status.counts.pending, 7);
        assert!((2..=7).contains(&status.backlog.in_flight), "{status:?}");
    })
    .await;
    let status = operator.status(9, world.clock.now()).await.unwrap();
    assert_eq!(
        (status.backlog.in_flight, status.counts.pending),
        (0, 7),
        "nobody works"
    );
}

#[tokio::test]
async fn p19_what_a_killed_worker_had_is_in_flight_until_its_lease_ends() {
    let world = World::new(|_, _| Reply::Hang);
    let engine = world.builder().build();
    world.post("https://a.example/1", &["https://b.example/1"]).await;
    {
        let mut running = std::pin::pin!(engine.run_until(std::future::pending()));
        tokio::select! {
            _ = &mut running => {}
            () = until("it is under way", || engine.health().in_flight == 1) => {}
        }
    }
    let operator = Operator::new(&world.stores);
    let leased = world.clock.now();
    let in_flight = async |at| operator.status(9, at).await.unwrap().backlog.in_flight;
    assert_eq!(in_flight(leased).await, 1);
    assert_eq!(in_flight(leased + LEASE).await, 0);
}

#[tokio::test]
async fn a_stalled_engine_is_neither_ready_nor_alive() {
    let world = World::new(|_, _| Reply::Status(202));
    let faulty = Faulty::new(&world.stores, 1, 0);
    let engine = world.builder_over(&faulty.stores()).build();
    let now = || world.clock.now();
    assert_eq!(engine.health().unready(now()), Some(Unready::NotStarted));
    assert!(engine.health().is_live(now()), "it has not stopped moving either");
    {
        let mut running = std::pin::pin!(engine.run_until(std::future::pending()));
        let looking = async {
            until("it turns", || engine.health().store_answered.is_some()).await;
            assert!(engine.health().is_ready(now()));
            // It goes on with the time.
            world.clock.advance(DAY);
            until("it turns again", || engine.health().last_turn == Some(now())).await;
            assert!(engine.health().is_ready(now()));

            faulty.hang();
            engine.wake();
            until("it hangs", || faulty.hanging()).await;
            let last = engine.health().last_turn.unwrap();
            world.clock.set(last + seconds(299));
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(engine.health().is_ready(now()), "a second before");
            world.clock.set(last + seconds(300));
            assert_eq!(
                engine.health().unready(now()),
                Some(Unready::Stalled { since: last })
            );
            assert!(!engine.health().is_live(now()));
            // A clock that went back is no proof of anything.
            world.clock.set(last - DAY);
            assert!(engine.health().is_ready(now()));
        };
        tokio::select! {
            _ = &mut running => {}
            () = looking => {}
        }
    }
}

#[tokio::test]
async fn a_store_that_refuses_makes_it_unready_and_a_drain_too() {
    let world = World::new(|_, _| Reply::Status(202));
    let faulty = Faulty::new(&world.stores, 3, 100);
    let engine = world.builder_over(&faulty.stores()).build();
    let now = || world.clock.now();
    engine.step().await;
    let health = engine.health();
    let error = health.store_error.clone().unwrap();
    assert!(health.store_refuses);
    assert_eq!(health.unready(now()), Some(Unready::StoreRefuses(error.kind)));
    assert_ne!(error.kind, StoreErrorKind::Fenced);
    assert_eq!(health.unready(now()).unwrap().code(), "store_refuses");
    assert!(health.is_live(now()), "a new start would not help");

    faulty.percent(0);
    engine.step().await;
    assert!(engine.health().is_ready(now()));
    assert_eq!(
        engine.health().store_error,
        Some(error),
        "what it was is still to be seen"
    );
    engine.run_until(std::future::ready(())).await;
    assert_eq!(engine.health().unready(now()), Some(Unready::Draining));
    assert!(engine.health().is_live(now()));
    engine.step().await;
    assert!(engine.health().is_ready(now()));
}

#[tokio::test]
async fn p8_an_operator_finds_retries_and_drops_what_is_dead() {
    let world = World::new(|_, _| Reply::Status(410));
    let engine = world.builder().build();
    let inboxes: Vec<String> = (0..5)
        .map(|n| format!("https://{}.example/{n}", if n < 3 { "b" } else { "c" }))
        .collect();
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    world.post("https://a.example/1", &inboxes).await;
    engine.step().await;
    let operator = Operator::new(&world.stores);
    let now = world.clock.now();
    let status = operator.status(9, now).await.unwrap();
    assert_eq!(status.counts.dead, 5);
    assert_eq!(status.dead_by_reason, [("answered 410 Gone".to_owned(), 5)]);
    assert_eq!(
        status.dead_by_host,
        [("b.example".to_owned(), 3), ("c.example".to_owned(), 2)]
    );

    let page = operator.dead(Some("b.example"), None, 2).await.unwrap();
    assert_eq!(page.letters.len(), 2);
    let next = operator
        .dead(Some("b.example"), page.next.as_deref(), 2)
        .await
        .unwrap();
    assert_eq!((next.letters.len(), next.next), (1, None));
    let (activity, inbox) = (iri("https://a.example/1"), iri("https://b.example/0"));
    let Inspection::Dead(letter) = operator.inspect(&activity, &inbox).await.unwrap() else {
        panic!("it is dead");
    };
    assert_eq!(
        (letter.delivery.attempt, letter.reason.as_str()),
        (1, "answered 410 Gone")
    );

    assert_eq!(operator.retry_all(Some("b.example"), now).await.unwrap(), 3);
    assert_eq!(world.counts().await.pending, 3);
    operator.pause("b.example").await.unwrap();
    assert!(operator.status(9, now).await.unwrap().waiting[0].paused);
    operator.resume("b.example").await.unwrap();
    let purged = operator.purge("c.example").await.unwrap();
    assert_eq!((purged.cancelled, purged.discarded), (0, 2));
    let purged = operator.purge("b.example").await.unwrap();
    assert_eq!((purged.cancelled, purged.discarded), (3, 0));
    let counts = world.counts().await;
    assert_eq!((counts.pending, counts.dead, counts.cancelled), (0, 0, 5));
    let id = DeliveryId::new(&activity, &inbox);
    assert_eq!(
        world.stores.queue.inspect(&id).await.unwrap(),
        Inspection::Settled
    );
    assert_eq!(operator.retry_all(None, now).await.unwrap(), 0);
}
