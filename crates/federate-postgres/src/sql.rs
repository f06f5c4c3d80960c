//! The statements that an application's transaction needs, for drivers other than sqlx (tokio-postgres, diesel,
//! sea-orm). They are the ones that this crate runs itself.

/// Records what is to be sent, and tells it to [whoever listens](crate::Postgres::listen) when the transaction
/// commits. Parameters: the activity's id (text), the sender's identifier (text), the audience (text: IRIs, one on a
/// line, see [`audience`]), the body (bytea), the priority (smallint, `Priority::rank`; NULL: usual), the order (bigint,
/// `OrderKey::to_stored`; NULL: none). Recording an id twice keeps the first.
pub const RECORD: &str = "WITH recorded AS (
    INSERT INTO federate.outbox (id, sender, audience, body, priority, ordered)
    VALUES ($1, $2, $3, $4, coalesce($5::smallint, 1::smallint), $6)
    ON CONFLICT (id) DO NOTHING RETURNING 1)
SELECT pg_notify('federate', '') FROM recorded";

/// The same, and nobody is told: for our own transactions, after which it is told once for many.
pub(crate) const RECORD_QUIETLY: &str =
    "INSERT INTO federate.outbox (id, sender, audience, body, priority, ordered)
    VALUES ($1, $2, $3, $4, coalesce($5::smallint, 1::smallint), $6) ON CONFLICT (id) DO NOTHING";

/// Marks a received activity as handled. Parameter: the received activity's id (text). Where no row was changed it
/// was handled before: roll back.
pub const HANDLED: &str = "INSERT INTO federate.handled (id) VALUES ($1) ON CONFLICT (id) DO NOTHING";

/// The third parameter of [`RECORD`].
pub fn audience(audience: &[federate_store::Iri]) -> String {
    let lines: Vec<&str> = audience.iter().map(federate_store::Iri::as_str).collect();
    lines.join("\n")
}

/// A reason as a column takes it: not too long, and without the one character that no text of PostgreSQL can hold.
pub(crate) fn text(reason: &str) -> String {
    federate_store::shorten(reason).replace('\0', " ")
}
