//! The frame of every page, and how a post looks in it.

use crate::{
    db::{accounts::Account, statuses::Status},
    site::Site,
};
use axum::response::Html;
use http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fafafa}
a{color:#2b5fb4}article{background:#fff;border:1px solid #ddd;border-radius:8px;padding:.8rem 1rem;margin:.8rem 0;overflow-wrap:anywhere}
header img{border-radius:8px}.who{font-weight:600}.when,.how{color:#666;font-size:.9em}code{background:#eee;padding:.1em .3em;border-radius:4px}";

/// A whole page. `alternate` is the address of the same thing as an ActivityPub document.
pub(crate) fn frame(title: &str, alternate: Option<&str>, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                @if let Some(href) = alternate {
                    link rel="alternate" type="application/activity+json" href=(href);
                }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    Html(page.into_string())
}

/// One post. Its content was made safe before it was stored.
pub(super) fn post(site: &Site, author: &Account, row: &Status) -> Markup {
    let page = match (&row.url, &row.uri) {
        (Some(url), _) | (None, Some(url)) => url.clone(),
        (None, None) => site.urls.status_page(&author.username, row.id),
    };
    html! {
        article {
            div {
                a.who href=(author.page(&site.urls)) { (author.shown_name()) }
                " " span.how { "@" (author.handle(&site.urls)) }
            }
            @if row.spoiler_text.is_empty() {
                (PreEscaped(&row.content))
            } @else {
                details { summary { (row.spoiler_text) } (PreEscaped(&row.content)) }
            }
            div.when {
                a href=(page) { time datetime=(row.created_at) { (row.created_at) } }
                @if let Some(at) = &row.edited_at { " · edited " time datetime=(at) { (at) } }
                @if row.visibility == "unlisted" { " · unlisted" }
            }
        }
    }
}

/// What is not here.
pub(super) fn nothing() -> (StatusCode, Html<String>) {
    let body = html! { h1 { "Not here" } p { "There is nothing at this address." } p { a href="/" { "To the front page" } } };
    (StatusCode::NOT_FOUND, frame("Not here", None, &body))
}
