//! `/`: who is here, and what they said last.

use super::layout::{frame, post};
use crate::{
    db::{
        accounts,
        timelines::{Feed, Window, list, locals},
    },
    error::ApiError,
    site::Site,
};
use axum::{extract::State, response::Html};
use maud::html;

pub(super) async fn front(State(site): State<Site>) -> Result<Html<String>, ApiError> {
    let people = locals(&site.db, 100).await?;
    let mut posts = Vec::new();
    for row in list(
        &site.db,
        &Feed::Public {
            local: true,
            remote: false,
        },
        None,
        Window::first(20),
    )
    .await?
    {
        if let Some(author) = accounts::by_id(&site.db, row.account_id).await? {
            posts.push(post(&site, &author, &row));
        }
    }
    let body = html! {
        h1 { (site.urls.domain()) }
        p { "A small instance of the fediverse. Follow the people below from any server that speaks ActivityPub, for instance from Mastodon." }
        h2 { "People" }
        @if people.is_empty() { p { "Nobody yet. " code { "instance account create NAME --data DIR" } " makes an account." } }
        ul {
            @for who in &people {
                li { a href=(who.page(&site.urls)) { (who.shown_name()) } " " code { "@" (who.handle(&site.urls)) } }
            }
        }
        h2 { "Latest posts" }
        @for post in &posts { (post) }
        @if posts.is_empty() { p { "Nothing yet." } }
    };
    Ok(frame(site.urls.domain(), None, &body))
}
