//! What waits for another delivery of its order.

use super::{BEHIND, to_json};
use sqlx::SqliteConnection;

/// The number of an inbox, and the key of the order in which a delivery to it was, if it was in one.
pub(super) type Line = (i64, Option<i64>);

/// A delivery that is let go: its lane, activity and inbox.
type First = (i64, i64, i64);

/// These deliveries are settled: the next of each line is due at once. The lanes that it is in, if nobody holds them, are to be
/// [made ready](super::lanes::make_ready) after it.
pub(super) async fn next(connection: &mut SqliteConnection, settled: &[Line]) -> Result<(), sqlx::Error> {
    let lines: Vec<&Line> = settled.iter().filter(|(_, ordered)| ordered.is_some()).collect();
    if lines.is_empty() {
        return Ok(());
    }
    next_of(connection, &to_json(&lines)).await
}

/// The same of lines as `[[inbox, order], ...]`.
pub(super) async fn next_of(connection: &mut SqliteConnection, lines: &str) -> Result<(), sqlx::Error> {
    let first: Vec<First> = sqlx::query_as(
        "SELECT p.lane, p.activity, p.inbox FROM json_each(?1) j
         CROSS JOIN federate_pending p ON p.inbox = j.value ->> 0 AND p.ordered = j.value ->> 1 AND p.activity = (
             SELECT o.activity FROM federate_pending o
             WHERE o.inbox = j.value ->> 0 AND o.ordered = j.value ->> 1 ORDER BY o.activity LIMIT 1)
         WHERE p.due = ?2",
    )
    .bind(lines)
    .bind(BEHIND)
    .fetch_all(&mut *connection)
    .await?;
    if first.is_empty() {
        return Ok(());
    }
    let first = to_json(&first);
    sqlx::query(
        "UPDATE federate_pending SET due = (SELECT at_once FROM federate_activities WHERE no = activity)
         WHERE (lane, due, activity, inbox) IN (
             SELECT value ->> 0, ?2, value ->> 1, value ->> 2 FROM json_each(?1))",
    )
    .bind(first.as_str())
    .bind(BEHIND)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE federate_known SET due = (SELECT at_once FROM federate_activities WHERE no = activity)
         WHERE (activity, inbox) IN (SELECT value ->> 1, value ->> 2 FROM json_each(?1))",
    )
    .bind(first.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
