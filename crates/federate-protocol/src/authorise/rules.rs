//! The rules, one small function each.

use super::{Facts, Known, Ownership};
use crate::activitystreams::{Activity, Iri, Object, is_public};
use crate::refused::RefusedKind;
use crate::{Authenticated, Refused};

/// A rule that an activity breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// Its object's author is of a suspended host.
    #[error("the object's author is of a suspended host")]
    Blocked,
    /// It needs an object with an id.
    #[error("no object with an id")]
    NoObject,
    /// It needs a target with an id.
    #[error("no target with an id")]
    NoTarget,
    /// The object's id is on our own host.
    #[error("the object is of this instance")]
    OfThisInstance,
    /// The object is of another origin than the sender.
    #[error("the object is of another origin than the actor")]
    ForeignObject,
    /// The object is somebody else's.
    #[error("the object belongs to somebody else")]
    NotTheOwner,
    /// The object is attributed to somebody else.
    #[error("the object is attributed to somebody else")]
    NotTheAuthor,
    /// The object was deleted.
    #[error("the object was deleted")]
    Deleted,
    /// The object would become another kind of thing.
    #[error("the object would become another kind of thing")]
    TypeChanged,
    /// Nobody here asked for it, or not this actor.
    #[error("nobody here asked this actor for it")]
    NeverAsked,
    /// It is about nobody here.
    #[error("it concerns nobody on this instance")]
    NotForUs,
    /// It is about its own sender, or itself.
    #[error("it is about itself")]
    OfItself,
    /// It announces an announcement.
    #[error("it announces an announcement")]
    NestedAnnounce,
    /// The two sides of a move do not agree.
    #[error("the target of the move does not confirm it")]
    UnconfirmedMove,
    /// It moved a short while ago.
    #[error("the actor moved less than seven days ago")]
    MovedLately,
    /// Over a limit.
    #[error("too many {0}")]
    TooMuch(&'static str),
}

/// Whether the sender may do what the activity says. See the [table of rules](super).
///
/// An activity of a type without rules of its own passes those that hold for all; it is the application's to know what it means.
///
/// # Errors
/// [`Refused`] (403) with the rule that is broken.
pub fn authorise(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Result<(), Refused> {
    judge(activity, facts).map_err(|broken| RefusedKind::NotAllowed(broken).into())
}

type Verdict = Result<(), Broken>;

fn judge(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    sender_is_not_suspended(activity, facts)?;
    author_is_not_suspended(activity, facts)?;
    audience_is_bounded(activity, facts)?;
    one_object(activity)?;
    match crate::ids::local_name(activity.type_name()) {
        "Create" => create(activity, facts),
        "Update" => update(activity, facts),
        "Delete" => delete(activity, facts),
        "Undo" => undo(activity, facts),
        "Accept" | "Reject" | "TentativeAccept" | "TentativeReject" => answer(activity, facts),
        "Announce" => announce(activity, facts),
        "Like" | "Dislike" | "EmojiReact" => react(activity, facts),
        "Follow" => follow(activity, facts),
        "Add" | "Remove" => collect(activity, facts),
        "Move" => move_(activity, facts),
        "Block" => block(activity, facts),
        "Flag" => flag(activity, facts),
        _ => Ok(()),
    }
}

/// Between receiving and handling, blocks may have changed: today's hold.
fn sender_is_not_suspended(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    deny(facts.blocks.covering(activity.by()).is_some(), Broken::Blocked)
}

/// A suspended author does not come back in somebody else's boost or update (CVE-2026-23961).
fn author_is_not_suspended(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let by_id = activity
        .object()
        .ids()
        .iter()
        .any(|id| facts.blocks.covering(id).is_some());
    let by_owner = facts
        .object
        .owner()
        .is_some_and(|owner| facts.blocks.covering(owner).is_some());
    // A Delete, Undo or Block that names them takes away; it must still work. So must a report.
    let takes_away = || {
        ["Delete", "Undo", "Block", "Flag", "Remove", "Reject"]
            .iter()
            .any(|name| activity.is(name))
    };
    deny((by_id || by_owner) && !takes_away(), Broken::Blocked)
}

/// R21: ten thousand mentions are an attack, not an audience.
fn audience_is_bounded(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    deny(
        activity.addressed().len() > facts.limits.audience,
        Broken::TooMuch("recipients"),
    )
}

/// What is judged is the first object; of several, a handler might read another.
fn one_object(activity: &Authenticated<Activity>) -> Verdict {
    let of_one = || {
        ["Create", "Update", "Delete", "Undo", "Accept", "Reject"]
            .iter()
            .any(|name| activity.is(name))
    };
    deny(
        activity.object().len() > 1 && of_one(),
        Broken::TooMuch("objects"),
    )
}

/// I5, I8, I9, I13, I16 and CVE-2024-37903.
fn create(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let Some(id) = activity.object().id() else {
        // A transient object without an id is bound to the actor (I6); what reaches us was checked to be attributed to nobody else.
        return deny(activity.object().object().is_none(), Broken::NoObject);
    };
    of_the_sender(&id, activity, facts)?;
    attributed_to_the_sender(activity)?;
    not_deleted(facts)?;
    owned_where_known(activity.by(), facts)
}

/// I14, I15, I16: whoever made it, as what it was.
fn update(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let id = activity.object().id().ok_or(Broken::NoObject)?;
    of_the_sender(&id, activity, facts)?;
    attributed_to_the_sender(activity)?;
    not_deleted(facts)?;
    owned_where_known(activity.by(), facts)?;
    still_the_same_kind(activity, facts)
}

/// I14: whoever made it. What is gone already, and what is not known yet, may be deleted (W14).
fn delete(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let id = activity.object().id().ok_or(Broken::NoObject)?;
    of_the_sender(&id, activity, facts)?;
    owned_where_known(activity.by(), facts)
}

/// I14: whoever did it. An `Undo` may embed what it undoes, or only name it.
fn undo(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let reference = activity.object();
    let embedded = reference.object();
    let by_another = |inner: &Object| !inner.actor().is_empty() && inner.actor() != *activity.by();
    deny(embedded.as_ref().is_some_and(by_another), Broken::NotTheOwner)?;
    match reference.id() {
        Some(id) => {
            of_the_sender(&id, activity, facts)?;
            owned_where_known(activity.by(), facts)
        }
        None => deny(embedded.is_none(), Broken::NoObject),
    }
}

/// I14: an answer must be to what one of ours sent, and by whom it asked.
fn answer(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    deny(facts.asked.as_ref() != Some(activity.by()), Broken::NeverAsked)
}

/// R8: one level. What is announced is fetched or known; nothing embedded of somebody else's is left here.
fn announce(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let id = activity.object().id().ok_or(Broken::NoObject)?;
    deny(id == *activity.id() || id == *activity.by(), Broken::OfItself)?;
    deny(
        activity
            .object()
            .object()
            .is_some_and(|inner| inner.is("Announce")),
        Broken::NestedAnnounce,
    )?;
    not_deleted(facts)
}

/// I16: nothing clings to what is gone.
fn react(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    deny(activity.object().id().is_none(), Broken::NoObject)?;
    not_deleted(facts)
}

/// Of one of ours, or of Public, by which relays are asked for (FEP-ae0c).
fn follow(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let whom = single_object(activity)?;
    deny(whom == *activity.by(), Broken::OfItself)?;
    deny(
        !facts.is_ours(&whom) && !is_public(whom.as_str()),
        Broken::NotForUs,
    )?;
    not_deleted(facts)
}

/// I14: by the owner of the collection.
fn collect(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let target = activity.target().id().ok_or(Broken::NoTarget)?;
    deny(activity.object().is_empty(), Broken::NoObject)?;
    match &facts.target {
        Known::Owner(owner) | Known::Object { owner, .. } => owns(owner, activity.by(), facts),
        Known::Gone => Err(Broken::Deleted),
        Known::Nothing if facts.is_ours(&target) => Err(Broken::NotTheOwner),
        Known::Nothing => deny(!target.same_origin(activity.by()), Broken::ForeignObject),
    }
}

/// I18: of itself, to somebody who says so too, not to and fro.
fn move_(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let old = single_object(activity)?;
    let new = activity.target().id().ok_or(Broken::NoTarget)?;
    deny(old != *activity.by(), Broken::NotTheOwner)?;
    deny(new == old, Broken::OfItself)?;
    deny(facts.blocks.covering(&new).is_some(), Broken::Blocked)?;
    // Before the other is asked anything.
    deny(
        facts
            .last_move
            .is_some_and(|ago| ago < facts.limits.move_cooldown),
        Broken::MovedLately,
    )?;
    let confirmed = facts
        .target_also_known_as
        .as_ref()
        .is_some_and(|known| known.iter().take(facts.limits.also_known_as).any(|id| *id == old));
    deny(!confirmed, Broken::UnconfirmedMove)
}

/// Of one of ours; a block between others is none of our business.
fn block(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let whom = single_object(activity)?;
    deny(!facts.is_ours(&whom), Broken::NotForUs)
}

/// R20, W11: bounded, and about something of ours.
fn flag(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let about = activity.object().ids();
    deny(
        activity.object().len() > facts.limits.flag_objects,
        Broken::TooMuch("objects"),
    )?;
    deny(!about.iter().any(|id| facts.is_ours(id)), Broken::NotForUs)?;
    let comment = activity.content().map_or(0, |text| text.chars().count());
    deny(comment > facts.limits.flag_comment, Broken::TooMuch("characters"))
}

// What the rules share.

fn deny(it: bool, broken: Broken) -> Verdict {
    if it { Err(broken) } else { Ok(()) }
}

/// I5, I9, I13: a sender speaks for the ids of its own origin, and for none of ours.
fn of_the_sender(id: &Iri, activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    deny(facts.is_ours(id), Broken::OfThisInstance)?;
    deny(!id.same_origin(activity.by()), Broken::ForeignObject)?;
    deny(*id == *activity.id(), Broken::OfItself)
}

/// I8: the author named in the object, where one is, is the sender.
fn attributed_to_the_sender(activity: &Authenticated<Activity>) -> Verdict {
    let Some(object) = activity.object().object() else {
        return Ok(());
    };
    if let Some(id) = object.id().filter(|_| crate::fetch::is_actor(&object)) {
        return deny(id != *activity.by(), Broken::NotTheAuthor);
    }
    let authors = object.attributed_to().ids();
    deny(
        !authors.is_empty() && !authors.contains(activity.by()),
        Broken::NotTheAuthor,
    )
}

/// I16: what was deleted stays deleted.
fn not_deleted(facts: &Facts<'_>) -> Verdict {
    deny(facts.object == Known::Gone, Broken::Deleted)
}

/// I14, CVE-2024-37903: what is known belongs to somebody.
fn owned_where_known(by: &Iri, facts: &Facts<'_>) -> Verdict {
    facts
        .object
        .owner()
        .map_or(Ok(()), |owner| owns(owner, by, facts))
}

fn owns(owner: &Iri, by: &Iri, facts: &Facts<'_>) -> Verdict {
    let same = match facts.ownership {
        Ownership::SameActor => owner == by,
        Ownership::SameOrigin => owner.same_origin(by),
    };
    deny(!same, Broken::NotTheOwner)
}

/// I15: a note may become an article, and nothing else than something written; an actor stays an actor.
fn still_the_same_kind(activity: &Authenticated<Activity>, facts: &Facts<'_>) -> Verdict {
    let (Known::Object { kind: before, .. }, Some(object)) = (&facts.object, activity.object().object())
    else {
        return Ok(());
    };
    let now = object.type_name();
    deny(
        Class::of(before) != Class::of(now) || Class::of(now) == Class::Other && before != now,
        Broken::TypeChanged,
    )
}

#[derive(PartialEq, Eq)]
enum Class {
    Actor,
    Content,
    Other,
}

impl Class {
    fn of(name: &str) -> Self {
        match crate::ids::local_name(name) {
            "Application" | "Group" | "Organization" | "Person" | "Service" => Self::Actor,
            "Article" | "Audio" | "Document" | "Event" | "Image" | "Note" | "Page" | "Question" | "Video" => {
                Self::Content
            }
            _ => Self::Other,
        }
    }
}

/// The one object of an activity that can have only one.
fn single_object(activity: &Object) -> Result<Iri, Broken> {
    let object = activity.object();
    match (object.id(), object.len()) {
        (Some(id), 1) => Ok(id),
        (Some(_), _) => Err(Broken::TooMuch("objects")),
        (None, _) => Err(Broken::NoObject),
    }
}
