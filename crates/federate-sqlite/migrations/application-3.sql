-- What ready-made behaviour remembers. Kinds and states are numbers of the library's, times microseconds since 1970.
CREATE TABLE federate_relations (
    no       INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of a walk, in which nothing new comes before what was
    kind     INTEGER NOT NULL,
    subject  TEXT    NOT NULL,
    actor    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    activity TEXT,
    state    INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER,
    note     TEXT    NOT NULL,
    UNIQUE (kind, subject, actor, name)
);
CREATE INDEX federate_relations_page ON federate_relations (kind, subject, no);
CREATE INDEX federate_relations_actor ON federate_relations (actor, kind, no);
CREATE INDEX federate_relations_activity ON federate_relations (activity) WHERE activity IS NOT NULL;
CREATE INDEX federate_relations_until ON federate_relations (until) WHERE until IS NOT NULL;
