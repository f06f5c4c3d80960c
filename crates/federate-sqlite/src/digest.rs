//! The name of what was received, in short.

use ring::digest::{SHA256, digest as hash};
use serde_json::Value;
use sqlx::SqliteConnection;

/// The bytes of a digest: half of the SHA-256. Whoever has one name finds no other with its digest; whoever makes up both gains a name of
/// his own that is taken for another of his own.
pub(crate) const LENGTH: usize = 16;

/// The digest of a received activity's name, by which it is found, and which no two have.
pub(crate) fn digest(name: &str) -> [u8; LENGTH] {
    let whole = hash(&SHA256, name.as_bytes());
    let mut half = [0; LENGTH];
    for (byte, of_whole) in half.iter_mut().zip(whole.as_ref()) {
        *byte = *of_whole;
    }
    half
}

/// As SQLite's `unhex` takes it.
pub(crate) fn hex(digest: [u8; LENGTH]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// How many rows are given theirs at a time.
const AT_ONCE: i64 = 1_000;

/// Gives all rows theirs: a step of the schema.
pub(crate) async fn give_to_all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut after = i64::MIN;
    loop {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT no, id FROM federate_received WHERE no > ?1 ORDER BY no LIMIT ?2")
                .bind(after)
                .bind(AT_ONCE)
                .fetch_all(&mut *connection)
                .await?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        let digests = rows
            .iter()
            .map(|(no, id)| Value::from_iter([Value::from(*no), Value::from(hex(digest(id)))]));
        sqlx::query(
            "UPDATE federate_received SET digest = unhex(one.value ->> 1) FROM json_each(?1) one WHERE no = one.value ->> 0",
        )
        .bind(Value::from_iter(digests).to_string())
        .execute(&mut *connection)
        .await?;
    }
}
