//! Adding deliveries.

use super::{behind, order, turn, urgent};
use crate::{backend::Tables, error::Failure, time::micros};
use federate_store::{Delivery, OrderKey, StoreError, StoreErrorKind};
use sqlx::{FromRow, PgExecutor};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::SystemTime,
};

/// How often an activity may be pruned away between finding and using it.
const TRIES: usize = 5;

/// A batch as the statements take it: everything once.
pub(super) struct Batch<'a> {
    /// The first delivery of each, in the order in which they came.
    activities: Vec<&'a Delivery>,
    /// Inboxes with their hosts.
    inboxes: BTreeMap<&'a str, String>,
    deliveries: Vec<&'a Delivery>,
    now: i64,
}

/// The numbers of what a batch names.
struct Numbers {
    activities: HashMap<String, i64>,
    /// Inboxes with their lanes.
    inboxes: HashMap<String, (i64, i64)>,
    /// Whether one of the activities is in an order.
    ordered: bool,
}

/// What became of a batch.
#[derive(FromRow)]
struct Inserted {
    /// `false`: an activity was pruned meanwhile, and nothing was written.
    whole: bool,
    /// Whether a lane that had nothing to do has something now.
    woken: bool,
    /// The inboxes of what was added in an order, and the keys.
    inboxes: Option<Vec<i64>>,
    keys: Option<Vec<i64>>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(batch: &'a [Delivery], now: SystemTime) -> Self {
        let mut known = HashSet::new();
        let mut ids = HashSet::with_capacity(batch.len());
        let (mut activities, mut inboxes) = (Vec::new(), BTreeMap::new());
        let mut deliveries = Vec::with_capacity(batch.len());
        for delivery in batch {
            if !ids.insert((delivery.activity.as_str(), delivery.inbox.as_str())) {
                continue;
            }
            if known.insert(delivery.activity.as_str()) {
                activities.push(delivery);
            }
            inboxes
                .entry(delivery.inbox.as_str())
                .or_insert_with(|| delivery.lane());
            deliveries.push(delivery);
        }
        Self {
            activities,
            inboxes,
            deliveries,
            now: micros(now),
        }
    }
}

impl Tables {
    /// Whether a lane that had nothing to do has something now.
    pub(super) async fn insert_deliveries(&self, batch: &Batch<'_>) -> Result<bool, Failure> {
        for _ in 0..TRIES {
            let mut numbers = self.numbers(batch).await?;
            if !numbers.are_whole(batch) {
                self.intern(batch, &mut numbers).await?;
            }
            if !numbers.are_whole(batch) {
                // Somebody else gave some of them their numbers at the same time.
                numbers = self.numbers(batch).await?;
            }
            if let Some(woken) = self.insert(batch, &numbers).await? {
                return Ok(woken);
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Busy,
            "an activity was pruned while it was enqueued",
        )
        .into())
    }

    async fn numbers(&self, batch: &Batch<'_>) -> Result<Numbers, Failure> {
        let activities: Vec<&str> = batch.activities.iter().map(|one| one.activity.as_str()).collect();
        let inboxes: Vec<&str> = batch.inboxes.keys().copied().collect();
        let rows: Vec<(Option<i64>, String, i64, bool)> = sqlx::query_as(
            "SELECT lane, iri, no, false FROM federate.inboxes WHERE iri = ANY($1)
             UNION ALL SELECT NULL, iri, no, ordered IS NOT NULL FROM federate.activities WHERE iri = ANY($2)",
        )
        .bind(inboxes)
        .bind(activities)
        .fetch_all(&self.pool)
        .await?;
        let mut numbers = Numbers {
            activities: HashMap::with_capacity(batch.activities.len()),
            inboxes: HashMap::with_capacity(batch.inboxes.len()),
            ordered: false,
        };
        for (lane, iri, no, ordered) in rows {
            numbers.ordered |= ordered;
            match lane {
                Some(lane) => {
                    numbers.inboxes.insert(iri, (no, lane));
                }
                None => {
                    numbers.activities.insert(iri, no);
                }
            }
        }
        Ok(numbers)
    }

    /// Gives numbers to what has none yet. Everything in the order of its name, so that two who do it at once wait for each
    /// other in one direction only.
    async fn intern(&self, batch: &Batch<'_>, found: &mut Numbers) -> Result<(), Failure> {
        let inboxes = batch
            .inboxes
            .iter()
            .filter(|(iri, _)| !found.inboxes.contains_key(**iri));
        let (inboxes, hosts): (Vec<&str>, Vec<&str>) =
            inboxes.map(|(iri, host)| (*iri, host.as_str())).unzip();
        let activities = batch
            .activities
            .iter()
            .filter(|one| !found.activities.contains_key(one.activity.as_str()));
        let activities: Vec<&Delivery> = activities.copied().collect();
        // It need not wait for the disk: the log is written in order, so the commit that uses these numbers takes them
        // along.
        let mut tx = self
            .pool
            .begin_with("BEGIN; SET LOCAL synchronous_commit = off")
            .await?;
        if !inboxes.is_empty() {
            let lanes: BTreeSet<&str> = hosts.iter().copied().collect();
            let lanes: Vec<&str> = lanes.into_iter().collect();
            sqlx::query(
                "INSERT INTO federate.lanes (host)
                 SELECT u.host FROM unnest($1::text[]) u (host)
                 WHERE NOT EXISTS (SELECT 1 FROM federate.lanes l WHERE l.host = u.host)
                 ORDER BY u.host COLLATE \"C\" ON CONFLICT (host) DO NOTHING",
            )
            .bind(lanes)
            .execute(&mut *tx)
            .await?;
            let new: Vec<(String, i64, i64)> = sqlx::query_as(
                "INSERT INTO federate.inboxes (iri, lane)
                 SELECT u.iri, l.no FROM unnest($1::text[], $2::text[]) u (iri, host)
                 JOIN federate.lanes l ON l.host = u.host
                 ORDER BY u.iri COLLATE \"C\" ON CONFLICT (iri) DO NOTHING RETURNING iri, no, lane",
            )
            .bind(inboxes)
            .bind(hosts)
            .fetch_all(&mut *tx)
            .await?;
            found
                .inboxes
                .extend(new.into_iter().map(|(iri, no, lane)| (iri, (no, lane))));
        }
        if !activities.is_empty() {
            // Numbered as they came, which is the order in which they go out; written in the order of their names.
            let new: Vec<(String, i64, bool)> = sqlx::query_as(
                "INSERT INTO federate.activities (no, iri, sender, enqueued, priority, ordered)
                 SELECT u.no, u.iri, u.sender, $3, u.priority, u.ordered FROM (
                     SELECT nextval('federate.activities_no') AS no, iri, sender, priority, ordered
                     FROM unnest($1::text[], $2::text[], $4::smallint[], $5::bigint[]) WITH ORDINALITY
                         u (iri, sender, priority, ordered, place)
                     ORDER BY place) u
                 ORDER BY u.iri COLLATE \"C\" ON CONFLICT (iri) DO NOTHING RETURNING iri, no, ordered IS NOT NULL",
            )
            .bind(column(&activities, |one| one.activity.as_str()))
            .bind(column(&activities, |one| one.sender.as_str()))
            .bind(batch.now)
            .bind(column(&activities, |one| i16::from(one.priority.rank())))
            .bind(column(&activities, |one| one.order.map(OrderKey::to_stored)))
            .fetch_all(&mut *tx)
            .await?;
            for (iri, no, ordered) in new {
                found.ordered |= ordered;
                found.activities.insert(iri, no);
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether a lane was woken. `None`: an activity was pruned meanwhile, and nothing was written.
    async fn insert(&self, batch: &Batch<'_>, numbers: &Numbers) -> Result<Option<bool>, Failure> {
        if !numbers.ordered {
            let inserted = insert(&self.pool, batch, numbers).await?;
            return Ok(inserted.and_then(|inserted| inserted.whole.then_some(inserted.woken)));
        }
        let mut tx = self.pool.begin().await?;
        let Some(inserted) = insert(&mut *tx, batch, numbers).await? else {
            return Ok(None);
        };
        // The lanes are locked from here on: what waits in front of what was added stays there until we are done.
        let inboxes = inserted.inboxes.unwrap_or_default();
        let keys = inserted.keys.unwrap_or_default().into_iter().map(Some);
        let lines: Vec<order::Line> = inboxes.into_iter().zip(keys).collect();
        let woken = order::next(&mut tx, &lines).await?;
        tx.commit().await?;
        Ok(inserted.whole.then_some(inserted.woken || woken))
    }
}

/// The one statement that is the enqueueing; what is in an order is not due yet.
async fn insert(
    connection: impl PgExecutor<'_>,
    batch: &Batch<'_>,
    numbers: &Numbers,
) -> Result<Option<Inserted>, Failure> {
    let mut rows = Vec::with_capacity(batch.deliveries.len());
    for delivery in &batch.deliveries {
        let (Some(activity), Some((inbox, lane))) = (
            numbers.activities.get(delivery.activity.as_str()),
            numbers.inboxes.get(delivery.inbox.as_str()),
        ) else {
            return Ok(None);
        };
        let attempt = i32::try_from(delivery.attempt).unwrap_or(i32::MAX);
        rows.push((*activity, *inbox, *lane, attempt, micros(delivery.first_enqueued)));
    }
    let activities: Vec<i64> = numbers.activities.values().copied().collect();
    // A prune waits for `FOR KEY SHARE`, and we for a prune: what we add has its activity.
    let inserted = sqlx::query_as(concat!(
        "WITH held AS MATERIALIZED (
             SELECT no, priority, ordered FROM federate.activities WHERE no = ANY($1) ORDER BY no FOR KEY SHARE),
         whole AS MATERIALIZED (SELECT count(*) = cardinality($1) AS whole FROM held),
         given AS MATERIALIZED (
             SELECT u.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[])
                 u (activity, inbox, lane, attempt, first_enqueued)
             WHERE (SELECT whole FROM whole)),
         new AS (
             INSERT INTO federate.known (activity, inbox)
             SELECT activity, inbox FROM given ORDER BY activity, inbox
             ON CONFLICT (activity, inbox) DO NOTHING RETURNING activity, inbox),
         added AS (
             INSERT INTO federate.pending (activity, inbox, lane, due, attempt, first_enqueued, priority, ordered)
             SELECT g.activity, g.inbox, g.lane, CASE WHEN h.ordered IS NULL THEN 0 ELSE ",
        behind!(),
        "           END, g.attempt, g.first_enqueued, h.priority, h.ordered
             FROM given g JOIN new n ON n.activity = g.activity AND n.inbox = g.inbox
             JOIN held h ON h.no = g.activity
             RETURNING lane, inbox, priority, ordered),
         more AS MATERIALIZED (
             SELECT lane, count(*) AS n, bool_or(ordered IS NULL) AS due,
                    bool_or(ordered IS NULL AND priority = 0) AS urgent
             FROM added GROUP BY lane),
         turn AS MATERIALIZED (SELECT ",
        turn!(),
        "   AS turn),
         locked AS MATERIALIZED (
             SELECT l.no, m.n, m.due, t.turn - CASE WHEN m.urgent THEN ",
        urgent!(),
        "           ELSE 0 END AS turn
             FROM federate.lanes l JOIN more m ON m.lane = l.no CROSS JOIN turn t
             ORDER BY l.no FOR NO KEY UPDATE OF l),
         counted AS (
             UPDATE federate.lanes l SET enqueued = l.enqueued + k.n,
                 ready = CASE WHEN k.due AND l.worker IS NULL AND NOT l.paused
                              THEN least(l.ready, coalesce(l.closed_until, k.turn)) ELSE l.ready END
             FROM locked k WHERE l.no = k.no RETURNING l.ready IS NOT DISTINCT FROM k.turn AS woken)
         SELECT (SELECT whole FROM whole) AS whole, coalesce((SELECT bool_or(woken) FROM counted), false) AS woken,
                line.inboxes, line.keys
         FROM (SELECT array_agg(inbox) AS inboxes, array_agg(ordered) AS keys FROM added WHERE ordered IS NOT NULL) line"
    ))
    .bind(activities)
    .bind(column(&rows, |row| row.0))
    .bind(column(&rows, |row| row.1))
    .bind(column(&rows, |row| row.2))
    .bind(column(&rows, |row| row.3))
    .bind(column(&rows, |row| row.4))
    .fetch_one(connection)
    .await?;
    Ok(Some(inserted))
}

fn column<'a, T, C>(rows: &'a [T], of: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(of).collect()
}

impl Numbers {
    fn are_whole(&self, batch: &Batch<'_>) -> bool {
        self.activities.len() == batch.activities.len() && self.inboxes.len() == batch.inboxes.len()
    }
}
