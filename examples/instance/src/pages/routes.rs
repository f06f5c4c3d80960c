//! The addresses of the pages. What a browser asks for at the address of an actor or a post leads to its page.

use super::{
    front, health, layout, post,
    profile::{self, wants_activity},
};
use crate::{error::ApiError, site::Site};
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{
    HeaderMap,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(front::front))
        .route("/@{name}", get(profile::profile))
        .route("/@{name}/{id}", get(post::post))
        .route("/users/{name}", get(person))
        .route("/users/{name}/statuses/{id}", get(status))
        .route("/avatars/original/missing.svg", get(async || svg(AVATAR)))
        .route("/headers/original/missing.svg", get(async || svg(HEADER)))
        .route("/health", get(async || "OK"))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(async || layout::nothing())
}

/// Where federation has no document to show, there is none; a browser is led to the page.
async fn person(Path(name): Path<String>, headers: HeaderMap) -> Response {
    lead(&headers, &format!("/@{name}"))
}

async fn status(Path((name, id)): Path<(String, String)>, headers: HeaderMap) -> Response {
    lead(&headers, &format!("/@{name}/{id}"))
}

fn lead(headers: &HeaderMap, page: &str) -> Response {
    if wants_activity(headers) {
        ApiError::not_found().into_response()
    } else {
        Redirect::to(page).into_response()
    }
}

const AVATAR: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 4 4"><path fill="#5b7aa8" d="M0 0h4v4H0z"/><circle cx="2" cy="1.5" r=".8" fill="#fff"/><path fill="#fff" d="M.6 4a1.4 1.4 0 0 1 2.8 0z"/></svg>"##;
const HEADER: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="1500" height="500"><path fill="#5b7aa8" d="M0 0h1500v500H0z"/></svg>"##;

fn svg(picture: &'static str) -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "image/svg+xml"),
            (CACHE_CONTROL, "public, max-age=86400"),
        ],
        picture,
    )
}
