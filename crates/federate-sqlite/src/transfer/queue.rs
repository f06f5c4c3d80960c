//! What is on its way.

use super::forget_arrival;
use crate::{
    backend::Files,
    binding::get,
    error::Failure,
    queue::{BEHIND, ready_all, to_json},
    time::{limit, micros, time},
};
use federate_store::{
    Counts, OrderKey, Priority, StoreError,
    transfer::{Due, Record, Waits},
};
use sqlx::{FromRow, SqliteConnection};
use std::time::SystemTime;

#[derive(FromRow)]
struct DeliveryRow {
    activity_no: i64,
    inbox_no: i64,
    activity: String,
    inbox: String,
    host: String,
    due: Option<i64>,
    attempt: Option<i64>,
    first_enqueued: Option<i64>,
    reason: Option<String>,
}

type ActivityRow = (i64, String, String, i64, i64, Option<i64>);
type DeadRow = (i64, String, String, i64, i64, i64, String);

impl Files {
    pub(super) async fn read_activities(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<ActivityRow> = sqlx::query_as(
            "SELECT no, iri, sender, enqueued, at_once, ordered FROM federate_activities
             WHERE no > ?1 ORDER BY no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.read)
        .await?;
        let records = rows
            .into_iter()
            .map(|(no, id, sender, enqueued, at_once, ordered)| {
                let activity = Record::Activity {
                    id,
                    sender,
                    enqueued: time(enqueued),
                    priority: Priority::of_rank(at_once + 2),
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
             FROM (SELECT activity, inbox, due FROM federate_known WHERE (activity, inbox) > (?1, ?2)
                   ORDER BY activity, inbox LIMIT ?3) k
             CROSS JOIN federate_activities a ON a.no = k.activity
             CROSS JOIN federate_inboxes i ON i.no = k.inbox
             CROSS JOIN federate_lanes l ON l.no = i.lane
             LEFT JOIN federate_pending p
                 ON p.lane = i.lane AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox
             ORDER BY k.activity, k.inbox",
        )
        .bind(activity)
        .bind(inbox)
        .bind(limit(max))
        .fetch_all(&self.read)
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
                    .map_or(0, |attempt| u32::try_from(attempt).unwrap_or(u32::MAX)),
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
             FROM federate_dead d
             CROSS JOIN federate_activities a ON a.no = d.activity
             CROSS JOIN federate_inboxes i ON i.no = d.inbox
             WHERE d.no > ?1 ORDER BY d.no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.read)
        .await?;
        let records = rows
            .into_iter()
            .map(|(no, activity, inbox, attempt, first, died, reason)| {
                let dead = Record::Dead {
                    activity,
                    inbox,
                    attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
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
            "SELECT no, host, paused, closed_until FROM federate_lanes
             WHERE no > ?1 AND (paused = 1 OR closed_until IS NOT NULL) ORDER BY no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.read)
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
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let held: i64 =
            sqlx::query_scalar("SELECT count(*) FROM federate_lanes WHERE worker IS NOT NULL AND ready > ?1")
                .bind(micros(now))
                .fetch_one(&mut *tx)
                .await?;
        if held == 0 {
            sqlx::query(
                "UPDATE federate_lanes SET fence = fence + 1, worker = NULL WHERE worker IS NOT NULL",
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(held.unsigned_abs())
    }

    pub(super) async fn set_counts(&self, counts: &Counts) -> Result<(), Failure> {
        let figures = [
            ("enqueued", counts.enqueued),
            ("delivered", counts.delivered),
            ("superseded", counts.superseded),
            ("cancelled", counts.cancelled),
        ];
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for (name, figure) in figures {
            sqlx::query("UPDATE federate_counters SET n = ?2 WHERE name = ?1")
                .bind(name)
                .bind(i64::try_from(figure).unwrap_or(i64::MAX))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// From here on lanes can be leased.
    pub(super) async fn open_lanes(&self) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if get(&mut *tx, crate::binding::HOLD).await?.is_some() {
            ready_all(&mut tx).await?;
            forget_arrival(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

pub(super) async fn write_activities(
    connection: &mut SqliteConnection,
    records: &[Record],
) -> Result<(), Failure> {
    let rows = records.iter().filter_map(|record| match record {
        Record::Activity {
            id,
            sender,
            enqueued,
            priority,
            order,
        } => Some((
            id,
            sender,
            micros(*enqueued),
            i64::from(priority.rank()) - 2,
            order.map(OrderKey::to_stored),
        )),
        _ => None,
    });
    let rows: Vec<_> = rows.collect();
    sqlx::query(
        "INSERT INTO federate_activities (iri, sender, enqueued, at_once, ordered)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true
         ON CONFLICT (iri) DO NOTHING",
    )
    .bind(to_json(&rows))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn write_deliveries(
    connection: &mut SqliteConnection,
    records: &[Record],
) -> Result<(), Failure> {
    // `[activity, inbox, host, due, attempt, first enqueued, reason]`; due is NULL of what does not wait, and 0 at once.
    let rows = records.iter().filter_map(|record| match record {
        Record::Delivery {
            activity,
            inbox,
            host,
            waits,
        } => {
            let waits = waits.as_ref();
            Some((
                activity,
                inbox,
                host,
                waits.map(|waits| match waits.due {
                    Due::AtOnce => 0,
                    Due::At(at) => micros(at),
                    Due::Behind => BEHIND,
                }),
                waits.map(|waits| waits.attempt),
                waits.map(|waits| micros(waits.first_enqueued)),
                waits.and_then(|waits| waits.reason.as_deref()),
            ))
        }
        _ => None,
    });
    let rows = to_json(&rows.collect::<Vec<_>>());
    for statement in [
        "INSERT INTO federate_lanes (host) SELECT value ->> 2 FROM json_each(?1) WHERE true
         ON CONFLICT (host) DO NOTHING",
        "INSERT INTO federate_inboxes (iri, lane)
         SELECT j.value ->> 1, l.no FROM json_each(?1) j CROSS JOIN federate_lanes l ON l.host = j.value ->> 2
         WHERE true ON CONFLICT (iri) DO NOTHING",
        "INSERT INTO federate_pending (lane, due, activity, inbox, attempt, first_enqueued, reason, ordered)
         SELECT i.lane, CASE j.value ->> 3 WHEN 0 THEN a.at_once ELSE j.value ->> 3 END, a.no, i.no,
                j.value ->> 4, j.value ->> 5, j.value ->> 6, a.ordered
         FROM json_each(?1) j
         CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
         CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
         WHERE j.value ->> 3 IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM federate_known k WHERE k.activity = a.no AND k.inbox = i.no)",
        "INSERT INTO federate_known (activity, inbox, due)
         SELECT a.no, i.no, CASE coalesce(j.value ->> 3, 0) WHEN 0 THEN a.at_once ELSE j.value ->> 3 END
         FROM json_each(?1) j
         CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
         CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
         WHERE true ON CONFLICT (activity, inbox) DO NOTHING",
    ] {
        sqlx::query(statement)
            .bind(rows.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn write_dead(connection: &mut SqliteConnection, records: &[Record]) -> Result<(), Failure> {
    let rows = records.iter().filter_map(|record| match record {
        Record::Dead {
            activity,
            inbox,
            attempt,
            first_enqueued,
            died,
            reason,
        } => Some((
            activity,
            inbox,
            attempt,
            micros(*first_enqueued),
            micros(*died),
            reason,
        )),
        _ => None,
    });
    sqlx::query(
        "INSERT INTO federate_dead (activity, inbox, attempt, first_enqueued, died, reason)
         SELECT a.no, i.no, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5
         FROM json_each(?1) j
         CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
         CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
         WHERE true ORDER BY j.key ON CONFLICT (activity, inbox) DO NOTHING",
    )
    .bind(to_json(&rows.collect::<Vec<_>>()))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn write_lanes(
    connection: &mut SqliteConnection,
    records: &[Record],
) -> Result<(), Failure> {
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
            "INSERT INTO federate_lanes (host, paused, closed_until) VALUES (?1, ?2, ?3)
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
