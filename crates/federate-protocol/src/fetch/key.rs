//! From a key id to a key that is bound to its actor in both directions.

use super::document::DocumentFetch;
use super::{Actor, FetchRefusal, FetchRules, FetchStep, actor};
use crate::activitystreams::Iri;
use crate::receive::{KeyFailure, ResolvedKey};
use crate::signatures::{KeyId, PublicKey};
use bytes::Bytes;
use std::sync::Arc;
use url::Url;

/// The look-up of a key that waits for the answer to a GET.
///
/// A key id is usually a fragment of its actor's id (`…/alice#main-key`), sometimes a document of its own (`…/alice/main-key`): a `Key` that
/// names its owner, or a stub of the actor. Whatever it is, the actor's own document, fetched from the actor's own id, must
/// list exactly that key id (S1, S3, S4). What a key says of its owner proves nothing alone (CVE-2026-96625).
#[derive(Debug)]
pub struct KeyFetch {
    wanted: KeyId,
    rules: Arc<FetchRules>,
    fetch: DocumentFetch,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// What stands at the key id.
    Key,
    /// The owner that the key named, and the key as its own document gave it.
    Owner { owner: Iri, key: Option<Box<PublicKey>> },
}

/// Where the look-up of a key stands.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyStep {
    /// Send this GET, and pass the answer on.
    Get(KeyFetch),
    /// The key, and the actor that lists it.
    Resolved(Box<(ResolvedKey, Actor)>),
    /// The actor's document may be believed, and has no such key that can be used: what was known of the key before holds no longer.
    Unlisted(Box<(FetchRefusal, Actor)>),
    /// It was there once: 410, of the key or of its owner.
    Gone,
    /// It must not be believed.
    Refused(FetchRefusal),
}

impl KeyStep {
    /// What a refused or a gone key means for the request that it signed. `None` while it is not yet known, or known.
    #[must_use]
    pub fn failure(&self) -> Option<KeyFailure> {
        match self {
            Self::Gone => Some(KeyFailure::Gone),
            Self::Refused(refusal) => Some(failure(refusal)),
            Self::Unlisted(found) => Some(failure(&found.0)),
            Self::Get(_) | Self::Resolved(_) => None,
        }
    }
}

/// What a refused fetch means for the request that the key signed.
fn failure(refusal: &FetchRefusal) -> KeyFailure {
    let reason = refusal.to_string();
    if refusal.is_permanent() {
        KeyFailure::Refused { reason }
    } else {
        KeyFailure::Unavailable { reason }
    }
}

impl KeyFetch {
    /// Begins to look a key up.
    #[must_use]
    pub fn start(key_id: &KeyId, rules: Arc<FetchRules>) -> KeyStep {
        let Ok(id) = Iri::parse(key_id.as_str()) else {
            return KeyStep::Refused(FetchRefusal::NotAdmitted {
                url: key_id.as_str().to_owned(),
                reason: super::NotAdmitted::NotUrl,
            });
        };
        let first = DocumentFetch::start(&id, Arc::clone(&rules));
        advance(key_id.clone(), rules, Stage::Key, first, 0)
    }

    /// What to GET. Redirects are not to be followed.
    pub fn url(&self) -> &Url {
        self.fetch.url()
    }

    /// The `Accept` to send.
    pub fn accept(&self) -> &'static str {
        self.fetch.accept()
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn on_response(self, response: &http::Response<Bytes>) -> KeyStep {
        let hops = self.fetch.hops();
        let next = self.fetch.on_response(response);
        advance(self.wanted, self.rules, self.stage, next, hops)
    }

    /// What a listed key is worth: the answer for a key of an actor whose document is believed.
    ///
    /// # Errors
    /// [`FetchRefusal::KeyNotListed`] and [`FetchRefusal::BadKey`].
    pub fn of_actor(key_id: &KeyId, actor: &Actor, fresh: bool) -> Result<ResolvedKey, FetchRefusal> {
        resolve(key_id, actor, None, fresh)
    }
}

fn advance(wanted: KeyId, rules: Arc<FetchRules>, stage: Stage, step: FetchStep, hops: u8) -> KeyStep {
    match step {
        FetchStep::Get(fetch) => KeyStep::Get(KeyFetch {
            wanted,
            rules,
            fetch,
            stage,
        }),
        FetchStep::Gone => KeyStep::Gone,
        FetchStep::Refused(refusal) => KeyStep::Refused(refusal),
        FetchStep::Believed(document) => match stage {
            Stage::Key if !actor::is_actor(document.object()) => {
                // A document of its own: it names an owner, who is asked next.
                let (owner, key) = actor::key_document(document.object());
                let Some(owner) = owner.filter(|owner| {
                    document.id().as_str() == wanted.as_str() && owner.same_origin(document.id())
                }) else {
                    return KeyStep::Refused(FetchRefusal::KeyOwner);
                };
                let next = DocumentFetch::start_after(&owner, Arc::clone(&rules), hops);
                let key = key.map(Box::new);
                advance(wanted, rules, Stage::Owner { owner, key }, next, hops)
            }
            Stage::Key => finish(&wanted, *document, None, None, &rules),
            Stage::Owner { owner, key } => {
                finish(&wanted, *document, Some(&owner), key.map(|key| *key), &rules)
            }
        },
    }
}

fn finish(
    wanted: &KeyId,
    document: super::Document,
    owner: Option<&Iri>,
    key: Option<PublicKey>,
    rules: &FetchRules,
) -> KeyStep {
    // A document at another id than the one that was named as owner is somebody else's.
    if owner.is_some_and(|owner| owner != document.id()) {
        return KeyStep::Refused(FetchRefusal::KeyOwner);
    }
    let actor = match Actor::new(document, &rules.limits) {
        Ok(actor) => actor,
        Err(refusal) => return KeyStep::Refused(refusal),
    };
    match resolve(wanted, &actor, key, true) {
        Ok(key) => KeyStep::Resolved(Box::new((key, actor))),
        Err(refusal) => KeyStep::Unlisted(Box::new((refusal, actor))),
    }
}

/// The key that the actor lists under exactly this id; its own copy before the key document's.
fn resolve(
    wanted: &KeyId,
    actor: &Actor,
    fetched: Option<PublicKey>,
    fresh: bool,
) -> Result<ResolvedKey, FetchRefusal> {
    let listed = actor.key(wanted).ok_or(FetchRefusal::KeyNotListed)?;
    let key = listed.key.clone().or(fetched).ok_or(FetchRefusal::BadKey)?;
    Ok(ResolvedKey {
        key_id: wanted.clone(),
        owner: actor.id().clone(),
        key,
        fresh,
    })
}
