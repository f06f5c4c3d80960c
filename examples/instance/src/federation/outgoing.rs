//! Our activities, in the shapes that Mastodon writes. They are made from the rows of the transaction in which they are sent.

use crate::{
    db::{self, accounts::Account, follows::Follow, statuses::Status},
    time,
    urls::Urls,
};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// An activity, and who gets it besides those whom it names.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) activity: Value,
    pub(crate) also: Vec<String>,
}

/// Everything that is in our documents and not in the first context.
fn context() -> Value {
    json!([
        "https://www.w3.org/ns/activitystreams",
        { "sensitive": "as:sensitive", "Hashtag": "as:Hashtag" },
    ])
}

/// The id of a status, ours or another's.
pub(crate) async fn status_uri(
    c: &mut SqliteConnection,
    urls: &Urls,
    row: &Status,
) -> Result<Option<String>, sqlx::Error> {
    if let Some(uri) = &row.uri {
        return Ok(Some(uri.clone()));
    }
    let author = db::accounts::by_id(c, row.account_id).await?;
    Ok(author.map(|a| own_uri(urls, &a, row)))
}

fn own_uri(urls: &Urls, author: &Account, row: &Status) -> String {
    if row.reblog_of_id.is_some() {
        urls.announce(&author.username, row.id)
    } else {
        urls.status(&author.username, row.id)
    }
}

/// Mastodon's four visibilities as `to` and `cc`.
fn addressing(
    urls: &Urls,
    author: &Account,
    visibility: &str,
    mentions: &[String],
) -> (Vec<String>, Vec<String>) {
    let followers = urls.followers(&author.username);
    let mut others = mentions.to_vec();
    match visibility {
        "public" => {
            others.insert(0, followers);
            (vec![PUBLIC.to_owned()], others)
        }
        "unlisted" => {
            others.insert(0, PUBLIC.to_owned());
            (vec![followers], others)
        }
        "private" => (vec![followers], others),
        _ => (others, Vec::new()),
    }
}

struct Mentions {
    uris: Vec<String>,
    tags: Vec<Value>,
}

async fn mentions(c: &mut SqliteConnection, urls: &Urls, row: &Status) -> Result<Mentions, sqlx::Error> {
    let mut found = Mentions {
        uris: Vec::new(),
        tags: Vec::new(),
    };
    for id in db::statuses::mentions(&mut *c, row.id).await? {
        let Some(who) = db::accounts::by_id(&mut *c, id).await? else {
            continue;
        };
        let uri = who.uri(urls);
        found
            .tags
            .push(json!({ "type": "Mention", "href": uri, "name": format!("@{}", who.handle(urls)) }));
        found.uris.push(uri);
    }
    Ok(found)
}

/// The post as an object; without a context, for it stands in an activity.
pub(crate) async fn note(
    c: &mut SqliteConnection,
    urls: &Urls,
    author: &Account,
    row: &Status,
) -> Result<Value, sqlx::Error> {
    let mentions = mentions(c, urls, row).await?;
    let (to, cc) = addressing(urls, author, &row.visibility, &mentions.uris);
    let mut tag = mentions.tags;
    for name in db::statuses::tags(&mut *c, row.id).await? {
        tag.push(json!({ "type": "Hashtag", "href": urls.tag(&name), "name": format!("#{name}") }));
    }
    let mut note = json!({
        "id": urls.status(&author.username, row.id),
        "type": "Note",
        "summary": if row.spoiler_text.is_empty() { Value::Null } else { json!(row.spoiler_text) },
        "inReplyTo": row.in_reply_to_uri,
        "published": time::whole_seconds(&row.created_at),
        "url": urls.status_page(&author.username, row.id),
        "attributedTo": author.uri(urls),
        "to": to,
        "cc": cc,
        "sensitive": row.sensitive,
        "content": row.content,
        "attachment": [],
        "tag": tag,
    });
    if let Some(map) = note.as_object_mut() {
        if let Some(at) = &row.edited_at {
            map.insert("updated".into(), json!(at));
        }
        if let Some(language) = &row.language {
            map.insert("contentMap".into(), json!({ language.as_str(): row.content }));
        }
    }
    Ok(note)
}

/// The post as a document of its own.
pub(crate) async fn note_document(
    c: &mut SqliteConnection,
    urls: &Urls,
    author: &Account,
    row: &Status,
) -> Result<Value, sqlx::Error> {
    let mut note = note(c, urls, author, row).await?;
    if let Some(map) = note.as_object_mut() {
        map.insert("@context".into(), context());
    }
    Ok(note)
}

pub(crate) async fn create(
    c: &mut SqliteConnection,
    urls: &Urls,
    author: &Account,
    row: &Status,
) -> Result<Letter, sqlx::Error> {
    let note = note(c, urls, author, row).await?;
    let activity = json!({
        "@context": context(),
        "id": format!("{}/activity", urls.status(&author.username, row.id)),
        "type": "Create",
        "actor": author.uri(urls),
        "published": time::whole_seconds(&row.created_at),
        "to": note.get("to"),
        "cc": note.get("cc"),
        "object": note,
    });
    Ok(Letter {
        activity,
        also: Vec::new(),
    })
}

pub(crate) async fn update(
    c: &mut SqliteConnection,
    urls: &Urls,
    author: &Account,
    row: &Status,
) -> Result<Letter, sqlx::Error> {
    let note = note(c, urls, author, row).await?;
    let at = row.edited_at.clone().unwrap_or_default();
    let activity = json!({
        "@context": context(),
        "id": format!("{}#updates/{at}", urls.status(&author.username, row.id)),
        "type": "Update",
        "actor": author.uri(urls),
        "published": at,
        "to": note.get("to"),
        "cc": note.get("cc"),
        "object": note,
    });
    let also = if is_open(row) {
        db::interactions::reach(c, row.id).await?
    } else {
        Vec::new()
    };
    Ok(Letter { activity, also })
}

/// To all who had the post; of an open one also to those who reacted to it. Must be made before the row is emptied.
pub(crate) async fn delete(
    c: &mut SqliteConnection,
    urls: &Urls,
    author: &Account,
    row: &Status,
) -> Result<Letter, sqlx::Error> {
    let id = urls.status(&author.username, row.id);
    let mentions = mentions(c, urls, row).await?;
    let (to, cc) = addressing(urls, author, &row.visibility, &mentions.uris);
    let activity = json!({
        "@context": context(),
        "id": format!("{id}#delete"),
        "type": "Delete",
        "actor": author.uri(urls),
        "to": to,
        "cc": cc,
        "object": { "id": id, "type": "Tombstone" },
    });
    let also = if is_open(row) {
        db::interactions::reach(c, row.id).await?
    } else {
        Vec::new()
    };
    Ok(Letter { activity, also })
}

fn is_open(row: &Status) -> bool {
    matches!(row.visibility.as_str(), "public" | "unlisted")
}

/// `None` where the status is one of ours: then nobody elsewhere has to hear of it.
pub(crate) async fn like(
    c: &mut SqliteConnection,
    urls: &Urls,
    me: &Account,
    row: &Status,
    number: i64,
) -> Result<Option<Letter>, sqlx::Error> {
    let Some(author) = db::accounts::by_id(c, row.account_id)
        .await?
        .filter(|a| !a.is_local())
    else {
        return Ok(None);
    };
    let activity = json!({
        "@context": context(),
        "id": urls.like(&me.username, number),
        "type": "Like",
        "actor": me.uri(urls),
        "object": row.uri,
    });
    Ok(Some(Letter {
        activity,
        also: vec![author.uri(urls)],
    }))
}

/// `None` where the author is gone.
pub(crate) async fn announce(
    c: &mut SqliteConnection,
    urls: &Urls,
    me: &Account,
    reblog: &Status,
    of: &Status,
) -> Result<Option<Letter>, sqlx::Error> {
    let Some(author) = db::accounts::by_id(c, of.account_id).await? else {
        return Ok(None);
    };
    let object = of.uri.clone().unwrap_or_else(|| own_uri(urls, &author, of));
    let (to, cc) = addressing(urls, me, &reblog.visibility, &[author.uri(urls)]);
    let activity = json!({
        "@context": context(),
        "id": urls.announce(&me.username, reblog.id),
        "type": "Announce",
        "actor": me.uri(urls),
        "published": time::whole_seconds(&reblog.created_at),
        "to": to,
        "cc": cc,
        "object": object,
    });
    Ok(Some(Letter {
        activity,
        also: Vec::new(),
    }))
}

pub(crate) fn follow(urls: &Urls, me: &Account, who: &Account, follow: &Follow) -> Letter {
    Letter {
        activity: with_context(follow_object(urls, me, who, follow)),
        also: vec![who.uri(urls)],
    }
}

pub(crate) fn accept(urls: &Urls, me: &Account, who: &Account, follow: &Follow) -> Letter {
    answer("Accept", urls, me, who, follow)
}

pub(crate) fn reject(urls: &Urls, me: &Account, who: &Account, follow: &Follow) -> Letter {
    answer("Reject", urls, me, who, follow)
}

fn answer(kind: &str, urls: &Urls, me: &Account, who: &Account, follow: &Follow) -> Letter {
    let actor = me.uri(urls);
    let activity = json!({
        "@context": context(),
        "id": format!("{actor}#{}s/follows/{}/{}", kind.to_lowercase(), follow.id, crate::ids::next()),
        "type": kind,
        "actor": actor,
        "object": follow_object(urls, who, me, follow),
    });
    Letter {
        activity,
        also: vec![who.uri(urls)],
    }
}

fn follow_object(urls: &Urls, from: &Account, to: &Account, follow: &Follow) -> Value {
    let id = follow
        .uri
        .clone()
        .unwrap_or_else(|| urls.follow(&from.username, follow.id));
    json!({ "id": id, "type": "Follow", "actor": from.uri(urls), "object": to.uri(urls) })
}

/// A new id for a Block of mine.
pub(crate) fn block_uri(urls: &Urls, me: &Account) -> String {
    format!("{}#blocks/{}", urls.actor(&me.username), crate::ids::next())
}

pub(crate) fn block(urls: &Urls, me: &Account, who: &Account, uri: &str) -> Letter {
    let activity = json!({
        "@context": context(),
        "id": uri,
        "type": "Block",
        "actor": me.uri(urls),
        "object": who.uri(urls),
    });
    Letter {
        activity,
        also: vec![who.uri(urls)],
    }
}

/// Takes back what a letter did, with the same audience.
pub(crate) fn undo(urls: &Urls, me: &Account, letter: Letter) -> Letter {
    let mut inner = letter.activity;
    if let Some(map) = inner.as_object_mut() {
        map.remove("@context");
    }
    let id = inner.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = if id.contains('#') {
        format!("{id}/undo")
    } else {
        format!("{id}#undo")
    };
    let mut activity = json!({ "@context": context(), "id": id, "type": "Undo", "actor": me.uri(urls) });
    if let Some(map) = activity.as_object_mut() {
        for name in ["to", "cc"] {
            if let Some(value) = inner.get(name) {
                map.insert(name.to_owned(), value.clone());
            }
        }
        map.insert("object".into(), inner);
    }
    Letter {
        activity,
        also: letter.also,
    }
}

/// A person of ours says something new about themselves; `actor` is the document as we serve it.
pub(crate) fn profile(urls: &Urls, me: &Account, mut actor: Value) -> Letter {
    let id = me.uri(urls);
    let context = actor
        .as_object_mut()
        .and_then(|map| map.remove("@context"))
        .unwrap_or_else(context);
    let activity = json!({
        "@context": context,
        "id": format!("{id}#updates/{}", crate::ids::next()),
        "type": "Update",
        "actor": id,
        "to": [PUBLIC],
        "cc": [urls.followers(&me.username)],
        "object": actor,
    });
    Letter {
        activity,
        also: Vec::new(),
    }
}

fn with_context(mut activity: Value) -> Value {
    if let Some(map) = activity.as_object_mut() {
        map.insert("@context".into(), context());
    }
    activity
}
