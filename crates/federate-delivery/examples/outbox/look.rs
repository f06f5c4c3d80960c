//! What an operator looks at one by one: dead letters, and one delivery.

use crate::operate::{now, say, seconds};
use federate_delivery::Operator;
use federate_protocol::activitystreams::Iri;
use federate_store::{DeadLetter, Inspection, Stores};
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;

/// Dead letters that are read at once.
const PAGE: usize = 1_000;

/// All dead letters, or those of one host, one on a line; as JSON an object on each line.
pub(crate) async fn dead(stores: &Stores, host: Option<&str>, as_json: bool) -> Result<(), Box<dyn Error>> {
    let operator = Operator::new(stores);
    let mut after: Option<String> = None;
    loop {
        let page = operator.dead(host, after.as_deref(), PAGE).await?;
        for letter in &page.letters {
            if as_json {
                say!("{}", letter_json(letter));
            } else {
                let delivery = &letter.delivery;
                say!("{} {}  {}", delivery.activity, delivery.inbox, letter.reason);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// What is known of one delivery.
pub(crate) async fn inspect(stores: &Stores, activity: &str, inbox: &str) -> Result<(), Box<dyn Error>> {
    let activity = Iri::parse(activity).map_err(|error| format!("{activity}: {error}"))?;
    let inbox = Iri::parse(inbox).map_err(|error| format!("{inbox}: {error}"))?;
    let found = match Operator::new(stores).inspect(&activity, &inbox).await? {
        Inspection::Pending(pending) => {
            let now = now();
            json!({
                "state": "pending",
                "activity": activity.as_str(),
                "inbox": inbox.as_str(),
                "sender": pending.delivery.sender,
                "attempts": pending.delivery.attempt,
                "enqueued": seconds(pending.delivery.first_enqueued),
                "next_attempt": pending.not_before.map(seconds),
                "behind_another": pending.behind,
                "last_reason": pending.reason,
                "host_closed_until": pending.closed_until.filter(|until| *until > now).map(seconds),
                "host_paused": pending.paused,
                "leased_until": pending.leased_until.filter(|until| *until > now).map(seconds),
            })
        }
        Inspection::Dead(letter) => letter_json(&letter),
        Inspection::Settled => json!({ "state": "settled" }),
        _ => json!({ "state": "unknown" }),
    };
    say!("{found:#}");
    Ok(())
}

fn letter_json(letter: &DeadLetter) -> Value {
    let delivery = &letter.delivery;
    json!({
        "state": "dead",
        "activity": delivery.activity.as_str(),
        "inbox": delivery.inbox.as_str(),
        "host": delivery.lane(),
        "sender": delivery.sender,
        "attempts": delivery.attempt,
        "enqueued": seconds(delivery.first_enqueued),
        "died": seconds(letter.died),
        "reason": letter.reason,
    })
}
