//! An existing axum and sqlx application that federates: its own tables, URLs and transactions.
fn main() {}
