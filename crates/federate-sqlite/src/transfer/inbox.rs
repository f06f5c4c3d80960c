//! What was received.

use crate::{
    backend::Files,
    batches::{ENVELOPE, WITH_ENVELOPE},
    digest::digest,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{
    ReceivedId, Sealed,
    transfer::{ReceivedState, Record},
};
use sqlx::{FromRow, SqliteConnection};

#[derive(FromRow)]
struct Row {
    no: i64,
    id: String,
    received: i64,
    state: i64,
    due: i64,
    attempt: i64,
    reason: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl Files {
    pub(super) async fn read_received(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT r.no, r.id, r.received, r.state, r.due, r.attempt, r.reason, {ENVELOPE} AS sealed
                 FROM federate_received r {WITH_ENVELOPE} WHERE r.no > ?1 ORDER BY r.no LIMIT ?2"
        )))
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.read)
        .await?;
        let records = rows.into_iter().map(|row| {
            let attempt = u32::try_from(row.attempt).unwrap_or(u32::MAX);
            let state = match (row.state, row.sealed) {
                (0, Some(sealed)) => ReceivedState::Pending {
                    due: (row.due > 0).then(|| time(row.due)),
                    attempt,
                    reason: row.reason,
                    sealed: Sealed::from_bytes(sealed),
                },
                (2, Some(sealed)) => ReceivedState::Dead {
                    attempt,
                    reason: row.reason.unwrap_or_default(),
                    sealed: Sealed::from_bytes(sealed),
                },
                _ => ReceivedState::Done,
            };
            let received = Record::Received {
                id: ReceivedId::from_stored(row.id),
                received: time(row.received),
                state,
            };
            (row.no.to_string(), received)
        });
        Ok(records.collect())
    }
}

pub(super) async fn write(connection: &mut SqliteConnection, record: &Record) -> Result<(), Failure> {
    let Record::Received { id, received, state } = record else {
        return Ok(());
    };
    let (number, due, attempt, reason, sealed) = match state {
        ReceivedState::Pending {
            due,
            attempt,
            reason,
            sealed,
        } => (
            0,
            due.map_or(0, micros),
            *attempt,
            reason.as_deref(),
            Some(sealed),
        ),
        ReceivedState::Done => (1, 0, 0, None, None),
        ReceivedState::Dead {
            attempt,
            reason,
            sealed,
        } => (2, 0, *attempt, Some(reason.as_str()), Some(sealed)),
    };
    let written = sqlx::query(
        "INSERT INTO federate_received (id, received, state, due, attempt, reason, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )
    .bind(id.as_str())
    .bind(micros(*received))
    .bind(number)
    .bind(due)
    .bind(i64::from(attempt))
    .bind(reason)
    .bind(digest(id.as_str()).to_vec())
    .execute(&mut *connection)
    .await?;
    if let Some(sealed) = sealed
        && written.rows_affected() > 0
    {
        sqlx::query("INSERT INTO federate_envelopes (no, sealed) VALUES (?1, ?2)")
            .bind(written.last_insert_rowid())
            .bind(sealed.as_bytes())
            .execute(connection)
            .await?;
    }
    Ok(())
}
