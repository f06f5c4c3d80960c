//! What a delivery row points at: an inbox, or an actor whose inbox has to be looked up first.

use federate_protocol::activitystreams::Iri;

/// A fragment is never sent, so no inbox has this one.
const MARK: &str = "#federate:inbox-of";

/// The two things that stand in a row's inbox column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An inbox.
    Inbox(Iri),
    /// An actor.
    Actor(Iri),
}

impl Target {
    /// Reads the column.
    pub(crate) fn of(inbox: &Iri) -> Self {
        let actor = inbox
            .as_str()
            .strip_suffix(MARK)
            .and_then(|actor| Iri::parse(actor).ok());
        actor.map_or_else(|| Self::Inbox(inbox.clone()), Self::Actor)
    }

    /// The column of an actor; `None` where its id is too long to be marked.
    pub(crate) fn column_of(actor: &Iri) -> Option<Iri> {
        Iri::parse(&format!("{actor}{MARK}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_survives_its_column_and_an_inbox_is_not_touched() {
        for id in [
            "https://a.example/users/bob",
            "https://a.example/#bob",
            "did:key:z6Mk",
        ] {
            let id = Iri::parse(id).unwrap();
            assert_eq!(
                Target::of(&Target::column_of(&id).unwrap()),
                Target::Actor(id.clone())
            );
            assert_eq!(Target::of(&id), Target::Inbox(id));
        }
    }
}
