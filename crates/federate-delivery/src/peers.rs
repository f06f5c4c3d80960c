//! Which signature a host takes.
//!
//! Until there is evidence that a host verifies RFC 9421 it gets draft-cavage: several servers answer 202 to what they cannot
//! verify, and drop it, so that a 401 cannot be waited for. Evidence is a signature of its own by RFC 9421, or an
//! `Accept-Signature` in an answer. It is never taken back for a mere error.

use bytes::Bytes;
use federate_protocol::signatures::Flavour;
use federate_store::{Cache, CacheKind, Entry};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// Hosts whose record is at hand; beyond, those that are saved are dropped.
const MAX_HOSTS: usize = 8_192;

/// How long a record is believed without a look at the store, where another process may have learnt more.
const AT_HAND: Duration = Duration::from_secs(10 * 60);

/// How long what was learnt is kept after the host has shown it the last time, and how often that is written anew.
const KEPT: Duration = Duration::from_secs(60 * 24 * 3600);
const WRITTEN: Duration = Duration::from_secs(24 * 3600);

/// What the record says.
const RFC9421: &[u8] = b"rfc9421";

/// What hosts have shown, in memory before the store's cache.
#[derive(Debug)]
pub(crate) struct Peers {
    cache: Arc<dyn Cache>,
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    takes_rfc9421: bool,
    /// When it was read or learnt.
    seen: SystemTime,
    /// When it was written, as far as that is known.
    saved: Option<SystemTime>,
}

impl Peers {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self {
            cache,
            hosts: Mutex::default(),
        }
    }

    /// The flavour that this host (a lane's name) takes.
    pub(crate) async fn flavour(&self, host: &str, now: SystemTime) -> Flavour {
        if let Some(known) = self.at_hand(host, now) {
            return flavour(known.takes_rfc9421);
        }
        // A cache that does not answer is no evidence.
        let entry = self.cache.get(CacheKind::Signature, host).await.ok().flatten();
        let fresh = entry.filter(|entry| entry.is_fresh(now) && entry.bytes == RFC9421);
        let read = Host {
            takes_rfc9421: fresh.is_some(),
            seen: now,
            saved: fresh.map(|entry| entry.stored),
        };
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut hosts);
        let known = hosts.entry(host.to_owned()).or_insert(read);
        // What was learnt while the store was asked stands.
        if !known.is_at_hand(now) {
            *known = read;
        }
        flavour(known.takes_rfc9421)
    }

    /// The host has shown that it verifies RFC 9421. To be [saved](Self::save).
    pub(crate) async fn takes_rfc9421(&self, host: &str, now: SystemTime) {
        let is_saved = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            make_room(&mut hosts);
            let known = hosts.entry(host.to_owned()).or_insert(Host {
                takes_rfc9421: true,
                seen: now,
                saved: None,
            });
            known.takes_rfc9421 = true;
            known.seen = now;
            let recent = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < WRITTEN);
            let is_saved = known.saved.is_some_and(recent);
            known.saved = Some(now);
            is_saved
        };
        if is_saved {
            return;
        }
        let entry = Entry {
            bytes: Bytes::from_static(RFC9421),
            stored: now,
            expires: now + KEPT,
        };
        if let Err(error) = self.cache.put(CacheKind::Signature, host, &entry).await {
            tracing::debug!(host, %error, "which signature the host takes could not be kept: it is learnt anew");
        }
    }

    fn at_hand(&self, host: &str, now: SystemTime) -> Option<Host> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hosts.get(host)?;
        known.is_at_hand(now).then_some(*known)
    }
}

impl Host {
    fn is_at_hand(&self, now: SystemTime) -> bool {
        now.duration_since(self.seen).is_ok_and(|age| age < AT_HAND)
    }
}

fn flavour(takes_rfc9421: bool) -> Flavour {
    match takes_rfc9421 {
        true => Flavour::Rfc9421,
        false => Flavour::Cavage,
    }
}

fn make_room(hosts: &mut HashMap<String, Host>) {
    if hosts.len() >= MAX_HOSTS {
        hosts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use federate_store::{Backend, Memory};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
    }

    fn peers() -> (Peers, Arc<dyn Cache>) {
        let cache = Memory::new().stores().cache;
        (Peers::new(Arc::clone(&cache)), cache)
    }

    #[tokio::test]
    async fn a_host_gets_the_draft_until_it_has_shown_more() {
        let (peers, cache) = peers();
        assert_eq!(peers.flavour("a.example", at(0)).await, Flavour::Cavage);
        peers.takes_rfc9421("a.example", at(1)).await;
        assert_eq!(peers.flavour("a.example", at(2)).await, Flavour::Rfc9421);
        assert_eq!(peers.flavour("b.example", at(2)).await, Flavour::Cavage);
        // Another process, or another life, knows it too, and for as long as it is kept.
        let other = Peers::new(cache);
        let end = 1 + KEPT.as_secs();
        assert_eq!(other.flavour("a.example", at(end - 1)).await, Flavour::Rfc9421);
        assert_eq!(
            other.flavour("a.example", at(end - 1) + AT_HAND).await,
            Flavour::Cavage
        );
    }

    #[tokio::test]
    async fn what_another_process_learns_is_seen_in_ten_minutes() {
        let (peers, cache) = peers();
        assert_eq!(peers.flavour("a.example", at(0)).await, Flavour::Cavage);
        Peers::new(cache).takes_rfc9421("a.example", at(1)).await;
        assert_eq!(peers.flavour("a.example", at(599)).await, Flavour::Cavage);
        assert_eq!(peers.flavour("a.example", at(600)).await, Flavour::Rfc9421);
    }

    #[tokio::test]
    async fn it_is_written_once_a_day() {
        let (peers, cache) = peers();
        let stored = async || {
            let entry = cache.get(CacheKind::Signature, "a.example").await.unwrap();
            entry.unwrap().stored
        };
        peers.takes_rfc9421("a.example", at(0)).await;
        peers.takes_rfc9421("a.example", at(86_399)).await;
        assert_eq!(stored().await, at(0));
        peers.takes_rfc9421("a.example", at(86_399) + WRITTEN).await;
        assert_eq!(stored().await, at(86_399) + WRITTEN);
    }

    #[tokio::test]
    async fn hosts_without_end_take_no_memory_without_end() {
        let (peers, _) = peers();
        for n in 0..=MAX_HOSTS {
            peers.flavour(&format!("h{n}.example"), at(0)).await;
        }
        assert!(peers.hosts.lock().unwrap().len() <= MAX_HOSTS);
    }
}
