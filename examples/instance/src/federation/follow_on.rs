//! Somebody has moved: those of ours who followed the old account follow the new one.

use super::{Network, outgoing};
use crate::{
    db::{self, accounts::Account},
    urls::Urls,
};
use sqlx::SqliteConnection;

/// Not where they block each other or know each other already. Who has moved is not moved again, so that it may be repeated.
pub(crate) async fn follow_on<E>(
    tx: &mut SqliteConnection,
    network: &Network,
    urls: &Urls,
    old: &Account,
    new: &Account,
) -> Result<(), E>
where
    E: From<sqlx::Error> + From<federate::Error>,
{
    for follower in db::follows::local_followers(&mut *tx, old.id).await? {
        let Some(me) = db::accounts::by_id(&mut *tx, follower).await? else {
            continue;
        };
        let standing = db::follows::standing(&mut *tx, me.id, new.id).await?;
        let barred = standing.following || standing.requested || standing.blocking || standing.blocked_by;
        if me.id != new.id && !barred {
            let accepted = new.is_local() && !new.locked;
            let follow = db::follows::put(&mut *tx, me.id, new.id, accepted, None).await?;
            if new.is_local() {
                let kind = if accepted { "follow" } else { "follow_request" };
                db::notifications::tell(&mut *tx, new.id, kind, me.id, None).await?;
            } else {
                let letter = outgoing::follow(urls, &me, new, &follow);
                network.send(&mut *tx, &me, letter).await?;
            }
        }
        if let Some(follow) = db::follows::remove(&mut *tx, me.id, old.id).await?
            && !old.is_local()
        {
            let follow = outgoing::follow(urls, &me, old, &follow);
            network
                .send(&mut *tx, &me, outgoing::undo(urls, &me, follow))
                .await?;
        }
    }
    Ok(())
}
