//! What people say about themselves.

use crate::{
    db::{self, accounts::Account, begin},
    entities,
    error::ApiError,
    federation::outgoing,
    site::Site,
};
use serde_json::json;

/// `None` leaves as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) display_name: Option<&'a str>,
    pub(crate) note: Option<&'a str>,
    pub(crate) locked: Option<bool>,
    pub(crate) bot: Option<bool>,
}

/// Writes the change and tells the followers.
pub(crate) async fn change(site: &Site, me: &Account, to: &Change<'_>) -> Result<(), ApiError> {
    if to.display_name.is_some_and(|n| n.chars().count() > 30) {
        return Err(ApiError::invalid(
            "Display name is too long (maximum is 30 characters)",
        ));
    }
    if to.note.is_some_and(|n| n.chars().count() > 500) {
        return Err(ApiError::invalid("Note is too long (maximum is 500 characters)"));
    }
    let document = site.network.actor_document(me).await;
    let mut tx = begin(&site.db).await?;
    db::accounts::update(&mut tx, me.id, to.display_name, to.note, to.locked, to.bot).await?;
    if let (Some(mut document), Some(now)) = (document, db::accounts::by_id(&mut *tx, me.id).await?) {
        if let Some(map) = document.as_object_mut() {
            map.insert("name".into(), json!(now.shown_name()));
            map.insert("summary".into(), json!(entities::note_html(&site.urls, &now)));
            map.insert("manuallyApprovesFollowers".into(), json!(now.locked));
            map.insert("type".into(), json!(if now.bot { "Service" } else { "Person" }));
        }
        site.network
            .send(&mut tx, me, outgoing::profile(&site.urls, me, document))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}
