//! Whatever somebody typed into the search field.

use crate::Fetcher;
use crate::documents::Asked;
use crate::error::{FetchError, FetchErrorKind};
use crate::handles;
use federate_protocol::FetchRules;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{Actor, Bond, Document};
use federate_protocol::webfinger::{BadHandle, Handle};
use std::sync::Arc;
use std::time::SystemTime;

/// What a handle or a URL leads to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Resolved {
    /// Somebody.
    Actor {
        /// The actor.
        actor: Box<Actor>,
        /// Its handle, where one is confirmed in both directions, and why.
        handle: Option<(Handle, Bond)>,
    },
    /// Something else.
    Object(Box<Document>),
}

impl Resolved {
    /// The document that is believed, whatever it is.
    #[must_use]
    pub fn document(&self) -> &Document {
        match self {
            Self::Actor { actor, .. } => actor.document(),
            Self::Object(document) => document,
        }
    }
}

impl Fetcher {
    /// Looks up what somebody typed or pasted: a handle (`@alice@example.org`, with or without `@` or `acct:` before it), an id, or the URL
    /// of a page that shows a person or a post.
    ///
    /// A page leads to the document of its own origin that its `alternate` link names (I19). For an actor that a URL led to, the
    /// handle is looked up as well, and is there where it leads back.
    ///
    /// ```
    /// use federate_fetch::{Fetcher, Resolved};
    /// use std::time::SystemTime;
    ///
    /// async fn search(fetcher: &Fetcher, typed: &str, now: SystemTime) -> String {
    ///     match fetcher.resolve(typed, now).await {
    ///         Ok(Resolved::Actor { actor, .. }) => format!("{}, {}", actor.id(), actor.document().provenance()),
    ///         Ok(found) => found.document().id().to_string(),
    ///         Err(error) => format!("{typed}: {error}"),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn resolve(&self, typed: &str, now: SystemTime) -> Result<Resolved, FetchError> {
        let rules = self.rules();
        let typed = typed.trim();
        if typed.len() > rules.limits.handle {
            return Err(FetchErrorKind::Handle(BadHandle::Shape).into());
        }
        match url(typed) {
            Some(url) => self.resolve_url(&url, &rules, now).await,
            None => {
                let found = self
                    .lookup_parsed(&handles::parse(typed, &rules)?, &rules, now)
                    .await?;
                Ok(Resolved::Actor {
                    actor: Box::new(found.actor),
                    handle: Some((found.handle, found.bond)),
                })
            }
        }
    }

    async fn resolve_url(
        &self,
        url: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Resolved, FetchError> {
        let (document, _) = self.cached_or_fetched(Asked::Page, url, rules, now).await?;
        if !document.object().is_actor() {
            return Ok(Resolved::Object(Box::new(document)));
        }
        let actor = Actor::new(document, &rules.limits)?;
        let handle = self.handle_of(&actor, rules, now).await;
        Ok(Resolved::Actor {
            actor: Box::new(actor),
            handle,
        })
    }

    /// The handle that the actor gives itself, where it leads back to the actor.
    async fn handle_of(
        &self,
        actor: &Actor,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Option<(Handle, Bond)> {
        let claimed = actor.claimed_handle(rules.allow_http_loopback)?;
        match self.lookup_parsed(&claimed, rules, now).await {
            Ok(found) if found.actor.id() == actor.id() => Some((found.handle, found.bond)),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(actor = %actor.id(), %error, "handle is not confirmed");
                None
            }
        }
    }
}

/// What has a scheme with `//` is a URL, and is judged as one.
fn url(typed: &str) -> Option<Iri> {
    let (scheme, _) = typed.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_scheme.then(|| Iri::parse(typed).ok())?
}
