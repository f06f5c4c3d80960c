-- Everything of ours lies in one schema, beside the application's tables and found whatever the search path says.
-- All times: microseconds since 1970. Texts that are looked up are compared as bytes.

-- What shares the fate of the application's own rows: written in its transactions.

CREATE TABLE federate.outbox (
    no       bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text     COLLATE "C" NOT NULL UNIQUE,
    sender   text     NOT NULL,
    audience text     NOT NULL,            -- IRIs, one on a line
    state    smallint NOT NULL DEFAULT 0,  -- 0 recorded, 1 expanded, 2 unreadable
    priority smallint NOT NULL DEFAULT 1,  -- 0 goes first, 2 last
    ordered  bigint,                       -- the key of what it must not overtake; NULL: nothing
    body     bytea    NOT NULL
);
CREATE INDEX outbox_waiting ON federate.outbox (no) WHERE state = 0;

CREATE TABLE federate.handled (
    id text COLLATE "C" PRIMARY KEY
);

CREATE TABLE federate.keys (
    name   text  COLLATE "C" PRIMARY KEY,
    secret bytea NOT NULL
);

CREATE TABLE federate.followers (
    no           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    followed     text   COLLATE "C" NOT NULL,
    actor        text   COLLATE "C" NOT NULL,
    inbox        text   NOT NULL,
    shared_inbox text,
    UNIQUE (followed, actor)
);
CREATE INDEX followers_page ON federate.followers (followed, no);
CREATE INDEX followers_actor ON federate.followers (actor);

-- The hot half. Ids are interned, so that a delivery is a few numbers.

CREATE SEQUENCE federate.activities_no;
CREATE TABLE federate.activities (
    no       bigint PRIMARY KEY,           -- of the sequence; also the order in which a lane's deliveries go out
    iri      text   COLLATE "C" NOT NULL UNIQUE,
    sender   text   NOT NULL,
    enqueued bigint NOT NULL,
    ordered  bigint,                       -- as the outbox has it
    priority smallint NOT NULL DEFAULT 1
);

-- Numbers for what becomes ready at once, below every time.
CREATE SEQUENCE federate.turns;

-- One row for each host, with the figures of what went there: whoever settles holds the lane anyway, so that no row
-- is everybody's. Half of each page is left free, so that a new figure is written beside the old one.
CREATE TABLE federate.lanes (
    no           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host         text   COLLATE "C" NOT NULL UNIQUE,
    fence        bigint NOT NULL DEFAULT 0,
    worker       text   COLLATE "C",       -- NULL: nobody holds it
    paused       boolean NOT NULL DEFAULT false,
    closed_until bigint,                   -- NULL: open
    ready        bigint,                   -- when it may be leased; NULL: nothing waits; below 0: a turn, not a time
    enqueued     bigint NOT NULL DEFAULT 0,
    delivered    bigint NOT NULL DEFAULT 0,
    superseded   bigint NOT NULL DEFAULT 0,
    cancelled    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX lanes_ready ON federate.lanes (ready) WHERE ready IS NOT NULL AND NOT paused;
CREATE INDEX lanes_held ON federate.lanes (worker, ready) WHERE worker IS NOT NULL;

CREATE TABLE federate.inboxes (
    no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    iri  text   COLLATE "C" NOT NULL UNIQUE,
    lane bigint NOT NULL
);

-- Every delivery that was enqueued and not pruned, settled or not. Written once, so it needs no vacuum of its own.
CREATE TABLE federate.known (
    activity bigint NOT NULL,
    inbox    bigint NOT NULL,
    PRIMARY KEY (activity, inbox)
);

-- Small and hot: only what waits.
CREATE TABLE federate.pending (
    activity       bigint   NOT NULL,
    inbox          bigint   NOT NULL,
    lane           bigint   NOT NULL,
    due            bigint   NOT NULL,      -- 0: at once, whatever the clock says; the highest number: when another is settled
    first_enqueued bigint   NOT NULL,
    ordered        bigint,                 -- of its activity, as the priority is
    attempt        integer  NOT NULL,
    priority       smallint NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 2),  -- 0 goes first
    reason         text,                   -- of the last failure; NULL: never attempted
    PRIMARY KEY (activity, inbox)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX pending_due ON federate.pending (lane, priority, due, activity, inbox);
-- The first of a line is the one that is due, or the earliest of those that wait.
CREATE INDEX pending_ordered ON federate.pending (inbox, ordered, due, activity) WHERE ordered IS NOT NULL;

CREATE TABLE federate.dead (
    no             bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    activity       bigint   NOT NULL,
    inbox          bigint   NOT NULL,
    first_enqueued bigint   NOT NULL,
    died           bigint   NOT NULL,
    attempt        integer  NOT NULL,
    reason         text     NOT NULL,
    UNIQUE (activity, inbox)
);

CREATE TABLE federate.received (
    no       bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text     COLLATE "C" NOT NULL UNIQUE,  -- origin and activity id: the dedup key
    received bigint   NOT NULL,
    due      bigint   NOT NULL DEFAULT 0,
    attempt  integer  NOT NULL DEFAULT 0,
    state    smallint NOT NULL DEFAULT 0,           -- 0 pending, 1 done, 2 dead
    reason   text,
    sealed   bytea                                  -- NULL once done
);
CREATE INDEX received_due ON federate.received (due, no) WHERE state = 0;
CREATE INDEX received_dead ON federate.received (no) WHERE state = 2;

-- Losing it costs time and nothing else: it is not worth a write-ahead log.
CREATE UNLOGGED TABLE federate.cache (
    kind    text   COLLATE "C" NOT NULL,
    key     text   COLLATE "C" NOT NULL,
    stored  bigint NOT NULL,
    expires bigint NOT NULL,
    bytes   bytea  NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX cache_expires ON federate.cache (expires);
