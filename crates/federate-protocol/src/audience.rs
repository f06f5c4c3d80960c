//! Whom to reach: addressing as it is written, and inboxes as they are posted to.

use crate::activitystreams::{Iri, Object, is_public};
use std::collections::HashSet;

/// To whom an activity goes: `to`, `cc`, `bto`, `bcc` and `audience`, of the activity and of the object in it, each once, without
/// Public and without the sender. Collections stand in it as their ids: expanding them is the work of whoever owns them
/// (a foreign collection is never expanded to local followers: I11).
///
/// Not more than `limit` of them, in the order in which they were written.
#[must_use]
pub fn audience(activity: &Object, limit: usize) -> Vec<Iri> {
    let sender = activity.actor().id();
    let mut seen = HashSet::new();
    let embedded = activity.object().object();
    activity
        .addressed()
        .into_iter()
        .chain(embedded.iter().flat_map(Object::addressed))
        .filter(|id| !is_public(id.as_str()) && Some(id) != sender.as_ref())
        .filter(|id| seen.insert(id.clone()))
        .take(limit)
        .collect()
}

/// The activity without `bto` and `bcc`, its own and those of the object in it: what is sent and what is shown (I17).
/// Derive the [`audience`] first.
#[must_use]
pub fn without_blind_copies(activity: &Object) -> Object {
    let mut value = activity.to_value();
    if !strip(&mut value) {
        return activity.clone();
    }
    Object::from_value(value).unwrap_or_else(|_| Object::default())
}

/// Removes blind copies at every depth. Whether there were any.
fn strip(value: &mut serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |changed, item| strip(item) | changed),
        Value::Object(members) => {
            let before = members.len();
            members.retain(|name, _| {
                let local = name
                    .strip_prefix("as:")
                    .or_else(|| name.strip_prefix("https://www.w3.org/ns/activitystreams#"))
                    .unwrap_or(name);
                !matches!(local, "bto" | "bcc")
            });
            let changed = members.len() != before;
            members
                .iter_mut()
                .fold(changed, |changed, (_, member)| strip(member) | changed)
        }
        _ => false,
    }
}

/// Where somebody is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Their own inbox.
    pub inbox: Iri,
    /// The inbox that their server's people share, where it has one.
    pub shared_inbox: Option<Iri>,
}

/// The inboxes to post to, each once: the shared one where there is one. In order of first appearance.
#[must_use]
pub fn collapse(recipients: impl IntoIterator<Item = Reach>) -> Vec<Iri> {
    let mut seen = HashSet::new();
    recipients
        .into_iter()
        .map(|reach| reach.shared_inbox.unwrap_or(reach.inbox))
        .filter(|inbox| seen.insert(inbox.clone()))
        .collect()
}
