//! A forum as it was before: users, posts, comments; axum and SQLx, its own tables, its own URLs. Every line that
//! federation adds here ends in `// +`; all the rest of it stands in [`federation`], and the page of its moderators in
//! [`moderation`].
pub mod federation; // +
pub mod moderation; // +
use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use federation::Post; // +
use sqlx::SqlitePool;

/// The forum's own tables.
pub const SCHEMA: &str = "
create table if not exists users (name text primary key, display text not null, bio text not null default '', deleted integer not null default 0);
create table if not exists posts (id integer primary key, author text not null references users, title text not null, html text not null, created text not null default (strftime('%Y-%m-%dT%H:%M:%SZ')), unread integer not null default 0);
create table if not exists comments (id integer primary key, post integer not null references posts on delete cascade, author text not null, html text not null);";

/// What every handler reaches.
#[derive(Clone, Debug, FromRef)]
pub struct Site {
    /// The forum's database.
    pub db: SqlitePool,
    /// The forum as an instance.
    pub federation: federate::Federation<federation::Forum>, // +
}

/// Any error, as a page.
#[derive(Debug)]
pub struct Oops(Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Oops {
    fn from(e: E) -> Self {
        Oops(e.into())
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

/// The forum's pages.
pub fn app(site: Site) -> Router {
    Router::new()
        .route("/u/{name}", get(profile))
        .route("/posts", post(new_post))
        .route("/posts/{id}", get(show).delete(delete_post))
        .merge(moderation::routes()) // +
        .layer(site.federation.layer()) // +
        .with_state(site)
}

async fn profile(State(db): State<SqlitePool>, Path(name): Path<String>) -> Result<Response, Oops> {
    let display: Option<String> =
        sqlx::query_scalar("select display from users where name = ? and not deleted")
            .bind(&name)
            .fetch_optional(&db)
            .await?;
    Ok(match display {
        Some(display) => Html(format!("<h1>{}</h1>", escape(&display))).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn show(State(db): State<SqlitePool>, Path(id): Path<i64>) -> Result<Response, Oops> {
    let html: Option<String> = sqlx::query_scalar("select html from posts where id = ?")
        .bind(id)
        .fetch_optional(&db)
        .await?;
    Ok(html.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |html| Html(html).into_response(),
    ))
}

#[derive(serde::Deserialize)]
struct NewPost {
    author: String,
    title: String,
    html: String,
}

async fn new_post(State(site): State<Site>, Form(form): Form<NewPost>) -> Result<Redirect, Oops> {
    let mut tx = site.db.begin_with("BEGIN IMMEDIATE").await?;
    let post: Post = sqlx::query_as(
        "insert into posts (author, title, html) values (?, ?, ?) returning id, author, title, html, created",
    )
    .bind(&form.author)
    .bind(&form.title)
    .bind(&form.html)
    .fetch_one(&mut *tx)
    .await?;
    let create = federate::prelude::Create::new(post.note(site.federation.uris())); // +
    let draft = site.federation.send(&post.author, create); // +
    draft.enqueue_in(&mut tx).await?; // +
    tx.commit().await?;
    Ok(Redirect::to(&format!("/posts/{}", post.id)))
}

async fn delete_post(State(site): State<Site>, Path(id): Path<i64>) -> Result<StatusCode, Oops> {
    let mut tx = site.db.begin_with("BEGIN IMMEDIATE").await?;
    let author: Option<String> = sqlx::query_scalar("delete from posts where id = ? returning author")
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(author) = author else {
        return Ok(StatusCode::NOT_FOUND);
    };
    let gone = site.federation.uris().object("post", id); // +
    let draft = site.federation.retract(&author, &gone); // +
    draft.enqueue_in(&mut tx).await?; // +
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
