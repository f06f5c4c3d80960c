//! What clients ask for at their start and what this instance has none of.

use super::{auth::Me, params::Params};
use crate::{error::ApiError, site::Site};
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};

pub(crate) fn routes() -> Router<Site> {
    let mut router = Router::new()
        .route("/api/v1/preferences", get(preferences))
        .route("/api/v1/markers", get(async |_: Me| Json(json!({}))))
        .route("/api/v1/accounts/familiar_followers", get(familiar_followers));
    for path in [
        "/api/v1/announcements",
        "/api/v1/blocks",
        "/api/v1/bookmarks",
        "/api/v1/conversations",
        "/api/v1/domain_blocks",
        "/api/v1/endorsements",
        "/api/v1/featured_tags",
        "/api/v1/filters",
        "/api/v2/filters",
        "/api/v1/followed_tags",
        "/api/v1/lists",
        "/api/v1/mutes",
        "/api/v1/scheduled_statuses",
        "/api/v1/suggestions",
        "/api/v2/suggestions",
    ] {
        router = router.route(path, get(async |_: Me| Json(json!([]))));
    }
    for path in [
        "/api/v1/custom_emojis",
        "/api/v1/directory",
        "/api/v1/instance/rules",
        "/api/v1/instance/activity",
        "/api/v1/trends",
        "/api/v1/trends/links",
        "/api/v1/trends/statuses",
        "/api/v1/trends/tags",
    ] {
        router = router.route(path, get(async || Json(json!([]))));
    }
    router
}

/// Nobody, for each who is asked about.
async fn familiar_followers(_: Me, params: Params) -> Json<Value> {
    let none = |id: &String| json!({ "id": id, "accounts": [] });
    Json(params.list("id").iter().take(80).map(none).collect())
}

async fn preferences(_: Me) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({
        "posting:default:visibility": "public",
        "posting:default:sensitive": false,
        "posting:default:language": null,
        "reading:expand:media": "default",
        "reading:expand:spoilers": false,
    })))
}
