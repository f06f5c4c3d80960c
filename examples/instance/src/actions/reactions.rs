//! Favourites and reblogs.

use crate::{
    db::{self, accounts::Account, begin, statuses::Status},
    error::ApiError,
    federation::outgoing,
    site::Site,
    time,
};

/// Twice is once.
pub(crate) async fn favourite(site: &Site, me: &Account, row: &Status) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    if let Some(id) = db::interactions::favourite(&mut tx, me.id, row.id, None).await? {
        db::notifications::tell(&mut tx, row.account_id, "favourite", me.id, Some(row.id)).await?;
        if let Some(like) = outgoing::like(&mut tx, &site.urls, me, row, id).await? {
            site.network.send(&mut tx, me, like).await?;
        }
    }
    site.commit(tx).await?;
    Ok(())
}

pub(crate) async fn unfavourite(site: &Site, me: &Account, row: &Status) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    if let Some(id) = db::interactions::unfavourite(&mut tx, me.id, row.id).await?
        && let Some(like) = outgoing::like(&mut tx, &site.urls, me, row, id).await?
    {
        site.network
            .send(&mut tx, me, outgoing::undo(&site.urls, me, like))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

/// What is public or unlisted may be reblogged by all, what is private by its author for their followers, what is direct by nobody.
pub(crate) async fn reblog(
    site: &Site,
    me: &Account,
    row: &Status,
    wish: Option<&str>,
) -> Result<Status, ApiError> {
    let visibility = match (row.visibility.as_str(), wish) {
        ("public" | "unlisted", None) => "public",
        ("public" | "unlisted", Some(wish @ ("public" | "unlisted" | "private"))) => wish,
        ("public" | "unlisted", Some(_)) => {
            return Err(ApiError::invalid("Visibility is not included in the list"));
        }
        ("private", _) if row.account_id == me.id => "private",
        _ => return Err(ApiError::forbidden()),
    };
    let mut tx = begin(&site.db).await?;
    if let Some(before) = db::statuses::reblog_by(&mut *tx, row.id, me.id).await? {
        return Ok(before);
    }
    let Some(reblog) =
        db::statuses::insert_reblog(&mut tx, me.id, row, visibility, None, &time::now()).await?
    else {
        return Err(ApiError::invalid("Reblog of post already exists"));
    };
    db::notifications::tell(&mut tx, row.account_id, "reblog", me.id, Some(row.id)).await?;
    if let Some(announce) = outgoing::announce(&mut tx, &site.urls, me, &reblog, row).await? {
        site.network.send(&mut tx, me, announce).await?;
    }
    site.commit(tx).await?;
    Ok(reblog)
}

pub(crate) async fn unreblog(site: &Site, me: &Account, row: &Status) -> Result<(), ApiError> {
    let mut tx = begin(&site.db).await?;
    if let Some(reblog) = db::statuses::reblog_by(&mut *tx, row.id, me.id).await? {
        let announce = outgoing::announce(&mut tx, &site.urls, me, &reblog, row).await?;
        db::statuses::bury(&mut tx, reblog.id).await?;
        db::notifications::untell(&mut tx, "reblog", me.id, row.id).await?;
        if let Some(announce) = announce {
            site.network
                .send(&mut tx, me, outgoing::undo(&site.urls, me, announce))
                .await?;
        }
    }
    site.commit(tx).await?;
    Ok(())
}
