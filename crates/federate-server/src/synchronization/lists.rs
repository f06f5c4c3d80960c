//! How many lists of followers are made, and for whom: each reads all followers of an actor.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use federate_protocol::activitystreams::Iri;
use federate_protocol::domain;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::buckets::{Buckets, Rate};

/// How many are made at once, for different domains.
pub(crate) const WALKS: usize = 4;

/// How many one domain may ask for in [`WHILE`], one after the other.
pub(crate) const PER_DOMAIN: u32 = 60;

/// In which time.
pub(crate) const WHILE: Duration = Duration::from_secs(10 * 60);

/// Of how many domains it is known how many they asked for.
const MOST_DOMAINS: usize = 20_000;

/// When somebody comes again for whom there was no place.
pub(crate) const AGAIN: Duration = Duration::from_secs(60);

/// Who is being answered, and who was lately.
#[derive(Debug)]
pub(crate) struct Lists {
    places: Semaphore,
    /// Domains for which one is being made.
    under_way: Mutex<HashSet<String>>,
    lately: Buckets,
}

/// The place of one list, until it is dropped.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    lists: &'a Lists,
    domain: String,
    _place: SemaphorePermit<'a>,
}

/// Why no list is made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// This domain asks for too much, and may ask again after this time.
    TooMany(Duration),
    /// Others are being answered.
    Full,
}

impl Default for Lists {
    fn default() -> Self {
        Lists {
            places: Semaphore::new(WALKS),
            under_way: Mutex::default(),
            lately: Buckets::new(Rate::new(PER_DOMAIN, WHILE), MOST_DOMAINS),
        }
    }
}

impl Lists {
    /// A place for whoever proved to be this actor. Hosts of one domain are one, as whoever has it makes as many as he likes.
    pub(crate) fn begin(&self, who: &Iri, now: SystemTime) -> Result<Walk<'_>, NotNow> {
        let domain = domain::of_id(who);
        let mut under_way = self.lock();
        if under_way.contains(&domain) {
            return Err(NotNow::TooMany(AGAIN));
        }
        let place = self.places.try_acquire().map_err(|_| NotNow::Full)?;
        self.lately.take(&domain, now).map_err(NotNow::TooMany)?;
        under_way.insert(domain.clone());
        Ok(Walk {
            lists: self,
            domain,
            _place: place,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.lists.lock().remove(&self.domain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str) -> Iri {
        Iri::parse(&format!("https://{host}/users/bob")).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn r9_one_domain_holds_one_place_however_many_hosts_it_has() {
        let lists = Lists::default();
        let first = lists.begin(&of("a.evil.test"), at(0)).unwrap();
        for host in ["a.evil.test", "b.evil.test", "evil.test"] {
            let refused = lists.begin(&of(host), at(0)).unwrap_err();
            assert_eq!(refused, NotNow::TooMany(AGAIN), "{host}");
        }
        let others: Vec<_> = (1..WALKS)
            .map(|n| lists.begin(&of(&format!("peer{n}.test")), at(0)).unwrap())
            .collect();
        // All places, and one past them.
        let refused = lists.begin(&of("late.test"), at(0)).unwrap_err();
        assert_eq!(refused, NotNow::Full);
        drop(first);
        let late = lists.begin(&of("late.test"), at(0)).unwrap();
        assert_eq!(lists.begin(&of("b.evil.test"), at(0)).unwrap_err(), NotNow::Full);
        drop((others, late));
        assert!(lists.begin(&of("b.evil.test"), at(0)).is_ok());
    }

    #[test]
    fn r9_and_so_many_in_ten_minutes() {
        let lists = Lists::default();
        for _ in 0..PER_DOMAIN {
            drop(lists.begin(&of("a.evil.test"), at(0)).unwrap());
        }
        let refused = lists.begin(&of("b.evil.test"), at(0)).unwrap_err();
        assert_eq!(refused, NotNow::TooMany(Duration::from_secs(10)));
        // That holds no place.
        assert!(lists.begin(&of("peer.test"), at(0)).is_ok());
        assert!(lists.begin(&of("b.evil.test"), at(10)).is_ok());
    }
}
