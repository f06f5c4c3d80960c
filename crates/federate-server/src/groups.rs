//! Groups: what members do is announced to the others. [FEP-1b12](https://codeberg.org/fediverse/fep/src/branch/main/fep/1b12/fep-1b12.md)
//!
//! A group of others announces whole activities. Such an `Announce` is a hint: what is handled is the activity as its own place has
//! it, under its own actor, as if it had been posted here; so it is the same, and handled once, whether it comes from its author, from one
//! group or from three. Where that place does not have it, as Lemmy keeps posts and forgets activities, the post itself is looked up, and is
//! its author's. A group is not believed about persons of its own server either: its server may be, but who
//! may speak for whom there is known to that server alone, and asking it costs one request.

use std::fmt::Write as _;
use std::time::Duration;

use federate_protocol::activitystreams::{Activity, Iri, Object, PUBLIC};
use federate_protocol::receive;
use federate_protocol::{Authenticated, Evidence, Known, RefusedKind, audience};
use federate_store::{OrderKey, Outgoing};
use serde_json::{Value, json};

use crate::behaviour::keeps_apart;
use crate::forwarded::A_MINUTE;
use crate::forwarding::everybody;
use crate::worker::Ended;
use crate::{Builder, Cx, Directory, Error, Failure, Found};

impl<App: Directory> Builder<App> {
    /// Actors of ours that are [groups](crate::Profile::group) announce to their followers what people do in them: `Create`, `Update`,
    /// `Delete`, `Like`, `Dislike` and `Undo` that are addressed to the group (`to`, `cc`, `audience`), or are about what was posted there
    /// ([`Directory::group_of`]), by those who [may](Directory::may_post) and whom the group does not block. What is done to something is
    /// announced only where the application knows that thing ([`Directory::known`], `group_of`).
    ///
    /// Each once, as an `Announce` of the whole activity, as Lemmy reads and writes it; a new post that answers nothing also as an
    /// `Announce` of the post, which is what Mastodon shows. An `Announce` is never announced (R8).
    pub fn manage_groups(mut self) -> Self {
        self.passing.groups = true;
        self
    }
}

/// What became of an `Announce`.
pub(crate) enum Announced {
    /// It is none of an activity, and the application's to handle.
    Nothing,
    /// What it announces is taken in, or known.
    Taken,
    /// Whoever announces it announces more than is looked up in a minute: its turn comes then.
    Later(Duration),
}

/// Takes in the activity that a group announces.
pub(crate) async fn announced<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Announced, Failure> {
    let federation = &cx.federation;
    if !activity.is("Announce") {
        return Ok(Announced::Nothing);
    }
    let hint = match receive::announced(activity, &federation.receiving()) {
        Ok(Some(hint)) => hint,
        Ok(None) => return Ok(Announced::Nothing),
        // What one of ours did there, come back.
        Err(refused) if matches!(refused.kind(), RefusedKind::OwnActor(_)) => return Ok(Announced::Taken),
        Err(refused) => return Err(Failure::permanent(refused)),
    };
    let announcer = federation
        .inner
        .fetcher
        .actor(activity.by(), federation.now())
        .await?;
    if announcer.type_name() != "Group" {
        return Err(Failure::permanent("only a group announces activities"));
    }
    // From its author, or from another group: nothing is looked up.
    if federation.is_handled(&hint).await? {
        return Ok(Announced::Taken);
    }
    if let Err(refused) = federation.count_look_up(activity.by()) {
        return later(cx, activity, refused.retry_after().unwrap_or(A_MINUTE));
    }
    match federation.look_up(&hint).await? {
        Ended::Done => Ok(Announced::Taken),
        Ended::Goes(pause) => later(cx, activity, pause),
        Ended::Again(reason) => Err(Error::passing(reason).into()),
        Ended::Never(reason) => Err(Failure::permanent(reason)),
    }
}

/// Accepted is accepted: it waits here, not there, and nothing of it has failed. But not for ever: a group that goes on like that would fill
/// the inbox with what waits.
fn later<App: Directory>(
    cx: &Cx<App>,
    announce: &Authenticated<Activity>,
    pause: Duration,
) -> Result<Announced, Failure> {
    let is_over = match announce.evidence() {
        Evidence::RequestSignature { signed_at, .. } => cx.federation.is_over(*signed_at),
        // What came with its author's own proof says of no time when it came.
        _ => true,
    };
    if is_over {
        return Err(Failure::permanent(
            "the group announced more than could be looked up in the time that it may wait",
        ));
    }
    Ok(Announced::Later(pause))
}

/// Announces it in the groups of ours that it is for. It leaves together with the mark that the activity is handled.
pub(crate) async fn announce<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let named = activity.id().same_origin(activity.by());
    if !cx.federation.inner.passing.groups || !named || !is_for_all(activity) {
        return Ok(());
    }
    for group in groups_of(cx, activity).await? {
        let Found::Here(profile) = cx.app().actor(&cx.federation.ask(None), &group).await? else {
            continue;
        };
        if keeps_apart(&cx.federation, &group, activity.by()).await? {
            continue;
        }
        if !profile.is_group() || !cx.app().may_post(&group, activity).await? {
            continue;
        }
        cx.leaves(of_the_activity(cx, &group, activity)?);
        if let Some(post) = new_post(activity) {
            cx.leaves(of_the_post(cx, &group, &post)?);
        }
    }
    Ok(())
}

/// What the others in a group are told: what is said in public, and what is done to that. A letter to the group stays one, and
/// so does who joins and leaves.
fn is_for_all(activity: &Activity) -> bool {
    let is = |object: &Object, names: &[&str]| names.iter().any(|name| object.is(name));
    let object = activity.object().object();
    if is(activity, &["Create", "Update"]) {
        let closed =
            |object: &Object| (!object.to().is_empty() || !object.cc().is_empty()) && !object.is_public();
        return activity.is_public() && !object.is_some_and(|object| closed(&object));
    }
    if activity.is("Undo") {
        return object.is_some_and(|undone| is(&undone, &["Like", "Dislike", "Delete"]));
    }
    is(activity, &["Delete", "Like", "Dislike"])
}

/// Which of our actors it is addressed to, and in which groups the things were posted that it is about.
async fn groups_of<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Vec<String>, Failure> {
    let object = activity.object();
    let undone = object.object().and_then(|object| object.object().id());
    let (mut groups, mut known) = (Vec::new(), activity.is("Create") || activity.is("Update"));
    for about in object.id().into_iter().chain(undone) {
        let group = cx.app().group_of(&about).await?;
        known = known || group.is_some() || cx.app().known(&about).await? != Known::Nothing;
        groups.extend(group);
    }
    // What is done to a thing that nobody here knows is nobody's news, whatever group it names.
    if known {
        let addressed = everybody(activity).into_iter();
        groups.extend(addressed.filter_map(|id| cx.local_actor(Some(id))));
    }
    groups.sort();
    groups.dedup();
    Ok(groups)
}

/// The whole activity as it came, but for blind copies, with its own context: a proof in it still holds.
fn of_the_activity<App: Directory>(
    cx: &Cx<App>,
    group: &str,
    activity: &Authenticated<Activity>,
) -> Result<Outgoing, Failure> {
    let whole = audience::without_blind_copies(&Object::parse(activity.body())?);
    let order = activity.object().id();
    let outgoing = announcement(cx, group, activity.id(), &whole.to_value())?;
    Ok(Outgoing {
        order: order.as_ref().map(OrderKey::of),
        ..outgoing
    })
}

/// The post alone, by its id.
fn of_the_post<App: Directory>(cx: &Cx<App>, group: &str, post: &Iri) -> Result<Outgoing, Failure> {
    announcement(cx, group, post, &json!(post.as_str()))
}

/// The id is made of the group and of what is announced, so that the same is announced once whatever happens.
fn announcement<App: Directory>(
    cx: &Cx<App>,
    group: &str,
    what: &Iri,
    object: &Value,
) -> Result<Outgoing, Failure> {
    let (me, followers) = (cx.uris().actor(group), cx.uris().followers(group));
    let id = Iri::parse(&format!("{me}#announce/{}", digest(what)))?;
    let announce = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id.as_str(), "type": "Announce", "actor": me.as_str(),
        "to": [PUBLIC], "cc": [followers.as_str()], "object": object,
    });
    Ok(Outgoing::new(id, group, announce.to_string(), vec![followers]))
}

/// The post that a `Create` makes, where it is the author's own and answers nothing.
fn new_post(activity: &Authenticated<Activity>) -> Option<Iri> {
    let object = activity.object().object().filter(|_| activity.is("Create"))?;
    let begins = object.in_reply_to().is_empty();
    object.id().filter(|id| begins && id.same_origin(activity.by()))
}

/// A short name for what has a long one.
pub(crate) fn digest(what: &Iri) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, what.as_str().as_bytes());
    let mut text = String::new();
    for byte in digest.as_ref().iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
