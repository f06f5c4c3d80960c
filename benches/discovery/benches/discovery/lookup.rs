//! A look-up of an actor that is known, and the memory that a million who are not known take.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use federate_benches_discovery::actors::{Strangers, stranger};
use federate_fetch::Fetcher;
use federate_protocol::FetchRules;
use federate_store::{Backend as _, Memory};

use crate::child::{MEASURED, Process};

/// How often it is measured; the quickest tenth counts, so that what other programs take is not measured.
const ROUNDS: usize = 301;
const ROUND: Duration = Duration::from_millis(2);
/// Different actors that are known, asked for in turns.
const KNOWN: u64 = 100;

pub fn run(strangers: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(known());
    println!("\n{strangers} different actors, each looked up once");
    println!("  {:>12} {:>14}", "looked up", "resident KiB");
    let mut process = Process::role(MEASURED, &["actors", &strangers.to_string()]);
    for line in std::iter::repeat_with(|| process.hear()).take_while(|line| !line.is_empty()) {
        let (count, resident) = line.split_once(' ').unwrap();
        println!("  {count:>12} {resident:>14}");
    }
}

async fn known() {
    let cache = Memory::new().stores().cache;
    let fetcher = Fetcher::new(Arc::new(Strangers::default()), cache, None, FetchRules::default());
    let now = SystemTime::now();
    let ids: Vec<_> = (0..KNOWN).map(stranger).collect();
    for id in &ids {
        fetcher.actor(id, now).await.unwrap();
    }
    let mut loops = 1_u32;
    let mut times = Vec::with_capacity(ROUNDS);
    while times.len() < ROUNDS {
        let began = Instant::now();
        for index in 0..loops {
            let actor = fetcher
                .actor(&ids[index as usize % ids.len()], now)
                .await
                .unwrap();
            black_box(actor.inbox().as_str().len());
        }
        let took = began.elapsed();
        if took < ROUND {
            loops *= 2;
            times.clear();
        } else {
            times.push(took.as_secs_f64() * 1e9 / f64::from(loops));
        }
    }
    times.sort_by(f64::total_cmp);
    let allocations = allocation_counter::measure(|| {
        let mut looking = Box::pin(fetcher.actor(&ids[0], now));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(looking.as_mut().poll(&mut context).is_ready());
    });
    println!("\nLook-up of an actor that is cached, {KNOWN} of them in turns");
    println!(
        "  {:.0} ns, {} allocations (one of them the bench's)",
        times[times.len() / 10],
        allocations.count_total
    );
}
