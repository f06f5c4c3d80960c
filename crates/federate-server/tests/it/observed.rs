//! What an operator sees of the inbox: figures, spans, health.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use federate_protocol::activitystreams::{Activity, Like};
use federate_server::{Failure, Part, Unready};
use http::Request;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::world::{Peer, World, spy};

fn like(bob: &Peer, number: u32) -> Value {
    let rest =
        json!({ "type": "Like", "object": "https://site.test/posts/1", "content": "for-your-eyes-only" });
    bob.activity(number, rest)
}

/// Those of the inbox, by name and labels; of a histogram, how many values there were.
fn figures(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.filter(|(key, ..)| key.key().name().starts_with("federate_inbox"))
        .map(|(key, _, _, value)| {
            let labels = key
                .key()
                .labels()
                .map(|label| format!(" {}={}", label.key(), label.value()));
            let name: String = std::iter::once(key.key().name().to_owned())
                .chain(labels)
                .collect();
            let value = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(values) => values.len() as f64,
            };
            (name, value)
        })
        .collect()
}

#[tokio::test]
async fn p19_the_figures_of_the_inbox_are_those_of_the_run() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.on::<Like>(|cx, _like| async move {
                match cx.app().0.failures.fetch_add(1, Ordering::SeqCst) {
                    0 => Err("the disk is full".into()),
                    1 => Ok(()),
                    _ => Err(Failure::permanent("nobody likes that")),
                }
            })
        })
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    assert_eq!(bob.post(&site, &like(&bob, 1)).await.status(), 202);
    assert_eq!(bob.post(&site, &like(&bob, 1)).await.status(), 202);
    let unsigned = Request::post(site.federation.uris().shared_inbox().as_str())
        .header("content-type", "application/activity+json")
        .body(Bytes::from(like(&bob, 2).to_string()))
        .unwrap();
    assert_eq!(site.federation.handle(unsigned).await.unwrap().status(), 401);
    let nobodys = bob.request("https://site.test/users/nobody/inbox", like(&bob, 3).to_string());
    assert_eq!(site.federation.handle(nobodys).await.unwrap().status(), 404);
    site.step_until_idle().await;
    world.clock.advance(Duration::from_secs(60 * 60));
    site.step_until_idle().await;
    assert_eq!(bob.post(&site, &like(&bob, 4)).await.status(), 202);
    site.step_until_idle().await;
    // One that waits, seen by the next sample.
    assert_eq!(bob.post(&site, &like(&bob, 5)).await.status(), 202);
    world.clock.advance(Duration::from_secs(90));
    site.app.failures.store(0, Ordering::SeqCst);
    site.engine.step().await;

    let seen = figures(&snapshotter);
    let expected = [
        ("federate_inbox_received_total outcome=accepted", 3.0),
        ("federate_inbox_received_total outcome=duplicate", 1.0),
        ("federate_inbox_received_total outcome=refused", 1.0),
        ("federate_inbox_received_total outcome=absent", 1.0),
        ("federate_inbox_accepted_total evidence=request_signature", 3.0),
        ("federate_inbox_handled_total outcome=handled", 1.0),
        ("federate_inbox_handled_total outcome=failed", 2.0),
        ("federate_inbox_handled_total outcome=dead", 1.0),
        ("federate_inbox_handle_seconds outcome=handled", 1.0),
        ("federate_inbox_pending", 1.0),
        ("federate_inbox_dead", 1.0),
        ("federate_inbox_oldest_pending_seconds", 90.0),
    ];
    for (name, value) in expected {
        assert_eq!(seen.get(name), Some(&value), "{name} in {seen:#?}");
    }
    assert!(seen.keys().all(|name| !name.contains(".test")), "{seen:#?}");
}

/// Spans with their fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<BTreeMap<u64, BTreeMap<String, String>>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        let mut fields = BTreeMap::from([("span".to_owned(), attributes.metadata().name().to_owned())]);
        attributes.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().insert(id.into_u64(), fields);
    }

    fn on_record(&self, id: &span::Id, record: &span::Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        record.record(&mut Fields(spans.get_mut(&id.into_u64()).unwrap()));
    }
}

/// Beside a second one: with a single subscriber, a thread of another test, which has none, decides for all whether a line or a
/// span that it meets first is of interest.
fn beside_another() {
    static OTHER: std::sync::OnceLock<tracing::Dispatch> = std::sync::OnceLock::new();
    OTHER.get_or_init(|| tracing::Dispatch::new(tracing_subscriber::registry()));
}

#[tokio::test]
async fn each_handled_activity_is_a_span_without_its_content() {
    let log = Log::default();
    beside_another();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let world = World::default();
    let site = world.instance_with("site.test", |b| b.on::<Activity>(spy)).await;
    let bob = world.peer("peer.test", "bob", 1);
    bob.post(&site, &like(&bob, 1)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen().len(), 1);
    let spans = log.0.lock().unwrap();
    let handled: Vec<_> = spans
        .values()
        .filter(|span| span["span"] == "inbox_activity")
        .collect();
    assert_eq!(handled.len(), 1, "{spans:?}");
    let fields = [
        ("activity", "https://peer.test/users/bob/activities/1"),
        ("actor", "https://peer.test/users/bob"),
        ("type", "Like"),
        ("run", "1"),
        ("outcome", "handled"),
    ];
    for (name, value) in fields {
        assert_eq!(handled[0][name], value, "{name}");
    }
    assert!(!format!("{spans:?}").contains("for-your-eyes-only"));
}

#[tokio::test]
async fn an_instance_is_ready_while_its_engine_runs() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let now = || site.federation.now();
    let unready = || site.federation.health().unready(now());
    assert_eq!(unready(), Some((Part::Delivery, Unready::NotStarted)));
    site.engine.step().await;
    assert_eq!(unready(), None);
    assert_eq!(site.federation.health(), site.engine.health());
    assert_eq!(site.federation.health().inbox.pending, Some(0));

    let since = now();
    world.clock.advance(Duration::from_secs(299));
    assert!(site.federation.health().is_ready(now()));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(unready(), Some((Part::Delivery, Unready::Stalled { since })));
    assert!(!site.federation.health().is_live(now()));

    site.engine.run_until(std::future::ready(())).await;
    assert_eq!(unready(), Some((Part::Delivery, Unready::Draining)));
    assert!(site.federation.health().inbox.draining);
    assert!(site.federation.health().is_live(now()));
}

#[tokio::test]
async fn a_handler_that_never_ends_stalls_the_inbox_alone() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.on::<Like>(|cx, _like| async move {
                cx.app().0.failures.fetch_add(1, Ordering::SeqCst);
                std::future::pending().await
            })
        })
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    bob.post(&site, &like(&bob, 1)).await;
    let looking = async {
        for _ in 0..10_000 {
            if site.app.failures.load(Ordering::SeqCst) == 1
                && site.federation.health().delivery.last_turn.is_some()
            {
                break;
            }
            tokio::task::yield_now().await;
        }
        let since = site.federation.now();
        world.clock.advance(Duration::from_secs(300));
        site.federation.wake();
        for _ in 0..10_000 {
            if site.federation.health().delivery.last_turn == Some(site.federation.now()) {
                break;
            }
            tokio::task::yield_now().await;
        }
        let health = site.federation.health();
        let now = site.federation.now();
        assert_eq!(
            health.unready(now),
            Some((Part::Inbox, Unready::Stalled { since }))
        );
        assert!(!health.is_live(now));
    };
    tokio::select! {
        () = site.engine.run_until(std::future::pending()) => {}
        () = looking => {}
    }
}
