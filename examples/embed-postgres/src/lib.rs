//! The forum of `examples/embed` on PostgreSQL, for as many processes as one likes behind one proxy: they share what was received
//! and what is to be sent. What differs is the SQL.
pub mod federation;
use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use federation::Post;
use sqlx::PgPool;

/// The forum's own tables.
pub const SCHEMA: &str = "
create table if not exists users (name text primary key, display text not null, bio text not null default '', deleted boolean not null default false);
create table if not exists posts (id bigint generated always as identity primary key, author text not null references users, title text not null, html text not null, created text not null default to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), unread bigint not null default 0);
create table if not exists comments (id bigint generated always as identity primary key, post bigint not null references posts on delete cascade, author text not null, html text not null);";

/// Makes the tables; processes that start at once wait for each other.
///
/// # Errors
///
/// Where the database cannot be used.
pub async fn prepare(db: &PgPool) -> Result<(), Oops> {
    let mut tx = db.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(1179602517)")
        .execute(&mut *tx)
        .await?;
    sqlx::raw_sql(SCHEMA).execute(&mut *tx).await?;
    sqlx::raw_sql(federation::TABLES).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// What every handler reaches.
#[derive(Clone, Debug, FromRef)]
pub struct Site {
    /// The forum's database.
    pub db: PgPool,
    /// The forum as an instance.
    pub federation: federate::Federation<federation::Forum>,
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
        .layer(site.federation.layer())
        .with_state(site)
}

async fn profile(State(db): State<PgPool>, Path(name): Path<String>) -> Result<Response, Oops> {
    let display: Option<String> =
        sqlx::query_scalar("select display from users where name = $1 and not deleted")
            .bind(&name)
            .fetch_optional(&db)
            .await?;
    Ok(match display {
        Some(display) => Html(format!("<h1>{}</h1>", escape(&display))).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn show(State(db): State<PgPool>, Path(id): Path<i64>) -> Result<Response, Oops> {
    let html: Option<String> = sqlx::query_scalar("select html from posts where id = $1")
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
    let mut tx = site.db.begin().await?;
    let post: Post = sqlx::query_as(
        "insert into posts (author, title, html) values ($1, $2, $3) returning id, author, title, html, created",
    )
    .bind(&form.author)
    .bind(&form.title)
    .bind(&form.html)
    .fetch_one(&mut *tx)
    .await?;
    let create = federate::prelude::Create::new(post.note(site.federation.uris()));
    let draft = site.federation.send(&post.author, create);
    draft.enqueue_in(&mut tx).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/posts/{}", post.id)))
}

async fn delete_post(State(site): State<Site>, Path(id): Path<i64>) -> Result<StatusCode, Oops> {
    let mut tx = site.db.begin().await?;
    let author: Option<String> = sqlx::query_scalar("delete from posts where id = $1 returning author")
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(author) = author else {
        return Ok(StatusCode::NOT_FOUND);
    };
    let gone = site.federation.uris().object("post", id);
    let draft = site.federation.retract(&author, &gone);
    draft.enqueue_in(&mut tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
