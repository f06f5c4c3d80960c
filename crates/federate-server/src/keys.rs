//! The keys of our actors: made when they are first needed, kept in the store, parsed once.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use federate_delivery::{Clock, SenderError, Senders};
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures::{GeneratedKey, KeyGenerator, KeyId, PrivateKey, SignError, Signer};
use ring::digest::{SHA256, digest};

use crate::{AdoptedKey, Error, Failure, INSTANCE, RELAY, Uris};

mod instance;
mod public;
mod rotate;
mod vault;

pub(crate) use instance::InstanceKey;
pub(crate) use public::{Public, PublicKeys};
pub(crate) use vault::{Vault, VaultError};

/// How many parsed keys are kept in memory; the rest is parsed again.
const CACHED: usize = 4096;

/// How long a parsed key is used without a look at the store: so soon does a process notice that another has rotated it.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The same where it is given out. Whoever asks does so because what we signed does not hold, and does not ask again for minutes: what another
/// process has replaced must not be the answer.
const LOOK_AGAIN_TO_SHOW: Duration = Duration::from_secs(2);

/// The keys of our actors.
pub(crate) struct Keys {
    vault: Arc<Vault>,
    generator: Arc<dyn KeyGenerator>,
    existing: Arc<dyn Existing>,
    uris: Arc<Uris>,
    clock: Arc<dyn Clock>,
    loaded: Mutex<HashMap<(Use, String), Loaded>>,
    /// How often a key was forgotten. Counted while `loaded` is locked.
    forgotten: AtomicU64,
    proven: Mutex<VecDeque<crate::proofs::Proven>>,
    making: tokio::sync::Mutex<()>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Use {
    /// Requests: RSA, which everybody reads.
    Requests,
    /// Documents: Ed25519, for proofs.
    Proofs,
}

/// A key, and its public half as documents have it.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) public: Public,
}

struct Loaded {
    pair: Pair,
    /// The digest of what lies in the store.
    stored: [u8; 32],
    /// When the store was asked last.
    looked: SystemTime,
}

/// A look at the store: when it began, and how much was forgotten by then.
#[derive(Clone, Copy)]
struct Look {
    at: SystemTime,
    forgotten: u64,
}

/// What is known in this process.
enum Known {
    Fresh(Pair),
    /// It was read a while ago, by somebody who had this in the store.
    Once(Pair, [u8; 32]),
    Nothing,
}

/// Where the application has keys from before.
#[async_trait]
pub(crate) trait Existing: Send + Sync {
    async fn key(&self, name: &str) -> Result<Option<AdoptedKey>, Failure>;
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    pub(crate) fn new(
        vault: Arc<Vault>,
        generator: Option<Arc<dyn KeyGenerator>>,
        existing: Arc<dyn Existing>,
        uris: Arc<Uris>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Keys {
            vault,
            generator: generator.unwrap_or_else(|| Arc::new(NoRsa)),
            existing,
            uris,
            clock,
            loaded: Mutex::default(),
            forgotten: AtomicU64::default(),
            proven: Mutex::default(),
            making: tokio::sync::Mutex::default(),
        }
    }

    /// The key with which an actor of ours signs requests, by identifier.
    pub(crate) async fn key(&self, name: &str) -> Result<Arc<PrivateKey>, Error> {
        self.pair(Use::Requests, name).await.map(|pair| pair.key)
    }

    /// The public halves of an actor's keys, as its document has them. Makes those that are missing.
    pub(crate) async fn public(&self, name: &str) -> Result<PublicKeys, Error> {
        Ok(PublicKeys {
            requests: self.looked(Use::Requests, name, LOOK_AGAIN_TO_SHOW).await?.public,
            proofs: self.looked(Use::Proofs, name, LOOK_AGAIN_TO_SHOW).await?.public,
        })
    }

    /// A key of an actor, made where there is none.
    pub(crate) async fn pair(&self, of: Use, name: &str) -> Result<Pair, Error> {
        self.looked(of, name, LOOK_AGAIN).await
    }

    /// The same, as the store had it so long ago at most.
    async fn looked(&self, of: Use, name: &str, ago: Duration) -> Result<Pair, Error> {
        match self.known(of, name, ago) {
            Known::Fresh(pair) => Ok(pair),
            Known::Once(pair, stored) => {
                let unread = Unread { keys: self, of, name };
                let found = self.read(of, name, Some((pair, stored))).await?;
                std::mem::forget(unread);
                Ok(found)
            }
            Known::Nothing => self.read(of, name, None).await,
        }
    }

    /// Takes over a key that exists already, as PEM. Nothing changes where the actor has one.
    pub(crate) async fn adopt(&self, name: &str, pem: &str) -> Result<(), Error> {
        PrivateKey::from_pem(KeyId::from(""), pem).map_err(Error::permanent)?;
        self.vault
            .get_or_insert(&Use::Requests.stored_as(name), pem.as_bytes())
            .await?;
        self.key(name).await.map(|_| ())
    }

    /// The key of the instance's own actor.
    pub(crate) async fn instance(&self) -> Result<Arc<PrivateKey>, Error> {
        self.key(INSTANCE).await
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn proven(&self) -> &Mutex<VecDeque<crate::proofs::Proven>> {
        &self.proven
    }

    async fn read(&self, of: Use, name: &str, once: Option<(Pair, [u8; 32])>) -> Result<Pair, Error> {
        let look = self.look();
        let stored_as = of.stored_as(name);
        let (kept, id) = match (self.vault.get(&stored_as).await?, once) {
            // Unsealing and parsing are for what is new.
            (Some(kept), Some((pair, before))) if fingerprint(&kept.stored) == before => {
                return Ok(self.keep(of, name, pair, before, look));
            }
            (Some(kept), Some((pair, _))) => (kept, pair.key.key_id().clone()),
            (Some(kept), None) => (kept, self.adopted(of, name).await?.0),
            (None, _) => {
                // One at a time: making a key takes a core for a tenth of a second.
                let _one = self.making.lock().await;
                if let Known::Fresh(pair) = self.known(of, name, LOOK_AGAIN) {
                    return Ok(pair);
                }
                let (id, adopted) = self.adopted(of, name).await?;
                let candidate = match adopted {
                    Some(pem) => pem.into_bytes(),
                    None => self.make(of).await?,
                };
                parse(id.clone(), &candidate)?;
                (self.vault.get_or_insert(&stored_as, &candidate).await?, id)
            }
        };
        let key = parse(id, &kept.secret)?;
        let pair = Pair {
            public: Public::of(&key, of),
            key: Arc::new(key),
        };
        Ok(self.keep(of, name, pair, fingerprint(&kept.stored), look))
    }

    /// The id of a key, and the key as PEM, where the application has had one before this library came.
    async fn adopted(&self, of: Use, name: &str) -> Result<(KeyId, Option<String>), Error> {
        if of == Use::Proofs {
            return Ok((KeyId(self.uris.proof_key_id(name)), None));
        }
        let usual = || KeyId(self.uris.key_id(name));
        if matches!(name, INSTANCE | RELAY) {
            return Ok((usual(), None));
        }
        let adopted = self.existing.key(name).await.map_err(Error::from)?;
        Ok(match adopted {
            Some(AdoptedKey { id, pem }) => (id.map_or_else(usual, |id| KeyId::from(id.as_str())), Some(pem)),
            None => (usual(), None),
        })
    }

    fn known(&self, of: Use, name: &str, within: Duration) -> Known {
        let now = self.clock.now();
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = loaded.get_mut(&(of, name.to_owned())) else {
            return Known::Nothing;
        };
        // A clock that went back says nothing of how long ago that was.
        if now.duration_since(known.looked).is_ok_and(|ago| ago < within) {
            return Known::Fresh(known.pair.clone());
        }
        // One looks; the others go on with what there is until it has.
        known.looked = now;
        Known::Once(known.pair.clone(), known.stored)
    }

    /// A key as the store has it now, whenever that was asked last.
    async fn again(&self, of: Use, name: &str) -> Result<Pair, Error> {
        let known = {
            let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            let known = loaded.get(&(of, name.to_owned()));
            known.map(|known| (known.pair.clone(), known.stored))
        };
        self.read(of, name, known).await
    }

    fn look(&self) -> Look {
        Look {
            at: self.clock.now(),
            forgotten: self.forgotten.load(Ordering::SeqCst),
        }
    }

    fn keep(&self, of: Use, name: &str, pair: Pair, stored: [u8; 32], look: Look) -> Pair {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        // A key was replaced or removed since: this may be the one, and the next who asks looks again.
        if self.forgotten.load(Ordering::SeqCst) != look.forgotten {
            return pair;
        }
        if loaded.len() >= CACHED {
            loaded.clear();
        }
        let kept = Loaded {
            pair: pair.clone(),
            stored,
            looked: look.at,
        };
        loaded.insert((of, name.to_owned()), kept);
        pair
    }

    fn forget(&self, of: Use, name: &str) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        loaded.remove(&(of, name.to_owned()));
    }

    async fn make(&self, of: Use) -> Result<Vec<u8>, Error> {
        let generator = Arc::clone(&self.generator);
        let made = tokio::task::spawn_blocking(move || match of {
            Use::Requests => generator.generate_rsa_2048(),
            Use::Proofs => generator.generate_ed25519(),
        });
        let made = made.await.map_err(Error::passing)?;
        // `NoRsa` alone says so: the actor has no key, and nobody can make one.
        let made = made.map_err(|e| match e {
            SignError::Key => Error::permanent("the actor has no key, and there is no key generator"),
            e => Error::passing(e),
        })?;
        Ok(made.as_pkcs8().to_vec())
    }
}

/// A look that began: `looked` says already that there was one. Where it fails, or whoever looks gives up, the next who asks looks again.
struct Unread<'a> {
    keys: &'a Keys,
    of: Use,
    name: &'a str,
}

impl Drop for Unread<'_> {
    fn drop(&mut self) {
        self.keys.forget(self.of, self.name);
    }
}

impl Use {
    /// The name in the store. No identifier can make the one look like the other: what stands before the colon is ours.
    fn stored_as(self, name: &str) -> String {
        match self {
            Use::Requests => format!("actor:{name}"),
            Use::Proofs => format!("ed25519:{name}"),
        }
    }
}

fn parse(id: KeyId, stored: &[u8]) -> Result<PrivateKey, Error> {
    match std::str::from_utf8(stored) {
        Ok(pem) if pem.trim_start().starts_with("-----BEGIN") => PrivateKey::from_pem(id, pem),
        _ => PrivateKey::from_pkcs8(id, stored),
    }
    .map_err(Error::permanent)
}

fn fingerprint(stored: &[u8]) -> [u8; 32] {
    digest(&SHA256, stored).as_ref().try_into().unwrap_or_default()
}

/// Where there is no generator: Ed25519 is made by ring in any case, RSA by nobody.
#[derive(Debug)]
struct NoRsa;

impl KeyGenerator for NoRsa {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        Err(SignError::Key)
    }
}

#[async_trait]
impl Senders for Keys {
    async fn signer(&self, sender: &str) -> Result<Arc<dyn Signer>, SenderError> {
        match self.key(sender).await {
            Ok(key) => Ok(key),
            Err(e) if e.is_permanent() => {
                tracing::error!(sender, reason = %crate::error::chain(&e), "a sender has no key");
                Err(SenderError::Unknown)
            }
            Err(e) => Err(SenderError::Unavailable(Box::new(e))),
        }
    }

    async fn body(&self, sender: &str, activity: &Iri, stored: Bytes) -> Result<Bytes, SenderError> {
        match self.prove(sender, activity, &stored).await {
            Ok(proven) => Ok(proven),
            Err(e) => Err(SenderError::Unavailable(Box::new(e))),
        }
    }
}
