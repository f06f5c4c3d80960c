//! `Status` — <https://docs.joinmastodon.org/entities/Status/>

use super::account::{Account, account_by_id};
use crate::{db, db::statuses::Status as Row, site::Site, urls::Urls};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status {
    id: String,
    created_at: String,
    in_reply_to_id: Option<String>,
    in_reply_to_account_id: Option<String>,
    sensitive: bool,
    spoiler_text: String,
    visibility: String,
    language: Option<String>,
    uri: String,
    url: Option<String>,
    replies_count: i64,
    reblogs_count: i64,
    favourites_count: i64,
    edited_at: Option<String>,
    content: String,
    /// The source; only in the answer to a deletion, so that it can be written anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    reblog: Option<Box<Status>>,
    application: Option<Value>,
    account: Account,
    media_attachments: Value,
    mentions: Vec<Mention>,
    tags: Vec<Tag>,
    emojis: Vec<Value>,
    card: Option<Value>,
    poll: Option<Value>,
    #[serde(flatten)]
    mine: Option<Mine>,
}

/// What depends on who asks; left out where nobody does.
#[derive(Clone, Debug, Serialize)]
struct Mine {
    favourited: bool,
    reblogged: bool,
    muted: bool,
    bookmarked: bool,
    pinned: bool,
    filtered: Vec<Value>,
}

#[derive(Clone, Debug, Serialize)]
struct Mention {
    id: String,
    username: String,
    url: String,
    acct: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tag {
    name: String,
    url: String,
}

pub(crate) fn tag(urls: &Urls, name: &str) -> Tag {
    Tag {
        name: name.to_owned(),
        url: urls.tag(name),
    }
}

/// The statuses, in the order of the rows.
pub(crate) async fn statuses(
    site: &Site,
    viewer: Option<i64>,
    rows: Vec<Row>,
) -> Result<Vec<Status>, sqlx::Error> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.extend(status(site, viewer, row).await?);
    }
    Ok(all)
}

/// `None` where what it needs went away meanwhile.
pub(crate) async fn status(
    site: &Site,
    viewer: Option<i64>,
    row: Row,
) -> Result<Option<Status>, sqlx::Error> {
    let Some(original) = row.reblog_of_id else {
        return plain(site, viewer, row).await;
    };
    let Some(original) = db::statuses::any(&site.db, original)
        .await?
        .filter(|o| o.deleted_at.is_none())
    else {
        return Ok(None);
    };
    let Some(inner) = plain(site, viewer, original).await? else {
        return Ok(None);
    };
    let Some(mut outer) = plain(site, viewer, row).await? else {
        return Ok(None);
    };
    outer.content = inner.content.clone();
    outer.spoiler_text = inner.spoiler_text.clone();
    outer.sensitive = inner.sensitive;
    outer.language = inner.language.clone();
    outer.mentions = inner.mentions.clone();
    outer.tags = inner.tags.clone();
    outer.media_attachments = inner.media_attachments.clone();
    outer.mine = inner.mine.clone();
    (outer.replies_count, outer.reblogs_count, outer.favourites_count) =
        (0, inner.reblogs_count, inner.favourites_count);
    outer.reblog = Some(Box::new(inner));
    Ok(Some(outer))
}

async fn plain(site: &Site, viewer: Option<i64>, row: Row) -> Result<Option<Status>, sqlx::Error> {
    let urls = &site.urls;
    let Some(author) = account_by_id(site, row.account_id).await? else {
        return Ok(None);
    };
    let tally = db::statuses::tally(&site.db, row.id, viewer).await?;
    let mut mentions = Vec::new();
    for id in db::statuses::mentions(&site.db, row.id).await? {
        if let Some(who) = db::accounts::by_id(&site.db, id).await? {
            let (url, acct) = (who.page(urls), who.acct());
            mentions.push(Mention {
                id: id.to_string(),
                username: who.username,
                url,
                acct,
            });
        }
    }
    let tags = db::statuses::tags(&site.db, row.id)
        .await?
        .iter()
        .map(|name| tag(urls, name))
        .collect();
    let (uri, url) = match (&row.uri, row.reblog_of_id) {
        (Some(uri), _) => (uri.clone(), Some(row.url.clone().unwrap_or_else(|| uri.clone()))),
        (None, Some(_)) => {
            let uri = urls.announce(&author.acct, row.id);
            (uri.clone(), Some(uri))
        }
        (None, None) => (
            urls.status(&author.acct, row.id),
            Some(urls.status_page(&author.acct, row.id)),
        ),
    };
    Ok(Some(Status {
        id: row.id.to_string(),
        created_at: row.created_at,
        in_reply_to_id: row.in_reply_to_id.map(|id| id.to_string()),
        in_reply_to_account_id: row.in_reply_to_account_id.map(|id| id.to_string()),
        sensitive: row.sensitive,
        spoiler_text: row.spoiler_text,
        visibility: row.visibility,
        language: row.language,
        uri,
        url,
        replies_count: tally.replies,
        reblogs_count: tally.reblogs,
        favourites_count: tally.favourites,
        edited_at: row.edited_at,
        content: row.content,
        text: None,
        reblog: None,
        application: None,
        account: author,
        media_attachments: serde_json::from_str(&row.attachments).unwrap_or_else(|_| json!([])),
        mentions,
        tags,
        emojis: Vec::new(),
        card: None,
        poll: None,
        mine: viewer.map(|_| Mine {
            favourited: tally.favourited,
            reblogged: tally.reblogged,
            muted: false,
            bookmarked: false,
            pinned: false,
            filtered: Vec::new(),
        }),
    }))
}

/// `StatusSource`: what a client needs for an edit.
pub(crate) fn source(row: &Row) -> Value {
    json!({ "id": row.id.to_string(), "text": row.text, "spoiler_text": row.spoiler_text })
}
