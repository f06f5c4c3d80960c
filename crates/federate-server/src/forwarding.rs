//! Inbox forwarding: replies to us, for those who read us. <https://www.w3.org/TR/activitypub/#inbox-forwarding>

use federate_protocol::activitystreams::{Activity, Iri, Object, terms};
use federate_protocol::receive::is_passed_on;
use federate_protocol::{Authenticated, Evidence, audience};
use federate_store::{OrderKey, Outgoing};

use crate::behaviour::keeps_apart;
use crate::proofs::unmarked;
use crate::{Builder, Cx, Directory, Failure, Found, Local};

/// What an instance does with what others write, beside handing it to the application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passing {
    pub(crate) replies: bool,
    pub(crate) groups: bool,
}

impl<App: Directory> Builder<App> {
    /// What is addressed to the followers of one of ours, and answers, mentions or is about that actor or something of theirs that is
    /// [here](Directory::object), is passed on to these followers: byte for byte as it came, signed by that actor of ours as the one who sends it. Otherwise they would not see the
    /// replies of people whom they do not follow.
    ///
    /// Once for each id, also after a restart; never to the author's own server; never what was passed on to us (W10), nor what is of somebody whom that actor blocks. Only what its
    /// receivers can believe: what is public, so that they can ask its own server, or carries a proof of its own.
    ///
    /// It is not on by itself: each reply is then sent to as many servers as its post was.
    pub fn forward_replies(mut self) -> Self {
        self.passing.replies = true;
        self
    }
}

/// Passes it on where all of that holds. It leaves together with the mark that the activity is handled.
pub(crate) async fn pass_on<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    if !cx.federation.inner.passing.replies || !is_first_hand(activity) {
        return Ok(());
    }
    let named: Vec<(String, Iri)> = everybody(activity)
        .into_iter()
        .filter_map(|id| Some((cx.uris().parse_followers(&id)?, id)))
        .collect();
    if named.is_empty() || !is_believable(activity) || names_blind_copies(activity) {
        return Ok(());
    }
    let linked = linked(cx, activity).await?;
    let mut readers = Vec::new();
    for (name, id) in named {
        if linked.contains(&name)
            && !keeps_apart(&cx.federation, &name, activity.by()).await?
            && let Found::Here(_) = cx.app().actor(&cx.federation.ask(None), &name).await?
        {
            readers.push((name, id));
        }
    }
    let Some((sender, _)) = readers.first() else {
        return Ok(());
    };
    let sender = sender.clone();
    let followers = readers.into_iter().map(|(_, id)| id).collect();
    let order = activity.object().id();
    cx.leaves(Outgoing {
        order: order.as_ref().map(OrderKey::of),
        ..Outgoing::new(
            activity.id().clone(),
            sender,
            unmarked(activity.body()),
            followers,
        )
    });
    Ok(())
}

/// Sent here by its author's server, in a form that others pass on, under an id of its own.
pub(crate) fn is_first_hand(activity: &Authenticated<Activity>) -> bool {
    let by_its_actor = matches!(activity.evidence(), Evidence::RequestSignature { .. });
    by_its_actor && is_passed_on(activity) && activity.id().same_origin(activity.by())
}

/// All to whom the activity and the object in it are addressed.
pub(crate) fn everybody(activity: &Activity) -> Vec<Iri> {
    let mut all = activity.addressed();
    if let Some(object) = activity.object().object() {
        for id in object.addressed() {
            if !all.contains(&id) {
                all.push(id);
            }
        }
    }
    all
}

/// Whom of ours it is linked to, by what it is about, what it answers, whom it mentions: they themselves, and the authors of what is really
/// here. One level into its object, and no further.
async fn linked<App: Directory>(cx: &Cx<App>, activity: &Activity) -> Result<Vec<String>, Failure> {
    let links = |object: &Object| {
        let properties = [&terms::OBJECT, &terms::TARGET, &terms::IN_REPLY_TO].into_iter();
        let tags: Vec<Iri> = object.tag().iter().filter_map(Object::href).collect();
        let ids: Vec<Iri> = properties
            .flat_map(|property| object.refer(property).ids())
            .collect();
        ids.into_iter().chain(tags)
    };
    let mut ours: Vec<Local> = Vec::new();
    let within = activity.object().object();
    for id in links(activity).chain(within.iter().flat_map(links)) {
        if let Some(local) = cx.uris().parse(&id)
            && !ours.contains(&local)
        {
            ours.push(local);
        }
    }
    let mut names = Vec::new();
    let most = cx.federation.inner.managed.limits.reply_links;
    for local in ours.into_iter().take(most) {
        match local {
            Local::Actor(name) => names.push(name),
            Local::Object(at) => {
                if let Found::Here(object) = cx.app().object(&cx.federation.ask(None), &at).await? {
                    names.extend(cx.federation.author_of(&object));
                }
            }
        }
    }
    Ok(names)
}

/// Whether those who get it from us can find out that it is genuine.
fn is_believable(activity: &Authenticated<Activity>) -> bool {
    activity.is_public() || carries_proof(activity)
}

/// Whether it says that it proves itself, whether or not it does.
pub(crate) fn carries_proof(activity: &Authenticated<Activity>) -> bool {
    let value = activity.to_value();
    let carries = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
    carries("proof") || carries("signature")
}

/// Blind copies are not for others to see, and bytes that are to be passed on as they came cannot be cut (I17).
pub(crate) fn names_blind_copies(activity: &Authenticated<Activity>) -> bool {
    Object::parse(activity.body()).map_or(true, |whole| {
        audience::without_blind_copies(&whole).to_bytes() != whole.to_bytes()
    })
}
