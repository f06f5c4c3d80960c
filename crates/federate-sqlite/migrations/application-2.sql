-- Whose store it is, where it lies, what holds it back; and how far a transfer into it has come.
CREATE TABLE federate_binding (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Until when a body is kept that no delivery needs any more; NULL: nobody has said.
ALTER TABLE federate_outbox ADD COLUMN kept_until INTEGER;
CREATE INDEX federate_outbox_undecided ON federate_outbox (no) WHERE state = 1 AND kept_until IS NULL;
CREATE INDEX federate_outbox_expired ON federate_outbox (kept_until) WHERE kept_until IS NOT NULL;
