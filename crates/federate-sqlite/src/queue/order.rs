//! What waits for another delivery of its order.

use super::BEHIND;
use sqlx::SqliteConnection;

/// The number of an inbox, and the key of the order in which a delivery to it was, if it was in one.
pub(super) type Line = (i64, Option<i64>);

/// These deliveries are settled: the next of each line is due at once. The lanes that it is in, if nobody holds them, are to be
/// [made ready](super::lanes::make_ready) after it.
pub(super) async fn next(connection: &mut SqliteConnection, settled: &[Line]) -> Result<(), sqlx::Error> {
    for (inbox, ordered) in settled {
        let Some(ordered) = ordered else { continue };
        let first: Option<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT p.lane, p.due, p.activity, a.at_once
             FROM federate_pending p CROSS JOIN federate_activities a ON a.no = p.activity
             WHERE p.inbox = ?1 AND p.ordered = ?2 ORDER BY p.activity LIMIT 1",
        )
        .bind(inbox)
        .bind(ordered)
        .fetch_optional(&mut *connection)
        .await?;
        let Some((lane, BEHIND, activity, at_once)) = first else {
            continue;
        };
        sqlx::query(
            "UPDATE federate_pending SET due = ?5 WHERE lane = ?1 AND due = ?2 AND activity = ?3 AND inbox = ?4",
        )
        .bind(lane)
        .bind(BEHIND)
        .bind(activity)
        .bind(inbox)
        .bind(at_once)
        .execute(&mut *connection)
        .await?;
        sqlx::query("UPDATE federate_known SET due = ?3 WHERE activity = ?1 AND inbox = ?2")
            .bind(activity)
            .bind(inbox)
            .bind(at_once)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
