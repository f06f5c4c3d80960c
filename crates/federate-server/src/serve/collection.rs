//! Collections, page by page.

use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::object::{find, presentable};
use super::respond::{self, Vary, refuse, unavailable};
use super::visible;
use crate::behaviour::keeps_apart;
use crate::uris::{Part, Place};
use crate::{Ask, Collection, Cursor, Directory, Failure, Federation, Found, Item, Page};

pub(super) async fn collection<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    viewer: Option<&Iri>,
    place: &Place,
    query: &str,
) -> Option<Response<Bytes>> {
    let id = federation.uris().path(head.uri.path());
    let Some(of) = named(place) else {
        // The instance's own actors publish nothing.
        return matches!(place, Place::Instance(Part::Outbox) | Place::Relay(Part::Outbox))
            .then(|| respond_with(&whole(&id, &Page::default(), true)));
    };
    let ask = federation.ask(viewer);
    let cursor = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "cursor");
    let from = Cursor(
        cursor
            .as_ref()
            .map(|(_, value)| value.clone().into_owned())
            .filter(|c| !c.is_empty()),
    );
    match page(federation, &ask, place, &of, &from).await {
        Ok(Found::Here(page)) if cursor.is_none() => Some(respond_with(&whole(&id, &page, is_short(&of)))),
        Ok(Found::Here(page)) if page.hidden => Some(refuse(StatusCode::NOT_FOUND, "no such page")),
        Ok(Found::Here(page)) => Some(respond_with(&one(&id, &from, &page))),
        Ok(Found::Gone) => Some(respond::gone(&id, Vary::AcceptAndSignature)),
        Ok(Found::Missing) => None,
        Err(failure) if failure.is_permanent() => Some(refuse(StatusCode::NOT_FOUND, "no such page")),
        Err(failure) => {
            tracing::warn!(collection = %id, reason = %failure.chain(), "the application could not list a collection");
            Some(unavailable(60))
        }
    }
}

/// Whether it stands in one document: what an actor has pinned is read by servers that follow no page.
fn is_short(of: &Collection) -> bool {
    matches!(of, Collection::Featured(_) | Collection::FeaturedTags(_))
}

fn named(place: &Place) -> Option<Collection> {
    Some(match place {
        Place::Actor(name, Part::Outbox) => Collection::Outbox(name.clone()),
        Place::Actor(name, Part::Followers) => Collection::Followers(name.clone()),
        Place::Actor(name, Part::Following) => Collection::Following(name.clone()),
        Place::Actor(name, Part::Featured) => Collection::Featured(name.clone()),
        Place::Actor(name, Part::FeaturedTags) => Collection::FeaturedTags(name.clone()),
        Place::Object(at, Part::Replies) => Collection::Replies(at.clone()),
        Place::Object(at, Part::Likes) => Collection::Likes(at.clone()),
        Place::Object(at, Part::Shares) => Collection::Shares(at.clone()),
        _ => return None,
    })
}

async fn page<App: Directory>(
    federation: &Federation<App>,
    ask: &Ask<'_>,
    place: &Place,
    of: &Collection,
    from: &Cursor,
) -> Result<Found<Page>, Failure> {
    let owner = match place {
        Place::Actor(name, _) => federation.app().actor(ask, name).await?.map(|_| ()),
        Place::Object(at, _) => find(federation, ask, at).await?.map(|_| ()),
        _ => Found::Missing,
    };
    match owner {
        Found::Here(()) => {}
        Found::Gone => return Ok(Found::Gone),
        Found::Missing => return Ok(Found::Missing),
    }
    if let (Place::Actor(name, _), Some(viewer)) = (place, ask.viewer())
        && keeps_apart(federation, name, viewer).await?
    {
        return Ok(Found::Missing);
    }
    if let Some(page) = federation.managed_page(ask, of, from).await? {
        // The application may still hide it. It knows none of our cursors.
        let is_hidden = match federation.app().collection(ask, of, &Cursor::start()).await? {
            Found::Here(theirs) => theirs.hidden,
            _ => false,
        };
        return Ok(Found::Here(Page {
            hidden: is_hidden,
            ..page
        }));
    }
    Ok(match federation.app().collection(ask, of, from).await? {
        Found::Missing => Found::Here(Page::default().total(0)),
        Found::Here(mut page) => {
            page.items = visible::of(federation, ask, page.items).await?;
            Found::Here(page)
        }
        found => found,
    })
}

/// The collection itself: how many, and where the first page is.
fn whole(id: &Iri, page: &Page, inline: bool) -> Value {
    let mut doc = start(id.as_str(), "OrderedCollection", page);
    if page.hidden {
        return Value::Object(doc);
    }
    if inline {
        doc.insert("orderedItems".into(), items(page));
    } else {
        doc.insert("first".into(), json!(at(id, "")));
    }
    Value::Object(doc)
}

/// One page of it.
fn one(id: &Iri, from: &Cursor, page: &Page) -> Value {
    let mut doc = start(
        &at(id, from.as_str().unwrap_or_default()),
        "OrderedCollectionPage",
        page,
    );
    doc.insert("partOf".into(), json!(id.as_str()));
    doc.insert("orderedItems".into(), items(page));
    if let Some(next) = &page.next {
        doc.insert("next".into(), json!(at(id, next)));
    }
    Value::Object(doc)
}

fn start(id: &str, kind: &str, page: &Page) -> Map<String, Value> {
    let mut doc = Map::new();
    doc.insert("@context".into(), json!("https://www.w3.org/ns/activitystreams"));
    doc.insert("id".into(), json!(id));
    doc.insert("type".into(), json!(kind));
    if let Some(total) = page.total {
        doc.insert("totalItems".into(), json!(total));
    }
    doc
}

fn items(page: &Page) -> Value {
    page.items
        .iter()
        .map(|item| match item {
            Item::Object(object) => presentable(object),
            Item::Id(id) => json!(id.as_str()),
            Item::Follower(follower) => json!(follower.actor.as_str()),
        })
        .collect()
}

fn at(id: &Iri, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("cursor", cursor);
    format!("{id}?{}", query.finish())
}

fn respond_with(value: &Value) -> Response<Bytes> {
    respond::document(StatusCode::OK, value, Vary::AcceptAndSignature)
}
