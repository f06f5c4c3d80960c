//! `Undo`, of what came embedded or of what an id names: <https://www.w3.org/TR/activitypub/#undo-activity-inbox>

use super::{App, done};
use crate::{
    db::{self, accounts::Account, begin, statuses::Status},
    federation::remote,
};
use federate::{Authenticated, Cx, Failure, Outcome, prelude::*};
use sqlx::SqliteConnection;

pub(super) async fn undo(cx: Cx<App>, undo: Authenticated<Undo>) -> Outcome {
    let app = cx.app();
    // Who never did anything here has nothing to undo.
    let Some(who) = db::accounts::by_uri(&app.db, undo.by().as_str()).await? else {
        return Ok(());
    };
    let what = undo.object();
    let id = what.id();
    let mut tx = begin(&app.db).await?;
    // Many embed the type and the id alone, or write the id in place of it all.
    let mut taken_back = match &id {
        Some(id) => by_id(&mut tx, &who, id.as_str()).await?,
        None => false,
    };
    if !taken_back {
        taken_back = by_what_it_was(&cx, &mut tx, &who, what).await?;
    }
    // It came before what it undoes.
    if !taken_back
        && what.is("Announce")
        && let Some(id) = id
    {
        db::statuses::remember_deleted(&mut tx, id.as_str(), undo.by().as_str()).await?;
    }
    done(&cx, tx).await
}

/// Whatever of the sender's has the id, whatever it is said to be. Whether anything has.
async fn by_id(tx: &mut SqliteConnection, who: &Account, id: &str) -> Result<bool, Failure> {
    if let Some(follow) = db::follows::by_uri(&mut *tx, id)
        .await?
        .filter(|f| f.account_id == who.id)
    {
        db::follows::remove(tx, who.id, follow.target_id).await?;
    } else if let Some((_, status)) = db::interactions::by_uri(&mut *tx, id)
        .await?
        .filter(|(by, _)| *by == who.id)
    {
        db::interactions::unfavourite(tx, who.id, status).await?;
    } else if let Some(row) = db::statuses::by_uri(&mut *tx, id)
        .await?
        .filter(|row| row.account_id == who.id && row.reblog_of_id.is_some())
    {
        take_reblog_away(tx, who, &row).await?;
    } else if let Some(target) = db::follows::block_target(&mut *tx, who.id, id).await? {
        db::follows::unblock(tx, who.id, target).await?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Some send another id each time, or none. Whether there was anything like it.
async fn by_what_it_was(
    cx: &Cx<App>,
    tx: &mut SqliteConnection,
    who: &Account,
    what: &Object,
) -> Result<bool, Failure> {
    Ok(match what.type_name() {
        "Follow" => match ours(cx, tx, what).await? {
            Some(me) => db::follows::remove(tx, who.id, me.id).await?.is_some(),
            None => false,
        },
        "Block" => match ours(cx, tx, what).await? {
            Some(me) => db::follows::unblock(tx, who.id, me.id).await?.is_some(),
            None => false,
        },
        "Like" | "EmojiReact" => match status(cx, tx, what).await? {
            Some(of) => db::interactions::unfavourite(tx, who.id, of).await?.is_some(),
            None => false,
        },
        "Announce" => match status(cx, tx, what).await? {
            Some(of) => match db::statuses::reblog_by(&mut *tx, of, who.id).await? {
                Some(reblog) => {
                    take_reblog_away(tx, who, &reblog).await?;
                    true
                }
                None => false,
            },
            None => false,
        },
        _ => false,
    })
}

/// Whom of ours the undone activity was about.
async fn ours(cx: &Cx<App>, tx: &mut SqliteConnection, what: &Object) -> Result<Option<Account>, Failure> {
    Ok(match cx.local_actor(what.object_id()) {
        Some(name) => db::accounts::local(tx, &name).await?,
        None => None,
    })
}

/// The post that the undone activity was about.
async fn status(cx: &Cx<App>, tx: &mut SqliteConnection, what: &Object) -> Result<Option<i64>, Failure> {
    let Some(id) = what.object_id() else {
        return Ok(None);
    };
    Ok(remote::status(tx, cx.app(), id.as_str()).await?.map(|row| row.id))
}

async fn take_reblog_away(tx: &mut SqliteConnection, who: &Account, reblog: &Status) -> Result<(), Failure> {
    db::statuses::bury(tx, reblog.id).await?;
    if let Some(of) = reblog.reblog_of_id {
        db::notifications::untell(tx, "reblog", who.id, of).await?;
    }
    Ok(())
}
