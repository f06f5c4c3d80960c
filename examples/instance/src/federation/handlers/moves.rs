//! `Move`: those of ours who followed the old account follow the new one. That the new one confirms it was checked before.

use super::{App, done};
use crate::{
    db::{self, begin},
    federation::{Network, network::known, outgoing, remote},
};
use federate::{Authenticated, Cx, Outcome, prelude::*};

pub(super) async fn moved(cx: Cx<App>, moved: Authenticated<Move>) -> Outcome {
    let app = cx.app();
    let Some(target) = moved.target().id() else {
        return Ok(());
    };
    let Some(old) = db::accounts::by_uri(&app.db, moved.by().as_str()).await? else {
        return Ok(());
    };
    let new = match known(&app.db, &app.urls, &target).await? {
        Some(known) => Some(known),
        None => remote::account(cx.federation(), &target).await?,
    };
    let Some(new) = new else { return Ok(()) };
    let network = Network::new(cx.federation().clone());
    let mut tx = begin(&app.db).await?;
    db::accounts::set_moved(&mut tx, old.id, target.as_str()).await?;
    for follower in db::follows::local_followers(&mut *tx, old.id).await? {
        let Some(me) = db::accounts::by_id(&mut *tx, follower).await? else {
            continue;
        };
        let standing = db::follows::standing(&mut *tx, me.id, new.id).await?;
        let barred = standing.following || standing.requested || standing.blocking || standing.blocked_by;
        if me.id != new.id && !barred {
            let accepted = new.is_local() && !new.locked;
            let follow = db::follows::put(&mut tx, me.id, new.id, accepted, None).await?;
            if new.is_local() {
                let kind = if accepted { "follow" } else { "follow_request" };
                db::notifications::tell(&mut tx, new.id, kind, me.id, None).await?;
            } else {
                network
                    .send(&mut tx, &me, outgoing::follow(&app.urls, &me, &new, &follow))
                    .await?;
            }
        }
        if let Some(follow) = db::follows::remove(&mut tx, me.id, old.id).await? {
            let follow = outgoing::follow(&app.urls, &me, &old, &follow);
            network
                .send(&mut tx, &me, outgoing::undo(&app.urls, &me, follow))
                .await?;
        }
    }
    done(&cx, tx).await
}
