//! What our people say to everybody, to the relays that we subscribe to.

use federate_protocol::activitystreams::{Iri, Object, PUBLIC, is_public};
use federate_protocol::audience::own_object;
use federate_store::{Outgoing, RelationKind as Kind, RelationState as State, Which};
use serde_json::json;

use super::subscription::MOST;
use super::{RelayKind, all_relays};
use crate::draft::create_id;
use crate::groups::digest;
use crate::reach::Recipients;
use crate::{Directory, Error, Local, RELAY, Uris};

/// Whether relays get this activity of `me`, as far as it says itself: what is for everybody in the first place (`to`), as with Mastodon; and
/// that somebody moves or is gone.
pub(crate) fn is_for_relays(activity: &Object, me: &Iri) -> bool {
    match activity.type_name() {
        "Create" | "Update" => {
            let own = own_object(activity, Some(me));
            let closed = own.is_some_and(|object| !object.addressed().is_empty() && !is_to_all(&object));
            is_to_all(activity) && !closed
        }
        "Delete" => is_to_all(activity) || activity.object().id().as_ref() == Some(me),
        "Move" => true,
        _ => false,
    }
}

fn is_to_all(object: &Object) -> bool {
    object.to().ids().iter().any(|id| is_public(id.as_str()))
}

impl<App: Directory> Recipients<App> {
    /// The inboxes of the relays that an activity goes to. To those that only take ids it is announced: by an activity of its own, whose id is
    /// made of what it announces, so that it is recorded once however often this is asked.
    pub(crate) async fn relays(&self, outgoing: &Outgoing) -> Result<Vec<Iri>, Error> {
        if !self.relaying.subscribes || !outgoing.audience.contains(&all_relays(&self.uris)) {
            return Ok(Vec::new());
        }
        let activity = Object::parse(&outgoing.body)?;
        if !self.is_relayed(outgoing, &activity).await? {
            return Ok(Vec::new());
        }
        let object = activity.object().id().filter(|_| activity.is("Create"));
        if let Some(object) = object.filter(|id| self.uris.is_local(id)) {
            let followed = self.subscribed(RelayKind::LitePub).await?;
            if !followed.is_empty() {
                let announce = announcement(&self.uris, &object, followed)?;
                self.stores.outbox.record(&announce).await?;
            }
        }
        self.subscribed(RelayKind::Mastodon).await
    }

    /// What is for everybody. That something is gone is said to everybody, also where the thing was not: relays hear of what they had.
    async fn is_relayed(&self, outgoing: &Outgoing, activity: &Object) -> Result<bool, Error> {
        let is_public = activity
            .actor()
            .id()
            .is_some_and(|me| is_for_relays(activity, &me));
        if !is_public && !activity.is("Delete") {
            return Ok(false);
        }
        let object = activity.object().id().filter(|_| activity.is("Delete"));
        let Some(object) = object.filter(|id| matches!(self.uris.parse(id), Some(Local::Object(_)))) else {
            return Ok(true);
        };
        match self.stores.outbox.body(&create_id(&object)?).await? {
            Some(create) => {
                let create = Object::parse(&create)?;
                let author = create.actor().id();
                Ok(author.is_some_and(|author| is_for_relays(&create, &author)))
            }
            // Where the audience is that of a `Create` of which nobody knows whom it was for, it was not for everybody.
            None => Ok(!outgoing.audience.contains(&object)),
        }
    }

    async fn subscribed(&self, kind: RelayKind) -> Result<Vec<Iri>, Error> {
        let which = Which::of(Kind::Relay)
            .about(kind.as_str())
            .in_state(State::Accepted);
        let rows = self.stores.relations.page(&which, None, MOST).await?;
        let at = rows.into_iter().map(|(_, relation)| relation.key.actor);
        Ok(at.filter(|at| !self.is_blocked(at)).collect())
    }
}

/// The `Announce` of an object to relays, by the actor that speaks to them.
pub(super) fn announcement(uris: &Uris, object: &Iri, to: Vec<Iri>) -> Result<Outgoing, Error> {
    let me = uris.relay_actor();
    let id = Iri::parse(&format!("{me}#announce/{}", digest(object)))?;
    let announce = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id.as_str(), "type": "Announce", "actor": me.as_str(),
        "to": [PUBLIC], "object": object.as_str(),
    });
    Ok(Outgoing::new(id, RELAY, announce.to_string(), to))
}
