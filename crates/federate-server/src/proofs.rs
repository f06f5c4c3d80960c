//! Proofs on what we send: [FEP-8b32](https://codeberg.org/fediverse/fep/src/branch/main/fep/8b32/fep-8b32.md), and Linked Data Signatures.
//!
//! What is to be proven is written down with its context, with a time, and with a line's end behind it, which is the mark; what is to have
//! a Linked Data Signature, with a tab. The proof itself is
//! made when the body is read: for an attempt, or for whoever asks for the activity by its id. So nothing is awaited in the application's
//! transaction, a key that was rotated proves no more, and as a proof of one key over the same bytes is always the same, so does
//! everybody get the same.

use std::sync::{Arc, LazyLock, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use federate_protocol::activitystreams::{Iri, Object, terms};
use federate_protocol::audience::without_blind_copies;
use federate_protocol::signatures::{ProofOptions, Signer as _, proof};
use serde_json::{Map, Value, json};

use crate::draft::create_id;
use crate::keys::{Keys, Use};
use crate::{Builder, Directory, Draft, Error, Federation, Local};

/// What gives `proof` its meaning: the terms that a proof of ours has, as `https://w3id.org/security/data-integrity/v2` has them, which
/// [Data Integrity](https://www.w3.org/TR/vc-data-integrity/#context-injection) allows. Its URL is one that some readers (apkit) fetch for
/// each activity, and where they cannot they refuse what names it.
static CONTEXT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "sec": "https://w3id.org/security#",
        "proof": { "@id": "https://w3id.org/security#proof", "@type": "@id", "@container": "@graph" },
        "DataIntegrityProof": { "@id": "sec:DataIntegrityProof", "@context": {
            "created": {
                "@id": "http://purl.org/dc/terms/created",
                "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
            },
            "cryptosuite": { "@id": "sec:cryptosuite", "@type": "sec:cryptosuiteString" },
            "proofPurpose": {
                "@id": "sec:proofPurpose",
                "@type": "@vocab",
                "@context": { "assertionMethod": "sec:assertionMethod" },
            },
            "proofValue": { "@id": "sec:proofValue", "@type": "sec:multibase" },
            "verificationMethod": { "@id": "sec:verificationMethod", "@type": "@id" },
        } },
    })
});

/// Where an application names the context itself, in one version or the other.
const NAMED: [&str; 2] = [
    "https://w3id.org/security/data-integrity/v2",
    "https://w3id.org/security/data-integrity/v1",
];

/// What gives `signature` its meaning.
const SECURITY: &str = "https://w3id.org/security/v1";

const AS2: &str = "https://www.w3.org/ns/activitystreams";

/// At once there are few activities on their way to many inboxes.
const KEPT: usize = 64;

/// An activity, the key that proved it, and the result.
pub(crate) type Proven = (Iri, Arc<str>, Bytes, Bytes);

impl<App: Directory> Builder<App> {
    /// Everything that is sent carries a proof of its own (FEP-8b32, `eddsa-jcs-2022`), by an Ed25519 key that the actor's document lists:
    /// whoever gets it from a third party, by a relay or a forwarded reply for example, can tell that it is genuine.
    /// [`Draft::with_proof`] is the same for one.
    pub fn proofs(mut self) -> Self {
        self.proofs = true;
        self
    }
}

impl<App: Directory> Draft<App> {
    /// Lets the activity carry a proof of its own; see [`Builder::proofs`].
    ///
    /// What stands in the store, and what [`prepare`](Draft::prepare) gives, has no proof yet, but the context for one, a `published`, which
    /// becomes the proof's time, and a line's end as the mark: to be stored byte by byte. The proof is made for each
    /// attempt, with the key of that moment.
    pub fn with_proof(mut self) -> Self {
        self.proof = true;
        self
    }
}

/// Behind the bytes of what is to be proven. Nothing else that is recorded ends so.
const MARK: u8 = b'\n';

/// Behind the bytes of what is to have a Linked Data Signature, before the other mark.
const LINKED_DATA_MARK: u8 = b'\t';

/// What an activity is to carry in itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// An object integrity proof.
    pub(crate) proof: bool,
    /// A Linked Data Signature.
    pub(crate) linked_data: bool,
}

impl Wanted {
    pub(crate) const PROOF: Self = Self {
        proof: true,
        linked_data: false,
    };

    pub(crate) fn is_any(self) -> bool {
        self.proof || self.linked_data
    }

    /// What the marks say, and what stands before them.
    fn of(body: &[u8]) -> (&[u8], Self) {
        let mut wanted = Self::default();
        let mut rest = body;
        if let Some((&MARK, before)) = rest.split_last() {
            (wanted.proof, rest) = (true, before);
        }
        if let Some((&LINKED_DATA_MARK, before)) = rest.split_last() {
            (wanted.linked_data, rest) = (true, before);
        }
        (rest, wanted)
    }
}

/// An activity as one that can be proven: what its proofs need besides themselves.
pub(crate) fn provable(activity: Object, wanted: Wanted, now: SystemTime) -> Result<Object, Error> {
    let activity = match activity.published() {
        Some(_) => activity,
        None => activity.with(&terms::PUBLISHED, now),
    };
    let Value::Object(mut map) = activity.to_value() else {
        return Ok(activity);
    };
    if wanted.linked_data {
        add_context(&mut map, &json!(SECURITY), &[]);
    }
    if wanted.proof {
        add_context(&mut map, &CONTEXT, &NAMED);
    }
    Ok(Object::from_value(Value::Object(map))?)
}

/// The bytes that are recorded of an activity: with its marks, or surely without.
pub(crate) fn marked(activity: &Object, wanted: Wanted) -> Vec<u8> {
    let mut bytes = activity.to_bytes();
    bytes.truncate(bytes.trim_ascii_end().len());
    if wanted.linked_data {
        bytes.push(LINKED_DATA_MARK);
    }
    if wanted.proof {
        bytes.push(MARK);
    }
    bytes
}

/// What others have written, surely without a mark.
pub(crate) fn unmarked(body: &Bytes) -> Bytes {
    body.slice_ref(body.trim_ascii_end())
}

impl<App: Directory> Federation<App> {
    /// The `Create` of an object of ours as it was delivered, where that has a proof and the object is the same still; else as it
    /// is made of the object now, with a proof where that one or everything has one.
    pub(crate) async fn as_delivered(&self, object: &Iri, create: Object) -> Result<Object, Error> {
        let (id, keys) = (create_id(object)?, &self.inner.keys);
        let recorded = self.stores().outbox.body(&id).await?;
        let recorded = recorded.filter(|body| Wanted::of(body).1.is_any());
        let was_proven = recorded.as_ref().is_some_and(|body| Wanted::of(body).1.proof);
        let is_proven = self.inner.proofs || was_proven;
        // Since it was edited what was delivered is no more what we say.
        let current = match recorded {
            Some(body) if embedded(&Object::parse(&body)?) == embedded(&create) => Some(body),
            _ => None,
        };
        let body = match current {
            Some(body) => body,
            None if is_proven && !has_proof(&create) => {
                let at = create.object().object().and_then(|object| object.published());
                let at = at.unwrap_or_else(|| self.now());
                let provable = provable(create.clone(), Wanted::PROOF, at)?;
                marked(&provable, Wanted::PROOF).into()
            }
            None => return Ok(create),
        };
        let actor = Object::parse(&body)?.actor().id();
        match actor.and_then(|actor| self.uris().parse(&actor)) {
            Some(Local::Actor(name)) => Ok(Object::parse(&keys.prove(&name, &id, &body).await?)?),
            _ => Ok(create),
        }
    }
}

impl Keys {
    /// The bytes of an activity with its proofs, where it is to have some.
    pub(crate) async fn prove(&self, sender: &str, id: &Iri, body: &Bytes) -> Result<Bytes, Error> {
        let (unproven, wanted) = Wanted::of(body);
        if !wanted.is_any() {
            return Ok(body.clone());
        }
        let mut keys = String::new();
        for (of, is_wanted) in [(Use::Proofs, wanted.proof), (Use::Requests, wanted.linked_data)] {
            if is_wanted {
                keys.push_str(&self.pair(of, sender).await?.public.text);
            }
        }
        let keys: Arc<str> = keys.into();
        if let Some(proven) = self.proven_before(id, &keys, body) {
            return Ok(proven);
        }
        let now = self.clock().now();
        let at = Object::parse(unproven)?.published().unwrap_or(now).min(now);
        let mut proven = body.slice_ref(unproven);
        if wanted.proof {
            let pair = self.pair(Use::Proofs, sender).await?;
            let options = ProofOptions::new(pair.key.key_id().clone(), at);
            let unsigned = proof(&proven, &options).map_err(Error::permanent)?;
            proven = Bytes::from(unsigned.sign(&*pair.key).map_err(Error::passing)?);
        }
        if wanted.linked_data {
            // It covers the proof, as the other way round it could not.
            proven = self.linked_data(sender, id, proven, at).await?;
        }
        let mut kept = self.proven().lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((id.clone(), keys, body.clone(), proven.clone()));
        Ok(proven)
    }

    /// With a Linked Data Signature, where it can have one that covers all it says; else it is no worse off than without.
    #[cfg(feature = "ld")]
    async fn linked_data(
        &self,
        sender: &str,
        id: &Iri,
        document: Bytes,
        at: SystemTime,
    ) -> Result<Bytes, Error> {
        use federate_protocol::signatures::{LdSignatureOptions, ld_signature};
        let key = self.key(sender).await?;
        let options = LdSignatureOptions::new(key.key_id().clone(), at);
        match ld_signature(&document, &options) {
            Ok(unsigned) if unsigned.covers_all() => {
                return Ok(unsigned.sign(&*key).map_err(Error::passing)?.into());
            }
            Ok(_) => {
                tracing::warn!(activity = %id, "something in it has no meaning in its context: sent without a Linked Data Signature");
            }
            Err(refusal) => {
                tracing::warn!(activity = %id, reason = %crate::error::chain(&refusal), "sent without a Linked Data Signature");
            }
        }
        Ok(document)
    }

    /// Who recorded it could make one.
    #[cfg(not(feature = "ld"))]
    #[expect(clippy::unused_async, reason = "with the feature it asks for a key")]
    async fn linked_data(&self, _: &str, _: &Iri, document: Bytes, _: SystemTime) -> Result<Bytes, Error> {
        Ok(document)
    }

    fn proven_before(&self, id: &Iri, key: &Arc<str>, body: &Bytes) -> Option<Bytes> {
        let kept = self.proven().lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept
            .iter()
            .rev()
            .find(|(other, by, of, _)| other == id && by == key && of == body);
        same.map(|(.., proven)| proven.clone())
    }
}

/// What an activity holds, as everybody gets it.
fn embedded(activity: &Object) -> Option<Value> {
    let mut value = without_blind_copies(&activity.object().object()?).to_value();
    if let Value::Object(map) = &mut value {
        map.remove("@context");
    }
    Some(value)
}

/// Whether an activity carries a proof already: one of the application's own making covers what is there, and nothing else.
pub(crate) fn has_proof(activity: &Object) -> bool {
    matches!(activity.to_value(), Value::Object(map) if map.contains_key("proof") || map.contains_key("signature"))
}

/// Adds a context, where neither it nor one of these names of it is there.
fn add_context(map: &mut Map<String, Value>, context: &Value, named: &[&str]) {
    let mut contexts = match map.remove("@context") {
        Some(Value::Array(contexts)) => contexts,
        Some(one) => vec![one],
        None => vec![json!(AS2)],
    };
    let gives_meaning = |one: &Value| one == context || named.iter().any(|url| one == url);
    if !contexts.iter().any(gives_meaning) {
        // Behind the first, before what the application defines itself.
        contexts.insert(contexts.len().min(1), context.clone());
    }
    map.insert("@context".into(), Value::Array(contexts));
}
