//! Who may quote our posts; see [`Builder::manage_quotes`](crate::Builder::manage_quotes).
//!
//! Spec: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>

mod decide;

use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{
    Accept, Activity, Iri, Object, QuoteRequest, Reject, is_public, terms,
};
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};
use serde_json::{Value, json};

use crate::serve::find;
use crate::{Builder, Cx, Directory, Failure, Federation, Found, ObjectRef};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// The kind under which a stamp (`QuoteAuthorization`) has its URL.
const STAMP: &str = "quote-authorization";

/// Whether somebody may quote a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Approval {
    /// At once.
    Automatic,
    /// When somebody has looked at it: it waits among the [requests](Federation::quote_requests).
    Manual,
    /// Never.
    Never,
}

/// A quote of a post of ours, or the wish for one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote {
    /// The post that quotes.
    pub post: Iri,
    /// Who wrote it.
    pub actor: Iri,
    /// The post of ours that is quoted.
    pub quoted: Iri,
    /// The id of the request, which the answer names.
    pub request: Option<Iri>,
    /// When it was asked for.
    pub at: SystemTime,
}

/// What a note says: whose the quoted post is, and the id of the request, which an answer has to name.
struct Noted {
    author: String,
    request: Option<Iri>,
}

impl Noted {
    fn write(&self) -> String {
        json!({ "author": self.author, "request": self.request.as_ref().map(Iri::as_str) }).to_string()
    }

    fn read(note: &str) -> Self {
        let note: Value = serde_json::from_str(note).unwrap_or_default();
        let text = |name: &str| note.get(name).and_then(Value::as_str);
        Noted {
            author: text("author").unwrap_or_default().to_owned(),
            request: text("request").and_then(|id| Iri::parse(id).ok()),
        }
    }
}

impl From<Relation> for Quote {
    fn from(relation: Relation) -> Self {
        // Both were ids when they were written down.
        let id = |text: &str| Iri::parse(text).unwrap_or_else(|_| relation.key.actor.clone());
        Quote {
            post: id(&relation.key.name),
            quoted: id(&relation.key.subject),
            request: Noted::read(&relation.note).request,
            at: relation.at,
            actor: relation.key.actor,
        }
    }
}

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let Some(request) = activity.cast::<QuoteRequest>() else {
        return Ok(());
    };
    let (Some(at), Some(post)) = (cx.local_object(request.object_id()), request.instrument().id()) else {
        return Ok(());
    };
    // They ask for what they wrote themselves, and for nothing else.
    if !post.same_origin(request.by()) {
        return Ok(());
    }
    let federation = &cx.federation;
    let relations = &federation.stores().relations;
    let quoted = cx.uris().object(at.kind(), at.as_str());
    let ask = federation.ask(Some(request.by()));
    let Found::Here(object) = find(federation, &ask, &at).await? else {
        return Ok(());
    };
    let Some(me) = federation.author_of(&object) else {
        return Ok(());
    };
    let key = RelationKey::new(Kind::Quote, quoted.as_str(), request.by()).named(post.as_str());
    let asked = Relation {
        state: State::Pending,
        note: Noted {
            author: me.clone(),
            request: (**request).id(),
        }
        .write(),
        ..Relation::new(key, cx.now())
    };
    // What was answered once is answered the same way.
    if let Some(before) = relations.get(&asked.key).await? {
        return match before.state {
            State::Pending => Ok(()),
            State::Accepted => say_yes(cx, &me, &request, before.activity.as_ref()).await,
            State::Rejected => say_no(cx, &me, &request).await,
        };
    }
    let limits = &federation.inner.managed.limits;
    let theirs = Which::of(Kind::Quote).about(quoted.as_str()).with(request.by());
    if relations.count(&theirs).await? >= limits.quotes {
        tracing::info!(actor = %request.by(), object = quoted.as_str(), "too many quotes of one actor");
        return say_no(cx, &me, &request).await;
    }
    match approval(cx, &me, &object, request.by()).await? {
        Approval::Automatic => {
            let stamp = federation.new_stamp();
            let yes = Relation {
                activity: Some(stamp.clone()),
                state: State::Accepted,
                ..asked
            };
            relations.put(&yes).await?;
            say_yes(cx, &me, &request, Some(&stamp)).await
        }
        Approval::Manual => {
            let waiting = Which::of(Kind::Quote)
                .about(quoted.as_str())
                .in_state(State::Pending);
            if relations.count(&waiting).await? < limits.quote_requests {
                relations.put(&asked).await?;
            }
            Ok(())
        }
        Approval::Never => say_no(cx, &me, &request).await,
    }
}

/// What the application says; else what the post itself says (`interactionPolicy`), and what says nothing waits for a decision.
async fn approval<App: Directory>(
    cx: &Cx<App>,
    me: &str,
    object: &Object,
    by: &Iri,
) -> Result<Approval, Failure> {
    let ask = cx.federation.ask(Some(by));
    if let Some(said) = cx.app().may_quote(&ask, object, by).await? {
        return Ok(said);
    }
    let rule = object.interaction_policy().and_then(|policy| policy.can_quote());
    let Some(rule) = rule else {
        return Ok(Approval::Manual);
    };
    let (automatic, manual) = (rule.automatic_approval().ids(), rule.manual_approval().ids());
    if automatic.is_empty() && manual.is_empty() {
        // By the specification the same as if it were missing.
        return Ok(Approval::Manual);
    }
    if among(cx, me, &automatic, by).await? {
        return Ok(Approval::Automatic);
    }
    Ok(match among(cx, me, &manual, by).await? {
        true => Approval::Manual,
        false => Approval::Never,
    })
}

async fn among<App: Directory>(cx: &Cx<App>, me: &str, ids: &[Iri], by: &Iri) -> Result<bool, Failure> {
    if ids.iter().any(|id| id == by || is_public(id.as_str())) {
        return Ok(true);
    }
    let followers = cx.uris().followers(me);
    Ok(ids.contains(&followers) && cx.federation.stores().followers.contains(me, by).await?)
}

async fn say_yes<App: Directory>(
    cx: &Cx<App>,
    me: &str,
    request: &Authenticated<QuoteRequest>,
    stamp: Option<&Iri>,
) -> Result<(), Failure> {
    let accept = Accept::new(named(request));
    let accept = match stamp {
        Some(stamp) => accept.with(&terms::RESULT, stamp),
        None => accept,
    };
    cx.send(me, accept).to(request.by().clone()).await?;
    Ok(())
}

async fn say_no<App: Directory>(
    cx: &Cx<App>,
    me: &str,
    request: &Authenticated<QuoteRequest>,
) -> Result<(), Failure> {
    cx.send(me, Reject::new(named(request)))
        .to(request.by().clone())
        .await?;
    Ok(())
}

/// Their request as an answer names it: by id, with the post that quotes reduced to its id.
fn named(request: &Authenticated<QuoteRequest>) -> Object {
    let quoted = request.object_id();
    let post = request.instrument().id();
    answered(
        (**request).id().as_ref(),
        request.by(),
        quoted.as_ref(),
        post.as_ref(),
    )
}

fn answered(id: Option<&Iri>, by: &Iri, quoted: Option<&Iri>, post: Option<&Iri>) -> Object {
    let request = json!({ "@context": [CONTEXT, { "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest" }],
        "type": "QuoteRequest" });
    let mut request = Object::from_value(request)
        .unwrap_or_else(|_| Object::of_type("QuoteRequest"))
        .with(&terms::ACTOR, by);
    if let Some(quoted) = quoted {
        request = request.with(&terms::OBJECT, quoted);
    }
    if let Some(post) = post {
        request = request.with(&terms::INSTRUMENT, post);
    }
    match id {
        Some(id) => request.with_id(id),
        None => request,
    }
}

/// The stamp at one of our URLs: what others look at before they show a quote.
pub(crate) async fn stamp<App: Directory>(
    federation: &Federation<App>,
    at: &ObjectRef,
) -> Result<Found<Object>, Failure> {
    if !federation.inner.managed.quotes || at.kind() != STAMP {
        return Ok(Found::Missing);
    }
    let id = federation.uris().object(at.kind(), at.as_str());
    let which = Which::of(Kind::Quote).made_by(&id);
    let found = federation.stores().relations.page(&which, None, 1).await?;
    let Some((_, relation)) = found.into_iter().next() else {
        return Ok(Found::Missing);
    };
    if relation.state != State::Accepted {
        return Ok(Found::Gone);
    }
    let stamp = json!({
        "@context": [CONTEXT, {
            "gts": "https://gotosocial.org/ns#",
            "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
            "interactingObject": { "@id": "gts:interactingObject", "@type": "@id" },
            "interactionTarget": { "@id": "gts:interactionTarget", "@type": "@id" },
        }],
        "type": "QuoteAuthorization",
        "id": id.as_str(),
        "attributedTo": federation.uris().actor(&Noted::read(&relation.note).author).as_str(),
        "interactingObject": relation.key.name,
        "interactionTarget": relation.key.subject,
    });
    Ok(Found::Here(Object::from_value(stamp)?))
}

impl<App: Directory> Builder<App> {
    /// The library answers who asks to quote a post of ours (`QuoteRequest`, FEP-044f), by what
    /// [`Directory::may_quote`] says, or else by the `interactionPolicy` of the post: with a stamp (`QuoteAuthorization`)
    /// that it serves, at once or when somebody [accepts](Federation::accept_quote); or with a `Reject`. A post that has no
    /// policy waits for a decision.
    ///
    /// The application's handler for `QuoteRequest` runs as well, afterwards.
    pub fn manage_quotes(mut self) -> Self {
        self.managed.quotes = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    fn new_stamp(&self) -> Iri {
        self.uris().object(STAMP, self.new_id())
    }
}
