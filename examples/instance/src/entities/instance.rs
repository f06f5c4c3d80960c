//! `Instance` — <https://docs.joinmastodon.org/entities/Instance/> and <https://docs.joinmastodon.org/entities/V1_Instance/>

use crate::{db::timelines::Totals, site::Site};
use serde_json::{Value, json};

/// The most characters that a post may have.
pub(crate) const MAX_CHARACTERS: usize = 500;
const TITLE: &str = "A small federate instance";
const ABOUT: &str = "Runs the example instance of the federate crates.";

/// The version of Mastodon's API that is spoken here, then who speaks it: clients read the first part.
fn version() -> String {
    format!(
        "4.3.0 (compatible; federate-instance {})",
        env!("CARGO_PKG_VERSION")
    )
}

pub(crate) fn v1(site: &Site, totals: Totals) -> Value {
    json!({
        "uri": site.urls.domain(),
        "title": TITLE,
        "short_description": ABOUT,
        "description": ABOUT,
        "email": "",
        "version": version(),
        "urls": { "streaming_api": "" },
        "stats": { "user_count": totals.users, "status_count": totals.statuses, "domain_count": totals.domains },
        "thumbnail": format!("{}/headers/original/missing.svg", site.urls.base()),
        "languages": ["en"],
        "registrations": false,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": configuration(),
        "contact_account": null,
        "rules": [],
    })
}

pub(crate) fn v2(site: &Site, totals: Totals) -> Value {
    let mut configuration = configuration();
    if let Some(map) = configuration.as_object_mut() {
        map.insert("urls".into(), json!({}));
        map.insert("vapid".into(), json!({ "public_key": "" }));
        map.insert("translation".into(), json!({ "enabled": false }));
    }
    json!({
        "domain": site.urls.domain(),
        "title": TITLE,
        "version": version(),
        "source_url": env!("CARGO_PKG_REPOSITORY"),
        "description": ABOUT,
        "usage": { "users": { "active_month": totals.users } },
        "thumbnail": { "url": format!("{}/headers/original/missing.svg", site.urls.base()) },
        "icon": [],
        "languages": ["en"],
        "configuration": configuration,
        "registrations": { "enabled": false, "approval_required": false, "message": null, "url": null },
        "api_versions": { "mastodon": 2 },
        "contact": { "email": "", "account": null },
        "rules": [],
    })
}

fn configuration() -> Value {
    json!({
        "accounts": { "max_featured_tags": 0, "max_pinned_statuses": 0 },
        "statuses": { "max_characters": MAX_CHARACTERS, "max_media_attachments": 0, "characters_reserved_per_url": 23 },
        "media_attachments": {
            "supported_mime_types": [], "image_size_limit": 0, "image_matrix_limit": 0,
            "video_size_limit": 0, "video_frame_rate_limit": 0, "video_matrix_limit": 0,
        },
        "polls": { "max_options": 0, "max_characters_per_option": 0, "min_expiration": 0, "max_expiration": 0 },
    })
}
