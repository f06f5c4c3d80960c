//! The statements that an application's transaction needs, for drivers other than sqlx (rusqlite, diesel,
//! sea-orm). They are the ones that this crate runs itself.

/// Records what is to be sent. Parameters: the activity's id (text), the sender's identifier (text), the audience
/// (text: IRIs, one on a line, see [`audience`]), the body (blob), the priority (integer, `Priority::rank`; NULL: usual), the
/// order (integer, `OrderKey::to_stored`; NULL: none). Recording an id twice keeps the first.
pub const RECORD: &str = "INSERT INTO federate_outbox (id, sender, audience, body, priority, ordered) \
    VALUES (?1, ?2, ?3, ?4, coalesce(?5, 1), ?6) ON CONFLICT (id) DO NOTHING";

/// Marks a received activity as handled. Parameter: the received activity's id (text). Where no row was changed it
/// was handled before: roll back.
pub const HANDLED: &str = "INSERT INTO federate_handled (id) VALUES (?1) ON CONFLICT (id) DO NOTHING";

/// The third parameter of [`RECORD`].
pub fn audience(audience: &[federate_store::Iri]) -> String {
    let lines: Vec<&str> = audience.iter().map(federate_store::Iri::as_str).collect();
    lines.join("\n")
}
