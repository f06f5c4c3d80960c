-- What was received is found by a digest of its name: an index over the names was several times as large, and each that arrived changed a
-- page of it alone.
CREATE TABLE federate_received_by_digest (
    no       INTEGER PRIMARY KEY,
    digest   BLOB    NOT NULL,            -- of the id: the dedup key
    id       TEXT    NOT NULL,
    received INTEGER NOT NULL,
    state    INTEGER NOT NULL DEFAULT 0,  -- 0 pending, 1 done, 2 dead
    due      INTEGER NOT NULL DEFAULT 0,
    attempt  INTEGER NOT NULL DEFAULT 0,
    reason   TEXT,
    shard    INTEGER NOT NULL DEFAULT 0,
    batch    INTEGER,                     -- NULL: its envelope, while there is one, stands in federate_envelopes
    place    INTEGER                      -- in the batch: from which byte, times 2^32, and how many
);
-- The digests are given to them before anybody else sees this table.
INSERT INTO federate_received_by_digest (no, digest, id, received, state, due, attempt, reason, shard)
SELECT no, x'', id, received, state, due, attempt, reason, shard FROM federate_received;
-- What a process from before the fourth step accepted since then.
INSERT INTO federate_envelopes (no, sealed)
SELECT no, sealed FROM federate_received WHERE sealed IS NOT NULL AND state <> 1 ON CONFLICT (no) DO NOTHING;
-- With it goes the trigger that dropped envelopes: whoever ends one drops its envelope, too.
DROP TABLE federate_received;
ALTER TABLE federate_received_by_digest RENAME TO federate_received;
CREATE INDEX federate_received_dead ON federate_received (no) WHERE state = 2;
CREATE INDEX federate_received_turn ON federate_received (due, no, shard) WHERE state = 0;

-- Envelopes that arrive together stand in one row, one behind the other, which goes when the last of them is handled. With a row for each,
-- whose envelope fills most of a page, SQLite balanced three pages for every one that went.
CREATE TABLE federate_batches (
    no     INTEGER PRIMARY KEY,           -- chosen by whoever writes it
    first  INTEGER NOT NULL,              -- those of federate_received that came with it are among these
    last   INTEGER NOT NULL,
    sealed BLOB    NOT NULL
);
