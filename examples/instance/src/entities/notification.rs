//! `Notification` — <https://docs.joinmastodon.org/entities/Notification/>

use super::{account::account_by_id, status::status};
use crate::{db, db::notifications::Notification as Row, site::Site};
use serde_json::{Value, json};

pub(crate) async fn notifications(site: &Site, me: i64, rows: &[Row]) -> Result<Vec<Value>, sqlx::Error> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(from) = account_by_id(site, row.from_id).await? else {
            continue;
        };
        let mut entity = json!({
            "id": row.id.to_string(),
            "type": row.kind,
            "created_at": row.created_at,
            "group_key": format!("ungrouped-{}", row.id),
            "account": from,
        });
        if let Some(id) = row.status_id {
            let Some(about) = db::statuses::visible(&site.db, id, Some(me)).await? else {
                continue;
            };
            let Some(about) = status(site, Some(me), about).await? else {
                continue;
            };
            if let Some(map) = entity.as_object_mut() {
                map.insert("status".into(), json!(about));
            }
        }
        all.push(entity);
    }
    Ok(all)
}
