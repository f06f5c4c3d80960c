//! `Delete`, of a post or of the sender itself: <https://www.w3.org/TR/activitypub/#delete-activity-inbox>

use super::{App, done};
use crate::db::{self, begin};
use federate::{Authenticated, Cx, Outcome, prelude::*};

pub(super) async fn delete(cx: Cx<App>, delete: Authenticated<Delete>) -> Outcome {
    let app = cx.app();
    let Some(id) = delete.object_id() else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    let sender = db::accounts::by_uri(&mut *tx, delete.by().as_str()).await?;
    if id == *delete.by() {
        if let Some(sender) = sender {
            db::accounts::bury(&mut tx, sender.id).await?;
        }
        return done(&cx, tx).await;
    }
    match db::statuses::by_uri(&mut *tx, id.as_str()).await? {
        Some(row) if sender.is_some_and(|s| s.id == row.account_id) => {
            db::statuses::bury(&mut tx, row.id).await?;
        }
        Some(_) => {}
        // It came before what it deletes.
        None => db::statuses::remember_deleted(&mut tx, id.as_str(), delete.by().as_str()).await?,
    }
    done(&cx, tx).await
}
