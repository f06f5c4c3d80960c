-- When all have theirs.
CREATE UNIQUE INDEX federate_received_digest ON federate_received (digest);
