-- What ready-made behaviour remembers. Kinds and states are numbers of the library's.
CREATE TABLE federate.relations (
    no       bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      bytea    NOT NULL UNIQUE,  -- a digest of kind, subject, actor and name: together they are too long for an index
    kind     smallint NOT NULL,
    subject  text     COLLATE "C" NOT NULL,
    actor    text     COLLATE "C" NOT NULL,
    name     text     COLLATE "C" NOT NULL,
    activity text     COLLATE "C",
    state    smallint NOT NULL,
    since    bigint   NOT NULL,
    until    bigint,
    note     text     NOT NULL
);
CREATE INDEX relations_page ON federate.relations (kind, subject, no);
CREATE INDEX relations_actor ON federate.relations (actor, kind, no);
CREATE INDEX relations_activity ON federate.relations (activity) WHERE activity IS NOT NULL;
CREATE INDEX relations_until ON federate.relations (until) WHERE until IS NOT NULL;
