//! What is remembered and not needed any more is forgotten, a little every hour.

use std::time::{Duration, SystemTime};

use federate_protocol::activitystreams::Iri;
use federate_store::{Forgotten, Retention, StoreError, Stores};

/// How often.
pub(crate) const EVERY: Duration = Duration::from_secs(3600);

/// How many runs there are at once at most: room for a thousand of each in a second, all hour long.
pub(crate) const RUNS: usize = 180;

/// Forgets what is old. `true`: there may be more.
pub(crate) async fn tidy(
    stores: &Stores,
    retention: &Retention,
    is_local: &(dyn Fn(&Iri) -> bool + Send + Sync),
    now: SystemTime,
) -> Result<bool, StoreError> {
    let is_kept = |id: &Iri, body: &[u8]| is_local(id) && is_published(body);
    let forgotten = retention.run(stores, now, &is_kept).await?;
    if forgotten != Forgotten::default() {
        tracing::info!(?forgotten, "forgot what ended long ago");
    }
    Ok(forgotten.more)
}

/// What this instance answers with, or reads again: notes that the application does not keep, and their tombstones; to whom a
/// `Create` went, when its object is retracted; what was asked, when the answer comes. What was only passed on is nothing of this.
fn is_published(body: &[u8]) -> bool {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = body
        .get("type")
        .and_then(|kind| kind.as_str())
        .unwrap_or_default();
    matches!(
        kind,
        "Create" | "Delete" | "Follow" | "Invite" | "Join" | "Offer" | "QuoteRequest"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use federate_protocol::Sealed;
    use federate_store::{Accepted, Backend, Memory, Outgoing, Settlement};

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn is_local(id: &Iri) -> bool {
        id.host() == Some("our.example")
    }

    #[tokio::test]
    async fn an_id_is_known_for_a_month_and_then_forgotten() {
        let stores = Memory::new().stores();
        let began = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let id = Iri::parse("https://a.example/1").unwrap();
        let accept = async |now| {
            let sealed = Sealed::from_bytes(b"x".to_vec());
            stores
                .inbox
                .accept("https://a.example", &id, &sealed, now)
                .await
                .unwrap()
        };
        let Accepted::New(received) = accept(began).await else {
            panic!("seen before")
        };
        stores.inbox.settle(&received, Settlement::Done).await.unwrap();
        let retention = Retention::default();
        tidy(&stores, &retention, &is_local, began + 29 * DAY)
            .await
            .unwrap();
        assert_eq!(accept(began + 29 * DAY).await, Accepted::Duplicate);
        tidy(&stores, &retention, &is_local, began + 31 * DAY)
            .await
            .unwrap();
        assert!(matches!(accept(began + 31 * DAY).await, Accepted::New(_)));
    }

    #[tokio::test]
    async fn bodies_are_forgotten_but_for_those_that_are_served_or_answered() {
        let stores = Memory::new().stores();
        let began = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let kinds = ["Like", "Create", "Announce", "Delete", "Follow", "Update"];
        let id = |kind: &str| Iri::parse(&format!("https://our.example/{kind}")).unwrap();
        let passed_on = Iri::parse("https://a.example/create#federate:relayed").unwrap();
        let create = Outgoing::new(passed_on.clone(), "@relay", r#"{"type":"Create"}"#, Vec::new());
        stores.outbox.record(&create).await.unwrap();
        stores.outbox.expanded(&passed_on).await.unwrap();
        for kind in kinds {
            let body = format!(r#"{{"type":"{kind}"}}"#);
            let outgoing = Outgoing::new(id(kind), "alice", body, Vec::new());
            stores.outbox.record(&outgoing).await.unwrap();
            stores.outbox.expanded(&outgoing.id).await.unwrap();
        }
        for days in [0, 31, 9_999] {
            tidy(&stores, &Retention::default(), &is_local, began + days * DAY)
                .await
                .unwrap();
        }
        let mut kept = Vec::new();
        for kind in kinds {
            if stores.outbox.body(&id(kind)).await.unwrap().is_some() {
                kept.push(kind);
            }
        }
        assert_eq!(kept, ["Create", "Delete", "Follow"]);
        assert!(stores.outbox.body(&passed_on).await.unwrap().is_none());
    }
}
