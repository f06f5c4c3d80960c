//! Followers that the library keeps; see [`Builder::manage_followers`](crate::Builder::manage_followers).

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Block, Delete, Follow, Undo};
use federate_store::{Follower, StoreErrorKind};

use crate::{Ask, Cursor, Cx, Directory, Failure, Federation, Found, Item, Page};

/// Runs before the application's handler, under the same mark.
pub(crate) async fn manage<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    if let Some(follow) = activity.cast::<Follow>() {
        return accept(cx, &follow).await;
    }
    let followers = &cx.federation.stores().followers;
    if let Some(undo) = activity.cast::<Undo<Follow>>() {
        if let Some(me) = cx.local_actor(undo.object().object_id()) {
            followers.remove(&me, undo.by()).await?;
        }
    } else if let Some(block) = activity.cast::<Block>() {
        // Who blocks one of ours no longer wants what they write.
        if let Some(me) = cx.local_actor(block.object_id()) {
            followers.remove(&me, block.by()).await?;
        }
    } else if let Some(delete) = activity.cast::<Delete>()
        && delete.object_id().as_ref() == Some(delete.by())
    {
        followers.forget(delete.by()).await?;
    }
    Ok(())
}

async fn accept<App: Directory>(cx: &Cx<App>, follow: &Authenticated<Follow>) -> Result<(), Failure> {
    let Some(me) = cx.local_actor(follow.object_id()) else {
        return Ok(());
    };
    match cx.app().actor(&cx.federation.ask(None), &me).await? {
        Found::Here(profile) if !profile.is_locked() => {
            let who = cx.actor(follow.by()).await?;
            cx.federation
                .stores()
                .followers
                .add(&me, &Follower::from(&who))
                .await?;
            cx.accept(follow).await?;
        }
        Found::Here(_) => {}
        Found::Gone | Found::Missing => {
            cx.reject(follow).await?;
        }
    }
    Ok(())
}

impl<App: Directory> Federation<App> {
    /// One page of the followers that the library keeps.
    pub(crate) async fn managed_followers(
        &self,
        ask: &Ask<'_>,
        name: &str,
        from: &Cursor,
    ) -> Result<Page, Failure> {
        let followers = &self.stores().followers;
        let limit = usize::try_from(ask.limit()).unwrap_or(usize::MAX);
        let rows = match followers.page(name, from.as_str(), limit).await {
            // A cursor that somebody made up is their error, not the store's.
            Err(e) if from.as_str().is_some() && e.kind() == StoreErrorKind::Broken => {
                return Err(Failure::permanent(e));
            }
            rows => rows?,
        };
        let total = followers.count(name).await?;
        let mut page = Page::of(
            ask,
            rows,
            |(cursor, _)| cursor.clone(),
            |(_, follower)| Item::Follower(follower),
        );
        page.total = Some(total);
        Ok(page)
    }
}
