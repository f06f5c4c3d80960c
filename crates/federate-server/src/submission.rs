//! What a client of ours posts to an outbox becomes an activity of its actor: the client-to-server half of
//! [ActivityPub](https://www.w3.org/TR/activitypub/#client-to-server-interactions).

use federate_protocol::activitystreams::{Iri, Object, Ref};
use serde_json::{Map, Value, json};

use crate::{Builder, Directory, Enqueued, Failure, Federation, Found, Local};

mod servers;

impl<App: Directory> Builder<App> {
    /// Clients may post to the outboxes of their actors: [`Directory::client`] says who they are.
    ///
    /// The body is an activity, or a bare object, around which a `Create` is put; `application/activity+json`, or `application/ld+json` with its
    /// profile, so that no form on another site can do it. It has the usual names ([`Object::is_compact`]). Ids are made here, whatever the client says, and keys, proofs, inboxes,
    /// collections and counts are left out of everything that it posts: those are a server's to say. `bto` and
    /// `bcc` are delivered to and not shown; a post without any other address gets its author's. Who posts is the actor and the author, or is refused; so is what is about
    /// somebody else's object, or addressed to somebody else's followers. [`Directory::submitted`] is told of each before it is
    /// sent, and the answer is 201 with the id in `Location`.
    ///
    /// [`RateLimits::address`](crate::RateLimits::address) counts what comes from one address, before anybody is asked who it is.
    pub fn client_to_server(mut self) -> Self {
        self.paths.takes_posts = true;
        self
    }
}

/// Why something is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("not an ActivityStreams object")]
    NotAnObject,
    #[error("names have to be the usual ones, without keywords, prefixes and full IRIs")]
    NotCompact,
    #[error("a client cannot send a {0}")]
    Type(String),
    #[error("{0} has to be one object")]
    Missing(&'static str),
    #[error("the {0} is somebody else")]
    SomebodyElse(&'static str),
    #[error("the object is not yours")]
    NotYours,
    #[error("the audience has the followers of somebody else")]
    OthersFollowers,
}

/// What may be sent, besides bare objects. A `Move` is not among it: that is for whoever keeps the account.
const SENT: &[&str] = &[
    "Create",
    "Update",
    "Delete",
    "Follow",
    "Accept",
    "Reject",
    "Add",
    "Remove",
    "Like",
    "Announce",
    "EmojiReact",
    "Undo",
    "Block",
    "Flag",
];

/// Activities that are no bare objects either.
const OTHERS: &[&str] = &[
    "Activity",
    "Arrive",
    "Dislike",
    "Ignore",
    "IntransitiveActivity",
    "Invite",
    "Join",
    "Leave",
    "Listen",
    "Move",
    "Offer",
    "Question",
    "QuoteRequest",
    "Read",
    "TentativeAccept",
    "TentativeReject",
    "Travel",
    "View",
];

impl<App: Directory> Federation<App> {
    /// The activity that something posted becomes.
    pub(crate) async fn submission(
        &self,
        name: &str,
        posted: &Object,
    ) -> Result<Result<Object, NotTaken>, Failure> {
        let shaped = match self.shaped(name, posted) {
            Ok(shaped) => shaped,
            Err(refused) => return Ok(Err(refused)),
        };
        let me = self.uris().actor(name);
        let mine = match shaped.type_name() {
            // Of a post: the account, with its keys and inboxes, is for whoever keeps it.
            "Update" => {
                let is_actor = shaped.object().object().is_some_and(|object| object.is_actor());
                !is_actor && self.is_owner(&me, &shaped.object()).await?
            }
            "Delete" => self.is_owner(&me, &shaped.object()).await?,
            "Undo" => self.did(&me, &shaped.object()).await?,
            "Accept" | "Reject" => {
                let asked = shaped.object().object();
                asked.is_some_and(|follow| follow.is("Follow") && follow.object().id().as_ref() == Some(&me))
            }
            "Add" | "Remove" => shaped.target().id() == Some(self.uris().featured(name)),
            _ => true,
        };
        Ok(if mine { Ok(shaped) } else { Err(NotTaken::NotYours) })
    }

    /// As it would be sent: by whom, about what, to whom.
    fn shaped(&self, name: &str, posted: &Object) -> Result<Object, NotTaken> {
        let me = self.uris().actor(name);
        let Value::Object(mut map) = posted.to_value() else {
            return Err(NotTaken::NotAnObject);
        };
        let mut kind = match posted.types().as_slice() {
            [one] => one.clone(),
            _ => return Err(NotTaken::NotAnObject),
        };
        if !SENT.contains(&kind.as_str()) {
            if posted.is_actor() || OTHERS.contains(&kind.as_str()) {
                return Err(NotTaken::Type(kind));
            }
            let context = map.remove("@context");
            map = wrapped(map, context);
            kind = "Create".to_owned();
        }
        map.remove("id");
        servers::strip(&mut map);
        only(&mut map, "actor", &me)?;
        let object = map.remove("object").ok_or(NotTaken::Missing("object"))?;
        let object = match (kind.as_str(), object) {
            ("Create", object) => self.created(&me, object, &mut map)?,
            // What is changed keeps its id, and whose it is.
            ("Update", Value::Object(mut object)) => {
                if let Some(key) = servers::key_type(&object) {
                    return Err(NotTaken::Type(key.to_owned()));
                }
                only(&mut object, "attributedTo", &me)?;
                Value::Object(object)
            }
            ("Update", _) => return Err(NotTaken::Missing("object")),
            // The follow as it came is what its sender recognises.
            ("Accept" | "Reject", object @ Value::Object(_)) => object,
            ("Flag", Value::Array(objects)) => objects.iter().map(id_alone).collect::<Result<_, _>>()?,
            // Somebody else's words are theirs to say: only what they are about is taken.
            (_, object) => id_alone(&object)?,
        };
        map.insert("object".into(), object);
        let activity = Object::from_value(Value::Object(map)).map_err(|_| NotTaken::NotAnObject)?;
        // What was looked for and taken out above by its name is read by its meaning later: nothing may have two names.
        if !activity.is_compact() {
            return Err(NotTaken::NotCompact);
        }
        let others = |id: &Iri| self.uris().parse_followers(id).is_some_and(|of| of != name);
        let inner = activity.object().object();
        let addressed = inner.iter().map(Object::addressed).chain([activity.addressed()]);
        if addressed.flatten().any(|id| others(&id)) {
            return Err(NotTaken::OthersFollowers);
        }
        Ok(activity)
    }

    /// The object of a `Create`: with an id of ours, by the actor, for those for whom the activity is.
    fn created(&self, me: &Iri, object: Value, create: &mut Map<String, Value>) -> Result<Value, NotTaken> {
        let Value::Object(mut object) = object else {
            return Err(NotTaken::Missing("object"));
        };
        let kind = match object.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            _ => return Err(NotTaken::NotAnObject),
        };
        if let Some(key) = servers::key_type(&object) {
            return Err(NotTaken::Type(key.to_owned()));
        }
        let is_activity =
            SENT.contains(&kind.as_str()) || (OTHERS.contains(&kind.as_str()) && kind != "Question");
        let whole = Object::from_value(Value::Object(object.clone())).map_err(|_| NotTaken::NotAnObject)?;
        if is_activity || whole.is_actor() {
            return Err(NotTaken::Type(kind));
        }
        object.remove("id");
        only(&mut object, "attributedTo", me)?;
        let id = self.uris().object(&kind.to_lowercase(), self.new_id());
        object.insert("id".into(), json!(id.as_str()));
        for to in ["to", "cc", "bto", "bcc", "audience"] {
            match (object.get(to).cloned(), create.get(to).cloned()) {
                (Some(inner), None) => drop(create.insert(to.into(), inner)),
                (None, Some(outer)) => drop(object.insert(to.into(), outer)),
                _ => {}
            }
        }
        // Without its blind copies nothing would say that it is for a few: an object without addresses is shown to everybody.
        let mut shown = object.clone();
        for blind in ["bto", "bcc"] {
            shown.remove(blind);
        }
        let shown = Object::from_value(Value::Object(shown)).map_err(|_| NotTaken::NotAnObject)?;
        if shown.addressed().is_empty() {
            object.insert("to".into(), json!([me.as_str()]));
            create.entry("to").or_insert_with(|| json!([me.as_str()]));
        }
        Ok(Value::Object(object))
    }

    /// Whether this is an object of ours that is attributed to the actor. The actor itself is none.
    async fn is_owner(&self, me: &Iri, what: &Ref) -> Result<bool, Failure> {
        let Some(id) = what.id() else {
            return Ok(false);
        };
        let Some(Local::Object(at)) = self.uris().parse(&id) else {
            return Ok(false);
        };
        let found = self.app().object(&self.ask(Some(me)), &at).await?;
        let attributed = match found {
            Found::Here(object) => object.attributed_to().id(),
            Found::Gone => None,
            Found::Missing => {
                let create = self.stores().outbox.body(&crate::draft::create_id(&id)?).await?;
                create
                    .map(|body| Object::parse(&body))
                    .transpose()?
                    .and_then(|create| create.actor().id())
            }
        };
        Ok(attributed.as_ref() == Some(me))
    }

    /// Whether this is an activity that the actor has sent.
    async fn did(&self, me: &Iri, what: &Ref) -> Result<bool, Failure> {
        let Some(id) = what.id().filter(|id| self.uris().is_local(id)) else {
            return Ok(false);
        };
        let body = self.stores().outbox.body(&id).await?;
        let sent = body.map(|body| Object::parse(&body)).transpose()?;
        Ok(sent.is_some_and(|sent| sent.actor().id().as_ref() == Some(me)))
    }

    /// Tells the application of it, and sends it.
    pub(crate) async fn submit(&self, name: &str, activity: Object) -> Result<Enqueued, Failure> {
        let gone = activity.object().id().filter(|_| activity.is("Delete"));
        let draft = match gone {
            Some(object) => self.retract(name, &object),
            None => self.send(name, activity),
        };
        let written = draft.written()?;
        self.app().submitted(name, &written).await?;
        // Under the id of which the application was told.
        let id = written
            .id()
            .ok_or_else(|| Failure::permanent("an activity without an id"))?;
        Ok(draft.id(id).await?)
    }

    /// What is sent of a submission: an `Undo` embeds what it undoes as it was sent, so that it is for the same people.
    pub(crate) async fn completed(&self, activity: Object) -> Result<Object, Failure> {
        if !activity.is("Undo") {
            return Ok(activity);
        }
        let sent = match activity.object().id() {
            Some(id) => self.stores().outbox.body(&id).await?,
            None => None,
        };
        let (Some(sent), Value::Object(mut map)) = (sent, activity.to_value()) else {
            return Ok(activity);
        };
        map.insert("object".into(), Object::parse(&sent)?.to_value());
        Ok(Object::from_value(Value::Object(map))?)
    }
}

/// A bare object as what is created.
fn wrapped(object: Map<String, Value>, context: Option<Value>) -> Map<String, Value> {
    let mut create = Map::new();
    if let Some(context) = context {
        create.insert("@context".into(), context);
    }
    create.insert("type".into(), json!("Create"));
    create.insert("object".into(), Value::Object(object));
    create
}

/// Lets a property name the actor, and nobody else.
fn only(map: &mut Map<String, Value>, property: &'static str, me: &Iri) -> Result<(), NotTaken> {
    if let Some(said) = map.get(property).filter(|said| !said.is_null()) {
        let id = id_alone(said).map_err(|_| NotTaken::SomebodyElse(property))?;
        if id != me.as_str() {
            return Err(NotTaken::SomebodyElse(property));
        }
    }
    map.insert(property.into(), json!(me.as_str()));
    Ok(())
}

/// What is named, without what is said of it.
fn id_alone(value: &Value) -> Result<Value, NotTaken> {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Object(map) => match map.get("id") {
            Some(id @ Value::String(_)) => Ok(id.clone()),
            _ => Err(NotTaken::Missing("object")),
        },
        Value::Array(one) if one.len() == 1 => one
            .iter()
            .map(id_alone)
            .collect::<Result<Vec<_>, _>>()
            .and_then(|ids| ids.into_iter().next().ok_or(NotTaken::Missing("object"))),
        _ => Err(NotTaken::Missing("object")),
    }
}
