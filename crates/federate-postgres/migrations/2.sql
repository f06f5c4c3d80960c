-- Whose store it is, where it lies, what holds it back; and how far a transfer into it has come.
CREATE TABLE federate.binding (
    name  text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

-- Until when a body is kept that no delivery needs any more; NULL: nobody has said.
ALTER TABLE federate.outbox ADD COLUMN kept_until bigint;
CREATE INDEX outbox_undecided ON federate.outbox (no) WHERE state = 1 AND kept_until IS NULL;
CREATE INDEX outbox_expired ON federate.outbox (kept_until) WHERE kept_until IS NOT NULL;
