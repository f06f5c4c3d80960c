//! Whether a document is an activity that is taken: one type, one actor, an id of the actor's origin.

use super::Receiving;
use crate::BadActivity;
use crate::activitystreams::{Iri, Object};
use crate::fetch::{FetchRules, is_actor};
use crate::ids;
use crate::refused::RefusedKind;

/// Who acts, and under which id.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) actor: Iri,
    /// `None`: it came without one, and is of a type that may.
    pub(super) id: Option<Iri>,
}

/// Types that some servers send without an id, and that can be handled twice without harm.
const MAY_LACK_AN_ID: [&str; 7] = ["Accept", "Block", "Delete", "Follow", "Like", "Reject", "Undo"];

pub(super) fn check(activity: &Object, config: &Receiving) -> Result<Shape, BadActivity> {
    if activity.type_name().is_empty() {
        return Err(BadActivity::NoType);
    }
    let actor = actor(activity, config)?;
    let id = id(activity, &actor, config)?;
    if id
        .as_ref()
        .is_some_and(|id| *id == actor || activity.object().contains(id))
    {
        return Err(BadActivity::IdReused);
    }
    // The owner of an activity is its actor; one that is attributed to somebody as well contradicts itself, or is no activity.
    let attributed = activity.attributed_to().ids();
    if is_actor(activity) || attributed.iter().any(|other| *other != actor) {
        return Err(BadActivity::Attributed);
    }
    Ok(Shape { actor, id })
}

/// One actor with a URL for an id (I7, I8).
fn actor(activity: &Object, config: &Receiving) -> Result<Iri, BadActivity> {
    let reference = activity.actor();
    if reference.len() > 1 {
        return Err(BadActivity::ManyActors);
    }
    let actor = reference.id().ok_or(BadActivity::NoActor)?;
    // An embedded actor is named by its id, never by a link's target.
    if reference
        .object()
        .is_some_and(|object| object.id().as_ref() != Some(&actor))
    {
        return Err(BadActivity::NoActor);
    }
    let rules = FetchRules {
        allow_http_loopback: config.allow_http_loopback,
        ..FetchRules::default()
    };
    if rules.admit(&actor).is_ok() {
        Ok(actor)
    } else {
        Err(BadActivity::ActorId)
    }
}

/// One id of the actor's origin (I7, I9), or none where the type may lack it.
fn id(activity: &Object, actor: &Iri, config: &Receiving) -> Result<Option<Iri>, BadActivity> {
    let Some(id) = ids::stated(activity).map_err(|_| BadActivity::Id)? else {
        let may_lack_one = MAY_LACK_AN_ID.contains(&ids::local_name(activity.type_name()));
        return if may_lack_one {
            Ok(None)
        } else {
            Err(BadActivity::NoId)
        };
    };
    if id.origin().is_none() || id.authority().is_some_and(|authority| authority.contains('@')) {
        return Err(BadActivity::Id);
    }
    if id.same_origin(actor) {
        Ok(Some(id))
    } else if is_named_after_our_request(activity, &id, config) {
        Ok(None)
    } else {
        Err(BadActivity::IdOrigin)
    }
}

/// Takahe names its answer after the request: `<id of our Follow>#accept`. Such an id is nobody's to give, so it counts as none;
/// the answer itself is judged like any other, by whom the request was for.
fn is_named_after_our_request(activity: &Object, id: &Iri, config: &Receiving) -> bool {
    let answers = matches!(ids::local_name(activity.type_name()), "Accept" | "Reject");
    answers && is_ours(id, config)
}

/// Neither one of ours nor of a suspended host (I13).
pub(super) fn admit_actor(actor: &Iri, config: &Receiving) -> Result<(), RefusedKind> {
    if let Some(entry) = config.blocks.covering(actor) {
        return Err(RefusedKind::Blocked {
            what: "the actor",
            entry: entry.to_owned(),
        });
    }
    if is_ours(actor, config) {
        return Err(RefusedKind::OwnActor(actor.clone()));
    }
    Ok(())
}

/// Whether it is of an origin of this instance.
pub(super) fn is_ours(id: &Iri, config: &Receiving) -> bool {
    id.origin()
        .is_some_and(|origin| config.own_origins.contains(&origin))
}

/// A `Delete` whose object is its own actor: the account is closed.
pub(super) fn deletes_itself(activity: &Object, actor: &Iri) -> bool {
    activity.is("Delete") && activity.object().id().as_ref() == Some(actor)
}
