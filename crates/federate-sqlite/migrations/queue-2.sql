-- As in the application's database. What stands in this one under `hold` holds the queue back.
CREATE TABLE federate_binding (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
