//! Everything by which this forum federates.
use federate::prelude::*;
use federate::{Builder, Postgres};
use sqlx::{FromRow, PgPool};

/// What federation adds to the forum's tables.
pub const TABLES: &str = "
create table if not exists remote_comments (id text primary key, post bigint not null, actor text not null, handle text not null, html text not null);
create table if not exists likes (post bigint not null, actor text not null, id text not null, primary key (post, actor));";

/// The forum, as the instance asks it.
#[derive(Debug)]
pub struct Forum(PgPool);

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
pub async fn builder(base_url: &str, db: PgPool) -> Result<Builder<Forum>, crate::Oops> {
    let store = Postgres::in_database(db.clone()).await?;
    Ok(Federation::builder(base_url, store, Forum(db))
        .paths(|p| p.actor("/u/{name}").object("post", "/posts/{id}"))
        .manage_followers()
        .on(comment)
        .on::<Like>(|cx, like| async move {
            sqlx::query("insert into likes select id, $2, $3 from posts where id = $1 on conflict (post, actor) do update set id = excluded.id")
                .bind(cx.local_id::<i64>("post", like.object_id()))
                .bind(like.by().as_str())
                .bind(like.id().as_str())
                .execute(&cx.app().0)
                .await?;
            Ok(())
        })
        .on::<Undo<Like>>(|cx, undo| async move {
            // Some say what it was about, others the id alone.
            sqlx::query("delete from likes where actor = $2 and (post = $1 or id = $3)")
                .bind(cx.local_id::<i64>("post", undo.object().object_id()))
                .bind(undo.by().as_str())
                .bind(undo.object().id().map(|id| id.to_string()))
                .execute(&cx.app().0)
                .await?;
            Ok(())
        })
        .on::<Delete>(|cx, delete| async move {
            sqlx::query("delete from remote_comments where id = $1 and actor = $2")
                .bind(delete.object_id().map(|id| id.to_string()))
                .bind(delete.by().as_str())
                .execute(&cx.app().0)
                .await?;
            Ok(())
        }))
}

#[async_trait]
impl Directory for Forum {
    type Store = Postgres;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        let row: Option<(String, String, bool)> =
            sqlx::query_as("select display, bio, deleted from users where name = $1")
                .bind(name)
                .fetch_optional(&self.0)
                .await?;
        Ok(match row {
            None => Found::Missing,
            Some((.., true)) => Found::Gone,
            Some((display, bio, _)) => Found::Here(Profile::person(name).name(&display).summary(&bio)),
        })
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        let post: Option<Post> =
            sqlx::query_as("select id, author, title, html, created from posts where id = $1")
                .bind(at.id::<i64>())
                .fetch_optional(&self.0)
                .await?;
        Ok(post.map(|p| p.note(ask.uris())).into())
    }

    async fn collection(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        let Collection::Outbox(name) = of else {
            return Ok(Found::Missing);
        };
        let rows: Vec<Post> = sqlx::query_as("select id, author, title, html, created from posts where author = $1 and id < $2 order by id desc limit $3")
            .bind(name)
            .bind(from.or(i64::MAX)?)
            .bind(i64::from(ask.limit()))
            .fetch_all(&self.0)
            .await?;
        let total = sqlx::query_scalar("select count(*) from posts where author = $1")
            .bind(name)
            .fetch_one(&self.0)
            .await?;
        let item = |p: Post| Item::object(Create::new(p.note(ask.uris())));
        Ok(Found::Here(Page::of(ask, rows, |p| p.id, item).total(total)))
    }
}

/// The comment, the notice to the author and the mark that this Create is done: one transaction of the forum.
///
/// # Errors
///
/// Where the database cannot be used, or the comment's author is not found.
pub async fn comment(cx: Cx<Forum>, create: Authenticated<Create<Note>>) -> Outcome {
    let note = create.object();
    let Some(post) = cx.local_id::<i64>("post", note.in_reply_to().id()) else {
        return Ok(());
    };
    let who = cx.actor(create.by()).await?;
    let mut tx = cx.app().0.begin().await?;
    sqlx::query("insert into remote_comments select $1, id, $3, $4, $5 from posts where id = $2 on conflict do nothing")
        .bind(note.id().map(|id| id.to_string()))
        .bind(post)
        .bind(who.id.as_str())
        .bind(&who.handle)
        .bind(note.safe_html())
        .execute(&mut *tx)
        .await?;
    sqlx::query("update posts set unread = unread + 1 where id = $1")
        .bind(post)
        .execute(&mut *tx)
        .await?;
    cx.done_in(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}
