//! What is remembered and not needed any more is forgotten, a little every hour.

use std::time::{Duration, SystemTime};

use federate_store::{StoreError, Stores};

/// How often.
pub(crate) const EVERY: Duration = Duration::from_secs(3600);

/// How long a received id is known: longer than any sender tries again (a week is usual, a month is safe), or a late
/// repetition would be handled a second time.
const RECEIVED: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the ids of ended deliveries are known: longer than an expansion can last.
const DELIVERED: Duration = Duration::from_secs(2 * 24 * 3600);

/// What one run forgets at most, so that it holds nobody up; what is left is the next one's.
const AT_ONCE: usize = 20_000;

/// Forgets what is old.
pub(crate) async fn tidy(stores: &Stores, now: SystemTime) -> Result<(), StoreError> {
    let before = |age| now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
    let received = stores.inbox.prune(before(RECEIVED), AT_ONCE).await?;
    let delivered = stores.queue.prune(before(DELIVERED), AT_ONCE).await?;
    if received + delivered > 0 {
        tracing::info!(received, delivered, "forgot the ids of what ended long ago");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use federate_protocol::Sealed;
    use federate_protocol::activitystreams::Iri;
    use federate_store::{Accepted, Backend, Memory, Settlement};

    const DAY: Duration = Duration::from_secs(24 * 3600);

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
        tidy(&stores, began + 29 * DAY).await.unwrap();
        assert_eq!(accept(began + 29 * DAY).await, Accepted::Duplicate);
        tidy(&stores, began + 31 * DAY).await.unwrap();
        assert!(matches!(accept(began + 31 * DAY).await, Accepted::New(_)));
    }
}
