-- Version 3. Other accounts of our people, which may move here.
create table aliases (
    account_id integer not null references accounts on delete cascade,
    uri        text not null,
    primary key (account_id, uri)
);
