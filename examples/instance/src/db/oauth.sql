-- Version 2. Clients that registered, and what their users allowed them and they have not fetched yet.
create table apps (
    client_id     text primary key,
    secret_hash   blob not null,
    name          text not null,
    website       text,
    redirect_uris text not null,
    scopes        text not null,
    created_at    text not null
);
create table codes (
    hash         blob primary key,
    client_id    text not null references apps on delete cascade,
    account_id   integer not null references accounts on delete cascade,
    redirect_uri text not null,
    created_at   text not null
);
