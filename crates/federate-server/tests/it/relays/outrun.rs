//! What comes in between while somebody is let in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use federate_server::store::RelationState as State;
use federate_server::{Actors, Admission, Builder, Cursor, Engine, Federation, RelayKind, async_trait};
use federate_store::{
    Backend, BoxFuture, Memory, Outgoing, ReceivedId, Relation, RelationKey, Relations, StoreError, Stores,
    Which,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::PUBLIC;
use super::setup::{OURS, give, process, server};
use crate::world::{Peer, World};

/// A memory in which others are quicker: whoever is about to let somebody in, or to remove it, where that is `armed`, waits until they are
/// through.
#[derive(Clone, Debug)]
struct Outrun {
    memory: Memory,
    relations: Arc<dyn Relations>,
    letting_in: Arc<AtomicBool>,
    removing: Arc<AtomicBool>,
    about: Arc<Semaphore>,
    through: Arc<Semaphore>,
}

impl Outrun {
    fn new() -> Self {
        let memory = Memory::new();
        Outrun {
            relations: memory.stores().relations,
            memory,
            letting_in: Arc::default(),
            removing: Arc::default(),
            about: Arc::new(Semaphore::new(0)),
            through: Arc::new(Semaphore::new(0)),
        }
    }

    async fn lets_in(&self, to: State) {
        if to == State::Accepted {
            self.waits_where(&self.letting_in).await;
        }
    }

    async fn waits_where(&self, armed: &AtomicBool) {
        if armed.swap(false, Ordering::Relaxed) {
            self.about.add_permits(1);
            self.through.acquire().await.unwrap().forget();
        }
    }
}

#[async_trait]
impl Relations for Outrun {
    async fn put(&self, relation: &Relation) -> Result<bool, StoreError> {
        self.lets_in(relation.state).await;
        self.relations.put(relation).await
    }

    async fn advance(
        &self,
        key: &RelationKey,
        from: State,
        to: State,
        until: Option<SystemTime>,
    ) -> Result<bool, StoreError> {
        self.lets_in(to).await;
        self.relations.advance(key, from, to, until).await
    }

    async fn remove(&self, which: &Which, max: usize) -> Result<usize, StoreError> {
        self.waits_where(&self.removing).await;
        self.relations.remove(which, max).await
    }

    async fn page(
        &self,
        which: &Which,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Relation)>, StoreError> {
        self.relations.page(which, after, max).await
    }

    async fn count(&self, which: &Which) -> Result<u64, StoreError> {
        self.relations.count(which).await
    }

    async fn prune(&self, now: SystemTime, max: usize) -> Result<usize, StoreError> {
        self.relations.prune(now, max).await
    }
}

impl Backend for Outrun {
    type Connection = <Memory as Backend>::Connection;

    fn stores(&self) -> Stores {
        Stores {
            relations: Arc::new(self.clone()),
            ..self.memory.stores()
        }
    }

    fn record<'a>(
        connection: &'a mut Self::Connection,
        outgoing: &'a Outgoing,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Memory::record(connection, outgoing)
    }

    fn handled<'a>(
        connection: &'a mut Self::Connection,
        id: &'a ReceivedId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Memory::handled(connection, id)
    }
}

struct Waiting {
    world: World,
    store: Outrun,
    relay: (Federation<Actors<Outrun>>, Engine),
    first: Peer,
}

/// A server that has asked, in this way, and waits.
async fn waiting(whom: &str) -> Waiting {
    let world = World::default();
    let store = Outrun::new();
    let by_hand = |builder: Builder<_>| builder.relay(Admission::ByHand);
    let relay = process(&world, "https://relay.test", store.clone(), by_hand).await;
    let (first, _) = server(&world, "first.test", 0);
    let follow = first.activity(1, json!({ "type": "Follow", "object": whom }));
    give(&relay, &first, &follow).await;
    Waiting {
        world,
        store,
        relay,
        first,
    }
}

impl Waiting {
    /// Lets it in, while this comes. Whether it was let in.
    async fn accepted_while(&self, comes: &Value) -> bool {
        self.store.letting_in.store(true, Ordering::Relaxed);
        let (federation, engine) = &self.relay;
        let accepting = federation.accept_subscriber(&self.first.id);
        let meanwhile = async {
            self.store.about.acquire().await.unwrap().forget();
            give(&self.relay, &self.first, comes).await;
            self.store.through.add_permits(1);
        };
        let (accepted, ()) = tokio::join!(accepting, meanwhile);
        while !engine.step().await.is_idle() {}
        assert!(
            accepted
                .as_ref()
                .err()
                .is_none_or(|refused| refused.is_permanent())
        );
        accepted.is_ok()
    }

    async fn states(&self) -> Vec<State> {
        let mut states = Vec::new();
        for kind in [RelayKind::Mastodon, RelayKind::LitePub] {
            let listed = self.relay.0.subscribers(kind, &Cursor::start()).await.unwrap();
            states.extend(listed.items.into_iter().map(|one| one.state));
        }
        states
    }
}

#[tokio::test]
async fn w13_who_takes_it_back_while_it_is_accepted_does_not_subscribe() {
    for whom in [PUBLIC, OURS] {
        let waiting = waiting(whom).await;
        let first = &waiting.first;
        let follow = format!("{}/activities/1", first.id);
        let undo = first.activity(2, json!({ "type": "Undo", "object": follow }));
        assert!(!waiting.accepted_while(&undo).await, "{whom}");
        assert_eq!(waiting.states().await, []);
        let (ours, taken_back) = (first.received_of("Follow"), first.received_of("Undo"));
        assert_eq!(ours.len(), usize::from(whom == OURS));
        assert_eq!(taken_back.len(), ours.len(), "what went out is taken back, once");
        for (ours, undo) in ours.iter().zip(&taken_back) {
            assert_eq!(undo["object"]["id"], ours["id"]);
        }
        assert_eq!(first.received_of("Accept").len(), 0);
    }
}

/// The other way round: what is taken back is accepted before it is removed.
#[tokio::test]
async fn w13_who_is_accepted_while_it_takes_it_back_is_not_followed_either() {
    let waiting = waiting(OURS).await;
    let (store, first) = (&waiting.store, &waiting.first);
    let follow = format!("{}/activities/1", first.id);
    let undo = first.activity(2, json!({ "type": "Undo", "object": follow }));
    store.removing.store(true, Ordering::Relaxed);
    let accepting = async {
        store.about.acquire().await.unwrap().forget();
        waiting.relay.0.accept_subscriber(&first.id).await.unwrap();
        store.through.add_permits(1);
    };
    tokio::join!(give(&waiting.relay, first, &undo), accepting);
    assert_eq!(waiting.states().await, []);
    let (ours, taken_back) = (first.received_of("Follow"), first.received_of("Undo"));
    assert_eq!((ours.len(), taken_back.len()), (1, 1));
    assert_eq!(taken_back[0]["object"]["id"], ours[0]["id"]);
}

#[tokio::test]
async fn who_asks_again_while_it_is_accepted_is_answered_what_it_asked_last() {
    for whom in [PUBLIC, OURS] {
        let waiting = waiting(whom).await;
        let first = &waiting.first;
        let again = first.activity(2, json!({ "type": "Follow", "object": whom }));
        assert!(waiting.accepted_while(&again).await, "{whom}");
        assert_eq!(waiting.states().await, [State::Accepted]);
        let accepts = first.received_of("Accept");
        assert_eq!(accepts.len(), 1);
        assert_eq!(accepts[0]["object"]["id"], again["id"]);
        // Of what we followed back, one stands.
        let (ours, taken_back) = (first.received_of("Follow").len(), first.received_of("Undo").len());
        assert_eq!(ours - taken_back, usize::from(whom == OURS));
        // And it goes when they go.
        let undo = first.activity(3, json!({ "type": "Undo", "object": again["id"] }));
        give(&waiting.relay, first, &undo).await;
        assert_eq!(waiting.states().await, []);
        assert_eq!(first.received_of("Undo").len(), ours);
    }
}

#[tokio::test]
async fn w13_who_is_removed_while_it_asks_again_waits() {
    for whom in [PUBLIC, OURS] {
        let waiting = waiting(whom).await;
        let (store, first, federation) = (&waiting.store, &waiting.first, &waiting.relay.0);
        federation.accept_subscriber(&first.id).await.unwrap();
        let again = first.activity(2, json!({ "type": "Follow", "object": whom }));
        store.letting_in.store(true, Ordering::Relaxed);
        let removing = async {
            store.about.acquire().await.unwrap().forget();
            assert!(federation.remove_subscriber(&first.id).await.unwrap().is_some());
            store.through.add_permits(1);
        };
        tokio::join!(give(&waiting.relay, first, &again), removing);
        assert_eq!(waiting.states().await, []);
        waiting.world.clock.advance(Duration::from_secs(3_600));
        while !waiting.relay.1.step().await.is_idle() {}
        assert_eq!(waiting.states().await, [State::Pending], "{whom}");
        assert_eq!(first.received_of("Accept").len(), 1);
        assert_eq!(first.received_of("Follow").len(), first.received_of("Undo").len());
    }
}
