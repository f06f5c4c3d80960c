//! Activities into the outbox.

use federate_protocol::activitystreams::Iri;
use federate_store::{Hold, Outgoing, Stores};
use serde_json::json;
use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// Records the activities, and says of each delivery that it is durable.
pub(crate) async fn enqueue(
    stores: &Stores,
    inboxes: &str,
    count: u64,
    each: bool,
) -> Result<(), Box<dyn Error>> {
    if stores.binding.hold().await? == Some(Hold::Arriving) {
        return Err(format!("nothing is recorded: {}", Hold::Arriving).into());
    }
    let text = std::fs::read_to_string(inboxes).map_err(|error| format!("{inboxes}: {error}"))?;
    let inboxes = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| Iri::parse(line).map_err(|error| format!("{inboxes}: {line}: {error}")))
        .collect::<Result<Vec<_>, _>>()?;
    let groups: Vec<&[Iri]> = if each {
        inboxes.chunks(1).collect()
    } else {
        vec![&inboxes]
    };
    let run = run_name();
    let mut number = 0_u64;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for _ in 0..count {
        for group in &groups {
            number += 1;
            let id = Iri::parse(&format!("https://outbox.example/activities/{run}-{number}"))?;
            stores.outbox.record(&activity(&id, group)).await?;
            for inbox in *group {
                writeln!(out, "{id} {inbox}")?;
            }
            out.flush()?;
        }
    }
    Ok(())
}

fn activity(id: &Iri, inboxes: &[Iri]) -> Outgoing {
    let body = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id.as_str(),
        "type": "Create",
        "actor": "https://outbox.example/actor",
        "object": { "id": format!("{id}/object"), "type": "Note", "content": "hello" },
    });
    Outgoing::new(id.clone(), "outbox", body.to_string(), inboxes.to_vec())
}

/// No two runs have the same.
#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
fn run_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{}", now.as_nanos(), std::process::id())
}
