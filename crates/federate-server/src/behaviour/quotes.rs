//! Who may quote our posts; see [`Builder::manage_quotes`](crate::Builder::manage_quotes).
//!
//! Spec: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>

use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{
    Accept, Activity, Delete, Iri, Object, QuoteRequest, Reject, is_public, terms,
};
use federate_protocol::quotes;
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use serde_json::{Value, json};

use super::{Listed, keeps_apart, ours};
use crate::{Builder, Cursor, Cx, Directory, Enqueued, Error, Failure, Federation, Found, ObjectRef};

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
    let Some(object) = ours::seen_by(cx, &at, request.by()).await? else {
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
    if keeps_apart(federation, &me, request.by()).await? {
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
            if relations.count(&waiting).await? < federation.inner.managed.limits.quote_requests {
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
    /// Who asks to quote a post of ours, and waits.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn quote_requests(&self, quoted: &Iri, from: &Cursor) -> Result<Listed<Quote>, Error> {
        self.quotes_in(quoted, State::Pending, from).await
    }

    /// The posts that may quote a post of ours.
    ///
    /// # Errors
    ///
    /// As [`quote_requests`](Federation::quote_requests).
    pub async fn quotes(&self, quoted: &Iri, from: &Cursor) -> Result<Listed<Quote>, Error> {
        self.quotes_in(quoted, State::Accepted, from).await
    }

    async fn quotes_in(&self, quoted: &Iri, state: State, from: &Cursor) -> Result<Listed<Quote>, Error> {
        let which = Which::of(Kind::Quote).about(quoted.as_str()).in_state(state);
        self.listed(&which, from, Quote::from).await
    }

    /// Lets a post quote one of ours that [waits](Federation::quote_requests): a stamp is made, and its author told.
    ///
    /// # Errors
    ///
    /// A permanent one where it does not wait any more, or the store's.
    pub async fn accept_quote(&self, quote: &Quote) -> Result<Enqueued, Error> {
        let relations = &self.stores().relations;
        let waits = relations.get(&key(quote)).await?;
        let waits = waits.filter(|waits| waits.state == State::Pending);
        let waits = waits.ok_or_else(|| Error::permanent("nobody waits for this quote"))?;
        let me = Noted::read(&waits.note).author;
        let stamp = self.new_stamp();
        let stamped = Relation {
            activity: Some(stamp.clone()),
            state: State::Accepted,
            ..waits
        };
        relations.put(&stamped).await?;
        let accept = Accept::new(asked_for(quote)).with(&terms::RESULT, &stamp);
        self.send(&me, accept).to(quote.actor.clone()).await
    }

    /// Does not let a post quote one of ours, and says so; one that was let is [taken back](Federation::revoke_quote) instead.
    ///
    /// # Errors
    ///
    /// A permanent one where it does not wait any more, or the store's.
    pub async fn reject_quote(&self, quote: &Quote) -> Result<Enqueued, Error> {
        let relations = &self.stores().relations;
        let waits = relations.get(&key(quote)).await?;
        let until = Some(self.now() + self.inner.managed.limits.refused);
        let refused = relations
            .advance(&key(quote), State::Pending, State::Rejected, until)
            .await?;
        match waits {
            Some(waits) if refused => {
                let me = Noted::read(&waits.note).author;
                let reject = Reject::new(asked_for(quote));
                self.send(&me, reject).to(quote.actor.clone()).await
            }
            _ => Err(Error::permanent("nobody waits for this quote")),
        }
    }

    /// Takes a quote back: from here on its stamp is gone, which its author and our followers are told by a `Delete`. `None`: there was
    /// no stamp.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn revoke_quote(&self, quote: &Quote) -> Result<Option<Enqueued>, Error> {
        let relations = &self.stores().relations;
        let Some(stamped) = relations.get(&key(quote)).await? else {
            return Ok(None);
        };
        let Some(stamp) = stamped.activity.filter(|_| stamped.state == State::Accepted) else {
            return Ok(None);
        };
        // For ever: the stamp was given out, and must not be believed again.
        relations
            .advance(&key(quote), State::Accepted, State::Rejected, None)
            .await?;
        let me = Noted::read(&stamped.note).author;
        let delete = Delete::new(&stamp)
            .with_to(&quote.actor)
            .with_cc(&self.uris().followers(&me));
        Ok(Some(self.send(&me, delete).await?))
    }

    /// Whether a post of somebody else may be shown as a quote of what it quotes: its author wrote both, or the stamp that it names
    /// is the quoted author's, lies on their server, and is for these two posts (GHSA-8h43, CVE-2026-33869). To be asked wherever such a post
    /// comes in: created, updated or fetched.
    ///
    /// # Errors
    ///
    /// Where the quoted post or the stamp cannot be had for now. What never can is `Err` of a [`BadStamp`](quotes::BadStamp) within.
    pub async fn check_quote(&self, post: &Object) -> Result<Result<(), quotes::BadStamp>, Error> {
        let (Some(id), Some(quoted), Some(author)) = (post.id(), post.quoted(), post.attributed_to().id())
        else {
            return Ok(Err(quotes::BadStamp::NoQuote));
        };
        if self.uris().is_local(&quoted) {
            let key = RelationKey::new(Kind::Quote, quoted.as_str(), &author).named(id.as_str());
            let stamped = self.stores().relations.get(&key).await?;
            let holds = stamped.is_some_and(|stamped| stamped.state == State::Accepted);
            return Ok(if holds {
                Ok(())
            } else {
                Err(quotes::BadStamp::NoStamp)
            });
        }
        let of = self.object(&quoted).await?;
        let whose = of.object().attributed_to().id();
        let Some(whose) = whose.filter(|whose| whose.same_origin(of.id())) else {
            return Ok(Err(quotes::BadStamp::NoQuote));
        };
        if whose == author {
            return Ok(Ok(()));
        }
        let Some(stamp) = post.quote_authorization().id() else {
            return Ok(Err(quotes::BadStamp::NoStamp));
        };
        if !stamp.same_origin(&whose) {
            return Ok(Err(quotes::BadStamp::OfAnotherOrigin));
        }
        match self.object(&stamp).await {
            Ok(stamp) => Ok(quotes::check_stamp(&stamp, &id, of.id(), &whose)),
            Err(error) if error.is_permanent() => Ok(Err(quotes::BadStamp::NoStamp)),
            Err(error) => Err(error),
        }
    }

    fn new_stamp(&self) -> Iri {
        self.uris().object(STAMP, self.new_id())
    }
}

fn key(quote: &Quote) -> RelationKey {
    RelationKey::new(Kind::Quote, quote.quoted.as_str(), &quote.actor).named(quote.post.as_str())
}

fn asked_for(quote: &Quote) -> Object {
    answered(
        quote.request.as_ref(),
        &quote.actor,
        Some(&quote.quoted),
        Some(&quote.post),
    )
}
