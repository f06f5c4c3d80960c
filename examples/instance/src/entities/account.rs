//! `Account` — <https://docs.joinmastodon.org/entities/Account/>

use crate::{db, db::accounts::Account as Row, site::Site, text, time, urls::Urls};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    username: String,
    pub(crate) acct: String,
    display_name: String,
    locked: bool,
    bot: bool,
    discoverable: bool,
    indexable: bool,
    group: bool,
    created_at: String,
    note: String,
    pub(crate) url: String,
    uri: String,
    avatar: String,
    avatar_static: String,
    header: String,
    header_static: String,
    followers_count: i64,
    following_count: i64,
    statuses_count: i64,
    last_status_at: Option<String>,
    hide_collections: bool,
    noindex: bool,
    emojis: Vec<Value>,
    roles: Vec<Value>,
    fields: Vec<Value>,
}

/// What a person sees about themselves.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CredentialAccount {
    #[serde(flatten)]
    account: Account,
    source: Value,
    role: Value,
}

pub(crate) fn account(site: &Site, row: &Row) -> Account {
    let missing = |what: &str| format!("{}/{what}/original/missing.svg", site.urls.base());
    let picture = |url: &Option<String>| site.network.picture(url.as_deref()?);
    let avatar = picture(&row.avatar).unwrap_or_else(|| missing("avatars"));
    let header = picture(&row.header).unwrap_or_else(|| missing("headers"));
    Account {
        id: row.id.to_string(),
        username: row.username.clone(),
        acct: row.acct(),
        display_name: row.display_name.clone(),
        locked: row.locked,
        bot: row.bot,
        discoverable: true,
        indexable: false,
        group: false,
        created_at: time::midnight(&row.created_at),
        note: note_html(&site.urls, row),
        url: row.page(&site.urls),
        uri: row.uri(&site.urls),
        avatar_static: avatar.clone(),
        avatar,
        header_static: header.clone(),
        header,
        followers_count: row.followers_count,
        following_count: row.following_count,
        statuses_count: row.statuses_count,
        last_status_at: row.last_status_at.clone(),
        hide_collections: false,
        noindex: false,
        emojis: Vec::new(),
        roles: Vec::new(),
        fields: Vec::new(),
    }
}

/// The description: ours is typed as text, that of others was made safe when it came.
pub(crate) fn note_html(urls: &Urls, row: &Row) -> String {
    if !row.is_local() {
        return row.note.clone();
    }
    if row.note.is_empty() {
        return String::new();
    }
    text::html(&text::scan(&row.note), &HashMap::new(), urls)
}

pub(crate) async fn credential_account(site: &Site, row: &Row) -> Result<CredentialAccount, sqlx::Error> {
    let also_known_as = db::aliases::of(&site.db, row.id).await?;
    let waiting = db::follows::waiting(&site.db, row.id, None, None, 80)
        .await?
        .len();
    Ok(CredentialAccount {
        account: account(site, row),
        source: json!({
            "privacy": "public",
            "sensitive": false,
            "language": null,
            "note": row.note,
            "fields": [],
            "follow_requests_count": waiting,
            "hide_collections": false,
            "discoverable": true,
            "indexable": false,
            "also_known_as_uris": also_known_as,
        }),
        role: json!({ "id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": false }),
    })
}

pub(crate) async fn account_by_id(site: &Site, id: i64) -> Result<Option<Account>, sqlx::Error> {
    Ok(db::accounts::by_id(&site.db, id)
        .await?
        .map(|row| account(site, &row)))
}

pub(crate) async fn accounts(site: &Site, ids: &[i64]) -> Result<Vec<Account>, sqlx::Error> {
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(account_by_id(site, *id).await?);
    }
    Ok(all)
}
