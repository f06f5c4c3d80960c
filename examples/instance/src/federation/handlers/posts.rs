//! `Create` and `Update`: <https://www.w3.org/TR/activitypub/#create-activity-inbox>

use super::{App, done};
use crate::{
    db::{
        self,
        accounts::Account,
        begin,
        statuses::{Edit, Status},
    },
    federation::{read, remote},
    time,
};
use federate::{Authenticated, Cx, Failure, Outcome, prelude::*};
use sqlx::SqliteConnection;

/// A new post. What concerns nobody here is not kept.
pub(super) async fn create(cx: Cx<App>, create: Authenticated<Create>) -> Outcome {
    match whole(&cx, create.object(), create.by()).await? {
        Some(object) => take(&cx, &object, create.by()).await,
        None => Ok(()),
    }
}

/// A post or a profile says something else now.
pub(super) async fn update(cx: Cx<App>, update: Authenticated<Update>) -> Outcome {
    let Some(object) = whole(&cx, update.object(), update.by()).await? else {
        return Ok(());
    };
    if object.is_actor() {
        return profile(&cx, &object, update.by()).await;
    }
    let app = cx.app();
    let Some(id) = object.id() else { return Ok(()) };
    let Some(author) = db::accounts::by_uri(&app.db, update.by().as_str()).await? else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    match db::statuses::by_uri(&mut *tx, id.as_str()).await? {
        Some(row) => {
            if row.account_id == author.id && row.deleted_at.is_none() {
                edit(&mut tx, app, &object, &author, &row).await?;
            }
            done(&cx, tx).await
        }
        // The edit came before the post.
        None => {
            tx.rollback().await?;
            take(&cx, &object, update.by()).await
        }
    }
}

async fn take(cx: &Cx<App>, object: &Object, by: &Iri) -> Outcome {
    if !read::is_post(object) {
        return Ok(());
    }
    let app = cx.app();
    let Some(author) = remote::account(cx.federation(), by).await? else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    let mut taken = None;
    if remote::concerns_us(&mut tx, app, object, &author).await? {
        taken = remote::take(&mut tx, app, object, &author).await?;
    }
    if let Some(taken) = &taken {
        for who in &taken.tell {
            db::notifications::tell(&mut tx, *who, "mention", author.id, Some(taken.row.id)).await?;
        }
    }
    done(cx, tx).await?;
    if let Some(taken) = taken {
        remote::fetch_ancestors(cx.federation(), &taken.row);
    }
    Ok(())
}

/// Nothing that is older than what we have. Two edits within a second have one date with most servers: then the later to come
/// counts. A date that does not move at all counts as now.
async fn edit(
    tx: &mut SqliteConnection,
    app: &App,
    object: &Object,
    author: &Account,
    row: &Status,
) -> Result<(), Failure> {
    let Some(new) = read::post(object, author) else {
        return Ok(());
    };
    let updated = object
        .updated()
        .and_then(|at| jiff::Timestamp::try_from(at).ok())
        .map(time::text);
    let updated = updated.filter(|at| *at > row.created_at);
    if let (Some(at), Some(before)) = (&updated, &row.edited_at)
        && at < before
    {
        return Ok(());
    }
    let named = remote::named(tx, app, object, &row.visibility).await?;
    let before = db::statuses::mentions(&mut *tx, row.id).await?;
    let edit = Edit {
        text: String::new(),
        content: new.content,
        spoiler_text: new.spoiler_text,
        sensitive: new.sensitive,
        language: new.language,
        attachments: new.attachments,
        edited_at: Some(updated.unwrap_or_else(time::now)),
        mentions: named.all,
        tags: new.tags,
    };
    db::statuses::edit(tx, row.id, &edit).await?;
    for who in named.tell.iter().filter(|who| !before.contains(who)) {
        db::notifications::tell(tx, *who, "mention", author.id, Some(row.id)).await?;
    }
    let readers = db::timelines::people(&mut *tx, db::timelines::People::Reblogged, row.id, 1000).await?;
    for reader in readers {
        db::notifications::tell(tx, reader, "update", author.id, Some(row.id)).await?;
    }
    Ok(())
}

async fn profile(cx: &Cx<App>, object: &Object, by: &Iri) -> Outcome {
    let app = cx.app();
    // Of somebody whom we do not know there is nothing to update.
    let Some(known) = db::accounts::by_uri(&app.db, by.as_str())
        .await?
        .filter(|a| !a.deleted)
    else {
        return Ok(());
    };
    let Some(mut person) = read::person(object, &known.handle(&app.urls)) else {
        return Ok(());
    };
    if object.inbox().is_none_or(|inbox| !inbox.same_origin(by)) {
        // An inbox elsewhere would send our people's words to a stranger.
        person.inbox = known.inbox.clone().unwrap_or_default();
    }
    let mut tx = begin(&app.db).await?;
    db::accounts::upsert(&mut tx, &person).await?;
    done(cx, tx).await
}

/// The object itself: embedded, or fetched from the sender's own server where only its id came, or of an actor only what has changed.
async fn whole(cx: &Cx<App>, object: &Object, by: &Iri) -> Result<Option<Object>, Failure> {
    let lacks_most = object.is_actor() && object.inbox().is_none();
    if !object.type_name().is_empty() && !lacks_most {
        return Ok(Some(object.clone()));
    }
    let Some(id) = object.id().filter(|id| id.same_origin(by)) else {
        return Ok(None);
    };
    let document = cx.federation().object(&id).await?;
    let fetched = document.object();
    let theirs = fetched.attributed_to().contains(by) || fetched.id().as_ref() == Some(by);
    Ok(theirs.then(|| fetched.clone()))
}
