-- What moderators decided about hosts, one row for each decision: the last about a host holds.
CREATE TABLE federate_rules (
    no      INTEGER PRIMARY KEY,          -- the highest is the version of all of them
    host    TEXT    NOT NULL,
    verdict TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    author  TEXT    NOT NULL,
    decided INTEGER NOT NULL
);
CREATE INDEX federate_rules_host ON federate_rules (host, no);
