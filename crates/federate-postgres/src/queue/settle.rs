//! Writing down what became of deliveries.

use super::{behind, fence, fenced};
use crate::{backend::Tables, error::Failure, sql::text, time::micros};
use federate_store::{DeliveryId, Lane, Settled};
use sqlx::PgExecutor;
use std::time::SystemTime;

/// Outcomes as the statement takes them: a column each.
#[derive(Default)]
pub(super) struct Outcomes<'a> {
    activities: Vec<&'a str>,
    inboxes: Vec<&'a str>,
    /// 0 delivered, 1 to be tried again, 2 dead.
    kinds: Vec<i16>,
    times: Vec<Option<i64>>,
    reasons: Vec<Option<String>>,
}

impl<'a> Outcomes<'a> {
    pub(super) fn new(outcomes: &'a [(DeliveryId, Settled)]) -> Self {
        let mut columns = Self::default();
        for (id, settled) in outcomes {
            let (kind, at, reason) = match settled {
                Settled::Delivered => (0, None, None),
                Settled::Retry { at, reason } => (1, Some(micros(*at)), Some(text(reason))),
                Settled::Dead { reason } => (2, None, Some(text(reason))),
                other => {
                    tracing::error!(?other, "an outcome that this release does not know: left pending");
                    continue;
                }
            };
            let (activity, inbox) = id.parts();
            columns.activities.push(activity);
            columns.inboxes.push(inbox);
            columns.kinds.push(kind);
            columns.times.push(at);
            columns.reasons.push(reason);
        }
        columns
    }
}

impl Tables {
    pub(super) async fn write_outcomes(
        &self,
        lane: &Lane,
        outcomes: &Outcomes<'_>,
        now: SystemTime,
    ) -> Result<(), Failure> {
        if outcomes.write(&self.pool, lane, now).await? {
            return Ok(());
        }
        // Somebody wrote the lane while we waited for its lock, and may have put something into a line: what follows in it must
        // be looked for by a statement that begins when the lane is locked.
        let mut tx = self.pool.begin().await?;
        sqlx::query("SELECT no FROM federate.lanes WHERE host = $1 FOR NO KEY UPDATE")
            .bind(lane.host.as_str())
            .execute(&mut *tx)
            .await?;
        outcomes.write(&mut *tx, lane, now).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Outcomes<'_> {
    /// `false`: nothing was written, as it cannot be said what is next in a line.
    async fn write(
        &self,
        connection: impl PgExecutor<'_>,
        lane: &Lane,
        now: SystemTime,
    ) -> Result<bool, Failure> {
        // One statement, one transaction. Where it waited for the lane's row, it looks at the fence again. Step by step, so
        // that each row is looked up by its key: a planner that has no statistics yet reads the lane for each of them.
        let written: Option<bool> = sqlx::query_scalar(concat!(
            "WITH lane AS MATERIALIZED (
                 SELECT no, xmin AS version FROM federate.lanes WHERE host = $1 AND fence = $2 FOR NO KEY UPDATE),
             seen AS MATERIALIZED (
                 SELECT no, xmin AS version FROM federate.lanes WHERE host = $1),
             named AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                        (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox,
                        u.kind, u.at, u.reason, u.place
                 FROM unnest($3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::text[]) WITH ORDINALITY
                     u (activity, inbox, kind, at, reason, place)),
             found AS MATERIALIZED (
                 SELECT n.*, p.lane, p.ordered FROM named n
                 JOIN federate.pending p ON p.activity = n.activity AND p.inbox = n.inbox),
             current AS MATERIALIZED (
                 SELECT l.no, l.version = s.version
                              OR NOT EXISTS (SELECT 1 FROM found WHERE ordered IS NOT NULL AND kind <> 1) AS current
                 FROM lane l JOIN seen s ON s.no = l.no),
             given AS MATERIALIZED (
                 SELECT DISTINCT ON (f.activity, f.inbox) f.* FROM current c JOIN found f ON c.current AND f.lane = c.no
                 ORDER BY f.activity, f.inbox, f.place),
             line AS MATERIALIZED (
                 SELECT inbox, ordered, array_agg(activity) AS gone FROM given
                 WHERE kind <> 1 AND ordered IS NOT NULL GROUP BY inbox, ordered),
             next AS MATERIALIZED (
                 SELECT first.activity, first.inbox FROM line CROSS JOIN LATERAL (
                     SELECT activity, inbox, due FROM federate.pending p
                     WHERE p.inbox = line.inbox AND p.ordered = line.ordered AND p.activity <> ALL (line.gone)
                     ORDER BY p.due, p.activity LIMIT 1) first
                 WHERE first.due = ",
            behind!(),
            "),
             gone AS (
                 DELETE FROM federate.pending p USING given g
                 WHERE g.kind <> 1 AND p.activity = g.activity AND p.inbox = g.inbox
                 RETURNING p.activity, p.inbox, p.first_enqueued, p.attempt, g.kind, g.reason),
             buried AS (
                 INSERT INTO federate.dead (activity, inbox, first_enqueued, died, attempt, reason)
                 SELECT activity, inbox, first_enqueued, $8, attempt + 1, reason
                 FROM gone WHERE kind = 2),
             put_off AS (
                 UPDATE federate.pending p SET due = g.at, attempt = p.attempt + 1, reason = g.reason FROM given g
                 WHERE g.kind = 1 AND p.activity = g.activity AND p.inbox = g.inbox AND p.due < ",
            behind!(),
            "),
             let_go AS (
                 UPDATE federate.pending p SET due = 0 FROM next n WHERE p.activity = n.activity AND p.inbox = n.inbox),
             counted AS (
                 UPDATE federate.lanes l SET delivered = l.delivered + n.n
                 FROM (SELECT count(*) AS n FROM gone WHERE kind = 0) n, lane
                 WHERE l.no = lane.no AND (n.n > 0 OR EXISTS (SELECT 1 FROM next)))
             SELECT current FROM current"
        ))
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(&self.activities)
        .bind(&self.inboxes)
        .bind(&self.kinds)
        .bind(&self.times)
        .bind(&self.reasons)
        .bind(micros(now))
        .fetch_optional(connection)
        .await?;
        written.ok_or_else(fenced)
    }
}
