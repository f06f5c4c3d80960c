//! Writing down what became of deliveries.

use super::{fence, fenced};
use crate::{backend::Tables, error::Failure, sql::text, time::micros};
use federate_store::{DeliveryId, Lane, Settled};
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
        // One statement, one transaction. Where it waited for the lane's row, it looks at the fence again. Step by step, so
        // that each row is looked up by its key: a planner that has no statistics yet reads the lane for each of them.
        let number: Option<i64> = sqlx::query_scalar(
            "WITH lane AS MATERIALIZED (
                 SELECT no FROM federate.lanes WHERE host = $1 AND fence = $2 FOR NO KEY UPDATE),
             named AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                        (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox,
                        u.kind, u.at, u.reason, u.place
                 FROM unnest($3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::text[]) WITH ORDINALITY
                     u (activity, inbox, kind, at, reason, place)),
             found AS MATERIALIZED (
                 SELECT n.*, p.lane FROM named n
                 JOIN federate.pending p ON p.activity = n.activity AND p.inbox = n.inbox),
             given AS MATERIALIZED (
                 SELECT DISTINCT ON (f.activity, f.inbox) f.* FROM lane JOIN found f ON f.lane = lane.no
                 ORDER BY f.activity, f.inbox, f.place),
             gone AS (
                 DELETE FROM federate.pending p USING given g
                 WHERE g.kind <> 1 AND p.activity = g.activity AND p.inbox = g.inbox
                 RETURNING p.activity, p.inbox, p.first_enqueued, p.order_key, p.attempt, p.priority, g.kind, g.reason),
             buried AS (
                 INSERT INTO federate.dead
                     (activity, inbox, first_enqueued, died, order_key, attempt, priority, reason)
                 SELECT activity, inbox, first_enqueued, $8, order_key, attempt + 1, priority, reason
                 FROM gone WHERE kind = 2),
             put_off AS (
                 UPDATE federate.pending p SET due = g.at, attempt = p.attempt + 1, reason = g.reason FROM given g
                 WHERE g.kind = 1 AND p.activity = g.activity AND p.inbox = g.inbox),
             counted AS (
                 UPDATE federate.lanes l SET delivered = l.delivered + n.n
                 FROM (SELECT count(*) AS n FROM gone WHERE kind = 0) n, lane WHERE l.no = lane.no AND n.n > 0)
             SELECT no FROM lane",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(&outcomes.activities)
        .bind(&outcomes.inboxes)
        .bind(&outcomes.kinds)
        .bind(&outcomes.times)
        .bind(&outcomes.reasons)
        .bind(micros(now))
        .fetch_optional(&self.pool)
        .await?;
        number.map(drop).ok_or_else(fenced)
    }
}
