-- What was received is handled in shards, each by one worker at a time. 0: a release that knew of none accepted it.
ALTER TABLE federate_received ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX federate_received_turn ON federate_received (due, no, shard) WHERE state = 0;

CREATE TABLE federate_shards (
    shard  INTEGER PRIMARY KEY,
    worker TEXT,                          -- NULL: nobody holds it
    until  INTEGER NOT NULL DEFAULT 0,
    fence  INTEGER NOT NULL DEFAULT 0
);
INSERT INTO federate_shards (shard)
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 64) SELECT n FROM numbers;
