--
-- PostgreSQL database dump
--

\restrict zFy7fKZgWtDJTYE15Z1I9II39yahCT3e1q59GA70gSqu2JlrOcIAD5DZ9Jt9X9I

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: federate; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA federate;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: activities; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.activities (
    no bigint NOT NULL,
    iri text NOT NULL COLLATE pg_catalog."C",
    sender text NOT NULL,
    enqueued bigint NOT NULL,
    ordered bigint,
    priority smallint DEFAULT 1 NOT NULL
);


--
-- Name: activities_no; Type: SEQUENCE; Schema: federate; Owner: -
--

CREATE SEQUENCE federate.activities_no
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: binding; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.binding (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL
);


--
-- Name: cache; Type: TABLE; Schema: federate; Owner: -
--

CREATE UNLOGGED TABLE federate.cache (
    kind text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    stored bigint NOT NULL,
    expires bigint NOT NULL,
    bytes bytea NOT NULL
);


--
-- Name: dead; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.dead (
    no bigint NOT NULL,
    activity bigint NOT NULL,
    inbox bigint NOT NULL,
    first_enqueued bigint NOT NULL,
    died bigint NOT NULL,
    attempt integer NOT NULL,
    reason text NOT NULL
);


--
-- Name: dead_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.dead ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.dead_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: followers; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.followers (
    no bigint NOT NULL,
    followed text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    inbox text NOT NULL,
    shared_inbox text
);


--
-- Name: followers_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.followers ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.followers_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: handled; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.handled (
    id text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: inboxes; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.inboxes (
    no bigint NOT NULL,
    iri text NOT NULL COLLATE pg_catalog."C",
    lane bigint NOT NULL
);


--
-- Name: inboxes_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.inboxes ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.inboxes_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: keys; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.keys (
    name text NOT NULL COLLATE pg_catalog."C",
    secret bytea NOT NULL
);


--
-- Name: known; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.known (
    activity bigint NOT NULL,
    inbox bigint NOT NULL
);


--
-- Name: lanes; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.lanes (
    no bigint NOT NULL,
    host text NOT NULL COLLATE pg_catalog."C",
    fence bigint DEFAULT 0 NOT NULL,
    worker text COLLATE pg_catalog."C",
    paused boolean DEFAULT false NOT NULL,
    closed_until bigint,
    ready bigint,
    enqueued bigint DEFAULT 0 NOT NULL,
    delivered bigint DEFAULT 0 NOT NULL,
    superseded bigint DEFAULT 0 NOT NULL,
    cancelled bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='500');


--
-- Name: lanes_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.lanes ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.lanes_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: migrations; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.migrations (
    version integer NOT NULL,
    applied timestamp with time zone DEFAULT now() NOT NULL,
    works_with integer
);


--
-- Name: outbox; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.outbox (
    no bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    sender text NOT NULL,
    audience text NOT NULL,
    state smallint DEFAULT 0 NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    ordered bigint,
    body bytea NOT NULL,
    kept_until bigint
);


--
-- Name: outbox_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.outbox ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.outbox_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pending; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.pending (
    activity bigint NOT NULL,
    inbox bigint NOT NULL,
    lane bigint NOT NULL,
    due bigint NOT NULL,
    first_enqueued bigint NOT NULL,
    ordered bigint,
    attempt integer NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    reason text,
    CONSTRAINT pending_priority_check CHECK (((priority >= 0) AND (priority <= 2)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000', autovacuum_analyze_scale_factor='0.05');


--
-- Name: received; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.received (
    no bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    received bigint NOT NULL,
    due bigint DEFAULT 0 NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    state smallint DEFAULT 0 NOT NULL,
    reason text,
    sealed bytea,
    shard smallint DEFAULT 0 NOT NULL
);


--
-- Name: received_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.received ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.received_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: relations; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.relations (
    no bigint NOT NULL,
    key bytea NOT NULL,
    kind smallint NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    activity text COLLATE pg_catalog."C",
    state smallint NOT NULL,
    since bigint NOT NULL,
    until bigint,
    note text NOT NULL
);


--
-- Name: relations_no_seq; Type: SEQUENCE; Schema: federate; Owner: -
--

ALTER TABLE federate.relations ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME federate.relations_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: rules; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.rules (
    no bigint NOT NULL,
    host text NOT NULL COLLATE pg_catalog."C",
    verdict text NOT NULL,
    reason text NOT NULL,
    author text NOT NULL,
    decided bigint NOT NULL
);


--
-- Name: shards; Type: TABLE; Schema: federate; Owner: -
--

CREATE TABLE federate.shards (
    shard smallint NOT NULL,
    worker text COLLATE pg_catalog."C",
    until bigint DEFAULT 0 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='20', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500');


--
-- Name: turns; Type: SEQUENCE; Schema: federate; Owner: -
--

CREATE SEQUENCE federate.turns
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Data for Name: activities; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.activities VALUES (1, 'https://a.example/activities/1', 'alice', 1700000000000000, NULL, 1);
INSERT INTO federate.activities VALUES (2, 'https://a.example/activities/5', 'alice', 1700000000000000, -5138520219366247921, 1);
INSERT INTO federate.activities VALUES (3, 'https://a.example/activities/6', 'alice', 1700000000000000, -5138520219366247921, 1);


--
-- Data for Name: binding; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.binding VALUES ('place', '7712359157452663009.16384.16520');
INSERT INTO federate.binding VALUES ('instance', 'https://a.example');


--
-- Data for Name: cache; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.cache VALUES ('actor', 'https://b.example/bob', 1700000000000000, 1700000060000000, '\x7b7d');


--
-- Data for Name: dead; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.dead OVERRIDING SYSTEM VALUE VALUES (1, 1, 3, 1700000000000000, 1700000001000000, 1, 'answered 410');


--
-- Data for Name: followers; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.followers OVERRIDING SYSTEM VALUE VALUES (1, 'alice', 'https://b.example/bob', 'https://b.example/bob/inbox', 'https://b.example/inbox');


--
-- Data for Name: handled; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.handled VALUES ('https://b.example https://b.example/likes/1');


--
-- Data for Name: inboxes; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.inboxes OVERRIDING SYSTEM VALUE VALUES (1, 'https://b.example/1', 1);
INSERT INTO federate.inboxes OVERRIDING SYSTEM VALUE VALUES (2, 'https://b.example/2', 1);
INSERT INTO federate.inboxes OVERRIDING SYSTEM VALUE VALUES (3, 'https://b.example/3', 1);
INSERT INTO federate.inboxes OVERRIDING SYSTEM VALUE VALUES (4, 'https://c.example/1', 2);
INSERT INTO federate.inboxes OVERRIDING SYSTEM VALUE VALUES (5, 'https://e.example/1', 3);


--
-- Data for Name: keys; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.keys VALUES ('alice', '\x736563726574');


--
-- Data for Name: known; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.known VALUES (1, 1);
INSERT INTO federate.known VALUES (1, 2);
INSERT INTO federate.known VALUES (1, 3);
INSERT INTO federate.known VALUES (1, 4);
INSERT INTO federate.known VALUES (2, 5);
INSERT INTO federate.known VALUES (3, 5);


--
-- Data for Name: lanes; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.lanes OVERRIDING SYSTEM VALUE VALUES (2, 'c.example', 0, NULL, false, NULL, -4611686018427387903, 1, 0, 0, 0);
INSERT INTO federate.lanes OVERRIDING SYSTEM VALUE VALUES (3, 'e.example', 0, NULL, false, NULL, -4611686018427387901, 2, 0, 0, 0);
INSERT INTO federate.lanes OVERRIDING SYSTEM VALUE VALUES (4, 'paused.example', 0, NULL, true, NULL, NULL, 0, 0, 0, 0);
INSERT INTO federate.lanes OVERRIDING SYSTEM VALUE VALUES (1, 'b.example', 2, NULL, false, NULL, 1700000900000000, 3, 1, 0, 0);


--
-- Data for Name: migrations; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.migrations VALUES (1, '2026-11-26 06:12:29.717727+00', 1);
INSERT INTO federate.migrations VALUES (2, '2026-11-26 06:12:29.717727+00', 1);
INSERT INTO federate.migrations VALUES (3, '2026-11-26 06:12:29.717727+00', 1);
INSERT INTO federate.migrations VALUES (4, '2026-11-26 06:12:29.717727+00', 1);


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.outbox OVERRIDING SYSTEM VALUE VALUES (2, 'https://a.example/activities/2', 'alice', 'https://a.example/users/alice/followers', 0, 1, NULL, '\x7b226e223a327d', NULL);
INSERT INTO federate.outbox OVERRIDING SYSTEM VALUE VALUES (3, 'https://a.example/activities/3', 'alice', 'https://a.example/users/alice/followers', 0, 0, -5138520219366247921, '\x7b226e223a337d', NULL);
INSERT INTO federate.outbox OVERRIDING SYSTEM VALUE VALUES (1, 'https://a.example/activities/1', 'alice', 'https://a.example/users/alice/followers', 1, 1, NULL, '\x7b226e223a317d', NULL);


--
-- Data for Name: pending; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.pending VALUES (1, 4, 2, 0, 1700000000000000, NULL, 0, 1, NULL);
INSERT INTO federate.pending VALUES (3, 5, 3, 9223372036854775807, 1700000000000000, -5138520219366247921, 0, 1, NULL);
INSERT INTO federate.pending VALUES (2, 5, 3, 0, 1700000000000000, -5138520219366247921, 0, 1, NULL);
INSERT INTO federate.pending VALUES (1, 2, 1, 1700000900000000, 1700000000000000, NULL, 1, 1, 'answered 503');


--
-- Data for Name: received; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.received OVERRIDING SYSTEM VALUE VALUES (1, 'https://b.example https://b.example/likes/0', 1700000000000000, 0, 0, 0, NULL, '\x7365616c65642030', 0);
INSERT INTO federate.received OVERRIDING SYSTEM VALUE VALUES (2, 'https://b.example https://b.example/likes/1', 1700000001000000, 0, 0, 1, NULL, NULL, 0);
INSERT INTO federate.received OVERRIDING SYSTEM VALUE VALUES (3, 'https://b.example https://b.example/likes/2', 1700000002000000, 0, 0, 2, 'handler failed', '\x7365616c65642032', 0);


--
-- Data for Name: relations; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.relations OVERRIDING SYSTEM VALUE VALUES (1, '\x66e4b222cd0ca79956679087d76bd021e966b8d6a98f4c3ef124a5d2b46924ea', 3, 'https://a.example/notes/1', 'https://b.example/bob', '', 'https://b.example/likes/9', 1, 1700000003000000, 1700000900000000, 'liked');


--
-- Data for Name: rules; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.rules VALUES (1, 'evil.example', 'block', 'spam', 'mo', 1700000005000000);


--
-- Data for Name: shards; Type: TABLE DATA; Schema: federate; Owner: -
--

INSERT INTO federate.shards VALUES (0, NULL, 0, 0);
INSERT INTO federate.shards VALUES (1, NULL, 0, 0);
INSERT INTO federate.shards VALUES (2, NULL, 0, 0);
INSERT INTO federate.shards VALUES (3, NULL, 0, 0);
INSERT INTO federate.shards VALUES (4, NULL, 0, 0);
INSERT INTO federate.shards VALUES (5, NULL, 0, 0);
INSERT INTO federate.shards VALUES (6, NULL, 0, 0);
INSERT INTO federate.shards VALUES (7, NULL, 0, 0);
INSERT INTO federate.shards VALUES (8, NULL, 0, 0);
INSERT INTO federate.shards VALUES (9, NULL, 0, 0);
INSERT INTO federate.shards VALUES (10, NULL, 0, 0);
INSERT INTO federate.shards VALUES (11, NULL, 0, 0);
INSERT INTO federate.shards VALUES (12, NULL, 0, 0);
INSERT INTO federate.shards VALUES (13, NULL, 0, 0);
INSERT INTO federate.shards VALUES (14, NULL, 0, 0);
INSERT INTO federate.shards VALUES (15, NULL, 0, 0);
INSERT INTO federate.shards VALUES (16, NULL, 0, 0);
INSERT INTO federate.shards VALUES (17, NULL, 0, 0);
INSERT INTO federate.shards VALUES (18, NULL, 0, 0);
INSERT INTO federate.shards VALUES (19, NULL, 0, 0);
INSERT INTO federate.shards VALUES (20, NULL, 0, 0);
INSERT INTO federate.shards VALUES (21, NULL, 0, 0);
INSERT INTO federate.shards VALUES (22, NULL, 0, 0);
INSERT INTO federate.shards VALUES (23, NULL, 0, 0);
INSERT INTO federate.shards VALUES (24, NULL, 0, 0);
INSERT INTO federate.shards VALUES (25, NULL, 0, 0);
INSERT INTO federate.shards VALUES (26, NULL, 0, 0);
INSERT INTO federate.shards VALUES (27, NULL, 0, 0);
INSERT INTO federate.shards VALUES (28, NULL, 0, 0);
INSERT INTO federate.shards VALUES (29, NULL, 0, 0);
INSERT INTO federate.shards VALUES (30, NULL, 0, 0);
INSERT INTO federate.shards VALUES (31, NULL, 0, 0);
INSERT INTO federate.shards VALUES (32, NULL, 0, 0);
INSERT INTO federate.shards VALUES (33, NULL, 0, 0);
INSERT INTO federate.shards VALUES (34, NULL, 0, 0);
INSERT INTO federate.shards VALUES (35, NULL, 0, 0);
INSERT INTO federate.shards VALUES (36, NULL, 0, 0);
INSERT INTO federate.shards VALUES (37, NULL, 0, 0);
INSERT INTO federate.shards VALUES (38, NULL, 0, 0);
INSERT INTO federate.shards VALUES (39, NULL, 0, 0);
INSERT INTO federate.shards VALUES (40, NULL, 0, 0);
INSERT INTO federate.shards VALUES (41, NULL, 0, 0);
INSERT INTO federate.shards VALUES (42, NULL, 0, 0);
INSERT INTO federate.shards VALUES (43, NULL, 0, 0);
INSERT INTO federate.shards VALUES (44, NULL, 0, 0);
INSERT INTO federate.shards VALUES (45, NULL, 0, 0);
INSERT INTO federate.shards VALUES (46, NULL, 0, 0);
INSERT INTO federate.shards VALUES (47, NULL, 0, 0);
INSERT INTO federate.shards VALUES (48, NULL, 0, 0);
INSERT INTO federate.shards VALUES (49, NULL, 0, 0);
INSERT INTO federate.shards VALUES (50, NULL, 0, 0);
INSERT INTO federate.shards VALUES (51, NULL, 0, 0);
INSERT INTO federate.shards VALUES (52, NULL, 0, 0);
INSERT INTO federate.shards VALUES (53, NULL, 0, 0);
INSERT INTO federate.shards VALUES (54, NULL, 0, 0);
INSERT INTO federate.shards VALUES (55, NULL, 0, 0);
INSERT INTO federate.shards VALUES (56, NULL, 0, 0);
INSERT INTO federate.shards VALUES (57, NULL, 0, 0);
INSERT INTO federate.shards VALUES (58, NULL, 0, 0);
INSERT INTO federate.shards VALUES (59, NULL, 0, 0);
INSERT INTO federate.shards VALUES (60, NULL, 0, 0);
INSERT INTO federate.shards VALUES (61, NULL, 0, 0);
INSERT INTO federate.shards VALUES (62, NULL, 0, 0);
INSERT INTO federate.shards VALUES (63, NULL, 0, 0);
INSERT INTO federate.shards VALUES (64, NULL, 0, 0);


--
-- Name: activities_no; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.activities_no', 3, true);


--
-- Name: dead_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.dead_no_seq', 1, true);


--
-- Name: followers_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.followers_no_seq', 1, true);


--
-- Name: inboxes_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.inboxes_no_seq', 5, true);


--
-- Name: lanes_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.lanes_no_seq', 4, true);


--
-- Name: outbox_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.outbox_no_seq', 3, true);


--
-- Name: received_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.received_no_seq', 3, true);


--
-- Name: relations_no_seq; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.relations_no_seq', 1, true);


--
-- Name: turns; Type: SEQUENCE SET; Schema: federate; Owner: -
--

SELECT pg_catalog.setval('federate.turns', 3, true);


--
-- Name: activities activities_iri_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.activities
    ADD CONSTRAINT activities_iri_key UNIQUE (iri);


--
-- Name: activities activities_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.activities
    ADD CONSTRAINT activities_pkey PRIMARY KEY (no);


--
-- Name: binding binding_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.binding
    ADD CONSTRAINT binding_pkey PRIMARY KEY (name);


--
-- Name: cache cache_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.cache
    ADD CONSTRAINT cache_pkey PRIMARY KEY (kind, key);


--
-- Name: dead dead_activity_inbox_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.dead
    ADD CONSTRAINT dead_activity_inbox_key UNIQUE (activity, inbox);


--
-- Name: dead dead_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.dead
    ADD CONSTRAINT dead_pkey PRIMARY KEY (no);


--
-- Name: followers followers_followed_actor_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.followers
    ADD CONSTRAINT followers_followed_actor_key UNIQUE (followed, actor);


--
-- Name: followers followers_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.followers
    ADD CONSTRAINT followers_pkey PRIMARY KEY (no);


--
-- Name: handled handled_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.handled
    ADD CONSTRAINT handled_pkey PRIMARY KEY (id);


--
-- Name: inboxes inboxes_iri_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.inboxes
    ADD CONSTRAINT inboxes_iri_key UNIQUE (iri);


--
-- Name: inboxes inboxes_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.inboxes
    ADD CONSTRAINT inboxes_pkey PRIMARY KEY (no);


--
-- Name: keys keys_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (name);


--
-- Name: known known_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.known
    ADD CONSTRAINT known_pkey PRIMARY KEY (activity, inbox);


--
-- Name: lanes lanes_host_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.lanes
    ADD CONSTRAINT lanes_host_key UNIQUE (host);


--
-- Name: lanes lanes_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (no);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);


--
-- Name: outbox outbox_id_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.outbox
    ADD CONSTRAINT outbox_id_key UNIQUE (id);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (no);


--
-- Name: pending pending_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.pending
    ADD CONSTRAINT pending_pkey PRIMARY KEY (activity, inbox);


--
-- Name: received received_id_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.received
    ADD CONSTRAINT received_id_key UNIQUE (id);


--
-- Name: received received_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.received
    ADD CONSTRAINT received_pkey PRIMARY KEY (no);


--
-- Name: relations relations_key_key; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.relations
    ADD CONSTRAINT relations_key_key UNIQUE (key);


--
-- Name: relations relations_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.relations
    ADD CONSTRAINT relations_pkey PRIMARY KEY (no);


--
-- Name: rules rules_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.rules
    ADD CONSTRAINT rules_pkey PRIMARY KEY (no);


--
-- Name: shards shards_pkey; Type: CONSTRAINT; Schema: federate; Owner: -
--

ALTER TABLE ONLY federate.shards
    ADD CONSTRAINT shards_pkey PRIMARY KEY (shard);


--
-- Name: cache_expires; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX cache_expires ON federate.cache USING btree (expires);


--
-- Name: followers_actor; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX followers_actor ON federate.followers USING btree (actor);


--
-- Name: followers_page; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX followers_page ON federate.followers USING btree (followed, no);


--
-- Name: lanes_held; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX lanes_held ON federate.lanes USING btree (worker, ready) WHERE (worker IS NOT NULL);


--
-- Name: lanes_ready; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX lanes_ready ON federate.lanes USING btree (ready) WHERE ((ready IS NOT NULL) AND (NOT paused));


--
-- Name: outbox_expired; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX outbox_expired ON federate.outbox USING btree (kept_until) WHERE (kept_until IS NOT NULL);


--
-- Name: outbox_undecided; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX outbox_undecided ON federate.outbox USING btree (no) WHERE ((state = 1) AND (kept_until IS NULL));


--
-- Name: outbox_waiting; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX outbox_waiting ON federate.outbox USING btree (no) WHERE (state = 0);


--
-- Name: pending_due; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX pending_due ON federate.pending USING btree (lane, priority, due, activity, inbox);


--
-- Name: pending_ordered; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX pending_ordered ON federate.pending USING btree (inbox, ordered, due, activity) WHERE (ordered IS NOT NULL);


--
-- Name: received_dead; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX received_dead ON federate.received USING btree (no) WHERE (state = 2);


--
-- Name: received_due; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX received_due ON federate.received USING btree (due, no) WHERE (state = 0);


--
-- Name: received_turn; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX received_turn ON federate.received USING btree (due, no) INCLUDE (shard) WHERE (state = 0);


--
-- Name: relations_activity; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX relations_activity ON federate.relations USING btree (activity) WHERE (activity IS NOT NULL);


--
-- Name: relations_actor; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX relations_actor ON federate.relations USING btree (actor, kind, no);


--
-- Name: relations_page; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX relations_page ON federate.relations USING btree (kind, subject, no);


--
-- Name: relations_until; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX relations_until ON federate.relations USING btree (until) WHERE (until IS NOT NULL);


--
-- Name: rules_host; Type: INDEX; Schema: federate; Owner: -
--

CREATE INDEX rules_host ON federate.rules USING btree (host, no);


--
-- PostgreSQL database dump complete
--

\unrestrict zFy7fKZgWtDJTYE15Z1I9II39yahCT3e1q59GA70gSqu2JlrOcIAD5DZ9Jt9X9I

