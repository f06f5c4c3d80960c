//! Writing down what became of deliveries.

use super::{behind, fence};
use crate::{backend::Tables, error::Failure, sql::text, time::micros};
use federate_store::{Settled, Settling};
use sqlx::PgExecutor;
use std::time::SystemTime;

/// Outcomes of many lanes as the statement takes them: a column each.
#[derive(Default)]
struct Outcomes<'a> {
    hosts: Vec<&'a str>,
    fences: Vec<i64>,
    /// Which of the lanes it is, from 1.
    places: Vec<i64>,
    activities: Vec<&'a str>,
    inboxes: Vec<&'a str>,
    /// 0 delivered, 1 to be tried again, 2 dead.
    kinds: Vec<i16>,
    times: Vec<Option<i64>>,
    reasons: Vec<Option<String>>,
}

impl<'a> Outcomes<'a> {
    fn new(batch: impl IntoIterator<Item = &'a Settling>) -> Self {
        let mut columns = Self::default();
        for (settling, place) in batch.into_iter().zip(1..) {
            columns.hosts.push(&settling.lane.host);
            columns.fences.push(fence(&settling.lane));
            for (id, settled) in &settling.outcomes {
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
                columns.places.push(place);
                columns.activities.push(activity);
                columns.inboxes.push(inbox);
                columns.kinds.push(kind);
                columns.times.push(at);
                columns.reasons.push(reason);
            }
        }
        columns
    }
}

impl Tables {
    /// For each lane whether it was the caller's.
    pub(super) async fn write_outcomes(
        &self,
        batch: &[Settling],
        now: SystemTime,
    ) -> Result<Vec<bool>, Failure> {
        let written = Outcomes::new(batch).write(&self.pool, now).await?;
        let mut owned = vec![false; batch.len()];
        let mut again = Vec::new();
        for (place, current) in written {
            let Some(index) = usize::try_from(place - 1)
                .ok()
                .filter(|index| *index < batch.len())
            else {
                continue;
            };
            owned.get_mut(index).into_iter().for_each(|owned| *owned = true);
            if !current {
                again.extend(batch.get(index).map(|settling| (index, settling)));
            }
        }
        if again.is_empty() {
            return Ok(owned);
        }
        // Somebody wrote these lanes while we waited for their locks, and may have put something into a line: what follows in it
        // must be looked for by a statement that begins when the lanes are locked.
        let hosts: Vec<&str> = again
            .iter()
            .map(|(_, settling)| settling.lane.host.as_str())
            .collect();
        let mut tx = self.pool.begin().await?;
        sqlx::query("SELECT no FROM federate.lanes WHERE host = ANY($1) ORDER BY no FOR NO KEY UPDATE")
            .bind(&hosts)
            .execute(&mut *tx)
            .await?;
        let written = Outcomes::new(again.iter().map(|(_, settling)| *settling))
            .write(&mut *tx, now)
            .await?;
        tx.commit().await?;
        for (place, (index, _)) in (1..).zip(&again) {
            let is_owned = written.iter().any(|(written, _)| *written == place);
            owned
                .get_mut(*index)
                .into_iter()
                .for_each(|owned| *owned = is_owned);
        }
        Ok(owned)
    }
}

impl Outcomes<'_> {
    /// The places of the lanes that are the caller's, each with `false` where nothing of it was written, as it cannot be said
    /// what is next in a line.
    async fn write(
        &self,
        connection: impl PgExecutor<'_>,
        now: SystemTime,
    ) -> Result<Vec<(i64, bool)>, Failure> {
        // One statement, one transaction. Where it waited for the lanes' rows, it looks at the fences again. Step by step, so
        // that each row is looked up by its key: a planner that has no statistics yet reads the lanes for each of them.
        let written = sqlx::query_as(concat!(
            "WITH asked AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.lanes WHERE host = u.host) AS no, u.fence, u.place
                 FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY u (host, fence, place)),
             lane AS MATERIALIZED (
                 SELECT l.no, a.place, l.xmin AS version
                 FROM asked a JOIN federate.lanes l ON l.no = a.no AND l.fence = a.fence
                 ORDER BY l.no FOR NO KEY UPDATE OF l),
             seen AS MATERIALIZED (
                 SELECT l.no, l.xmin AS version FROM asked a JOIN federate.lanes l ON l.no = a.no),
             named AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                        (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox,
                        u.lane_place, u.kind, u.at, u.reason, u.place
                 FROM unnest($3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::text[], $8::bigint[])
                     WITH ORDINALITY u (activity, inbox, kind, at, reason, lane_place, place)),
             found AS MATERIALIZED (
                 SELECT n.*, p.lane, p.ordered FROM named n
                 JOIN federate.pending p ON p.activity = n.activity AND p.inbox = n.inbox),
             in_line AS MATERIALIZED (
                 SELECT DISTINCT lane FROM found WHERE ordered IS NOT NULL AND kind <> 1),
             current AS MATERIALIZED (
                 SELECT l.no, l.place, l.version = s.version OR i.lane IS NULL AS current
                 FROM lane l JOIN seen s ON s.no = l.no LEFT JOIN in_line i ON i.lane = l.no),
             given AS MATERIALIZED (
                 SELECT DISTINCT ON (f.activity, f.inbox) f.*
                 FROM current c JOIN found f ON c.current AND f.lane = c.no AND f.lane_place = c.place
                 ORDER BY f.activity, f.inbox, f.place),
             line AS MATERIALIZED (
                 SELECT inbox, ordered, array_agg(activity) AS gone FROM given
                 WHERE kind <> 1 AND ordered IS NOT NULL GROUP BY inbox, ordered),
             next AS MATERIALIZED (
                 SELECT first.activity, first.inbox, first.lane FROM line CROSS JOIN LATERAL (
                     SELECT activity, inbox, lane, due FROM federate.pending p
                     WHERE p.inbox = line.inbox AND p.ordered = line.ordered AND p.activity <> ALL (line.gone)
                     ORDER BY p.due, p.activity LIMIT 1) first
                 WHERE first.due = ",
            behind!(),
            "),
             gone AS (
                 DELETE FROM federate.pending p USING given g
                 WHERE g.kind <> 1 AND p.activity = g.activity AND p.inbox = g.inbox
                 RETURNING p.activity, p.inbox, p.lane, p.first_enqueued, p.attempt, g.kind, g.reason),
             buried AS (
                 INSERT INTO federate.dead (activity, inbox, first_enqueued, died, attempt, reason)
                 SELECT activity, inbox, first_enqueued, $9, attempt + 1, reason
                 FROM gone WHERE kind = 2),
             put_off AS (
                 UPDATE federate.pending p SET due = g.at, attempt = p.attempt + 1, reason = g.reason FROM given g
                 WHERE g.kind = 1 AND p.activity = g.activity AND p.inbox = g.inbox AND p.due < ",
            behind!(),
            "),
             let_go AS (
                 UPDATE federate.pending p SET due = 0 FROM next n WHERE p.activity = n.activity AND p.inbox = n.inbox),
             figures AS MATERIALIZED (
                 SELECT lane, sum(n) AS n FROM (
                     SELECT lane, count(*) AS n FROM gone WHERE kind = 0 GROUP BY lane
                     UNION ALL SELECT DISTINCT lane, 0 FROM next) f GROUP BY lane),
             counted AS (
                 UPDATE federate.lanes l SET delivered = l.delivered + f.n FROM figures f WHERE l.no = f.lane)
             SELECT place, current FROM current"
        ))
        .bind(&self.hosts)
        .bind(&self.fences)
        .bind(&self.activities)
        .bind(&self.inboxes)
        .bind(&self.kinds)
        .bind(&self.times)
        .bind(&self.reasons)
        .bind(&self.places)
        .bind(micros(now))
        .fetch_all(connection)
        .await?;
        Ok(written)
    }
}
