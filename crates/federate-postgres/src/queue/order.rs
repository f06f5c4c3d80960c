//! What waits for another delivery of its order.
//!
//! A line is what is pending for an inbox under one key. Exactly one of it is due at some time, its front; the others wait
//! until that is settled, and are due at no time. Then the earliest of them is the front. Of a line that is
//! empty, whatever comes is the front.
//!
//! A line lies in one lane, whose lock guards it. `enqueue` adds to lines before it has the lock: what it adds waits, also in an
//! empty line, and is made the front when the lock is held and nothing else can change the line.

use super::{behind, turn, urgent};
use sqlx::PgConnection;

/// The number of an inbox, and the key of the order in which a delivery to it is or was, if it is in one.
pub(super) type Line = (i64, Option<i64>);

/// Gives each line that has no front one, and makes their lanes ready where nobody holds them. The lanes must be locked already,
/// by an earlier statement. Whether a lane is ready now that was not.
pub(super) async fn next(connection: &mut PgConnection, lines: &[Line]) -> Result<bool, sqlx::Error> {
    let (inboxes, keys): (Vec<i64>, Vec<i64>) = lines
        .iter()
        .filter_map(|(inbox, ordered)| Some((*inbox, (*ordered)?)))
        .unzip();
    if inboxes.is_empty() {
        return Ok(false);
    }
    // The lane's row is written also where somebody holds it, so that a holder who gives it back looks again.
    let woken: Vec<bool> = sqlx::query_scalar(concat!(
        "WITH line AS MATERIALIZED (
             SELECT DISTINCT inbox, ordered FROM unnest($1::bigint[], $2::bigint[]) u (inbox, ordered)),
         next AS MATERIALIZED (
             SELECT first.activity, first.inbox FROM line CROSS JOIN LATERAL (
                 SELECT activity, inbox, due FROM federate.pending p
                 WHERE p.inbox = line.inbox AND p.ordered = line.ordered ORDER BY p.due, p.activity LIMIT 1) first
             WHERE first.due = ",
        behind!(),
        "),
         front AS (
             UPDATE federate.pending p SET due = 0 FROM next n WHERE p.activity = n.activity AND p.inbox = n.inbox
             RETURNING p.lane, p.priority),
         turn AS MATERIALIZED (SELECT ",
        turn!(),
        "   AS turn),
         more AS MATERIALIZED (
             SELECT f.lane, min(t.turn) - CASE WHEN bool_or(f.priority = 0) THEN ",
        urgent!(),
        "           ELSE 0 END AS turn
             FROM front f CROSS JOIN turn t GROUP BY f.lane)
         UPDATE federate.lanes l
         SET ready = CASE WHEN l.worker IS NULL AND NOT l.paused
                          THEN least(l.ready, coalesce(l.closed_until, m.turn)) ELSE l.ready END
         FROM more m WHERE l.no = m.lane RETURNING l.ready IS NOT DISTINCT FROM m.turn"
    ))
    .bind(inboxes)
    .bind(keys)
    .fetch_all(connection)
    .await?;
    Ok(woken.contains(&true))
}
