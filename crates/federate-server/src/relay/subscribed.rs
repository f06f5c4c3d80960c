//! Which hosts subscribe to the relay that we are, in memory: each received activity asks.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use federate_store::{RelationKind as Kind, RelationState as State, Relations, StoreError, Which, lane_of};

use super::RelayKind;

/// How long what was read is taken for all there is: as soon does a process notice what another has decided.
const FRESH: Duration = Duration::from_secs(1);

/// How many are read at once.
const PAGE: usize = 500;

/// The hosts of those that were accepted.
#[derive(Debug, Default)]
pub(crate) struct Subscribed(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    hosts: Arc<HashSet<String>>,
    read: Option<SystemTime>,
    /// How often this process changed something.
    changes: u64,
}

impl Subscribed {
    /// Something has changed: whoever asks next reads.
    pub(crate) fn forget(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.read = None;
        known.changes += 1;
    }

    /// Whether somebody of this host subscribes.
    pub(crate) async fn contains(
        &self,
        host: &str,
        relations: &dyn Relations,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let changes = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = |at| now.duration_since(at).is_ok_and(|ago| ago < FRESH);
            if known.read.is_some_and(fresh) {
                return Ok(known.hosts.contains(host));
            }
            known.changes
        };
        let hosts = Arc::new(read(relations).await?);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What changed while it was read may not be in it.
        if known.changes == changes {
            known.hosts = Arc::clone(&hosts);
            known.read = Some(now);
        }
        Ok(hosts.contains(host))
    }
}

async fn read(relations: &dyn Relations) -> Result<HashSet<String>, StoreError> {
    let mut hosts = HashSet::new();
    for kind in RelayKind::ALL {
        let which = Which::of(Kind::Subscriber)
            .about(kind.as_str())
            .in_state(State::Accepted);
        let mut after: Option<String> = None;
        loop {
            let page = relations.page(&which, after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            hosts.extend(page.iter().map(|(_, subscriber)| lane_of(&subscriber.key.actor)));
        }
    }
    Ok(hosts)
}
