//! `Block`: <https://www.w3.org/TR/activitypub/#block-activity-outbox>. Servers do deliver it, so that follows end on both sides.

use super::{App, done};
use crate::{
    db::{self, begin},
    federation::remote,
};
use federate::{Authenticated, Cx, Outcome, prelude::*};

pub(super) async fn block(cx: Cx<App>, block: Authenticated<Block>) -> Outcome {
    let app = cx.app();
    let Some(name) = cx.local_actor(block.object_id()) else {
        return Ok(());
    };
    let Some(me) = db::accounts::local(&app.db, &name).await? else {
        return Ok(());
    };
    let Some(who) = remote::account(cx.federation(), block.by()).await? else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    db::follows::block(&mut tx, who.id, me.id, Some(block.id().as_str())).await?;
    done(&cx, tx).await
}
