//! Following, and what the followed say to it.

use crate::{
    db::{self, accounts::Account, begin},
    error::ApiError,
    federation::outgoing,
    site::Site,
};

/// Twice is once. Between two of ours nothing leaves the database.
pub(crate) async fn follow(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    if me.id == who.id {
        return Err(ApiError::forbidden());
    }
    let mut tx = begin(&site.db).await?;
    let standing = db::follows::standing(&mut *tx, me.id, who.id).await?;
    if standing.blocked_by || standing.blocking {
        return Err(ApiError::forbidden());
    }
    if standing.following || standing.requested {
        return Ok(());
    }
    let accepted = who.is_local() && !who.locked;
    let follow = db::follows::put(&mut tx, me.id, who.id, accepted, None).await?;
    if who.is_local() {
        let kind = if accepted { "follow" } else { "follow_request" };
        db::notifications::tell(&mut tx, who.id, kind, me.id, None).await?;
    } else {
        site.network
            .send(&mut tx, me, outgoing::follow(&site.urls, me, who, &follow))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

/// Ends a follow, or takes a request back.
pub(crate) async fn unfollow(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    if let Some(follow) = db::follows::remove(&mut tx, me.id, who.id).await?
        && !who.is_local()
    {
        let follow = outgoing::follow(&site.urls, me, who, &follow);
        site.network
            .send(&mut tx, me, outgoing::undo(&site.urls, me, follow))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

/// Lets one who waits follow me.
pub(crate) async fn authorize(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    let follow = db::follows::find(&mut *tx, who.id, me.id)
        .await?
        .filter(|f| !f.accepted);
    let Some(follow) = follow else {
        return Err(ApiError::not_found());
    };
    db::follows::accept(&mut tx, who.id, me.id).await?;
    db::notifications::settle_request(&mut tx, me.id, who.id).await?;
    if !who.is_local() {
        site.network
            .send(&mut tx, me, outgoing::accept(&site.urls, me, who, &follow))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

/// Turns one who waits away.
pub(crate) async fn reject(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    let follow = db::follows::find(&site.db, who.id, me.id)
        .await?
        .filter(|f| !f.accepted);
    if follow.is_none() {
        return Err(ApiError::not_found());
    }
    drop_follower(site, me, who).await
}

/// Ends that somebody follows me.
pub(crate) async fn drop_follower(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    if let Some(follow) = db::follows::remove(&mut tx, who.id, me.id).await?
        && !who.is_local()
    {
        site.network
            .send(&mut tx, me, outgoing::reject(&site.urls, me, who, &follow))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

pub(crate) async fn block(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    if me.id == who.id {
        return Err(ApiError::forbidden());
    }
    let mut tx = begin(&site.db).await?;
    if db::follows::standing(&mut *tx, me.id, who.id).await?.blocking {
        return Ok(());
    }
    let uri = outgoing::block_uri(&site.urls, me);
    db::follows::block(&mut tx, me.id, who.id, Some(&uri)).await?;
    if !who.is_local() {
        site.network
            .send(&mut tx, me, outgoing::block(&site.urls, me, who, &uri))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

pub(crate) async fn unblock(site: &Site, me: &Account, who: &Account) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    if let Some(uri) = db::follows::unblock(&mut tx, me.id, who.id).await?
        && !who.is_local()
    {
        let block = outgoing::block(&site.urls, me, who, &uri);
        site.network
            .send(&mut tx, me, outgoing::undo(&site.urls, me, block))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}
