//! From rows of the outbox to a delivery for each inbox.

use crate::{Builder, ExpandError, Expansion, Signals, spans, target::Target};
use federate_protocol::activitystreams::Iri;
use federate_store::{Delivery, OrderKey, Outgoing, StoreError};
use std::{collections::BTreeSet, time::SystemTime};
use tracing::Instrument as _;

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

/// What became of activities. Those that are not in it were not begun.
pub(crate) type Ended = Vec<(Iri, Expanded)>;

/// Expands activities, in their order. Those whose inboxes are one short page share their transactions: a commit for each would be most
/// of the work. A crash in between repeats it, which enqueues nothing twice.
pub(crate) async fn expand_all(settings: &Builder, signals: &Signals, rows: &[Outgoing]) -> Ended {
    let mut ended = Ended::new();
    let mut shared = Shared::default();
    let mut held_up: BTreeSet<OrderKey> = BTreeSet::new();
    for row in rows {
        // What must not overtake one that failed waits with it.
        if row.order.is_some_and(|order| held_up.contains(&order)) {
            continue;
        }
        let needless = settings.inboxes.supersedes(row);
        if !needless.is_empty() {
            // They are in the queue, where they come before it.
            ended.extend(shared.write(settings, signals).await);
            if let Err(error) = take_back(settings, &needless).await {
                ended.push((row.id.clone(), Expanded::Store(error)));
            }
            if is_refused(&ended) {
                return ended;
            }
        }
        let first = settings
            .inboxes
            .expand(row, None)
            .instrument(spans::expansion(row))
            .await;
        let now = settings.clock.now();
        match first {
            Ok(page) if page.next.is_none() && page.inboxes.len() + page.actors.len() <= BATCH => {
                let deliveries = deliveries(row, page, now);
                if shared.deliveries.len() + deliveries.len() > BATCH {
                    ended.extend(shared.write(settings, signals).await);
                }
                shared.activities.push((row.id.clone(), deliveries.len()));
                shared.deliveries.extend(deliveries);
            }
            Ok(page) => {
                // In the order in which they were recorded: what was before it and is not written must not be overtaken.
                ended.extend(shared.write(settings, signals).await);
                if is_refused(&ended) {
                    return ended;
                }
                let whole = expand(settings, signals, row, page)
                    .instrument(spans::expansion(row))
                    .await;
                if !matches!(whole, Expanded::Whole { .. }) {
                    held_up.extend(row.order);
                }
                ended.push((row.id.clone(), whole));
            }
            Err(error) => {
                held_up.extend(row.order);
                ended.push((row.id.clone(), Expanded::Later(error)));
            }
        }
        // A store that refuses is not asked again at once.
        if is_refused(&ended) {
            return ended;
        }
    }
    ended.extend(shared.write(settings, signals).await);
    ended
}

async fn take_back(settings: &Builder, activities: &[Iri]) -> Result<(), StoreError> {
    for activity in activities {
        let superseded = settings.stores.queue.supersede(activity).await?;
        if superseded > 0 {
            tracing::debug!(%activity, superseded, "taken back before anybody had it");
        }
    }
    Ok(())
}

fn is_refused(ended: &Ended) -> bool {
    ended.iter().any(|(_, how)| matches!(how, Expanded::Store(_)))
}

/// Activities that are written in one transaction each way.
#[derive(Debug, Default)]
struct Shared {
    /// Each with the number of its deliveries.
    activities: Vec<(Iri, usize)>,
    deliveries: Vec<Delivery>,
}

impl Shared {
    async fn write(&mut self, settings: &Builder, signals: &Signals) -> Ended {
        let Self {
            activities,
            deliveries,
        } = std::mem::take(self);
        let ids: Vec<Iri> = activities.iter().map(|(id, _)| id.clone()).collect();
        let written = async {
            if ids.is_empty() {
                return Ok(());
            }
            settings
                .stores
                .queue
                .enqueue(&deliveries, settings.clock.now())
                .await?;
            signals.enqueued_in(deliveries.iter().map(Delivery::lane));
            settings.stores.outbox.expanded_all(&ids).await
        };
        match written.await {
            Ok(()) => activities
                .into_iter()
                .map(|(id, count)| {
                    let enqueued = u64::try_from(count).unwrap_or(u64::MAX);
                    (id, Expanded::Whole { enqueued })
                })
                .collect(),
            // One refusal, whatever the number of those whom it holds up.
            Err(error) => ids
                .into_iter()
                .next()
                .map(|id| (id, Expanded::Store(error)))
                .into_iter()
                .collect(),
        }
    }
}

/// Expands one activity whose first page is there.
async fn expand(settings: &Builder, signals: &Signals, outgoing: &Outgoing, first: Expansion) -> Expanded {
    let mut enqueued = 0;
    let mut page = first;
    loop {
        let now = settings.clock.now();
        let next = page.next.take();
        for batch in deliveries(outgoing, page, now).chunks(BATCH) {
            if let Err(error) = settings.stores.queue.enqueue(batch, now).await {
                return Expanded::Store(error);
            }
            enqueued += u64::try_from(batch.len()).unwrap_or(u64::MAX);
            // The first of 100,000 inboxes need not wait for the last.
            signals.enqueued_in(batch.iter().map(Delivery::lane));
        }
        let Some(after) = next else { break };
        page = match settings.inboxes.expand(outgoing, Some(&after)).await {
            Ok(page) if page.next.as_ref() == Some(&after) => {
                return Expanded::Later(ExpandError::new("the page after this one is this one"));
            }
            Ok(page) => page,
            Err(error) => return Expanded::Later(error),
        };
    }
    match settings.stores.outbox.expanded(&outgoing.id).await {
        Ok(()) => Expanded::Whole { enqueued },
        Err(error) => Expanded::Store(error),
    }
}

fn deliveries(outgoing: &Outgoing, page: Expansion, now: SystemTime) -> Vec<Delivery> {
    let actors = page.actors.iter().filter_map(|actor| {
        let column = Target::column_of(actor);
        if column.is_none() {
            tracing::warn!(activity = %outgoing.id, "id of a recipient is too long, it gets nothing");
        }
        column
    });
    page.inboxes
        .into_iter()
        .chain(actors)
        .map(|inbox| Delivery {
            priority: outgoing.priority,
            order: outgoing.order,
            ..Delivery::new(outgoing.id.clone(), outgoing.sender.clone(), inbox, now)
        })
        .collect()
}
