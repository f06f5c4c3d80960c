//! `Move`: those of ours who followed the old account follow the new one. That the new one confirms it was checked before.

use super::{App, done};
use crate::{
    db::{self, begin},
    federation::{Network, follow_on},
};
use federate::{Authenticated, Cx, Failure, Outcome, prelude::*};

pub(super) async fn moved(cx: Cx<App>, moved: Authenticated<Move>) -> Outcome {
    let app = cx.app();
    let Some(target) = moved.target().id() else {
        return Ok(());
    };
    let Some(old) = db::accounts::by_uri(&app.db, moved.by().as_str()).await? else {
        return Ok(());
    };
    let network = Network::new(cx.federation().clone());
    let Some(new) = network.account(&target).await? else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    db::accounts::set_moved(&mut tx, old.id, target.as_str()).await?;
    follow_on::<Failure>(&mut tx, &network, &app.urls, &old, &new).await?;
    done(&cx, tx).await
}
