//! What we say of our followers: a digest for each of their servers, and to each server the list of its own.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use federate_protocol::activitystreams::{Iri, Origin};
use federate_protocol::synchronization::SetDigest;
use federate_store::{Follower, Followers, StoreError};

use super::lists::Lists;

/// How long the digests of an actor hold.
pub(crate) const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How many digests are kept.
pub(crate) const MOST_SERVERS: usize = 200_000;

/// How many followers of one server are listed to it.
pub(crate) const MOST_LISTED: usize = 10_000;

/// The followers of one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) digest: SetDigest,
    pub(crate) count: usize,
}

/// The digests of our actors' followers, by the server of the follower.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    state: Mutex<State>,
    pub(crate) lists: Lists,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<String, Known>,
    /// Whose followers are being read.
    walking: HashSet<String>,
}

#[derive(Debug)]
struct Known {
    since: SystemTime,
    by_server: HashMap<Origin, Partition>,
}

/// What is known of a server's followers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Known(Partition),
    /// Nothing, and somebody else is finding out.
    Later,
    /// Nothing: who asked has to read the followers, and say what there is.
    Read,
}

impl Digests {
    /// The followers of `name` that are of this server. Whoever is told to read them either [keeps](Self::keep) what was read
    /// or [gives up](Self::give_up).
    pub(crate) fn ask(&self, name: &str, server: &Origin, now: SystemTime) -> Asked {
        self.with(|state| {
            let known = state.known.get(name);
            let is_fresh =
                known.is_some_and(|known| now.duration_since(known.since).is_ok_and(|age| age < LIFETIME));
            if !is_fresh && state.walking.insert(name.to_owned()) {
                return Asked::Read;
            }
            // What is a little old is better than nothing: it costs the other server a look.
            known.map_or(Asked::Later, |known| {
                Asked::Known(known.by_server.get(server).copied().unwrap_or_default())
            })
        })
    }

    pub(crate) fn keep(&self, name: &str, by_server: HashMap<Origin, Partition>, now: SystemTime) {
        self.with(|state| {
            state.walking.remove(name);
            let kept: usize = state.known.values().map(|known| known.by_server.len()).sum();
            if kept + by_server.len() > MOST_SERVERS {
                state.known.clear();
            }
            let known = Known {
                since: now,
                by_server,
            };
            state.known.insert(name.to_owned(), known);
        });
    }

    pub(crate) fn give_up(&self, name: &str) {
        self.with(|state| state.walking.remove(name));
    }

    /// Nothing is known of these followers any more.
    pub(crate) fn forget(&self, name: &str) {
        self.with(|state| state.known.remove(name));
    }

    fn knows(&self, name: &str) -> bool {
        self.with(|state| state.known.contains_key(name))
    }

    fn changed(&self, name: &str, follower: &Iri, is_one: bool) {
        let Some(server) = follower.origin() else { return };
        self.with(|state| {
            if let Some(known) = state.known.get_mut(name) {
                let partition = known.by_server.entry(server).or_default();
                partition.digest.toggle(follower);
                partition.count = match is_one {
                    true => partition.count.saturating_add(1),
                    false => partition.count.saturating_sub(1),
                };
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds followers to what is known of their servers.
pub(crate) fn count<'a>(by_server: &mut HashMap<Origin, Partition>, ids: impl IntoIterator<Item = &'a Iri>) {
    for id in ids {
        if let Some(server) = id.origin() {
            let partition = by_server.entry(server).or_default();
            partition.digest.toggle(id);
            partition.count += 1;
        }
    }
}

/// The followers that the store keeps, with an eye on who comes and goes: the digests go along, and are not read anew.
///
/// An actor that is gone everywhere goes out of them when they are read again: nobody says whom it followed.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) followers: Arc<dyn Followers>,
    pub(crate) digests: Arc<Digests>,
}

#[async_trait]
impl Followers for Watched {
    async fn add(&self, of: &str, follower: &Follower) -> Result<(), StoreError> {
        let is_new = self.digests.knows(of) && !self.followers.contains(of, &follower.actor).await?;
        self.followers.add(of, follower).await?;
        if is_new {
            self.digests.changed(of, &follower.actor, true);
        }
        Ok(())
    }

    async fn remove(&self, of: &str, actor: &Iri) -> Result<bool, StoreError> {
        let was_one = self.followers.remove(of, actor).await?;
        if was_one {
            self.digests.changed(of, actor, false);
        }
        Ok(was_one)
    }

    async fn forget(&self, actor: &Iri) -> Result<usize, StoreError> {
        self.followers.forget(actor).await
    }

    async fn refresh(&self, follower: &Follower) -> Result<usize, StoreError> {
        self.followers.refresh(follower).await
    }

    async fn page(
        &self,
        of: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Follower)>, StoreError> {
        self.followers.page(of, after, max).await
    }

    async fn contains(&self, of: &str, actor: &Iri) -> Result<bool, StoreError> {
        self.followers.contains(of, actor).await
    }

    async fn count(&self, of: &str) -> Result<u64, StoreError> {
        self.followers.count(of).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::SystemTime;

    use federate_protocol::activitystreams::Iri;

    use super::{Asked, Digests, LIFETIME, MOST_SERVERS, Partition, count};

    fn iri(text: &str) -> Iri {
        Iri::parse(text).unwrap()
    }

    fn of(ids: &[Iri]) -> Partition {
        let mut by_server = HashMap::new();
        count(&mut by_server, ids);
        by_server.into_values().next().unwrap_or_default()
    }

    #[test]
    fn followers_are_read_by_one_and_then_go_along() {
        let (digests, now) = (Digests::default(), SystemTime::UNIX_EPOCH);
        let (bob, carol) = (iri("https://a.example/bob"), iri("https://a.example/carol"));
        let server = bob.origin().unwrap();
        assert_eq!(digests.ask("alice", &server, now), Asked::Read);
        assert_eq!(digests.ask("alice", &server, now), Asked::Later);
        digests.give_up("alice");
        assert_eq!(digests.ask("alice", &server, now), Asked::Read);
        let mut read = HashMap::new();
        count(&mut read, [&bob]);
        digests.keep("alice", read, now);
        assert_eq!(
            digests.ask("alice", &server, now),
            Asked::Known(of(std::slice::from_ref(&bob)))
        );
        digests.changed("alice", &carol, true);
        assert_eq!(
            digests.ask("alice", &server, now),
            Asked::Known(of(&[carol.clone(), bob.clone()]))
        );
        digests.changed("alice", &bob, false);
        let late = now + LIFETIME;
        assert_eq!(digests.ask("alice", &server, late), Asked::Read);
        // While somebody reads them anew, what was known holds.
        assert_eq!(digests.ask("alice", &server, late), Asked::Known(of(&[carol])));
        let other = iri("https://b.example/").origin().unwrap();
        assert_eq!(
            digests.ask("alice", &other, late),
            Asked::Known(Partition::default())
        );
    }

    #[test]
    fn r14_no_more_digests_are_kept_than_may_be() {
        let (digests, now) = (Digests::default(), SystemTime::UNIX_EPOCH);
        let servers = |from: usize, to: usize| {
            let mut read = HashMap::new();
            let ids: Vec<Iri> = (from..to)
                .map(|n| iri(&format!("https://h{n}.example/u")))
                .collect();
            count(&mut read, &ids);
            read
        };
        let first = iri("https://h0.example/u").origin().unwrap();
        digests.keep("alice", servers(0, MOST_SERVERS - 1), now);
        digests.keep("bob", servers(0, 1), now);
        assert!(matches!(digests.ask("alice", &first, now), Asked::Known(_)));
        digests.keep("carol", servers(0, 1), now);
        assert_eq!(digests.ask("alice", &first, now), Asked::Read);
    }
}
