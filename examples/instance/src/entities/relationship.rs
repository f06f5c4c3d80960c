//! `Relationship` — <https://docs.joinmastodon.org/entities/Relationship/>

use crate::{db::follows, site::Site};
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Relationship {
    id: String,
    following: bool,
    showing_reblogs: bool,
    notifying: bool,
    languages: Option<Vec<String>>,
    followed_by: bool,
    blocking: bool,
    blocked_by: bool,
    muting: bool,
    muting_notifications: bool,
    requested: bool,
    requested_by: bool,
    domain_blocking: bool,
    endorsed: bool,
    note: String,
}

/// How `other` stands to `me`.
pub(crate) async fn relationship(site: &Site, me: i64, other: i64) -> Result<Relationship, sqlx::Error> {
    let s = follows::standing(&site.db, me, other).await?;
    Ok(Relationship {
        id: other.to_string(),
        following: s.following,
        showing_reblogs: s.following || s.requested,
        notifying: false,
        languages: None,
        followed_by: s.followed_by,
        blocking: s.blocking,
        blocked_by: s.blocked_by,
        muting: false,
        muting_notifications: false,
        requested: s.requested,
        requested_by: s.requested_by,
        domain_blocking: false,
        endorsed: false,
        note: String::new(),
    })
}
