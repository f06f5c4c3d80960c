//! P4 at scale: half of all hosts are dead in every way there is, and the living do not notice.

use crate::support::{Reply, World, iri, seconds, start};
use federate_delivery::Clock as _;
use federate_http::HttpErrorKind;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::oneshot;

/// 20,000 by `FEDERATE_HOSTS=20000`, which is for a release build.
const HOSTS: usize = 1_000;

/// What a living host takes to answer, and how far the clock moves at a time.
const ANSWER: Duration = Duration::from_millis(100);
const TICK: Duration = Duration::from_millis(50);

/// When something is posted to all hosts, in seconds. The first minute is for finding out who is dead.
const POSTS: [u64; 4] = [0, 70, 100, 160];
const END: u64 = 190;

struct Run {
    /// Of what was posted after the first minute: how long it took to the living, in order.
    latencies: Vec<Duration>,
    /// What part of all slots the dead had after the first minute.
    dead_share: f64,
}

#[tokio::test]
async fn p4_the_living_do_not_notice_that_half_of_all_hosts_are_dead() {
    let hosts = hosts();
    let healthy = run(hosts, false).await;
    let half_dead = run(hosts, true).await;
    let p99 = |run: &Run| run.latencies[run.latencies.len() * 99 / 100];
    let (without, with) = (p99(&healthy), p99(&half_dead));
    #[expect(clippy::print_stdout, reason = "the figures are what is promised")]
    {
        println!(
            "{hosts} hosts: p99 {without:?} without dead ones, {with:?} with half of them dead, which take {:.1} % of the slots",
            half_dead.dead_share * 100.0
        );
    }
    assert!(with <= without * 2, "{with:?} is more than twice {without:?}");
    assert!(half_dead.dead_share < 0.1, "{}", half_dead.dead_share);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the number of hosts is the caller's choice"
)]
fn hosts() -> usize {
    let asked = std::env::var("FEDERATE_HOSTS").ok();
    asked.and_then(|hosts| hosts.parse().ok()).unwrap_or(HOSTS)
}

async fn run(hosts: usize, half_dead: bool) -> Run {
    let slots = (hosts / 4).clamp(64, 4096);
    let world = World::new(|url, _| reply(iri(url).host().unwrap()));
    let mut inboxes: Vec<String> = (0..hosts / 2)
        .map(|n| format!("https://h{n}.living/inbox"))
        .collect();
    if half_dead {
        // One of each in turn, so that nobody is first.
        let dead = (0..hosts / 2).map(|n| format!("https://h{n}.dead{}/inbox", n % 5));
        inboxes = inboxes
            .into_iter()
            .zip(dead)
            .flat_map(|(living, dead)| [living, dead])
            .collect();
    }
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    let engine = Arc::new(world.builder().in_flight(slots).lanes(2 * slots).build());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    let (mut taken, mut samples) = (0, 0);
    let mut posts = POSTS.into_iter().peekable();
    while world.clock.now() < start() + seconds(END) {
        let passed = world.clock.now().duration_since(start()).unwrap();
        if let Some(at) = posts.next_if(|at| passed >= seconds(*at)) {
            world.post(&format!("https://a.example/{at}"), &inboxes).await;
            engine.wake();
        }
        settle().await;
        if passed > seconds(60) {
            samples += 1;
            taken += world.net.under_way(|host| !host.ends_with(".living"));
        }
        world.clock.advance(TICK);
    }
    drop(stop);
    for _ in 0..60 {
        settle().await;
        world.clock.advance(seconds(1));
    }
    running.await.unwrap();
    world.counts().await;
    Run {
        latencies: latencies(&world, hosts / 2),
        dead_share: taken as f64 / (samples * slots) as f64,
    }
}

/// Lets everything happen that can happen now.
async fn settle() {
    for _ in 0..40 {
        tokio::task::yield_now().await;
    }
}

fn reply(host: &str) -> Reply {
    match host.split_once('.').map(|(_, kind)| kind) {
        Some("living") => Reply::Slow(ANSWER, 202),
        Some("dead0") => Reply::Fail(HttpErrorKind::Connect),
        Some("dead1") => Reply::Fail(HttpErrorKind::Tls),
        Some("dead2") => Reply::Fail(HttpErrorKind::Dns),
        // A black hole, and one that drips: both take the whole deadline.
        _ => Reply::Slow(seconds(3_600), 202),
    }
}

fn latencies(world: &World, living: usize) -> Vec<Duration> {
    let posted: HashMap<String, SystemTime> = POSTS
        .into_iter()
        .skip(1)
        .map(|at| (format!("https://a.example/{at}"), start() + seconds(at)))
        .collect();
    let mut all: Vec<Duration> = world
        .net
        .seen()
        .iter()
        .filter(|seen| iri(&seen.url).host().unwrap().ends_with(".living"))
        .filter_map(|seen| {
            let id = String::from_utf8(seen.request.body().to_vec()).unwrap();
            Some(seen.at.duration_since(*posted.get(&id)?).unwrap() + ANSWER)
        })
        .collect();
    assert_eq!(all.len(), living * posted.len(), "each has it, once");
    all.sort();
    all
}
