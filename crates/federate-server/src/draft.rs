//! Activities on their way out.

use std::fmt;

use federate_protocol::activitystreams::{Iri, Object, Ref, is_public};
use federate_protocol::audience;
use federate_store::{Backend, BoxFuture, OrderKey, Outgoing, Priority};
use serde_json::{Map, Value, json};

use crate::cx::Sent;
use crate::proofs::Wanted;
use crate::{Directory, Error, Federation, INSTANCE, Local, RELAY, answers, proofs, relay};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// An activity on its way out. Await it, or put it into your own transaction.
///
/// `actor`, `id` and `@context` are filled in where they are missing; `to` and `cc` are taken from an embedded object
/// where the activity has none; `bto` and `bcc` count as audience and are removed. Who is addressed and lives here is not
/// delivered to: what our own people send to each other never leaves the application.
#[must_use = "nothing is sent until this is awaited or enqueued in a transaction"]
pub struct Draft<App: Directory> {
    federation: Federation<App>,
    sender: String,
    activity: Object,
    also: Vec<Iri>,
    /// Inboxes of whom nobody knows the actor.
    inboxes: Vec<Iri>,
    id: Option<Iri>,
    into: Option<Sent>,
    /// Whose activity made a handler send this.
    answers: Option<Iri>,
    priority: Option<Priority>,
    order: Option<OrderKey>,
    pub(crate) proof: bool,
}

/// What was written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Enqueued {
    /// The id of the activity.
    pub id: Iri,
    /// The activity as it goes out: what a later `Undo` embeds.
    pub activity: Object,
}

impl<App: Directory> fmt::Debug for Draft<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("sender", &self.sender)
            .field("type", &self.activity.type_name())
            .finish_non_exhaustive()
    }
}

impl<App: Directory> Draft<App> {
    pub(crate) fn new(federation: Federation<App>, sender: &str, activity: Object) -> Self {
        Draft {
            proof: federation.inner.proofs,
            federation,
            sender: sender.to_owned(),
            activity,
            also: Vec::new(),
            inboxes: Vec::new(),
            id: None,
            into: None,
            answers: None,
            priority: None,
            order: None,
        }
    }

    /// What goes before it, and before what it goes. By default, what is for single people alone is of
    /// [high](Priority::High) priority, and what is for followers of the [usual](Priority::Usual) one.
    pub fn priority(self, priority: Priority) -> Self {
        Self {
            priority: Some(priority),
            ..self
        }
    }

    /// No inbox gets it before what was sent under the same key. `Create`, `Update` and `Delete` of an object of ours have
    /// the key of that object by themselves.
    pub fn in_order(self, order: OrderKey) -> Self {
        Self {
            order: Some(order),
            ..self
        }
    }

    pub(crate) fn answering(mut self, whom: Iri) -> Self {
        self.answers = Some(whom);
        self
    }

    pub(crate) fn with_mark(mut self, sent: Sent) -> Self {
        self.into = Some(sent);
        self
    }

    /// Somebody who is not addressed in the activity itself.
    pub fn to(mut self, who: Iri) -> Self {
        self.also.push(who);
        self
    }

    /// An inbox, whosever it is.
    pub(crate) fn at_inbox(mut self, inbox: Iri) -> Self {
        self.inboxes.push(inbox);
        self
    }

    /// The id of the activity, where the application makes it.
    pub fn id(mut self, id: Iri) -> Self {
        self.id = Some(id);
        self
    }

    /// The value that is stored: for a driver that the library does not know.
    ///
    /// # Errors
    ///
    /// A permanent one where the activity is by somebody else than the sender, or is none.
    pub fn prepare(&self) -> Result<Outgoing, Error> {
        Ok(self.finish()?.0)
    }

    /// One row in your transaction; no network, and no follower is read while you hold the write lock.
    ///
    /// Call [`Federation::wake`] after the commit, and the delivery begins at once.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one where the activity cannot be written.
    pub async fn enqueue_in(
        self,
        connection: &mut <App::Store as Backend>::Connection,
    ) -> Result<Enqueued, Error> {
        let (outgoing, activity) = self.finish()?;
        App::Store::record(connection, &outgoing).await?;
        Ok(Enqueued {
            id: outgoing.id,
            activity,
        })
    }

    /// The activity as it would go out now.
    pub(crate) fn written(&self) -> Result<Object, Error> {
        Ok(self.finish()?.1)
    }

    fn finish(&self) -> Result<(Outgoing, Object), Error> {
        let uris = self.federation.uris();
        let me = uris.owner(&self.sender);
        let Value::Object(mut map) = self.activity.to_value() else {
            return Err(Error::permanent("what is sent is not an object"));
        };
        if let Some(actor) = self.activity.actor().id()
            && actor != me
        {
            return Err(Error::permanent(format!(
                "the activity is by {actor}, and sent by {me}"
            )));
        }
        map.insert("actor".into(), json!(me.as_str()));
        let id = match (self.activity.id(), &self.id) {
            (Some(id), _) => id,
            (None, Some(id)) => id.clone(),
            (None, None) => self.new_id(&me)?,
        };
        map.insert("id".into(), json!(id.as_str()));
        share_context(&mut map);
        let recipients = if self.activity.addressed().is_empty() {
            self.recipients(&me)
        } else {
            Recipients::default()
        };
        for (key, ids) in [("to", &recipients.to), ("cc", &recipients.cc)] {
            if !ids.is_empty() {
                map.insert(key.into(), json!(ids));
            }
        }
        let whole = Object::from_value(Value::Object(map))?;
        let limit = self.federation.limits().audience;
        let mut audience = audience::audience(&whole, limit);
        for who in &self.also {
            if !is_public(who.as_str()) && !audience.contains(who) {
                audience.push(who.clone());
            }
        }
        if let Some(whom) = &self.answers
            && audience.contains(whom)
            && answers::counts(self.activity.type_name())
        {
            let guards = &self.federation.inner.guards;
            guards.answers.count(&self.sender, whom, self.federation.now())?;
        }
        audience.retain(|id| !relay::is_mark(id));
        audience.extend(self.inboxes.iter().filter_map(relay::inbox_as_audience));
        let for_relays = self.is_for_relays(&whole, &me);
        if for_relays {
            audience.push(relay::all_relays(uris));
        }
        let mut activity = audience::without_blind_copies(&whole);
        let mut wanted = Wanted {
            proof: self.proof,
            linked_data: for_relays && self.federation.inner.relaying.signs,
        };
        if proofs::has_proof(&activity) {
            wanted = Wanted::default();
        }
        if wanted.is_any() {
            activity = proofs::provable(activity, wanted, self.federation.now())?;
        }
        let body = proofs::marked(&activity, wanted);
        let outgoing = Outgoing {
            priority: self.priority.unwrap_or_else(|| self.usual_priority(&audience)),
            order: self.order.or_else(|| self.order_of_its_object()),
            ..Outgoing::new(id, self.sender.clone(), body, audience)
        };
        Ok((outgoing, activity))
    }

    fn is_for_relays(&self, whole: &Object, me: &Iri) -> bool {
        let ours = !matches!(self.sender.as_str(), INSTANCE | RELAY);
        let subscribes = self.federation.inner.relaying.subscribes;
        subscribes && ours && relay::is_for_relays(whole, me)
    }

    fn usual_priority(&self, audience: &[Iri]) -> Priority {
        let uris = self.federation.uris();
        if audience.iter().any(|who| uris.is_local(who)) {
            Priority::Usual
        } else {
            Priority::High
        }
    }

    fn order_of_its_object(&self) -> Option<OrderKey> {
        let object = self.activity.object().id()?;
        let ordered = matches!(self.activity.type_name(), "Create" | "Update" | "Delete");
        (ordered && self.federation.uris().is_local(&object)).then(|| OrderKey::of(&object))
    }

    fn new_id(&self, me: &Iri) -> Result<Iri, Error> {
        let uris = self.federation.uris();
        let object = self.activity.object().id();
        let ours = object.filter(|id| matches!(uris.parse(id), Some(Local::Object(_))));
        match (self.activity.type_name(), ours, self.activity.object().id()) {
            ("Create", Some(object), _) => create_id(&object),
            ("Delete", Some(object), _) => delete_id(&object),
            ("Delete", None, Some(actor)) if actor == *me => delete_id(&actor),
            (kind, ..) => {
                let kind = kind.to_lowercase();
                Ok(Iri::parse(&format!("{me}#{kind}/{}", self.federation.new_id()))?)
            }
        }
    }

    /// Whom an activity without addresses is for, where that is plain from what it is.
    fn recipients(&self, me: &Iri) -> Recipients {
        let object = self.activity.object();
        let embedded = object.object();
        let own = audience::own_object(&self.activity, Some(me));
        let one = |id: Option<Iri>| Recipients {
            to: id.into_iter().map(|id| id.as_str().to_owned()).collect(),
            cc: Vec::new(),
        };
        match self.activity.type_name() {
            // Of Public it is one of a relay, who is reached otherwise.
            "Follow" | "Block" => one(object.id().filter(|id| !is_public(id.as_str()))),
            "Accept" | "Reject" => one(embedded.and_then(|inner| inner.actor().id())),
            "Like" | "EmojiReact" => one(embedded.and_then(|inner| inner.attributed_to().id())),
            "Undo" => match own {
                Some(inner) if !inner.addressed().is_empty() => Recipients {
                    to: texts(&inner.to()),
                    cc: texts(&inner.cc()),
                },
                Some(inner) if inner.is("Follow") || inner.is("Block") => {
                    one(inner.object_id().filter(|id| !is_public(id.as_str())))
                }
                _ => Recipients::default(),
            },
            _ => match own {
                Some(inner) => Recipients {
                    to: texts(&inner.to()),
                    cc: texts(&inner.cc()),
                },
                None => Recipients::default(),
            },
        }
    }
}

impl<App: Directory> IntoFuture for Draft<App> {
    type Output = Result<Enqueued, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (outgoing, activity) = self.finish()?;
            let id = outgoing.id.clone();
            match &self.into {
                Some(sent) => crate::cx::push(sent, outgoing),
                None => {
                    self.federation.stores().outbox.record(&outgoing).await?;
                    self.federation.wake();
                }
            }
            Ok(Enqueued { id, activity })
        })
    }
}

#[derive(Default)]
struct Recipients {
    to: Vec<String>,
    cc: Vec<String>,
}

fn texts(ids: &Ref) -> Vec<String> {
    ids.ids().iter().map(|id| id.as_str().to_owned()).collect()
}

/// The id of the `Create` of an object of ours.
pub(crate) fn create_id(object: &Iri) -> Result<Iri, Error> {
    Ok(Iri::parse(&format!("{object}/activity"))?)
}

/// The id of the `Delete` of an object or an actor of ours.
pub(crate) fn delete_id(object: &Iri) -> Result<Iri, Error> {
    Ok(Iri::parse(&format!("{object}#delete"))?)
}

/// One context, at the top: the embedded object's, where the activity has none that says more.
fn share_context(map: &mut Map<String, Value>) {
    let plain = json!(CONTEXT);
    let inner = match map.get_mut("object") {
        Some(Value::Object(object)) => object.remove("@context"),
        _ => None,
    };
    let outer = map.get("@context").cloned().unwrap_or_else(|| plain.clone());
    let shared = match inner {
        Some(inner) if outer == plain => inner,
        Some(inner) if inner != outer && inner != plain => {
            // Two that differ stay where they are.
            if let Some(Value::Object(object)) = map.get_mut("object") {
                object.insert("@context".into(), inner);
            }
            outer
        }
        _ => outer,
    };
    map.insert("@context".into(), shared);
}
