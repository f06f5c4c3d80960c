-- Envelopes lie by themselves. Each fills most of a page, which is free for the next as soon as one is handled; in the row of what was
-- received, which stays for as long as its id must be known, the page would stay too.
CREATE TABLE federate_envelopes (
    no     INTEGER PRIMARY KEY,           -- as in federate_received, whose own `sealed` is not used any more
    sealed BLOB    NOT NULL
);
INSERT INTO federate_envelopes (no, sealed) SELECT no, sealed FROM federate_received WHERE sealed IS NOT NULL;
UPDATE federate_received SET sealed = NULL WHERE sealed IS NOT NULL;
CREATE TRIGGER federate_received_done AFTER UPDATE OF state ON federate_received WHEN new.state = 1
BEGIN
    DELETE FROM federate_envelopes WHERE no = new.no;
END;
-- `federate_received_turn` begins with the same columns.
DROP INDEX federate_received_due;
