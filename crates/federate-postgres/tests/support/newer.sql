-- What a later release may do to the tables while this one works on them: it adds, and notes that this one may go on.
ALTER TABLE federate.migrations ADD COLUMN IF NOT EXISTS works_with integer;
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'federate' AND tablename <> 'migrations' ORDER BY 1 LOOP
        EXECUTE format('ALTER TABLE federate.%I ADD COLUMN added_later integer NOT NULL DEFAULT 7', one);
    END LOOP;
END $$;
CREATE INDEX added_later ON federate.pending (added_later);
CREATE TABLE federate.of_a_later_release (no bigint PRIMARY KEY);
INSERT INTO federate.migrations (version, works_with) VALUES (5, 4);
