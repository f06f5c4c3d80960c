//! What somebody made, found at its own place by way of a third.

use super::forwarded::{NotRefetched, refetched, urn};
use super::{Receiving, shape};
use crate::activitystreams::{Activity, Object};
use crate::authenticated::Proof;
use crate::authorise::Broken;
use crate::fetch::Document;
use crate::ids;
use crate::refused::{Refused, RefusedKind};
use crate::{Authenticated, Evidence};
use bytes::Bytes;
use serde_json::{Map, Value};

/// The `Create` of what this document is, by its author, as if it had been posted here: what a relay announces is an id, and this is what is
/// there. Where it is an activity, that activity itself ([`refetched`]).
///
/// A `Create` is written here, for everybody to whom the object is addressed. Its id is made of the author's and the object's: the
/// author's own has another, so whoever handles both has the object already when the second comes.
///
/// # Errors
/// [`Refused`]: nobody answers for it, or somebody of another origin; it is not for everybody; its author is of a suspended host or of this
/// instance; or it is an activity, and none that others pass on.
pub fn created(document: &Document, config: &Receiving) -> Result<Authenticated<Activity>, Refused> {
    let object = Object::parse(document.bytes()).map_err(RefusedKind::Document)?;
    if !object.actor().is_empty() {
        return refetched(document, config);
    }
    said_of(&object, Said::Created, document, config)
}

/// What is said of a post that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// That it is there: once for each post, by whichever way one hears of it.
    Created,
    /// That it is as it is now: once for each change.
    Updated,
}

/// The activity by which its author says it. The document is no activity.
pub(super) fn said_of(
    object: &Object,
    said: Said,
    document: &Document,
    config: &Receiving,
) -> Result<Authenticated<Activity>, Refused> {
    if ids::local_name(object.type_name()) == "Tombstone" {
        return Err(RefusedKind::NotRefetched(NotRefetched::Gone).into());
    }
    if crate::fetch::is_actor(object) || !object.is_public() {
        return Err(RefusedKind::NotRefetched(NotRefetched::NotPassedOn).into());
    }
    let not_allowed = |broken| Refused::from(RefusedKind::NotAllowed(broken));
    let author = object.attributed_to().id();
    let author = author.ok_or_else(|| not_allowed(Broken::NotTheAuthor))?;
    if !author.same_origin(document.id()) {
        return Err(not_allowed(Broken::ForeignObject));
    }
    shape::admit_actor(&author, config)?;
    let (by, what) = (author.as_str().as_bytes(), document.id().as_str().as_bytes());
    let (kind, id) = match said {
        Said::Created => ("Create", urn(&[b"created", by, what])),
        Said::Updated => ("Update", urn(&[b"updated", by, what, document.bytes()])),
    };
    let id = id.ok_or(RefusedKind::Activity(crate::BadActivity::NoId))?;
    let Value::Object(mut inner) = object.to_value() else {
        return Err(not_allowed(Broken::NoObject));
    };
    let mut activity = Map::new();
    if let Some(context) = inner.remove("@context") {
        activity.insert("@context".into(), context);
    }
    for (name, value) in [("id", id.as_str()), ("type", kind), ("actor", author.as_str())] {
        activity.insert(name.into(), value.into());
    }
    for (name, all) in [("to", object.to()), ("cc", object.cc())] {
        let all: Vec<Value> = all.ids().iter().map(|id| id.as_str().into()).collect();
        if !all.is_empty() {
            activity.insert(name.into(), all.into());
        }
    }
    activity.insert("object".into(), Value::Object(inner));
    let body = Bytes::from(Value::Object(activity).to_string());
    let activity = Object::parse(&body).map_err(RefusedKind::Document)?;
    let proof = Proof {
        by: author,
        id,
        evidence: Evidence::Refetched {
            from: document.id().clone(),
        },
        body: body.into(),
        said: None,
        forwarder: None,
    };
    Ok(Authenticated::new(activity, proof))
}
