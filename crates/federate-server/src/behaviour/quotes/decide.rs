//! What the application decides about quotes, and whether it believes those of others.

use federate_protocol::activitystreams::{Accept, Delete, Iri, Object, Reject, terms};
use federate_protocol::quotes;
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use super::super::Listed;
use super::{Noted, Quote, answered};
use crate::{Cursor, Directory, Enqueued, Error, Federation};

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
