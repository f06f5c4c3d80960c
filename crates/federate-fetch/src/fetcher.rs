//! What looks things up.

use crate::drive::Driver;
use crate::error::{FetchError, FetchErrorKind};
use crate::flight::{Flight, Flights};
use crate::memo::Memo;
use crate::record::Records;
use crate::signers::{Fixed, Signers};
use federate_http::{HttpClient, Phase};
use federate_protocol::fetch::Actor;
use federate_protocol::signatures::{Signer, VerifierProvider};
use federate_protocol::{Blocks, FetchRules, ResolvedKey};
use federate_store::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// Fetches what others say, and remembers it for a while. See the [crate](crate) for what it adds to belief.
///
/// `now` is the wall clock, for expiry and for the dates that are signed. Whatever is asked for with a fragment is asked for without it.
#[derive(Debug)]
pub struct Fetcher {
    pub(crate) driver: Driver,
    pub(crate) records: Records,
    pub(crate) flights: Flights,
    pub(crate) actors: Memo<Actor>,
    pub(crate) keys: Memo<ResolvedKey>,
    pub(crate) verifiers: Option<Arc<dyn VerifierProvider>>,
    rules: RwLock<Arc<FetchRules>>,
    epoch: AtomicU64,
}

impl Fetcher {
    /// A fetcher that sends through `client` and remembers in `cache`. With a `signer`, the instance actor's, requests for
    /// documents are signed.
    #[must_use]
    pub fn new(
        client: Arc<dyn HttpClient>,
        cache: Arc<dyn Cache>,
        signer: Option<Arc<dyn Signer>>,
        rules: FetchRules,
    ) -> Self {
        let (bytes, lifetime) = (rules.limits.memo, rules.limits.memo_lifetime);
        // A key has far less than an actor.
        let for_keys = bytes / 8;
        Self {
            driver: Driver {
                client,
                signers: signer.map(|signer| Arc::new(Fixed(signer)) as Arc<dyn Signers>),
                domains: Flights::of(rules.limits.requests_per_domain),
            },
            records: Records::new(cache),
            flights: Flights::default(),
            actors: Memo::new(bytes - for_keys, lifetime),
            keys: Memo::new(for_keys, lifetime),
            verifiers: None,
            rules: RwLock::new(Arc::new(rules)),
            epoch: AtomicU64::new(0),
        }
    }

    /// The same, with keys that may be replaced while it is in use.
    #[must_use]
    pub fn signing(mut self, signers: Arc<dyn Signers>) -> Self {
        self.driver.signers = Some(signers);
        self
    }

    /// The same, with a provider that verifies, in place of `ring`, with the keys that are looked up. A key that it does not take is
    /// [refused](federate_protocol::KeyFailure::Refused).
    #[must_use]
    pub fn verifying(mut self, verifiers: Arc<dyn VerifierProvider>) -> Self {
        self.verifiers = Some(verifiers);
        self
    }

    /// From now on these hosts are suspended: nothing is fetched from them, and nothing cached of them is given out.
    pub fn set_blocks(&self, blocks: Blocks) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut rules).blocks = blocks;
        self.epoch.fetch_add(1, Ordering::Release);
        // What was refused for a block may be asked for now.
        self.records.forget_failures();
    }

    /// The rules that hold now.
    #[must_use]
    pub fn rules(&self) -> Arc<FetchRules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the turn of this key, and no longer than a fetch may take: those before may all be slow.
    pub(crate) async fn turn(&self, key: String, rules: &FetchRules) -> Result<Flight<'_>, FetchError> {
        let turn = timeout(rules.limits.deadline, self.flights.enter(key)).await;
        turn.map_err(|_| {
            FetchErrorKind::Deadline {
                request: 1,
                phase: Phase::Queue,
            }
            .into()
        })
    }

    /// Counts the changes of the rules. To be read before the rules are: what is admitted under these is then never taken for admitted
    /// under later ones.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

/// What time it is when an answer has come, to the second: a failure that took until the deadline is remembered from then on.
pub(crate) fn after(now: SystemTime, begin: Instant) -> SystemTime {
    let passed = Duration::from_secs(begin.elapsed().as_secs());
    now.checked_add(passed).unwrap_or(now)
}
