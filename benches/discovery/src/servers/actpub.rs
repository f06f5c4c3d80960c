//! actpub: its router for WebFinger, and its responder around a document that was made beforehand, which is the most
//! that can be done for it.

use actpub_activitystreams::{Context, Object, WithContext};
use actpub_axum::{FederationJson, WebFingerResolver, webfinger_router};
use actpub_webfinger::{Jrd, JrdLink, rels};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use crate::alice;

struct Resolver(Jrd);

impl WebFingerResolver for Resolver {
    async fn resolve(&self, resource: String) -> Result<Option<Jrd>, String> {
        let account = resource.strip_prefix("acct:").unwrap_or(&resource);
        let known = account
            .split_once('@')
            .is_some_and(|(name, host)| name == alice::NAME && host == alice::HOST);
        Ok(known.then(|| self.0.clone()))
    }
}

pub fn app() -> Router {
    let document: &'static WithContext<Object> = Box::leak(Box::new(document()));
    let actor = async move |Path(name): Path<String>| {
        if name == alice::NAME {
            Ok(FederationJson(document))
        } else {
            Err(StatusCode::NOT_FOUND)
        }
    };
    Router::new()
        .route("/users/{name}", get(actor))
        .merge(webfinger_router(Resolver(jrd())))
}

fn jrd() -> Jrd {
    let link = |rel: &str, media_type: &str, href: &str| {
        JrdLink::builder(rel)
            .media_type(media_type)
            .href(href.parse().unwrap())
            .build()
    };
    Jrd::builder(format!("acct:{}@{}", alice::NAME, alice::HOST))
        .alias(alice::PAGE)
        .alias(alice::ID)
        .link(link(rels::PROFILE_PAGE, "text/html", alice::PAGE))
        .link(link(rels::SELF, "application/activity+json", alice::ID))
        .build()
}

fn document() -> WithContext<Object> {
    let id = alice::ID;
    let below = |part: &str| format!("{id}/{part}");
    let image = |url: &str| json!({ "type": "Image", "mediaType": "image/png", "url": url });
    let fields: Vec<Value> = alice::FIELDS
        .iter()
        .map(|(name, value)| json!({ "type": "PropertyValue", "name": name, "value": value }))
        .collect();
    let object = json!({
        "id": id,
        "type": "Person",
        "preferredUsername": alice::NAME,
        "name": alice::DISPLAY,
        "summary": alice::SUMMARY,
        "url": alice::PAGE,
        "inbox": below("inbox"),
        "outbox": below("outbox"),
        "followers": below("followers"),
        "following": below("following"),
        "featured": below("featured"),
        "manuallyApprovesFollowers": false,
        "discoverable": true,
        "indexable": true,
        "endpoints": { "sharedInbox": format!("{}/inbox", alice::BASE) },
        "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": alice::public_key() },
        "tag": [],
        "attachment": fields,
        "icon": image(alice::ICON),
        "image": image(alice::IMAGE),
        "published": alice::PUBLISHED,
    });
    let context: Context = serde_json::from_value(alice::context()).unwrap();
    WithContext::with_ctx(context, serde_json::from_value(object).unwrap())
}
