//! Whom to reach: addressing as it is written, and inboxes as they are posted to.

use crate::activitystreams::{Iri, Member, Object, is_public};
use crate::prune::{Judge, Verdict, prune};
use std::collections::HashSet;

/// To whom an activity goes: `to`, `cc`, `bto`, `bcc` and `audience`, of the activity and of the sender's own object in it, each once,
/// without Public and without the sender. Collections stand in it as their ids: expanding them is the work of whoever owns them
/// (a foreign collection is never expanded to local followers: I11).
///
/// Not more than `limit` of them, in the order in which they were written.
#[must_use]
pub fn audience(activity: &Object, limit: usize) -> Vec<Iri> {
    let sender = activity.actor().id();
    let mut seen = HashSet::new();
    let embedded = own_object(activity, sender.as_ref());
    activity
        .addressed()
        .into_iter()
        .chain(embedded.iter().flat_map(Object::addressed))
        .filter(|id| !is_public(id.as_str()) && Some(id) != sender.as_ref())
        .filter(|id| seen.insert(id.clone()))
        .take(limit)
        .collect()
}

/// The object in an activity, where it is `sender`'s: nobody else is named as its author or its actor.
///
/// Whom somebody else's object names is not for us to write to: a `Follow` that is addressed to ten thousand strangers, embedded in our
/// `Accept`, would make us tell them all.
#[must_use]
pub fn own_object(activity: &Object, sender: Option<&Iri>) -> Option<Object> {
    let object = activity.object().object()?;
    let mut named = object.attributed_to().ids();
    named.extend(object.actor().ids());
    named.iter().all(|one| Some(one) == sender).then_some(object)
}

/// The activity without `bto` and `bcc`, its own and those of the object in it: what is sent and what is shown (I17).
/// Derive the [`audience`] first.
#[must_use]
pub fn without_blind_copies(activity: &Object) -> Object {
    prune(activity, &Open)
}

/// Removes blind copies at every depth, whatever the document calls them.
struct Open;

impl Judge for Open {
    fn keeps(&self, member: Member<'_>) -> bool {
        !matches!(&*member.usual_name(), "bto" | "bcc")
    }

    fn object(&self, _: &Object) -> Verdict {
        Verdict::Keep
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::iri;
    use serde_json::{Value, json};

    fn object(value: &Value) -> Object {
        Object::from_value(value).unwrap()
    }

    #[test]
    fn whom_somebody_elses_object_names_is_not_written_to() {
        let accept = object(&json!({
            "id": "https://a.example/1", "type": "Accept", "actor": "https://a.example/alice", "to": "https://b.example/bob",
            "object": {
                "id": "https://b.example/f", "type": "Follow", "actor": "https://b.example/bob",
                "object": "https://a.example/alice", "to": ["https://victim.example/1"],
                "cc": ["https://a.example/alice/followers"], "bcc": "https://victim.example/2",
            },
        }));
        assert_eq!(audience(&accept, 100), [iri("https://b.example/bob")]);
        let boost = object(&json!({
            "id": "https://a.example/1", "type": "Announce", "actor": "https://a.example/alice", "to": "https://b.example/bob",
            "object": { "type": "Note", "attributedTo": "https://b.example/bob", "to": "https://victim.example/1" },
        }));
        assert_eq!(audience(&boost, 100), [iri("https://b.example/bob")]);
        let undo = object(&json!({
            "id": "https://a.example/2", "type": "Undo", "actor": "https://a.example/alice",
            "object": { "type": "Announce", "actor": "https://a.example/alice", "to": "https://b.example/bob" },
        }));
        assert_eq!(audience(&undo, 100), [iri("https://b.example/bob")]);
    }

    #[test]
    fn the_audience_is_everybody_once_without_public_and_the_sender() {
        let create = object(&json!({
            "id": "https://a.example/1", "type": "Create", "actor": "https://a.example/alice",
            "to": ["https://www.w3.org/ns/activitystreams#Public", "as:Public", "https://b.example/bob"],
            "cc": ["https://a.example/alice", "https://a.example/alice/followers", "Public"],
            "bcc": "https://c.example/carol",
            "object": { "type": "Note", "to": ["https://b.example/bob", "https://d.example/dan"] },
        }));
        let expected: Vec<Iri> = [
            "https://b.example/bob",
            "https://a.example/alice/followers",
            "https://c.example/carol",
            "https://d.example/dan",
        ]
        .map(iri)
        .into();
        let mut found = audience(&create, 100);
        assert_eq!(audience(&create, 2), found[..2]);
        found.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn i17_blind_copies_go_whatever_they_are_called() {
        let activity = object(&json!({
            "@context": [{ "hidden": "as:bto", "x": "https://www.w3.org/ns/activitystreams#" }], "type": "Create",
            "hidden": "https://b.example/bob", "as:bcc": "https://c.example/c", "to": "https://d.example/dan",
            "object": { "type": "Note", "x:bcc": "https://b.example/bob", "n": 1.5 },
        }));
        let sent = without_blind_copies(&activity).to_value();
        let expected = json!({
            "@context": [{ "hidden": "as:bto", "x": "https://www.w3.org/ns/activitystreams#" }], "type": "Create",
            "to": "https://d.example/dan", "object": { "type": "Note", "n": 1.5 },
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn i17_blind_copies_are_seen_by_nobody() {
        let create = object(&json!({
            "type": "Create", "bto": ["https://b.example/bob"], "to": "https://d.example/dan",
            "object": { "type": "Note", "bcc": "https://c.example/carol", "as:bto": "https://e.example/eve" },
        }));
        let sent = String::from_utf8(without_blind_copies(&create).to_bytes()).unwrap();
        assert!(
            !sent.contains("bob") && !sent.contains("carol") && !sent.contains("eve"),
            "{sent}"
        );
        assert!(sent.contains("dan"));
        let untouched = object(&json!({ "type": "Note", "to": "https://d.example/dan" }));
        assert_eq!(without_blind_copies(&untouched).to_bytes(), untouched.to_bytes());
    }

    #[test]
    fn inboxes_that_are_shared_are_posted_to_once() {
        let reach = |inbox: &str, shared: Option<&str>| Reach {
            inbox: iri(inbox),
            shared_inbox: shared.map(iri),
        };
        let inboxes = collapse([
            reach("https://b.example/bob/inbox", Some("https://b.example/inbox")),
            reach("https://c.example/carol/inbox", None),
            reach("https://b.example/ben/inbox", Some("https://b.example/inbox")),
            reach("https://c.example/carol/inbox", None),
        ]);
        assert_eq!(
            inboxes,
            [
                iri("https://b.example/inbox"),
                iri("https://c.example/carol/inbox")
            ]
        );
    }
}
