//! A page of a list, with the `Link` header by which clients go on: <https://docs.joinmastodon.org/api/guidelines/#pagination>

use super::params::Params;
use crate::site::Site;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header::LINK};
use serde::Serialize;

/// `ids` are those of the rows, newest first; `full` says that there may be more.
pub(crate) fn page<T: Serialize>(
    site: &Site,
    path: &str,
    params: &Params,
    ids: &[i64],
    full: bool,
    body: &T,
) -> Response {
    let mut links = Vec::new();
    let query = params.query_without_paging();
    let link = |name: &str, id: i64, rel: &str| {
        let and = if query.is_empty() { "" } else { "&" };
        format!(
            "<{}{path}?{query}{and}{name}={id}>; rel=\"{rel}\"",
            site.urls.base()
        )
    };
    if let (Some(last), true) = (ids.last(), full) {
        links.push(link("max_id", *last, "next"));
    }
    if let Some(first) = ids.first() {
        links.push(link("min_id", *first, "prev"));
    }
    let mut response = Json(body).into_response();
    if let Ok(value) = HeaderValue::from_str(&links.join(", "))
        && !links.is_empty()
    {
        response.headers_mut().insert(LINK, value);
    }
    response
}
