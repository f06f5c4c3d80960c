-- Version 1. Ids are time-ordered numbers (see `ids.rs`), instants are RFC 3339 in UTC with milliseconds, so that text order is time order.
-- What is local has no `domain` and no `uri`: its addresses are made from the base URL.
create table accounts (
    id            integer primary key,
    username      text not null,
    domain        text,
    uri           text unique,
    url           text,
    inbox         text,
    shared_inbox  text,
    followers_uri text,
    display_name  text not null default '',
    note          text not null default '',
    avatar        text,
    header        text,
    locked        integer not null default 0,
    bot           integer not null default 0,
    created_at    text not null,
    moved_to      text,
    deleted       integer not null default 0
);
create unique index accounts_local on accounts (username) where domain is null;
-- Not unique: a domain may give a name to a new actor after it deleted the old one.
create index accounts_handle on accounts (username collate nocase, domain collate nocase);

create table tokens (
    hash       blob primary key,
    account_id integer not null references accounts on delete cascade,
    created_at text not null
);

create table statuses (
    id                     integer primary key,
    account_id             integer not null references accounts on delete cascade,
    uri                    text unique,
    url                    text,
    text                   text not null default '',
    content                text not null default '',
    spoiler_text           text not null default '',
    sensitive              integer not null default 0,
    visibility             text not null check (visibility in ('public', 'unlisted', 'private', 'direct')),
    language               text,
    in_reply_to_id         integer,
    in_reply_to_account_id integer,
    in_reply_to_uri        text,
    reblog_of_id           integer references statuses,
    attachments            text not null default '[]',
    created_at             text not null,
    edited_at              text,
    deleted_at             text
);
create index statuses_account on statuses (account_id, id);
create index statuses_replies on statuses (in_reply_to_id);
create index statuses_orphans on statuses (in_reply_to_uri) where in_reply_to_id is null;
create unique index statuses_reblogs on statuses (reblog_of_id, account_id) where reblog_of_id is not null and deleted_at is null;

-- Objects whose Delete came before they did.
create table tombstones (
    uri        text primary key,
    owner      text not null,
    deleted_at text not null
);

create table mentions (
    status_id  integer not null references statuses on delete cascade,
    account_id integer not null references accounts on delete cascade,
    primary key (status_id, account_id)
);
create index mentions_account on mentions (account_id, status_id);

create table tags (
    status_id integer not null references statuses on delete cascade,
    name      text not null,
    primary key (status_id, name)
);
create index tags_name on tags (name, status_id);

create table follows (
    id         integer primary key,
    account_id integer not null references accounts on delete cascade,
    target_id  integer not null references accounts on delete cascade,
    accepted   integer not null,
    uri        text unique,
    created_at text not null,
    unique (account_id, target_id)
);
create index follows_target on follows (target_id, accepted, id);

create table blocks (
    account_id integer not null references accounts on delete cascade,
    target_id  integer not null references accounts on delete cascade,
    uri        text,
    primary key (account_id, target_id)
);

create table favourites (
    id         integer primary key,
    account_id integer not null references accounts on delete cascade,
    status_id  integer not null references statuses on delete cascade,
    uri        text,
    created_at text not null,
    unique (account_id, status_id)
);
create index favourites_status on favourites (status_id);

create table notifications (
    id         integer primary key,
    account_id integer not null references accounts on delete cascade,
    kind       text not null,
    from_id    integer not null references accounts on delete cascade,
    status_id  integer references statuses on delete cascade,
    created_at text not null
);
create index notifications_account on notifications (account_id, id);
create unique index notifications_once on notifications (account_id, kind, from_id, coalesce(status_id, 0));

create table idempotency (
    account_id integer not null references accounts on delete cascade,
    key        text not null,
    status_id  integer not null,
    created_at text not null,
    primary key (account_id, key)
);

create table settings (
    name  text primary key,
    value text not null
);
