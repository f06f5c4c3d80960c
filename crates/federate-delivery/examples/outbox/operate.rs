//! What an operator asks and says.

use federate_store::{AGES, DeliveryId, Stores};
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A line for whoever reads; nobody has to read to the end.
macro_rules! say {
    ($($text:tt)*) => {
        let _ = writeln!(std::io::stdout(), $($text)*);
    };
}

/// Hosts and reasons that are shown.
const SHOWN: usize = 100;

/// Dead letters that are read at once.
const PAGE: usize = 1_000;

pub(crate) async fn status(stores: &Stores, json: bool) -> Result<(), Box<dyn Error>> {
    let now = now();
    let counts = stores.queue.counts().await?;
    let waiting = stores.queue.waiting(SHOWN, now).await?;
    let reasons = stores.queue.dead_by_reason(SHOWN).await?;
    let unexpanded = stores.outbox.unexpanded(PAGE).await?.len();
    if json {
        let hosts: Vec<Value> = waiting
            .iter()
            .map(|host| {
                json!({
                    "host": host.host,
                    "pending": host.pending,
                    "oldest": seconds(host.oldest),
                    "by_age": host.by_age,
                    "closed_until": host.closed_until.map(seconds),
                    "paused": host.paused,
                })
            })
            .collect();
        let report = json!({
            "unexpanded": unexpanded,
            "enqueued": counts.enqueued,
            "pending": counts.pending,
            "delivered": counts.delivered,
            "dead": counts.dead,
            "superseded": counts.superseded,
            "cancelled": counts.cancelled,
            "ages_in_minutes": AGES.map(|age| age.as_secs() / 60),
            "waiting": hosts,
            "dead_by_reason": reasons.iter().map(|(reason, count)| json!({ "reason": reason, "count": count })).collect::<Vec<_>>(),
        });
        say!("{report:#}");
        return Ok(());
    }
    say!(
        "{unexpanded} activities to be expanded; {} pending, {} delivered, {} dead, {} superseded, {} cancelled",
        counts.pending,
        counts.delivered,
        counts.dead,
        counts.superseded,
        counts.cancelled
    );
    if !waiting.is_empty() {
        let ages: Vec<String> = AGES
            .iter()
            .map(|age| format!("<{}", age.as_secs() / 60))
            .collect();
        say!(
            "\n{:<40} {:>8}  by age in minutes: {} or older",
            "host",
            "pending",
            ages.join(" ")
        );
    }
    for host in &waiting {
        let by_age: Vec<String> = host.by_age.iter().map(u64::to_string).collect();
        let held = match (host.paused, host.closed_until) {
            (true, _) => "  paused",
            (false, Some(until)) if until > now => "  does not answer",
            _ => "",
        };
        say!(
            "{:<40} {:>8}  {}{held}",
            host.host,
            host.pending,
            by_age.join(" ")
        );
    }
    for (reason, count) in &reasons {
        say!("{count:>8} dead: {reason}");
    }
    Ok(())
}

pub(crate) async fn retry(stores: &Stores) -> Result<(), Box<dyn Error>> {
    let mut total = 0;
    loop {
        let ids: Vec<DeliveryId> = dead_of(stores, None, PAGE).await?;
        if ids.is_empty() {
            say!("{total} dead letters wait anew");
            return Ok(());
        }
        total += stores.queue.retry_dead(&ids, now()).await?;
    }
}

pub(crate) async fn purge(stores: &Stores, host: &str) -> Result<(), Box<dyn Error>> {
    let cancelled = stores.queue.cancel(host).await?;
    let dead = dead_of(stores, Some(host), usize::MAX).await?;
    let discarded = stores.queue.discard_dead(&dead).await?;
    say!("{host}: {cancelled} called off, {discarded} dead letters dropped");
    Ok(())
}

async fn dead_of(stores: &Stores, host: Option<&str>, max: usize) -> Result<Vec<DeliveryId>, Box<dyn Error>> {
    let letters = stores.queue.dead(max).await?;
    Ok(letters
        .into_iter()
        .filter(|letter| host.is_none_or(|host| letter.delivery.lane() == host))
        .map(|letter| letter.delivery.id)
        .collect())
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
