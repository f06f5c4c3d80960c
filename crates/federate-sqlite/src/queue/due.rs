//! What is due in lanes.

use super::{lanes::owned, order, to_json};
use crate::{
    backend::Files,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{Delivery, DeliveryId, Iri, Lane, OrderKey, Priority};
use std::{collections::HashMap, time::SystemTime};

/// A column of the first row of a class, in a lane, that is one too many.
macro_rules! bound {
    ($column:literal, $class:literal) => {
        concat!(
            "(SELECT ",
            $column,
            " FROM federate_pending WHERE lane = l.no AND ",
            $class,
            " ORDER BY due, activity, inbox LIMIT 1 OFFSET ?3)"
        )
    };
}

/// What is due in a lane, as the statement gives it.
#[derive(serde::Deserialize)]
struct DueRow {
    lane: i64,
    at_once: i64,
    activity_no: i64,
    inbox_no: i64,
    due: i64,
    attempt: i64,
    first_enqueued: i64,
    ordered: Option<i64>,
    activity: String,
    sender: String,
    inbox: String,
}

impl Files {
    /// In the order in which they were given; `None` where it is somebody else's.
    pub(super) async fn read_due(
        &self,
        lanes: &[(Lane, usize)],
        now: SystemTime,
    ) -> Result<Vec<Option<Vec<Delivery>>>, Failure> {
        let mut connection = self.read.acquire().await?;
        let numbers = owned(&mut connection, lanes.iter().map(|(lane, _)| lane)).await?;
        let asked: Vec<(i64, i64)> = numbers
            .iter()
            .zip(lanes)
            .filter_map(|(number, (_, max))| Some(((*number)?, limit(*max))))
            .collect();
        // Of each lane what is due at once and what waited for a time, as much of both as may be. Where the last of them stands is
        // looked up first, as a join knows no limit for each of its rows; then the key of the table is read from there to there. The highest number is that of all, and the rest is left out below.
        //
        // It is all one row: each one crosses from the connection's thread by itself.
        let rows: String = sqlx::query_scalar(
            concat!(
                "WITH lane AS MATERIALIZED (
                     SELECT l.no, ",
                bound!("due", "due <= 0"),
                "    AS due, ",
                bound!("activity", "due <= 0"),
                "    AS activity, ",
                bound!("inbox", "due <= 0"),
                "    AS inbox, ",
                bound!("due", "due > 0 AND due <= ?2"),
                "    AS timed_due, ",
                bound!("activity", "due > 0 AND due <= ?2"),
                "    AS timed_activity, ",
                bound!("inbox", "due > 0 AND due <= ?2"),
                "    AS timed_inbox
                     FROM json_each(?1) j CROSS JOIN federate_lanes l ON l.no = j.value ->> 0 AND l.paused = 0)
                 SELECT json_group_array(json_array(
                     p.lane, a.at_once, p.activity, p.inbox, p.due, p.attempt, p.first_enqueued, a.ordered,
                     a.iri, a.sender, i.iri))
                 FROM (SELECT p.* FROM lane CROSS JOIN federate_pending p
                           ON p.lane = lane.no AND (p.due, p.activity, p.inbox)
                              < (coalesce(lane.due, 1), coalesce(lane.activity, 0), coalesce(lane.inbox, 0))
                       UNION ALL
                       SELECT p.* FROM lane CROSS JOIN federate_pending p
                           ON p.lane = lane.no AND p.due > 0 AND (p.due, p.activity, p.inbox)
                              < (coalesce(lane.timed_due, ?2 + 1), coalesce(lane.timed_activity, 0),
                                 coalesce(lane.timed_inbox, 0))) p
                 CROSS JOIN federate_activities a ON a.no = p.activity
                 CROSS JOIN federate_inboxes i ON i.no = p.inbox"
            ),
        )
        .bind(to_json(&asked))
        .bind(micros(now))
        .bind(asked.iter().map(|(_, max)| *max).max().unwrap_or(0))
        .fetch_one(&mut *connection)
        .await?;
        drop(connection);
        let mut rows: Vec<DueRow> =
            serde_json::from_str(&rows).map_err(|error| sqlx::Error::Decode(error.into()))?;
        rows.sort_unstable_by_key(|row| (row.at_once, row.activity_no, row.inbox_no));
        let mut due: HashMap<i64, (usize, Vec<Delivery>)> = asked
            .iter()
            .map(|(lane, max)| (*lane, (usize::try_from(*max).unwrap_or(0), Vec::new())))
            .collect();
        let mut unreadable = Vec::new();
        for row in rows {
            let lane = row.lane;
            match row.read() {
                Ok(delivery) => {
                    if let Some((max, found)) = due.get_mut(&lane)
                        && found.len() < *max
                    {
                        found.push(delivery);
                    }
                }
                Err(key) => unreadable.push(key),
            }
        }
        if !unreadable.is_empty() {
            self.bury_unreadable(&unreadable, now).await?;
        }
        Ok(numbers
            .iter()
            .map(|number| {
                number.map(|number| due.remove(&number).map(|(_, found)| found).unwrap_or_default())
            })
            .collect())
    }

    /// A damaged row must not hold up its lane.
    async fn bury_unreadable(&self, rows: &[Unreadable], now: SystemTime) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for (lane, due, activity, inbox) in rows {
            tracing::error!(
                lane,
                activity,
                inbox,
                "a delivery cannot be read: now a dead letter"
            );
            sqlx::query(
                "INSERT INTO federate_dead (activity, inbox, attempt, first_enqueued, died, reason)
                 SELECT activity, inbox, attempt, first_enqueued, ?5, 'row cannot be read' FROM federate_pending
                 WHERE lane = ?1 AND due = ?2 AND activity = ?3 AND inbox = ?4",
            )
            .bind(lane)
            .bind(due)
            .bind(activity)
            .bind(inbox)
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
            let ordered: Vec<order::Line> = sqlx::query_as(
                "DELETE FROM federate_pending WHERE lane = ?1 AND due = ?2 AND activity = ?3 AND inbox = ?4
                 RETURNING inbox, ordered",
            )
            .bind(lane)
            .bind(due)
            .bind(activity)
            .bind(inbox)
            .fetch_all(&mut *tx)
            .await?;
            order::next(&mut tx, &ordered).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Where a row lies that holds no delivery: lane, due, activity, inbox.
type Unreadable = (i64, i64, i64, i64);

impl DueRow {
    /// `Err`: where it lies.
    fn read(self) -> Result<Delivery, Unreadable> {
        let (Ok(activity), Ok(inbox)) = (Iri::parse(&self.activity), Iri::parse(&self.inbox)) else {
            return Err((self.lane, self.due, self.activity_no, self.inbox_no));
        };
        Ok(Delivery {
            id: DeliveryId::new(&activity, &inbox),
            activity,
            sender: self.sender,
            inbox,
            attempt: u32::try_from(self.attempt).unwrap_or(u32::MAX),
            first_enqueued: time(self.first_enqueued),
            priority: Priority::of_rank(self.at_once + 2),
            order: self.ordered.map(OrderKey::from_stored),
        })
    }
}
