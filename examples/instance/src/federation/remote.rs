//! People and posts of other instances, taken into our tables.

use super::{App, network::known, read};
use crate::{
    actions::people::Found,
    db::{
        self,
        accounts::Account,
        begin,
        statuses::{New, Status},
    },
    urls::Local,
};
use federate::{
    Failure, Federation, Resolved,
    activitystreams::{Iri, Object},
};
use sqlx::SqliteConnection;
use tokio::sync::Semaphore;

/// How far up an unknown thread is followed.
const ANCESTORS: usize = 5;
/// How many threads are followed at once; the others stay cut. Whoever writes to us could start as many as they like.
static FOLLOWED: Semaphore = Semaphore::const_new(16);

/// Who this actor is, asked for where we do not know. `None` for one who was deleted.
pub(super) async fn account(federation: &Federation<App>, id: &Iri) -> Result<Option<Account>, Failure> {
    let app = federation.app();
    if let Some(known) = db::accounts::by_uri(&app.db, id.as_str()).await? {
        return Ok(Some(known).filter(|a| !a.deleted));
    }
    if federation.uris().is_local(id) {
        return Ok(None);
    }
    let actor = federation.remote_actor(id).await?;
    match store(app, &actor.object, &actor.handle).await? {
        Some(number) => Ok(db::accounts::by_id(&app.db, number).await?),
        None => Ok(None),
    }
}

/// Writes what a peer says about one of its people.
pub(super) async fn store(app: &App, actor: &Object, handle: &str) -> Result<Option<i64>, sqlx::Error> {
    let Some(person) = read::person(actor, handle) else {
        return Ok(None);
    };
    let mut tx = begin(&app.db).await?;
    let number = db::accounts::upsert(&mut tx, &person).await?;
    tx.commit().await?;
    Ok(Some(number))
}

/// The id of the post that an object is, or that an activity is about. `None` for what does not bring one.
pub(super) fn carried(object: &Object) -> Option<Iri> {
    if object.is("Create") || object.is("Update") {
        object.object().id()
    } else {
        object.id()
    }
}

/// What is at an address elsewhere, taken into our tables. At that of a `Create`, it is what was made.
pub(super) async fn fetch(federation: &Federation<App>, address: &Iri) -> Result<Option<Found>, Failure> {
    let found = federation.resolve(address.as_str()).await?;
    let mut document = found.document().clone();
    if let Some(made) = carried(document.object()).filter(|made| made != document.id()) {
        document = federation.object(&made).await?;
    }
    let object = document.object();
    if object.is_actor() {
        let app = federation.app();
        let actor = federation.remote_actor(document.id()).await?;
        // A handle that was looked up is confirmed; that of the id is only where nothing better is known.
        let known = db::accounts::by_uri(&app.db, actor.id.as_str()).await?;
        let handle = match (known, &found) {
            (Some(known), _) => known.handle(&app.urls),
            (
                None,
                Resolved::Actor {
                    handle: Some((handle, _)),
                    ..
                },
            ) => handle.to_string(),
            (None, _) => actor.handle,
        };
        return Ok(store(app, &actor.object, &handle).await?.map(Found::Account));
    }
    if !read::is_post(object) {
        return Ok(None);
    }
    Ok(post(federation, object).await?.map(|row| Found::Status(row.id)))
}

/// Takes a post that was fetched from its own address, if it is for everybody.
async fn post(federation: &Federation<App>, object: &Object) -> Result<Option<Status>, Failure> {
    let app = federation.app();
    let (Some(id), Some(by)) = (object.id(), object.attributed_to().id()) else {
        return Ok(None);
    };
    if let Some(known) = db::statuses::by_uri(&app.db, id.as_str()).await? {
        return Ok(Some(known).filter(|row| row.deleted_at.is_none()));
    }
    // Its own server must answer for the author too.
    if !by.same_origin(&id) || federation.uris().is_local(&id) {
        return Ok(None);
    }
    let Some(author) = account(federation, &by).await? else {
        return Ok(None);
    };
    if !matches!(read::visibility(object, &author), "public" | "unlisted") {
        return Ok(None);
    }
    let mut tx = begin(&app.db).await?;
    let taken = take(&mut tx, app, object, &author).await?;
    tx.commit().await?;
    Ok(taken.map(|taken| taken.row))
}

/// A post that was written into our tables.
pub(super) struct Taken {
    pub(super) row: Status,
    /// Who of ours is to be told.
    pub(super) tell: Vec<i64>,
}

/// Writes a post with all that hangs on it. `None` where it is known, was deleted, or is none.
pub(super) async fn take(
    tx: &mut SqliteConnection,
    app: &App,
    object: &Object,
    author: &Account,
) -> Result<Option<Taken>, sqlx::Error> {
    let Some(mut new) = read::post(object, author) else {
        return Ok(None);
    };
    let uri = new.uri.clone().unwrap_or_default();
    if db::statuses::was_deleted(&mut *tx, &uri, &author.uri(&app.urls)).await? {
        return Ok(None);
    }
    if let Some(parent) = parent(tx, app, &new).await? {
        new.in_reply_to_id = Some(parent.id);
        new.in_reply_to_account_id = Some(parent.account_id);
    }
    let named = named(tx, app, object, &new.visibility).await?;
    new.mentions = named.all;
    let row = db::statuses::insert(tx, &new).await?;
    Ok(row.map(|row| Taken {
        row,
        tell: named.tell,
    }))
}

/// What a post answers, if we have it.
async fn parent(tx: &mut SqliteConnection, app: &App, new: &New) -> Result<Option<Status>, sqlx::Error> {
    let Some(uri) = &new.in_reply_to_uri else {
        return Ok(None);
    };
    Ok(status(tx, app, uri)
        .await?
        .filter(|row| row.reblog_of_id.is_none()))
}

/// The living status with this id, ours or another's.
pub(super) async fn status(
    tx: &mut SqliteConnection,
    app: &App,
    uri: &str,
) -> Result<Option<Status>, sqlx::Error> {
    let found = match app.urls.local(uri) {
        Some(Local::Status(number)) => db::statuses::any(tx, number)
            .await?
            .filter(|row| row.uri.is_none()),
        Some(_) => None,
        None => db::statuses::by_uri(tx, uri).await?,
    };
    Ok(found.filter(|row| row.deleted_at.is_none()))
}

/// Whom a post names: all whom we know, and who of them hears of it.
pub(super) struct Named {
    pub(super) all: Vec<i64>,
    pub(super) tell: Vec<i64>,
}

pub(super) async fn named(
    tx: &mut SqliteConnection,
    app: &App,
    object: &Object,
    visibility: &str,
) -> Result<Named, sqlx::Error> {
    let mentions = object.mentions();
    let mut named = Named {
        all: Vec::new(),
        tell: Vec::new(),
    };
    for (tagged, id) in mentions
        .iter()
        .map(|id| (true, id))
        .chain(object.addressed().iter().map(|id| (false, id)))
    {
        let who = match app.urls.local(id.as_str()) {
            Some(Local::Actor(name)) => db::accounts::local(&mut *tx, name).await?.filter(|a| !a.deleted),
            Some(_) => None,
            None if tagged => db::accounts::by_uri(&mut *tx, id.as_str()).await?,
            None => None,
        };
        let Some(who) = who.filter(|who| !named.all.contains(&who.id)) else {
            continue;
        };
        named.all.push(who.id);
        // Addressed in silence: may read it, and hears of it where it was for nobody else.
        if who.is_local() && (tagged || visibility == "direct") {
            named.tell.push(who.id);
        }
        if named.all.len() >= 100 {
            break;
        }
    }
    Ok(named)
}

/// Whether a post is of any interest here: somebody follows its author, it names one of ours, or it answers one of ours.
pub(super) async fn concerns_us(
    tx: &mut SqliteConnection,
    app: &App,
    object: &Object,
    author: &Account,
) -> Result<bool, sqlx::Error> {
    if db::follows::is_followed_here(&mut *tx, author.id).await? {
        return Ok(true);
    }
    for id in object.mentions().iter().chain(object.addressed().iter()) {
        if matches!(app.urls.local(id.as_str()), Some(Local::Actor(_)))
            && known(&mut *tx, &app.urls, id).await?.is_some()
        {
            return Ok(true);
        }
    }
    match object.in_reply_to().id() {
        Some(parent) => Ok(status(tx, app, parent.as_str())
            .await?
            .is_some_and(|row| row.uri.is_none())),
        None => Ok(false),
    }
}

/// Fetches what is above a post, a few steps, so that a thread can be read. Beside the handling: it may take its time.
pub(super) fn fetch_ancestors(federation: &Federation<App>, row: &Status) {
    let (Some(first), None) = (row.in_reply_to_uri.clone(), row.in_reply_to_id) else {
        return;
    };
    let Ok(place) = FOLLOWED.try_acquire() else {
        return;
    };
    let federation = federation.clone();
    tokio::spawn(async move {
        let _place = place;
        let mut next = Some(first);
        for _ in 0..ANCESTORS {
            let Some(Ok(id)) = next.as_deref().map(Iri::parse) else {
                return;
            };
            let found = match federation.object(&id).await {
                Ok(document) => post(&federation, document.object()).await,
                Err(error) => Err(error.into()),
            };
            match found {
                Ok(Some(row)) if row.in_reply_to_id.is_none() => next = row.in_reply_to_uri,
                Ok(_) => return,
                Err(failure) => {
                    tracing::debug!(%id, reason = %failure.chain(), "the beginning of a thread cannot be had");
                    return;
                }
            }
        }
    });
}
