//! `Like` and `Announce`: <https://www.w3.org/TR/activitypub/#like-activity-inbox>

use super::{App, done};
use crate::{
    actions::people::Found,
    db::{self, begin},
    federation::{read, remote},
    time,
};
use federate::{Authenticated, Cx, Outcome, activitystreams::Object, prelude::*};
use jiff::Timestamp;

/// Only of what the sender may read.
pub(super) async fn like(cx: Cx<App>, like: Authenticated<Like>) -> Outcome {
    let app = cx.app();
    let Some(id) = like.object_id() else { return Ok(()) };
    let known = remote::status(&mut *app.db.acquire().await?, app, id.as_str()).await?;
    let Some(row) = known else { return Ok(()) };
    let Some(who) = remote::account(cx.federation(), like.by()).await? else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    if let Some(row) = db::statuses::visible(&mut *tx, row.id, Some(who.id)).await?
        && db::interactions::favourite(&mut tx, who.id, row.id, Some(like.id().as_str()))
            .await?
            .is_some()
    {
        db::notifications::tell(&mut tx, row.account_id, "favourite", who.id, Some(row.id)).await?;
    }
    done(&cx, tx).await
}

/// Of a post of ours, or by somebody whom one of ours follows. What is not for everybody is announced by its author only.
pub(super) async fn announce(cx: Cx<App>, announce: Authenticated<Announce>) -> Outcome {
    let app = cx.app();
    // A group announces activities whole: <https://codeberg.org/fediverse/fep/src/branch/main/fep/1b12/fep-1b12.md>. What is
    // meant is the post, and only its own server is believed about it.
    let announced = Object::object(&announce);
    let id = match announced.object().as_ref().map(remote::carried) {
        Some(carried) => carried,
        None => announced.id(),
    };
    let Some(id) = id else { return Ok(()) };
    let Some(who) = remote::account(cx.federation(), announce.by()).await? else {
        return Ok(());
    };
    let known = remote::status(&mut *app.db.acquire().await?, app, id.as_str()).await?;
    let ours = known.as_ref().is_some_and(|row| row.uri.is_none());
    if !ours && !db::follows::is_followed_here(&app.db, who.id).await? {
        return Ok(());
    }
    let number = match known {
        Some(row) => row.id,
        None => match remote::fetch(cx.federation(), &id).await? {
            Some(Found::Status(number)) => number,
            _ => return Ok(()),
        },
    };
    let open = |visibility: &str| matches!(visibility, "public" | "unlisted");
    let uri = announce.id().as_str();
    let mut tx = begin(&app.db).await?;
    let undone = db::statuses::was_deleted(&mut *tx, uri, announce.by().as_str()).await?;
    let row = db::statuses::visible(&mut *tx, number, Some(who.id)).await?;
    let row = row.filter(|row| !undone && row.reblog_of_id.is_none());
    if let Some(row) = row.filter(|row| open(&row.visibility) || row.account_id == who.id) {
        let visibility = match read::visibility(&announce, &who) {
            wide if open(wide) && !open(&row.visibility) => "private",
            // Some servers address nobody; what they announce is for their followers.
            "direct" => "private",
            same => same,
        };
        let now = Timestamp::now();
        let at = announce
            .published()
            .and_then(|at| Timestamp::try_from(at).ok())
            .map_or(now, |at| at.min(now));
        let new = db::statuses::insert_reblog(&mut tx, who.id, &row, visibility, Some(uri), &time::text(at))
            .await?;
        if new.is_some() {
            db::notifications::tell(&mut tx, row.account_id, "reblog", who.id, Some(row.id)).await?;
        }
    }
    done(&cx, tx).await
}
