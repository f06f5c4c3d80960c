//! What is on its way.

use crate::{
    backend::Tables,
    binding::{HOLD, get},
    error::Failure,
    queue::ready_all,
    sql::text,
    time::{limit, micros, time},
};
use federate_store::{
    Counts, OrderKey, Priority, StoreError,
    transfer::{Due, Record, Waits},
};
use sqlx::{FromRow, PgConnection};
use std::time::SystemTime;

/// When a delivery is due that waits for another of its order.
const BEHIND: i64 = i64::MAX;

#[derive(FromRow)]
struct DeliveryRow {
    activity_no: i64,
    inbox_no: i64,
    activity: String,
    inbox: String,
    host: String,
    due: Option<i64>,
    attempt: Option<i32>,
    first_enqueued: Option<i64>,
    reason: Option<String>,
}

type ActivityRow = (i64, String, String, i64, i16, Option<i64>);
type DeadRow = (i64, String, String, i32, i64, i64, String);

impl Tables {
    pub(super) async fn read_activities(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<ActivityRow> = sqlx::query_as(
            "SELECT no, iri, sender, enqueued, priority, ordered FROM federate.activities
             WHERE no > $1 ORDER BY no LIMIT $2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let records = rows
            .into_iter()
            .map(|(no, id, sender, enqueued, priority, ordered)| {
                let activity = Record::Activity {
                    id,
                    sender,
                    enqueued: time(enqueued),
                    priority: Priority::of_rank(priority.into()),
                    order: ordered.map(OrderKey::from_stored),
                };
                (no.to_string(), activity)
            });
        Ok(records.collect())
    }

    pub(super) async fn read_deliveries(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let (activity, inbox) = pair(after)?;
        let rows: Vec<DeliveryRow> = sqlx::query_as(
            "SELECT k.activity AS activity_no, k.inbox AS inbox_no, a.iri AS activity, i.iri AS inbox, l.host,
                    p.due, p.attempt, p.first_enqueued, p.reason
             FROM (SELECT activity, inbox FROM federate.known WHERE (activity, inbox) > ($1, $2)
                   ORDER BY activity, inbox LIMIT $3) k
             JOIN federate.activities a ON a.no = k.activity
             JOIN federate.inboxes i ON i.no = k.inbox
             JOIN federate.lanes l ON l.no = i.lane
             LEFT JOIN federate.pending p ON p.activity = k.activity AND p.inbox = k.inbox
             ORDER BY k.activity, k.inbox",
        )
        .bind(activity)
        .bind(inbox)
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let records = rows.into_iter().map(|row| {
            let waits = row.due.map(|due| Waits {
                due: match due {
                    BEHIND => Due::Behind,
                    due if due > 0 => Due::At(time(due)),
                    _ => Due::AtOnce,
                },
                attempt: row
                    .attempt
                    .map_or(0, |attempt| u32::try_from(attempt).unwrap_or(0)),
                first_enqueued: time(row.first_enqueued.unwrap_or_default()),
                reason: row.reason,
            });
            let delivery = Record::Delivery {
                activity: row.activity,
                inbox: row.inbox,
                host: row.host,
                waits,
            };
            (format!("{} {}", row.activity_no, row.inbox_no), delivery)
        });
        Ok(records.collect())
    }

    pub(super) async fn read_dead_letters(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<DeadRow> = sqlx::query_as(
            "SELECT d.no, a.iri, i.iri, d.attempt, d.first_enqueued, d.died, d.reason
             FROM federate.dead d
             JOIN federate.activities a ON a.no = d.activity
             JOIN federate.inboxes i ON i.no = d.inbox
             WHERE d.no > $1 ORDER BY d.no LIMIT $2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let records = rows
            .into_iter()
            .map(|(no, activity, inbox, attempt, first, died, reason)| {
                let dead = Record::Dead {
                    activity,
                    inbox,
                    attempt: u32::try_from(attempt).unwrap_or(0),
                    first_enqueued: time(first),
                    died: time(died),
                    reason,
                };
                (no.to_string(), dead)
            });
        Ok(records.collect())
    }

    pub(super) async fn read_lanes(&self, after: i64, max: usize) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<(i64, String, bool, Option<i64>)> = sqlx::query_as(
            "SELECT no, host, paused, closed_until FROM federate.lanes
             WHERE no > $1 AND (paused OR closed_until IS NOT NULL) ORDER BY no LIMIT $2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let records = rows.into_iter().map(|(no, host, paused, closed_until)| {
            let lane = Record::Lane {
                host,
                paused,
                closed_until: closed_until.map(time),
            };
            (no.to_string(), lane)
        });
        Ok(records.collect())
    }

    /// How many lanes somebody holds at `now`. Where nobody does, whoever held one is fenced off.
    pub(super) async fn fence_off(&self, now: SystemTime) -> Result<u64, Failure> {
        let mut tx = self.pool.begin().await?;
        let held: Vec<bool> = sqlx::query_scalar(
            "SELECT ready > $1 FROM federate.lanes WHERE worker IS NOT NULL ORDER BY no FOR NO KEY UPDATE",
        )
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await?;
        let held = held.into_iter().filter(|held| *held).count();
        if held == 0 {
            sqlx::query(
                "UPDATE federate.lanes SET fence = fence + 1, worker = NULL WHERE worker IS NOT NULL",
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(u64::try_from(held).unwrap_or(u64::MAX))
    }

    /// Which host they are of is not known: they stand in the row of those inboxes that have none.
    pub(super) async fn set_counts(&self, counts: &Counts) -> Result<(), Failure> {
        let figure = |figure| i64::try_from(figure).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO federate.lanes (host, enqueued, delivered, superseded, cancelled) VALUES ('', $1, $2, $3, $4)
             ON CONFLICT (host) DO UPDATE SET enqueued = excluded.enqueued, delivered = excluded.delivered,
                 superseded = excluded.superseded, cancelled = excluded.cancelled",
        )
        .bind(figure(counts.enqueued))
        .bind(figure(counts.delivered))
        .bind(figure(counts.superseded))
        .bind(figure(counts.cancelled))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// From here on lanes can be leased. The name of the transfer stays, so that whoever repeats it is told that it is
    /// complete.
    pub(super) async fn open_lanes(&self) -> Result<(), Failure> {
        let mut tx = self.pool.begin().await?;
        if get(&mut *tx, HOLD).await?.is_some() {
            ready_all(&mut tx).await?;
            sqlx::query("DELETE FROM federate.binding WHERE name = $1 OR name LIKE 'cursor.%'")
                .bind(HOLD)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

pub(super) async fn write_activities(
    connection: &mut PgConnection,
    records: &[Record],
) -> Result<(), Failure> {
    let (mut ids, mut senders, mut enqueued_at) = (Vec::new(), Vec::new(), Vec::new());
    let (mut priorities, mut orders) = (Vec::new(), Vec::new());
    for record in records {
        if let Record::Activity {
            id,
            sender,
            enqueued,
            priority,
            order,
        } = record
        {
            ids.push(id.as_str());
            senders.push(sender.as_str());
            enqueued_at.push(micros(*enqueued));
            priorities.push(i16::from(priority.rank()));
            orders.push(order.map(OrderKey::to_stored));
        }
    }
    // Numbered as they were enqueued, which is the order in which they go out.
    sqlx::query(
        "INSERT INTO federate.activities (no, iri, sender, enqueued, priority, ordered)
         SELECT nextval('federate.activities_no'), iri, sender, enqueued, priority, ordered FROM (
             SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::smallint[], $5::bigint[]) WITH ORDINALITY
                 u (iri, sender, enqueued, priority, ordered, place) ORDER BY place) u
         ON CONFLICT (iri) DO NOTHING",
    )
    .bind(ids)
    .bind(senders)
    .bind(enqueued_at)
    .bind(priorities)
    .bind(orders)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deliveries as columns.
#[derive(Default)]
struct Deliveries<'a> {
    activities: Vec<&'a str>,
    inboxes: Vec<&'a str>,
    hosts: Vec<&'a str>,
    /// `None` of what does not wait, and 0 at once.
    due: Vec<Option<i64>>,
    attempts: Vec<i32>,
    first_enqueued: Vec<i64>,
    reasons: Vec<Option<String>>,
}

impl<'a> Deliveries<'a> {
    fn new(records: &'a [Record]) -> Self {
        let mut columns = Self::default();
        for record in records {
            let Record::Delivery {
                activity,
                inbox,
                host,
                waits,
            } = record
            else {
                continue;
            };
            columns.activities.push(activity);
            columns.inboxes.push(inbox);
            columns.hosts.push(host);
            let waits = waits.as_ref();
            columns.due.push(waits.map(|waits| match waits.due {
                Due::AtOnce => 0,
                Due::At(at) => micros(at),
                Due::Behind => BEHIND,
            }));
            let attempt = waits.map_or(0, |waits| waits.attempt);
            columns.attempts.push(i32::try_from(attempt).unwrap_or(i32::MAX));
            let first = waits.map_or(0, |waits| micros(waits.first_enqueued));
            columns.first_enqueued.push(first);
            let reason = waits.and_then(|waits| waits.reason.as_deref());
            columns.reasons.push(reason.map(text));
        }
        columns
    }
}

pub(super) async fn write_deliveries(
    connection: &mut PgConnection,
    records: &[Record],
) -> Result<(), Failure> {
    let columns = Deliveries::new(records);
    sqlx::query(
        "INSERT INTO federate.lanes (host) SELECT DISTINCT u.host FROM unnest($1::text[]) u (host)
         WHERE NOT EXISTS (SELECT 1 FROM federate.lanes l WHERE l.host = u.host) ON CONFLICT (host) DO NOTHING",
    )
    .bind(&columns.hosts)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO federate.inboxes (iri, lane)
         SELECT DISTINCT u.iri, (SELECT no FROM federate.lanes WHERE host = u.host)
         FROM unnest($1::text[], $2::text[]) u (iri, host)
         WHERE NOT EXISTS (SELECT 1 FROM federate.inboxes i WHERE i.iri = u.iri) ON CONFLICT (iri) DO NOTHING",
    )
    .bind(&columns.inboxes)
    .bind(&columns.hosts)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "WITH given AS MATERIALIZED (
             SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                    (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox,
                    u.due, u.attempt, u.first_enqueued, u.reason
             FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::text[])
                 u (activity, inbox, due, attempt, first_enqueued, reason)),
         new AS (
             INSERT INTO federate.known (activity, inbox) SELECT activity, inbox FROM given
             ON CONFLICT (activity, inbox) DO NOTHING RETURNING activity, inbox)
         INSERT INTO federate.pending
             (activity, inbox, lane, due, attempt, first_enqueued, reason, priority, ordered)
         SELECT g.activity, g.inbox, (SELECT lane FROM federate.inboxes WHERE no = g.inbox), g.due, g.attempt,
                g.first_enqueued, g.reason, (SELECT priority FROM federate.activities WHERE no = g.activity),
                (SELECT ordered FROM federate.activities WHERE no = g.activity)
         FROM given g JOIN new n ON n.activity = g.activity AND n.inbox = g.inbox WHERE g.due IS NOT NULL",
    )
    .bind(&columns.activities)
    .bind(&columns.inboxes)
    .bind(&columns.due)
    .bind(&columns.attempts)
    .bind(&columns.first_enqueued)
    .bind(&columns.reasons)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

pub(super) async fn write_dead(connection: &mut PgConnection, records: &[Record]) -> Result<(), Failure> {
    for record in records {
        let Record::Dead {
            activity,
            inbox,
            attempt,
            first_enqueued,
            died,
            reason,
        } = record
        else {
            continue;
        };
        sqlx::query(
            "INSERT INTO federate.dead (activity, inbox, attempt, first_enqueued, died, reason)
             SELECT a.no, i.no, $3, $4, $5, $6 FROM federate.activities a, federate.inboxes i
             WHERE a.iri = $1 AND i.iri = $2 ON CONFLICT (activity, inbox) DO NOTHING",
        )
        .bind(activity)
        .bind(inbox)
        .bind(i32::try_from(*attempt).unwrap_or(i32::MAX))
        .bind(micros(*first_enqueued))
        .bind(micros(*died))
        .bind(text(reason))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn write_lanes(connection: &mut PgConnection, records: &[Record]) -> Result<(), Failure> {
    for record in records {
        let Record::Lane {
            host,
            paused,
            closed_until,
        } = record
        else {
            continue;
        };
        sqlx::query(
            "INSERT INTO federate.lanes (host, paused, closed_until) VALUES ($1, $2, $3)
             ON CONFLICT (host) DO UPDATE SET paused = excluded.paused, closed_until = excluded.closed_until",
        )
        .bind(host)
        .bind(paused)
        .bind(closed_until.map(micros))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Two numbers, of the last activity and the last inbox.
fn pair(cursor: Option<&str>) -> Result<(i64, i64), Failure> {
    let Some(cursor) = cursor else { return Ok((0, 0)) };
    let (activity, inbox) = cursor.split_once(' ').unwrap_or((cursor, ""));
    let number = |text: &str| text.parse::<i64>().map_err(StoreError::broken);
    Ok((number(activity)?, number(inbox)?))
}
