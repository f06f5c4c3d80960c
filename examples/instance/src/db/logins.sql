-- Version 4. Which token is the person's own, and not one that a client got: of each account the first, made with it by
-- `account create`.
alter table tokens add column login integer not null default 0;
update tokens set login = 1
where rowid in (
    select t.rowid from tokens t join accounts a on a.id = t.account_id
    where t.rowid = (select min(o.rowid) from tokens o where o.account_id = t.account_id)
        and julianday(t.created_at) - julianday(a.created_at) < 10.0 / 86400
);
