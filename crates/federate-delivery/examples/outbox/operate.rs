//! What an operator asks and says.

use federate_delivery::Operator;
use federate_store::{AGES, Stores};
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
pub(crate) use say;

/// Hosts and reasons that are shown.
const SHOWN: usize = 100;

pub(crate) async fn status(stores: &Stores, json: bool) -> Result<(), Box<dyn Error>> {
    let now = now();
    let status = Operator::new(stores).status(SHOWN, now).await?;
    let (counts, backlog, unexpanded) = (status.counts, status.backlog, status.unexpanded);
    let (waiting, reasons) = (status.waiting, status.dead_by_reason);
    let hold = stores.binding.hold().await?;
    if json {
        let hosts: Vec<Value> = waiting
            .iter()
            .map(|host| {
                json!({
                    "host": host.host,
                    "pending": host.pending,
                    "in_flight": host.in_flight,
                    "oldest": seconds(host.oldest),
                    "by_age": host.by_age,
                    "closed_until": host.closed_until.map(seconds),
                    "paused": host.paused,
                    "worker": host.worker,
                    "leased_until": host.leased_until.map(seconds),
                })
            })
            .collect();
        let report = json!({
            "held": hold.map(|hold| hold.as_str()),
            "unexpanded": unexpanded,
            "enqueued": counts.enqueued,
            "pending": counts.pending,
            "in_flight": backlog.in_flight.min(counts.pending),
            "oldest": backlog.oldest.map(seconds),
            "hosts": backlog.hosts,
            "by_age": backlog.by_age,
            "delivered": counts.delivered,
            "dead": counts.dead,
            "superseded": counts.superseded,
            "cancelled": counts.cancelled,
            "ages_in_minutes": AGES.map(|age| age.as_secs() / 60),
            "waiting": hosts,
            "dead_by_host": status.dead_by_host.iter().map(|(host, count)| json!({ "host": host, "count": count })).collect::<Vec<_>>(),
            "dead_by_reason": reasons.iter().map(|(reason, count)| json!({ "reason": reason, "count": count })).collect::<Vec<_>>(),
        });
        say!("{report:#}");
        return Ok(());
    }
    if let Some(hold) = hold {
        say!("nothing is delivered: {hold}");
    }
    say!(
        "{unexpanded} activities to be expanded; {} pending (at most {} of them in flight), {} delivered, {} dead, {} superseded, {} cancelled",
        counts.pending,
        backlog.in_flight,
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
    for (host, count) in &status.dead_by_host {
        say!("{count:>8} dead at {host}");
    }
    for (reason, count) in &reasons {
        say!("{count:>8} dead: {reason}");
    }
    Ok(())
}

pub(crate) async fn retry(stores: &Stores, host: Option<&str>) -> Result<(), Box<dyn Error>> {
    let revived = Operator::new(stores).retry_all(host, now()).await?;
    say!("{revived} dead letters wait anew");
    Ok(())
}

pub(crate) async fn purge(stores: &Stores, host: &str) -> Result<(), Box<dyn Error>> {
    let purged = Operator::new(stores).purge(host).await?;
    let (cancelled, discarded) = (purged.cancelled, purged.discarded);
    say!("{host}: {cancelled} called off, {discarded} dead letters dropped");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
