//! `Undo`, of what came embedded or of what an id names: <https://www.w3.org/TR/activitypub/#undo-activity-inbox>

use super::{App, done};
use crate::{
    db::{self, accounts::Account, begin},
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
    let mut tx = begin(&app.db).await?;
    match what.type_name() {
        "Follow" => {
            if let Some(me) = ours(&cx, &mut tx, what).await? {
                db::follows::remove(&mut tx, who.id, me.id).await?;
            }
        }
        "Like" | "EmojiReact" => {
            if let Some(id) = what.object_id()
                && let Some(row) = remote::status(&mut tx, app, id.as_str()).await?
            {
                db::interactions::unfavourite(&mut tx, who.id, row.id).await?;
            }
        }
        "Announce" => unannounce(&mut tx, app, &who, what).await?,
        "Block" => {
            if let Some(me) = ours(&cx, &mut tx, what).await? {
                db::follows::unblock(&mut tx, who.id, me.id).await?;
            }
        }
        "" => {
            if let Some(id) = what.id() {
                by_id(&mut tx, &who, id.as_str()).await?;
            }
        }
        _ => {}
    }
    done(&cx, tx).await
}

/// Whom of ours the undone activity was about.
async fn ours(cx: &Cx<App>, tx: &mut SqliteConnection, what: &Object) -> Result<Option<Account>, Failure> {
    Ok(match cx.local_actor(what.object_id()) {
        Some(name) => db::accounts::local(tx, &name).await?,
        None => None,
    })
}

async fn unannounce(
    tx: &mut SqliteConnection,
    app: &App,
    who: &Account,
    what: &Object,
) -> Result<(), Failure> {
    let id = what.id();
    let mut reblog = match &id {
        Some(id) => db::statuses::by_uri(&mut *tx, id.as_str())
            .await?
            .filter(|row| row.account_id == who.id),
        None => None,
    };
    if reblog.is_none()
        && let Some(of) = what.object_id()
        && let Some(row) = remote::status(tx, app, of.as_str()).await?
    {
        reblog = db::statuses::reblog_by(&mut *tx, row.id, who.id).await?;
    }
    match (reblog, id) {
        (Some(reblog), _) => take_reblog_away(tx, who, reblog.id, reblog.reblog_of_id).await?,
        // It came before what it undoes.
        (None, Some(id)) => {
            let owner = who.uri.as_deref().unwrap_or_default();
            db::statuses::remember_deleted(tx, id.as_str(), owner).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

async fn take_reblog_away(
    tx: &mut SqliteConnection,
    who: &Account,
    reblog: i64,
    of: Option<i64>,
) -> Result<(), Failure> {
    let Some(of) = of else { return Ok(()) };
    db::statuses::bury(tx, reblog).await?;
    db::notifications::untell(tx, "reblog", who.id, of).await?;
    Ok(())
}

/// Where only an id came: whatever of the sender's has it.
async fn by_id(tx: &mut SqliteConnection, who: &Account, id: &str) -> Result<(), Failure> {
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
        .filter(|row| row.account_id == who.id)
    {
        take_reblog_away(tx, who, row.id, row.reblog_of_id).await?;
    } else if let Some(target) = db::follows::block_target(&mut *tx, who.id, id).await? {
        db::follows::unblock(tx, who.id, target).await?;
    }
    Ok(())
}
