-- The hot half. Ids are interned, so that a delivery is four small numbers and lands at the end of two trees.

CREATE TABLE federate_activities (
    no       INTEGER PRIMARY KEY,         -- also the order in which a lane's deliveries go out
    iri      TEXT    NOT NULL UNIQUE,
    sender   TEXT    NOT NULL,
    enqueued INTEGER NOT NULL,            -- all times: microseconds since 1970
    at_once  INTEGER NOT NULL,            -- what its deliveries are due at while they were never attempted: -2 high, -1 usual, 0 low
    ordered  INTEGER                      -- the key of what its deliveries must not overtake
);

CREATE TABLE federate_lanes (
    no           INTEGER PRIMARY KEY,
    host         TEXT    NOT NULL UNIQUE,
    fence        INTEGER NOT NULL DEFAULT 0,
    worker       TEXT,                    -- NULL: nobody holds it
    paused       INTEGER NOT NULL DEFAULT 0,
    closed_until INTEGER,                 -- NULL: open
    ready        INTEGER                  -- when it may be leased; NULL: nothing waits; below 0: a turn, not a time
);
CREATE INDEX federate_lanes_ready ON federate_lanes (ready) WHERE ready IS NOT NULL;
CREATE INDEX federate_lanes_held ON federate_lanes (ready) WHERE worker IS NOT NULL;

CREATE TABLE federate_inboxes (
    no   INTEGER PRIMARY KEY,
    iri  TEXT    NOT NULL UNIQUE,
    lane INTEGER NOT NULL
);

-- Every delivery that was enqueued and not pruned, settled or not; due says where its pending row is, if any.
CREATE TABLE federate_known (
    activity INTEGER NOT NULL,
    inbox    INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    PRIMARY KEY (activity, inbox)
) WITHOUT ROWID;

CREATE TABLE federate_pending (
    lane           INTEGER NOT NULL,
    due            INTEGER NOT NULL,      -- up to 0: at once, whatever the clock says; the highest number: when another is settled
    activity       INTEGER NOT NULL,
    inbox          INTEGER NOT NULL,
    attempt        INTEGER NOT NULL,
    first_enqueued INTEGER NOT NULL,
    reason         TEXT,                  -- of the last failure; NULL: never attempted
    ordered        INTEGER,               -- as its activity has it
    PRIMARY KEY (lane, due, activity, inbox)
) WITHOUT ROWID;
CREATE INDEX federate_pending_ordered ON federate_pending (inbox, ordered, activity) WHERE ordered IS NOT NULL;

CREATE TABLE federate_dead (
    no             INTEGER PRIMARY KEY,
    activity       INTEGER NOT NULL,
    inbox          INTEGER NOT NULL,
    attempt        INTEGER NOT NULL,
    first_enqueued INTEGER NOT NULL,
    died           INTEGER NOT NULL,
    reason         TEXT    NOT NULL,
    UNIQUE (activity, inbox)
);

CREATE TABLE federate_counters (
    name TEXT PRIMARY KEY,
    n    INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO federate_counters (name, n)
VALUES ('turn', 0), ('enqueued', 0), ('delivered', 0), ('superseded', 0), ('cancelled', 0);

CREATE TABLE federate_received (
    no       INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,     -- origin and activity id: the dedup key
    received INTEGER NOT NULL,
    state    INTEGER NOT NULL DEFAULT 0,  -- 0 pending, 1 done, 2 dead
    due      INTEGER NOT NULL DEFAULT 0,
    attempt  INTEGER NOT NULL DEFAULT 0,
    reason   TEXT,
    sealed   BLOB                         -- NULL once done
);
CREATE INDEX federate_received_due ON federate_received (due, no) WHERE state = 0;
CREATE INDEX federate_received_dead ON federate_received (no) WHERE state = 2;

CREATE TABLE federate_cache (
    kind    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    stored  INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX federate_cache_expires ON federate_cache (expires);
