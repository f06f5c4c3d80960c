//! What happens when an activity has come, its sender is proven and it is allowed. Each handler writes its effect and the mark
//! that it is done in one transaction, so that a crash runs it neither twice nor not at all.

mod blocks;
mod deletes;
mod follows;
mod moves;
mod posts;
mod reactions;
mod undo;

use super::App;
use crate::db::Tx;
use federate::{Builder, Cx, Failure};

/// Names the handler of each activity.
pub(super) fn install(builder: Builder<App>) -> Builder<App> {
    builder
        .on(follows::follow)
        .on(follows::accept)
        .on(follows::reject)
        .on(posts::create)
        .on(posts::update)
        .on(deletes::delete)
        .on(reactions::like)
        .on(reactions::announce)
        .on(blocks::block)
        .on(moves::moved)
        .on(undo::undo)
}

/// The effect and the mark, together. What went into the outbox leaves at once.
async fn done(cx: &Cx<App>, mut tx: Tx) -> Result<(), Failure> {
    cx.done_in(&mut tx).await?;
    tx.commit().await?;
    cx.federation().wake();
    Ok(())
}
