//! From one outbox row to a delivery for each inbox.

use crate::{Builder, ExpandError, Signals, target::Target};
use federate_store::{Delivery, Outgoing, StoreError};

/// Deliveries that are enqueued in one transaction.
const BATCH: usize = 500;

/// How an expansion ended.
#[derive(Debug)]
pub(crate) enum Expanded {
    /// All of its deliveries are in the queue, and it is marked.
    Whole { enqueued: u64 },
    /// The application could not tell its inboxes.
    Later(ExpandError),
    /// The store did not take it.
    Store(StoreError),
}

/// Expands one activity. A crash in between repeats it, which enqueues nothing twice.
pub(crate) async fn expand(settings: &Builder, signals: &Signals, outgoing: &Outgoing) -> Expanded {
    let mut enqueued = 0;
    let mut after: Option<String> = None;
    loop {
        let page = match settings.inboxes.expand(outgoing, after.as_deref()).await {
            Ok(page) => page,
            Err(error) => return Expanded::Later(error),
        };
        let actors = page.actors.iter().filter_map(|actor| {
            let column = Target::column_of(actor);
            if column.is_none() {
                tracing::warn!(activity = %outgoing.id, "id of a recipient is too long, it gets nothing");
            }
            column
        });
        let now = settings.clock.now();
        let deliveries: Vec<_> = page
            .inboxes
            .iter()
            .cloned()
            .chain(actors)
            .map(|inbox| Delivery {
                priority: outgoing.priority,
                order: outgoing.order,
                ..Delivery::new(outgoing.id.clone(), outgoing.sender.clone(), inbox, now)
            })
            .collect();
        for batch in deliveries.chunks(BATCH) {
            if let Err(error) = settings.stores.queue.enqueue(batch, now).await {
                return Expanded::Store(error);
            }
            enqueued += u64::try_from(batch.len()).unwrap_or(u64::MAX);
            // The first of 100,000 inboxes need not wait for the last.
            signals.enqueued_in(batch.iter().map(Delivery::lane));
        }
        if page.next.is_none() {
            break;
        }
        if page.next == after {
            return Expanded::Later(ExpandError::new("the page after this one is this one"));
        }
        after = page.next;
    }
    match settings.stores.outbox.expanded(&outgoing.id).await {
        Ok(()) => Expanded::Whole { enqueued },
        Err(error) => Expanded::Store(error),
    }
}
