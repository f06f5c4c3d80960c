//! Lanes: who may work on which host.

use super::{behind, fence, make_ready, not_urgent, readiness, turn, urgent};
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{LEASE, Lane};
use std::time::SystemTime;

/// How many lanes one lease gives: enough for anybody, and so few that the statement can count with it.
const MAX_LANES: usize = 1_000_000;

/// Kind, former readiness, host and fence of a lane.
type Leased = (i16, i64, String, i64);

impl Tables {
    pub(super) async fn lease_lanes(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Lane>, Failure> {
        let until = now + LEASE;
        // Half of them with something urgent. Of the rest first those of a clock that was put back, then half of those that
        // waited for a time, then the new ones; then more of the others where there are not enough. Rows that somebody
        // else is about to lease are passed over.
        let leased: Vec<Leased> = sqlx::query_as(concat!(
            "WITH urgent AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready < ",
            not_urgent!(),
            "    ORDER BY ready LIMIT ($1 + 1) / 2 FOR NO KEY UPDATE SKIP LOCKED),
             jumped AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes WHERE worker IS NOT NULL AND ready > $5 AND NOT paused
                 LIMIT $1 - (SELECT count(*) FROM urgent) FOR NO KEY UPDATE SKIP LOCKED),
             timed AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready >= 0 AND ready <= $3 ORDER BY ready
                 LIMIT ($1 + 1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped)) / 2
                 FOR NO KEY UPDATE SKIP LOCKED),
             new AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready < 0 AND ready > ",
            not_urgent!(),
            "    ORDER BY ready
                 LIMIT $1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped) - (SELECT count(*) FROM timed)
                 FOR NO KEY UPDATE SKIP LOCKED),
             more AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready >= 0 AND ready <= $3
                     AND ready >= (SELECT max(ready) FROM timed) AND no NOT IN (SELECT no FROM timed)
                 ORDER BY ready
                 LIMIT $1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped)
                     - (SELECT count(*) FROM timed) - (SELECT count(*) FROM new)
                 FOR NO KEY UPDATE SKIP LOCKED),
             more_urgent AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready < ",
            not_urgent!(),
            "        AND ready >= (SELECT max(ready) FROM urgent) AND no NOT IN (SELECT no FROM urgent)
                 ORDER BY ready
                 LIMIT $1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped)
                     - (SELECT count(*) FROM timed) - (SELECT count(*) FROM new) - (SELECT count(*) FROM more)
                 FOR NO KEY UPDATE SKIP LOCKED),
             chosen AS MATERIALIZED (
                 SELECT 0::smallint AS kind, * FROM urgent UNION ALL SELECT 0, * FROM more_urgent
                 UNION ALL SELECT 1, * FROM jumped UNION ALL SELECT 1, * FROM timed UNION ALL SELECT 1, * FROM more
                 UNION ALL SELECT 2, * FROM new)
             UPDATE federate.lanes l SET fence = l.fence + 1, worker = $2, ready = $4
             FROM chosen c WHERE l.no = c.no AND NOT EXISTS (SELECT 1 FROM federate.binding WHERE name = 'hold')
             RETURNING c.kind::smallint, c.ready, l.host, l.fence"
        ))
        .bind(limit(max.min(MAX_LANES)))
        .bind(worker)
        .bind(micros(now))
        .bind(micros(until))
        .bind(micros(now + 2 * LEASE))
        .fetch_all(&self.pool)
        .await?;
        let leased = in_turn(leased).into_iter().map(|(.., host, fence)| Lane {
            host,
            fence: fence.unsigned_abs(),
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
        let hosts: Vec<&str> = lanes.iter().map(|lane| lane.host.as_str()).collect();
        let fences: Vec<i64> = lanes.iter().map(fence).collect();
        let places: Vec<i64> = sqlx::query_scalar(
            "WITH mine AS MATERIALIZED (
                 SELECT l.no, u.place FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY u (host, fence, place)
                 JOIN federate.lanes l ON l.host = u.host AND l.fence = u.fence AND l.worker IS NOT NULL
                 ORDER BY l.no FOR NO KEY UPDATE OF l)
             UPDATE federate.lanes l SET ready = $3 FROM mine m WHERE l.no = m.no RETURNING m.place",
        )
        .bind(&hosts)
        .bind(&fences)
        .bind(micros(until))
        .fetch_all(&self.pool)
        .await?;
        let mut renewed = vec![None; lanes.len()];
        for place in places {
            let index = usize::try_from(place - 1).unwrap_or(usize::MAX);
            if let (Some(renewed), Some(lane)) = (renewed.get_mut(index), lanes.get(index)) {
                *renewed = Some(Lane {
                    until,
                    ..lane.clone()
                });
            }
        }
        Ok(renewed)
    }

    /// Whether others can have one of them at once.
    ///
    /// The one write that does not wait for the disk: if the server crashes and forgets it, the lanes are free when their
    /// leases end. Whoever leases one meanwhile waits for the disk, and takes this along.
    pub(super) async fn release_lanes(&self, lanes: &[(Lane, Option<SystemTime>)]) -> Result<bool, Failure> {
        let hosts: Vec<&str> = lanes.iter().map(|(lane, _)| lane.host.as_str()).collect();
        let fences: Vec<i64> = lanes.iter().map(|(lane, _)| fence(lane)).collect();
        let closed: Vec<Option<i64>> = lanes.iter().map(|(_, until)| until.map(micros)).collect();
        let freed: Vec<(i64, Option<bool>)> = sqlx::query_as(concat!(
            "WITH asked AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.lanes WHERE host = u.host) AS no, u.fence, u.closed_until, u.place
                 FROM unnest($1::text[], $2::bigint[], $3::bigint[])
                     WITH ORDINALITY u (host, fence, closed_until, place)),
             mine AS MATERIALIZED (
                 SELECT l.no, l.paused, l.xmin AS version, a.closed_until, a.place
                 FROM asked a JOIN federate.lanes l ON l.no = a.no AND l.fence = a.fence
                 ORDER BY l.no FOR NO KEY UPDATE OF l),
             seen AS MATERIALIZED (
                 SELECT l.no, l.xmin AS version FROM asked a JOIN federate.lanes l ON l.no = a.no),
             freed AS (
                 UPDATE federate.lanes o SET fence = o.fence + 1, worker = NULL, closed_until = l.closed_until, ready = ",
            readiness!(),
            "    FROM (SELECT m.no, m.paused, m.closed_until
                       FROM mine m JOIN seen s ON s.no = m.no AND s.version = m.version) l
                 WHERE o.no = l.no RETURNING o.no, coalesce(o.ready < 0, false) AS ready)
             SELECT m.place, f.ready FROM mine m LEFT JOIN freed f ON f.no = m.no,
                    set_config('synchronous_commit', 'off', true)"
        ))
        .bind(&hosts)
        .bind(&fences)
        .bind(&closed)
        .fetch_all(&self.pool)
        .await?;
        let mut any = false;
        for (place, ready) in freed {
            let lane = usize::try_from(place - 1).ok().and_then(|index| lanes.get(index));
            any |= match (ready, lane) {
                (Some(ready), _) => ready,
                // Somebody wrote it while we waited for its lock: what is pending must be looked at again.
                (None, Some((lane, closed_until))) => self.release_locked(lane, *closed_until).await?,
                (None, None) => false,
            };
        }
        Ok(any)
    }

    async fn release_locked(&self, lane: &Lane, closed_until: Option<SystemTime>) -> Result<bool, Failure> {
        let mut tx = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "UPDATE federate.lanes SET fence = fence + 1, worker = NULL, closed_until = $3
             WHERE host = $1 AND fence = $2 RETURNING no",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(closed_until.map(micros))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(number) = number else {
            return Ok(false); // Somebody else's now.
        };
        let ready = make_ready(&mut tx, &[number]).await?;
        tx.commit().await?;
        Ok(ready)
    }

    pub(super) async fn end_leases(&self, worker: &str) -> Result<usize, Failure> {
        let mut tx = self.pool.begin().await?;
        let lanes: Vec<i64> = sqlx::query_scalar(
            "SELECT no FROM federate.lanes WHERE worker = $1 ORDER BY no FOR NO KEY UPDATE",
        )
        .bind(worker)
        .fetch_all(&mut *tx)
        .await?;
        if lanes.is_empty() {
            return Ok(0);
        }
        sqlx::query("UPDATE federate.lanes SET fence = fence + 1, worker = NULL WHERE no = ANY($1)")
            .bind(&lanes)
            .execute(&mut *tx)
            .await?;
        make_ready(&mut tx, &lanes).await?;
        tx.commit().await?;
        Ok(lanes.len())
    }

    pub(super) async fn open_earlier(&self, host: &str, at: SystemTime) -> Result<(), Failure> {
        let mut tx = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "UPDATE federate.lanes SET closed_until = $2
             WHERE host = $1 AND worker IS NULL AND closed_until > $2 RETURNING no",
        )
        .bind(host)
        .bind(micros(at))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(number) = number else {
            return Ok(());
        };
        make_ready(&mut tx, &[number]).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn pause_lane(&self, host: &str) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO federate.lanes AS l (host, paused) VALUES ($1, true)
             ON CONFLICT (host) DO UPDATE
                 SET paused = true, ready = CASE WHEN l.worker IS NULL THEN NULL ELSE l.ready END",
        )
        .bind(host)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether others can have it at once.
    pub(super) async fn resume_lane(&self, host: &str) -> Result<bool, Failure> {
        let mut tx = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "UPDATE federate.lanes SET paused = false WHERE host = $1 AND paused RETURNING no",
        )
        .bind(host)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(number) = number else {
            return Ok(false);
        };
        let ready = make_ready(&mut tx, &[number]).await?;
        tx.commit().await?;
        Ok(ready)
    }

    pub(super) async fn earliest_lane(&self) -> Result<Option<SystemTime>, Failure> {
        let ready: Option<i64> = sqlx::query_scalar(
            "SELECT ready FROM federate.lanes WHERE ready IS NOT NULL AND NOT paused ORDER BY ready LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(ready.map(time))
    }
}

/// Every other one urgent (0); of the rest, one that waited for a time (1) and a new one (2) in turn.
fn in_turn(mut leased: Vec<Leased>) -> Vec<Leased> {
    leased.sort_unstable();
    let (urgent, rest): (Vec<_>, Vec<_>) = leased.into_iter().partition(|(kind, ..)| *kind == 0);
    let (timed, new) = rest.into_iter().partition(|(kind, ..)| *kind == 1);
    alternate(urgent, alternate(timed, new))
}

fn alternate(first: Vec<Leased>, second: Vec<Leased>) -> Vec<Leased> {
    let mut all = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    while first.len() + second.len() > 0 {
        all.extend(first.next());
        all.extend(second.next());
    }
    all
}
