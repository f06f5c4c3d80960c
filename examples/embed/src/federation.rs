//! Everything by which this forum federates.
use federate::prelude::*;
use federate::{Sqlite, store::Follower};
use sqlx::{FromRow, SqlitePool};

/// What federation adds to the forum's tables.
pub const TABLES: &str = "
create table if not exists followers (n integer primary key, user text not null, actor text not null, inbox text not null, shared text, unique (user, actor));
create table if not exists remote_comments (id text primary key, post integer not null, actor text not null, handle text not null, html text not null);
create table if not exists likes (post integer not null, actor text not null, primary key (post, actor));";

/// The forum, as the instance asks it.
#[derive(Debug)]
pub struct Forum {
    db: SqlitePool,
}

/// A row of `posts`.
#[derive(Debug, FromRow)]
pub struct Post {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub author: String,
    title: String,
    html: String,
    created: String,
}

impl Post {
    /// The post, as the fediverse sees it.
    pub fn note(&self, uris: &Uris) -> Object {
        Note::builder(uris.object("post", self.id))
            .by(&uris.actor(&self.author))
            .html(format!("<p><b>{}</b></p>{}", self.title, self.html))
            .published(&self.created)
            .public()
            .cc(&uris.followers(&self.author))
            .into()
    }
}

/// The instance, ready to be built.
///
/// # Errors
///
/// Where the database cannot be used.
pub async fn builder(base_url: &str, db: SqlitePool) -> Result<federate::Builder<Forum>, Failure> {
    let store = Sqlite::in_database(db.clone()).await?;
    Ok(Federation::builder(base_url, store, Forum { db })
        .paths(|p| p.actor("/u/{name}").object("post", "/posts/{id}"))
        .on(follow)
        .on(comment)
        .on::<Like>(|cx, like| async move {
            let Some(post) = cx.local_id::<i64>("post", like.object_id()) else {
                return Ok(());
            };
            sqlx::query("insert into likes select id, ?2 from posts where id = ?1 on conflict do nothing")
                .bind(post)
                .bind(like.by().as_str())
                .execute(&cx.app().db)
                .await?;
            Ok(())
        })
        .on::<Undo<Follow>>(|cx, undo| async move {
            sqlx::query("delete from followers where user = ? and actor = ?")
                .bind(cx.local_actor(undo.object().object_id()))
                .bind(undo.by().as_str())
                .execute(&cx.app().db)
                .await?;
            Ok(())
        })
        .on::<Undo<Like>>(|cx, undo| async move {
            sqlx::query("delete from likes where post = ? and actor = ?")
                .bind(cx.local_id::<i64>("post", undo.object().object_id()))
                .bind(undo.by().as_str())
                .execute(&cx.app().db)
                .await?;
            Ok(())
        })
        .on::<Delete>(|cx, delete| async move {
            sqlx::query("delete from remote_comments where id = ? and actor = ?")
                .bind(delete.object_id().map(|id| id.to_string()))
                .bind(delete.by().as_str())
                .execute(&cx.app().db)
                .await?;
            Ok(())
        }))
}

#[async_trait]
impl Directory for Forum {
    type Store = Sqlite;

    async fn actor(&self, ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        let row: Option<(String, String, bool)> =
            sqlx::query_as("select display, bio, deleted from users where name = ?")
                .bind(name)
                .fetch_optional(&self.db)
                .await?;
        Ok(match row {
            None => Found::Missing,
            Some((.., true)) => Found::Gone,
            Some((display, bio, _)) => Found::Here(
                Profile::person(name)
                    .name(&display)
                    .summary(&bio)
                    .url(ask.uris().actor(name)),
            ),
        })
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        let post: Option<Post> =
            sqlx::query_as("select id, author, title, html, created from posts where id = ?")
                .bind(at.id::<i64>())
                .fetch_optional(&self.db)
                .await?;
        Ok(post.map(|p| p.note(ask.uris())).into())
    }

    async fn collection(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        Ok(Found::Here(match of {
            Collection::Outbox(name) => {
                let rows: Vec<Post> = sqlx::query_as("select id, author, title, html, created from posts where author = ? and id < ? order by id desc limit ?")
                    .bind(name)
                    .bind(from.or(i64::MAX)?)
                    .bind(ask.limit())
                    .fetch_all(&self.db)
                    .await?;
                let total = sqlx::query_scalar("select count(*) from posts where author = ?")
                    .bind(name)
                    .fetch_one(&self.db)
                    .await?;
                Page::of(
                    ask,
                    rows,
                    |p| p.id,
                    |p| Item::object(Create::new(p.note(ask.uris()))),
                )
                .total(total)
            }
            Collection::Followers(name) => {
                let rows: Vec<(i64, String, String, Option<String>)> = sqlx::query_as(
                    "select n, actor, inbox, shared from followers where user = ? and n > ? order by n limit ?",
                )
                .bind(name)
                .bind(from.or(0)?)
                .bind(ask.limit())
                .fetch_all(&self.db)
                .await?;
                let rows = rows
                    .into_iter()
                    .map(|r| Ok((r.0, Follower::parse(&r.1, &r.2, r.3.as_deref())?)))
                    .collect::<Result<Vec<_>, Failure>>()?;
                Page::of(ask, rows, |r| r.0, |r| r.1)
            }
            _ => return Ok(Found::Missing),
        }))
    }
}

/// The follower, the Accept and the mark that this Follow is done: one transaction of the forum.
async fn follow(cx: Cx<Forum>, follow: Authenticated<Follow>) -> Outcome {
    let Some(me) = cx.local_actor(follow.object_id()) else {
        return Ok(());
    };
    let who = cx.actor(follow.by()).await?;
    let mut tx = cx.app().db.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(
        "insert into followers (user, actor, inbox, shared) values (?, ?, ?, ?) on conflict do nothing",
    )
    .bind(&me)
    .bind(who.id.as_str())
    .bind(who.inbox.as_str())
    .bind(who.shared_inbox.as_ref().map(Iri::as_str))
    .execute(&mut *tx)
    .await?;
    cx.accept(&follow).enqueue_in(&mut tx).await?;
    cx.done_in(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn comment(cx: Cx<Forum>, create: Authenticated<Create<Note>>) -> Outcome {
    let note = create.object();
    let Some(post) = cx.local_id::<i64>("post", note.in_reply_to().id()) else {
        return Ok(());
    };
    let who = cx.actor(create.by()).await?;
    sqlx::query("insert into remote_comments select ?1, id, ?3, ?4, ?5 from posts where id = ?2 on conflict do nothing")
        .bind(note.id().map(|id| id.to_string()))
        .bind(post)
        .bind(who.id.as_str())
        .bind(&who.handle)
        .bind(note.safe_html())
        .execute(&cx.app().db)
        .await?;
    Ok(())
}
