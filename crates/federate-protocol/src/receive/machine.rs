//! The machine itself.

use super::forwarded::{self, Forwarded};
use super::own_proof::{OwnProof, Proven};
use super::{KeyFailure, ResolvedKey, head, shape};
use crate::activitystreams::{Activity, Iri, Object, Origin};
use crate::authenticated::Proof;
use crate::fetch::FetchRules;
use crate::hashed::{Hashed, bytes_of};
use crate::refused::{Refused, RefusedKind};
use crate::signatures::{self, KeyId, Parsed, Policy};
use crate::{Authenticated, Blocks, Evidence, Limits};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What an inbox is told about the instance that it belongs to.
#[derive(Debug, Clone, Default)]
pub struct Receiving {
    /// The limits.
    pub limits: Limits,
    /// What is demanded of a signature.
    pub policy: Policy,
    /// The origins of this instance. Nobody outside speaks in their name, and no key is fetched from them.
    pub own_origins: Vec<Origin>,
    /// The hosts from which nothing is taken.
    pub blocks: Blocks,
    /// Danger: peers on loopback with `http`, any port and IP literals. For tests and development.
    pub allow_http_loopback: bool,
}

/// What comes next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// The key that signed is needed.
    NeedKey(NeedKey),
    /// It is known who sent this. Accept it durably, then answer 202.
    Done(Box<Authenticated<Activity>>),
    /// Somebody else passed this on, and nothing in it proves it. Keep it durably as what it is, then answer 202, and look it up
    /// at its own place later; [`Forwarders`](super::Forwarders) counts how many.
    Forwarded(Box<Forwarded>),
    /// Answer 202 and do nothing; the text says why, for the log.
    Ignored(&'static str),
    /// Answer with this.
    Refused(Refused),
}

impl From<Refused> for Step {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<RefusedKind> for Step {
    fn from(kind: RefusedKind) -> Self {
        Self::Refused(kind.into())
    }
}

/// Begins to find out who sent a request. `request.uri()` is the target as it was on the wire.
///
/// Pure: the same request, configuration and time give the same step, and nothing is remembered.
#[must_use]
pub fn receive(request: http::Request<Bytes>, config: &Arc<Receiving>, now: SystemTime) -> Step {
    match begin(request, config, now) {
        Ok(need) => Step::NeedKey(need),
        Err(refused) => Step::Refused(refused),
    }
}

fn begin(
    request: http::Request<Bytes>,
    config: &Arc<Receiving>,
    now: SystemTime,
) -> Result<NeedKey, Refused> {
    let (head, body) = request.into_parts();
    head::check(&head, &body, &config.limits)?;
    let parsed = signatures::parse(&head, &body).map_err(RefusedKind::Signature)?;
    // What is stale, or lacks a signed header, costs no look-up of a key.
    parsed
        .check(&config.policy, now)
        .map_err(RefusedKind::Signature)?;
    head::check_content_type(&head)?;
    let activity = Object::parse(&body).map_err(RefusedKind::Document)?;
    let shape = shape::check(&activity, config)?;

    let key_id = parsed.key_id().clone();
    if let Some(entry) = config.blocks.covering(&shape.actor) {
        return Err(RefusedKind::Blocked {
            what: "the actor",
            entry: entry.to_owned(),
        }
        .into());
    }
    admit_key(&key_id, &shape.actor, config)?;
    shape::admit_actor(&shape.actor, config)?;
    Ok(NeedKey {
        pending: Box::new(Pending {
            deletes_itself: shape::deletes_itself(&activity, &shape.actor),
            parsed,
            activity,
            id: shape.id,
            actor: shape.actor,
            key_id,
            body,
            config: Arc::clone(config),
        }),
        refresh: false,
        forwarded: None,
    })
}

/// A key id must be something that may be fetched; that it is looked at before anything is fetched is the point (S30). `actor` has the shape
/// of something that may be.
pub(super) fn admit_key(key_id: &KeyId, actor: &Iri, config: &Receiving) -> Result<(), RefusedKind> {
    use crate::fetch::NotAdmitted;
    let id = Iri::parse(key_id.as_str()).map_err(|_| RefusedKind::KeyId(NotAdmitted::NotUrl))?;
    if let Some(entry) = config.blocks.covering(&id) {
        return Err(RefusedKind::Blocked {
            what: "the signer",
            entry: entry.to_owned(),
        });
    }
    // Nearly always a fragment of the actor's own id: the same URL needs no second look.
    if id.as_str().split('#').next() == Some(actor.as_str()) {
        return match shape::is_ours(&id, config) {
            true => Err(RefusedKind::KeyId(NotAdmitted::OwnOrigin)),
            false => Ok(()),
        };
    }
    let rules = FetchRules {
        own_origins: config.own_origins.clone(),
        allow_http_loopback: config.allow_http_loopback,
        ..FetchRules::default()
    };
    rules.admit(&id).map(|_| ()).map_err(RefusedKind::KeyId)
}

/// A request that is to be believed once its key is known.
///
/// Look the key up by [`key_id`](NeedKey::key_id), in the way that [`cached_only`](NeedKey::cached_only) and
/// [`refresh`](NeedKey::refresh) say, and [`resume`](NeedKey::resume).
#[derive(Debug)]
pub struct NeedKey {
    pending: Box<Pending>,
    refresh: bool,
    forwarded: Option<Passed>,
}

/// The request is proven to be a forwarder's; the activity is to be proven by what it carries.
#[derive(Debug)]
struct Passed {
    by: Iri,
    proof: OwnProof,
}

#[derive(Debug)]
struct Pending {
    parsed: Parsed,
    activity: Object,
    id: Option<Iri>,
    actor: Iri,
    key_id: KeyId,
    deletes_itself: bool,
    body: Bytes,
    config: Arc<Receiving>,
}

impl NeedKey {
    /// The key that signed: the request, or, where that is known to be of somebody who passes the activity on, the activity itself.
    pub fn key_id(&self) -> &KeyId {
        match &self.forwarded {
            None => &self.pending.key_id,
            Some(passed) => passed.proof.key_id(),
        }
    }

    /// Who is said to act.
    pub fn actor(&self) -> &Iri {
        &self.pending.actor
    }

    /// Only a cache may be asked: this is the `Delete` of the actor itself, of which a host that closes
    /// sends one to everybody for each of its accounts, and whose key is no longer there to be fetched (R17, W8).
    /// Where the key is not cached, answer [`KeyFailure::NotCached`].
    pub fn cached_only(&self) -> bool {
        self.pending.deletes_itself && !self.refresh
    }

    /// The signature did not hold with the cached key, which may have been replaced: fetch it anew (S28).
    /// Asked at most once per request; whoever fetches also limits it in time.
    pub fn refresh(&self) -> bool {
        self.refresh
    }

    /// Goes on with what the look-up gave.
    #[must_use]
    pub fn resume(self, key: Result<ResolvedKey, KeyFailure>, now: SystemTime) -> Step {
        match (key, self.forwarded.is_some()) {
            (Ok(key), false) => self.verify(&key, now),
            (Ok(key), true) => self.verify_own(&key, now),
            (Err(failure), false) => self.without_key(failure),
            (Err(failure), true) => self.without_own_key(&failure),
        }
    }

    fn verify(self, key: &ResolvedKey, now: SystemTime) -> Step {
        if key.key_id != self.pending.key_id {
            return RefusedKind::Key("another key was found than the one that signed".to_owned()).into();
        }
        // Same origin and same owner: a key that is listed by somebody elsewhere is nobody's (S1).
        if !Iri::parse(key.key_id.as_str()).is_ok_and(|id| id.same_origin(&key.owner)) {
            return RefusedKind::Key("the key is of another origin than its owner".to_owned()).into();
        }
        let policy = &self.pending.config.policy;
        let verified = match self.pending.parsed.verify(&key.key, policy, now) {
            Ok(verified) => verified,
            // Only for the actor's own key: somebody else's would not help, and that it is gone would prove nothing (S29).
            Err(refusal)
                if !key.fresh
                    && !self.refresh
                    && key.owner == self.pending.actor
                    && refusal.another_key_may_help() =>
            {
                return Step::NeedKey(Self {
                    refresh: true,
                    ..self
                });
            }
            Err(refusal) => return RefusedKind::Signature(refusal).into(),
        };
        if key.owner != self.pending.actor {
            return self.passed_on(key.owner.clone(), now);
        }
        self.done(Evidence::RequestSignature {
            key_id: verified.key_id().clone(),
            flavour: verified.flavour(),
            signed_at: verified.signed_at(),
        })
    }

    /// Somebody else signed the request: what the activity carries is asked, where it is something that others pass on at all.
    fn passed_on(self, by: Iri, now: SystemTime) -> Step {
        let pending = &self.pending;
        if pending.id.is_none() || !forwarded::is_passed_on(&pending.activity) {
            let actor = self.pending.actor;
            return RefusedKind::NotTheActor { signer: by, actor }.into();
        }
        match OwnProof::of(&pending.body, &pending.actor, &pending.config, now) {
            Some(proof) => Step::NeedKey(Self {
                refresh: false,
                forwarded: Some(Passed { by, proof }),
                ..self
            }),
            None => self.unproven(by),
        }
    }

    /// The key of the activity's own proof is judged as one of a request is: exactly it, of its owner's origin, and the owner is the actor.
    fn verify_own(mut self, key: &ResolvedKey, now: SystemTime) -> Step {
        let Some(Passed { by, proof }) = self.forwarded.take() else {
            return RefusedKind::Key("there is no proof that it could be for".to_owned()).into();
        };
        let pending = &self.pending;
        let theirs = key.key_id == *proof.key_id()
            && key.owner == pending.actor
            && Iri::parse(key.key_id.as_str()).is_ok_and(|id| id.same_origin(&key.owner));
        let proven = if theirs {
            proof.verify(&key.key, &pending.config, now)
        } else {
            None
        };
        match proven {
            Some(proven) => self.proven(by, proven),
            None => self.unproven(by),
        }
    }

    /// What was signed is read anew, and alone: it must be the same activity of the same actor (CVE-2022-24307).
    fn proven(self, by: Iri, proven: Proven) -> Step {
        let pending = &self.pending;
        let Ok(said) = Object::parse(&proven.said) else {
            return self.unproven(by);
        };
        let same = shape::check(&said, &pending.config)
            .is_ok_and(|shape| shape.actor == pending.actor && shape.id == pending.id);
        let (Some(id), true) = (pending.id.clone(), same && forwarded::is_passed_on(&said)) else {
            return self.unproven(by);
        };
        let Pending {
            actor,
            activity,
            parsed,
            ..
        } = *self.pending;
        let body = match proven.whole {
            true => Hashed::new(bytes_of(&activity), parsed.body_sha256()),
            false => proven.said.clone().into(),
        };
        let proof = Proof {
            by: actor,
            id,
            evidence: proven.evidence,
            body,
            said: Some(proven.said),
            forwarder: Some(by),
        };
        Step::Done(Box::new(Authenticated::new(said, proof)))
    }

    fn without_own_key(mut self, failure: &KeyFailure) -> Step {
        if *failure == KeyFailure::NotCached && self.cached_only() {
            return Step::Ignored("delete of an actor that was never known here");
        }
        match self.forwarded.take() {
            Some(passed) => self.unproven(passed.by),
            None => RefusedKind::Key("there is no proof that it could be for".to_owned()).into(),
        }
    }

    /// Nothing that the copy says is believed from here on.
    fn unproven(self, by: Iri) -> Step {
        let Pending {
            activity,
            id,
            actor,
            body,
            ..
        } = *self.pending;
        let Some(id) = id else {
            return RefusedKind::NotTheActor { signer: by, actor }.into();
        };
        match Forwarded::new(by, id, actor, &activity, body) {
            Ok(forwarded) => Step::Forwarded(Box::new(forwarded)),
            Err(refused) => refused.into(),
        }
    }

    fn without_key(self, failure: KeyFailure) -> Step {
        let retry_after = self.pending.config.limits.retry_after;
        match failure {
            KeyFailure::NotCached | KeyFailure::Gone if self.cached_only() => {
                Step::Ignored("delete of an actor that was never known here")
            }
            // We knew the actor, the cached key no longer fits, and its server says that it is gone (S29). What answers 410 has to be the
            // actor's own document: a key of its own may be gone because it was replaced.
            KeyFailure::Gone if self.pending.deletes_itself && self.key_stands_in_the_actor() => {
                let key_id = self.pending.key_id.clone();
                self.done(Evidence::Gone { key_id })
            }
            KeyFailure::Gone => RefusedKind::KeyGone.into(),
            KeyFailure::NotCached => {
                Refused::unavailable("only the cache was asked".to_owned(), retry_after).into()
            }
            KeyFailure::Unavailable { reason } => Refused::unavailable(reason, retry_after).into(),
            KeyFailure::Refused { reason } => RefusedKind::Key(reason).into(),
        }
    }

    fn key_stands_in_the_actor(&self) -> bool {
        Iri::parse(self.pending.key_id.as_str()).is_ok_and(|id| id.without_fragment() == self.pending.actor)
    }

    fn done(self, evidence: Evidence) -> Step {
        let Pending {
            parsed,
            activity,
            id,
            actor,
            body,
            ..
        } = *self.pending;
        let Some(id) = id.or_else(|| derived_id(&actor, &body, &evidence)) else {
            return RefusedKind::Activity(crate::BadActivity::NoId).into();
        };
        let proof = Proof {
            by: actor,
            id,
            evidence,
            body: Hashed::new(bytes_of(&activity), parsed.body_sha256()),
            said: None,
            forwarder: None,
        };
        Step::Done(Box::new(Authenticated::new(activity, proof)))
    }
}

/// See "Activities without an id" in the module's documentation.
fn derived_id(actor: &Iri, body: &[u8], evidence: &Evidence) -> Option<Iri> {
    use ring::digest::{Context, SHA256};
    use std::fmt::Write;
    let mut hash = Context::new(&SHA256);
    hash.update(actor.as_str().as_bytes());
    hash.update(&[0]);
    if let Evidence::RequestSignature { signed_at, .. } = evidence {
        let since = signed_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        hash.update(&since.as_nanos().to_be_bytes());
    }
    hash.update(&[0]);
    hash.update(body);
    let mut id = String::from("urn:sha256:");
    for byte in hash.finish().as_ref() {
        write!(id, "{byte:02x}").ok()?;
    }
    Iri::parse(&id).ok()
}
