-- What shares the fate of the application's own rows: written in its transactions, in its database.

CREATE TABLE federate_outbox (
    no       INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    sender   TEXT    NOT NULL,
    audience TEXT    NOT NULL,            -- IRIs, one on a line
    state    INTEGER NOT NULL DEFAULT 0,  -- 0 recorded, 1 expanded, 2 unreadable
    priority INTEGER NOT NULL DEFAULT 1,  -- 0 high, 1 usual, 2 low
    ordered  INTEGER,                     -- the key of what it must not overtake
    body     BLOB    NOT NULL
);
CREATE INDEX federate_outbox_waiting ON federate_outbox (no) WHERE state = 0;

CREATE TABLE federate_handled (
    id TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE federate_keys (
    name   TEXT PRIMARY KEY,
    secret BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE federate_followers (
    no           INTEGER PRIMARY KEY,
    followed     TEXT NOT NULL,
    actor        TEXT NOT NULL,
    inbox        TEXT NOT NULL,
    shared_inbox TEXT,
    UNIQUE (followed, actor)
);
CREATE INDEX federate_followers_page ON federate_followers (followed, no);
CREATE INDEX federate_followers_actor ON federate_followers (actor);
