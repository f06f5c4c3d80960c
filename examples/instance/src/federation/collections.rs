//! Outbox, followers, following, replies: page by page, and no more than the reader may see.

use super::{App, outgoing};
use crate::db::{
    self,
    accounts::Account,
    timelines::{Feed, Window, list},
};
use federate::{
    Ask, Collection, Cursor, Failure, Found, Item, Page,
    activitystreams::{Iri, Object},
    store::Follower,
};

pub(super) async fn page(
    app: &App,
    ask: &Ask<'_>,
    of: &Collection,
    from: &Cursor,
) -> Result<Found<Page>, Failure> {
    match of {
        Collection::Outbox(name) => outbox(app, ask, name, from).await,
        Collection::Followers(name) => people(app, ask, name, from, true).await,
        Collection::Following(name) => people(app, ask, name, from, false).await,
        Collection::Replies(at) => replies(app, ask, at, from).await,
        _ => Ok(Found::Missing),
    }
}

async fn owner(app: &App, name: &str) -> Result<Option<Account>, Failure> {
    Ok(db::accounts::local(&app.db, name).await?.filter(|a| !a.deleted))
}

async fn outbox(app: &App, ask: &Ask<'_>, name: &str, from: &Cursor) -> Result<Found<Page>, Failure> {
    let Some(author) = owner(app, name).await? else {
        return Ok(Found::Missing);
    };
    let viewer = app.reader(ask.viewer()).await?;
    let window = Window {
        max_id: Some(from.or(i64::MAX)?),
        ..Window::first(i64::from(ask.limit()))
    };
    let feed = Feed::Account {
        id: author.id,
        replies: true,
        reblogs: true,
    };
    let mut rows = Vec::new();
    let mut c = app.db.acquire().await?;
    for row in list(&mut *c, &feed, viewer, window).await? {
        let letter = match row.reblog_of_id {
            None => Some(outgoing::create(&mut c, &app.urls, &author, &row).await?),
            Some(original) => match db::statuses::any(&mut *c, original).await? {
                Some(original) => outgoing::announce(&mut c, &app.urls, &author, &row, &original).await?,
                None => None,
            },
        };
        rows.push((
            row.id,
            letter
                .map(|letter| Object::from_value(letter.activity))
                .transpose()?,
        ));
    }
    let page = Page::of(
        ask,
        rows,
        |row| row.0,
        |row| Item::object(row.1.unwrap_or_default()),
    );
    Ok(Found::Here(page.total(author.statuses_count)))
}

/// Remote followers come with their inboxes: the library delivers to this list.
async fn people(
    app: &App,
    ask: &Ask<'_>,
    name: &str,
    from: &Cursor,
    followers: bool,
) -> Result<Found<Page>, Failure> {
    let Some(owner) = owner(app, name).await? else {
        return Ok(Found::Missing);
    };
    let rows = db::follows::page(&app.db, owner.id, followers, from.or(0)?, i64::from(ask.limit())).await?;
    let mut items = Vec::with_capacity(rows.len());
    for (number, who) in rows {
        let Some(who) = db::accounts::by_id(&app.db, who).await? else {
            continue;
        };
        let item = match &who.inbox {
            Some(inbox) if followers => {
                Follower::parse(&who.uri(&app.urls), inbox, who.shared_inbox.as_deref())?.into()
            }
            _ => Item::Id(Iri::parse(&who.uri(&app.urls))?),
        };
        items.push((number, item));
    }
    let total = if followers {
        owner.followers_count
    } else {
        owner.following_count
    };
    Ok(Found::Here(
        Page::of(ask, items, |row| row.0, |row| row.1).total(total),
    ))
}

async fn replies(
    app: &App,
    ask: &Ask<'_>,
    at: &federate::ObjectRef,
    from: &Cursor,
) -> Result<Found<Page>, Failure> {
    let Some((_, row)) = app.status(at).await? else {
        return Ok(Found::Missing);
    };
    let rows = db::statuses::public_replies(&app.db, row.id, from.or(0)?, i64::from(ask.limit())).await?;
    let mut items = Vec::with_capacity(rows.len());
    let mut c = app.db.acquire().await?;
    for row in rows {
        if let Some(uri) = outgoing::status_uri(&mut c, &app.urls, &row).await? {
            items.push((row.id, Iri::parse(&uri)?));
        }
    }
    Ok(Found::Here(Page::of(ask, items, |row| row.0, |row| row.1)))
}
