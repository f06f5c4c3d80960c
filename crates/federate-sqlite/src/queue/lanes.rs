//! Lanes: who may work on which host.

use super::{BEHIND, NOT_URGENT, URGENT, to_json, turn};
use crate::{
    backend::Files,
    binding::{self, HOLD},
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{LEASE, Lane};
use sqlx::SqliteConnection;
use std::time::SystemTime;

type Ready = (i64, String, i64);

impl Files {
    pub(super) async fn lease_lanes(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Lane>, Failure> {
        let too_far = micros(now + 2 * LEASE);
        // The common answer of an idle poll needs no lock.
        let (any, jumped): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM federate_lanes WHERE ready IS NOT NULL AND ready <= ?1 AND paused = 0),
                    EXISTS (SELECT 1 FROM federate_lanes WHERE worker IS NOT NULL AND ready > ?2)",
        )
        .bind(micros(now))
        .bind(too_far)
        .fetch_one(&self.read)
        .await?;
        if !any && !jumped {
            return Ok(Vec::new());
        }
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if binding::get(&mut *tx, HOLD).await?.is_some() {
            return Ok(Vec::new());
        }
        if jumped {
            sqlx::query("UPDATE federate_lanes SET ready = ?1 WHERE worker IS NOT NULL AND ready > ?2")
                .bind(micros(now))
                .bind(too_far)
                .execute(&mut *tx)
                .await?;
        }
        // Sums, as SQLite looks at what a LIMIT by itself is given, and prepares the statement anew for each run.
        let urgent: Vec<Ready> = sqlx::query_as(
            "SELECT no, host, fence FROM federate_lanes
             WHERE ready IS NOT NULL AND ready <= ?2 AND paused = 0 ORDER BY ready LIMIT ?1 + 0",
        )
        .bind(limit(max))
        .bind(NOT_URGENT)
        .fetch_all(&mut *tx)
        .await?;
        let new: Vec<Ready> = sqlx::query_as(
            "SELECT no, host, fence FROM federate_lanes
             WHERE ready IS NOT NULL AND ready < 0 AND ready > ?2 AND paused = 0 ORDER BY ready LIMIT ?1 + 0",
        )
        .bind(limit(max))
        .bind(NOT_URGENT)
        .fetch_all(&mut *tx)
        .await?;
        let timed: Vec<Ready> = sqlx::query_as(
            "SELECT no, host, fence FROM federate_lanes
             WHERE ready IS NOT NULL AND ready >= 0 AND ready <= ?2 AND paused = 0 ORDER BY ready LIMIT ?1 + 0",
        )
        .bind(limit(max))
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await?;
        let chosen = alternate(urgent, alternate(timed, new, max), max);
        let numbers: Vec<i64> = chosen.iter().map(|(no, ..)| *no).collect();
        let until = now + LEASE;
        sqlx::query(
            "UPDATE federate_lanes SET fence = fence + 1, worker = ?2, ready = ?3
             WHERE no IN (SELECT value FROM json_each(?1))",
        )
        .bind(to_json(&numbers))
        .bind(worker)
        .bind(micros(until))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        let leased = chosen.into_iter().map(|(_, host, fence)| Lane {
            host,
            fence: fence.unsigned_abs() + 1,
            until,
        });
        Ok(leased.collect())
    }

    /// In the order in which they were given; `None` where it is somebody else's.
    pub(super) async fn renew_lanes(
        &self,
        lanes: &[Lane],
        now: SystemTime,
    ) -> Result<Vec<Option<Lane>>, Failure> {
        let until = now + LEASE;
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let numbers = owned(&mut tx, lanes).await?;
        sqlx::query("UPDATE federate_lanes SET ready = ?2 WHERE no IN (SELECT value FROM json_each(?1))")
            .bind(to_json(&numbers))
            .bind(micros(until))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let renewed = lanes.iter().zip(numbers).map(|(lane, number)| {
            number.map(|_| Lane {
                until,
                ..lane.clone()
            })
        });
        Ok(renewed.collect())
    }

    pub(super) async fn release_lanes(&self, lanes: &[(Lane, Option<SystemTime>)]) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        // Those that are somebody else's now are left alone.
        let numbers = owned(&mut tx, lanes.iter().map(|(lane, _)| lane)).await?;
        let closed: Vec<(i64, i64)> = numbers
            .iter()
            .zip(lanes)
            .filter_map(|(number, (_, until))| Some(((*number)?, micros((*until)?))))
            .collect();
        let numbers = to_json(&numbers);
        sqlx::query(
            "UPDATE federate_lanes SET fence = fence + 1, worker = NULL, closed_until = NULL
             WHERE no IN (SELECT value FROM json_each(?1))",
        )
        .bind(numbers.as_str())
        .execute(&mut *tx)
        .await?;
        if !closed.is_empty() {
            // `UPDATE ... FROM` would choose by itself what it reads first.
            sqlx::query(
                "INSERT INTO federate_lanes (no, host, closed_until)
                 SELECT l.no, l.host, j.value ->> 1 FROM json_each(?1) j CROSS JOIN federate_lanes l ON l.no = j.value ->> 0
                 WHERE true ON CONFLICT DO UPDATE SET closed_until = excluded.closed_until",
            )
            .bind(to_json(&closed))
            .execute(&mut *tx)
            .await?;
        }
        let turn = turn(&mut tx).await?;
        make_all_ready(&mut tx, &numbers, turn).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn end_leases(&self, worker: &str) -> Result<usize, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let hosts: Vec<String> = sqlx::query_scalar(
            "UPDATE federate_lanes SET fence = fence + 1, worker = NULL WHERE worker = ?1 RETURNING host",
        )
        .bind(worker)
        .fetch_all(&mut *tx)
        .await?;
        for host in &hosts {
            let turn = turn(&mut tx).await?;
            make_ready(&mut tx, host, turn).await?;
        }
        tx.commit().await?;
        Ok(hosts.len())
    }

    pub(super) async fn open_earlier(&self, host: &str, at: SystemTime) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let turn = turn(&mut tx).await?;
        let done = sqlx::query(
            "UPDATE federate_lanes SET closed_until = ?2 WHERE host = ?1 AND worker IS NULL AND closed_until > ?2",
        )
        .bind(host)
        .bind(micros(at))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        make_ready(&mut tx, host, turn).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn pause_lane(&self, host: &str) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO federate_lanes (host, paused) VALUES (?1, 1)
             ON CONFLICT (host) DO UPDATE SET paused = 1, ready = CASE WHEN worker IS NULL THEN NULL ELSE ready END",
        )
        .bind(host)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    pub(super) async fn resume_lane(&self, host: &str) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let turn = turn(&mut tx).await?;
        sqlx::query("UPDATE federate_lanes SET paused = 0 WHERE host = ?1")
            .bind(host)
            .execute(&mut *tx)
            .await?;
        make_ready(&mut tx, host, turn).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn earliest_lane(&self) -> Result<Option<SystemTime>, Failure> {
        let ready: Option<i64> = sqlx::query_scalar(
            "SELECT ready FROM federate_lanes WHERE ready IS NOT NULL AND paused = 0 ORDER BY ready LIMIT 1",
        )
        .fetch_optional(&self.read)
        .await?;
        Ok(ready.map(time))
    }
}

/// Says anew when a lane that nobody holds may be leased.
pub(super) async fn make_ready(
    connection: &mut SqliteConnection,
    host: &str,
    turn: i64,
) -> Result<(), sqlx::Error> {
    let number: Option<i64> = sqlx::query_scalar("SELECT no FROM federate_lanes WHERE host = ?1")
        .bind(host)
        .fetch_optional(&mut *connection)
        .await?;
    make_all_ready(connection, &to_json(&[number]), turn).await
}

/// Says anew when those of these lanes, by number, that nobody holds may be leased.
async fn make_all_ready(
    connection: &mut SqliteConnection,
    numbers: &str,
    turn: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE federate_lanes SET ready = (
             SELECT CASE WHEN closed_until IS NOT NULL THEN max(closed_until, p.due)
                         WHEN p.due = -2 THEN ?2 - ?4
                         WHEN p.due <= 0 THEN ?2
                         ELSE p.due END
             FROM federate_pending p
             WHERE p.lane = federate_lanes.no AND p.due < ?3 AND federate_lanes.paused = 0
             ORDER BY p.due LIMIT 1)
         WHERE no IN (SELECT value FROM json_each(?1)) AND worker IS NULL",
    )
    .bind(numbers)
    .bind(turn)
    .bind(BEHIND)
    .bind(URGENT)
    .execute(connection)
    .await?;
    Ok(())
}

/// The numbers of those lanes whose leases are still the caller's, each in its place.
pub(super) async fn owned(
    connection: &mut SqliteConnection,
    lanes: impl IntoIterator<Item = &Lane>,
) -> Result<Vec<Option<i64>>, Failure> {
    let lanes: Vec<(&str, i64)> = lanes
        .into_iter()
        .map(|lane| (lane.host.as_str(), fence(lane)))
        .collect();
    let found: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT j.key, l.no FROM json_each(?1) j
         CROSS JOIN federate_lanes l ON l.host = j.value ->> 0 AND l.fence = j.value ->> 1",
    )
    .bind(to_json(&lanes))
    .fetch_all(connection)
    .await?;
    let mut numbers = vec![None; lanes.len()];
    for (place, number) in found {
        if let Some(entry) = usize::try_from(place)
            .ok()
            .and_then(|place| numbers.get_mut(place))
        {
            *entry = Some(number);
        }
    }
    Ok(numbers)
}

fn fence(lane: &Lane) -> i64 {
    i64::try_from(lane.fence).unwrap_or(i64::MAX)
}

/// One from each in turn, so that neither starves the other.
fn alternate(first: Vec<Ready>, second: Vec<Ready>, max: usize) -> Vec<Ready> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut chosen = Vec::new();
    while chosen.len() < max {
        let before = chosen.len();
        chosen.extend(first.next());
        chosen.extend(second.next());
        if chosen.len() == before {
            break;
        }
    }
    chosen.truncate(max);
    chosen
}
