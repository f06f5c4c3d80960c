-- What moderators decided about hosts, one row for each decision: the last about a host holds.
CREATE TABLE federate.rules (
    no      bigint PRIMARY KEY,            -- without gaps, in the order of the commits: the highest is the version of all of them
    host    text   COLLATE "C" NOT NULL,
    verdict text   NOT NULL,
    reason  text   NOT NULL,
    author  text   NOT NULL,
    decided bigint NOT NULL
);
CREATE INDEX rules_host ON federate.rules (host, no);

-- What was received is handled in shards, each by one worker at a time. 0: a release that knew of none accepted it.
ALTER TABLE federate.received ADD COLUMN shard smallint NOT NULL DEFAULT 0;
CREATE INDEX received_turn ON federate.received (due, no) INCLUDE (shard) WHERE state = 0;

CREATE TABLE federate.shards (
    shard  smallint PRIMARY KEY,
    worker text     COLLATE "C",           -- NULL: nobody holds it
    until  bigint   NOT NULL DEFAULT 0,
    fence  bigint   NOT NULL DEFAULT 0
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
INSERT INTO federate.shards (shard) SELECT generate_series(0, 64);
