//! The embedded store of federate: SQLite, durable, in your database or in its own.
