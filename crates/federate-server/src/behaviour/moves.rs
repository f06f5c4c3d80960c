//! Accounts that move; see [`Builder::manage_moves`](crate::Builder::manage_moves).

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Iri, Move, terms};
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use super::{Turn, keeps_apart};
use crate::{Builder, Cx, Directory, Enqueued, Error, Failure, Federation};

/// Those of ours who follow the old account follow the new one, a bounded number at a time: who was moved follows the old
/// one no more, so that the next turn, also of another life of this process, begins with who is left (W9).
pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Turn, Failure> {
    let Some(target) = activity.target().id().filter(|_| activity.is("Move")) else {
        return Ok(Turn::Over);
    };
    let federation = &cx.federation;
    let limits = &federation.inner.managed.limits;
    let follows = Which::of(Kind::Following).with(activity.by());
    let page = federation
        .stores()
        .relations
        .page(&follows, None, limits.moved_at_once)
        .await?;
    let is_full = page.len() >= limits.moved_at_once;
    for (_, follow) in page {
        let me = &follow.key.subject;
        let moved = match follow.state {
            State::Rejected => Ok(()),
            State::Pending | State::Accepted => follow_on(federation, me, &target).await,
        };
        match moved {
            // The next turn begins with this one: no failure of a long move counts as one of the whole.
            Err(e) if !e.is_permanent() => {
                tracing::warn!(actor = me, reason = %crate::error::chain(&e), "a follower could not move yet");
                return Ok(Turn::Again(limits.move_pause));
            }
            Err(e) => {
                tracing::info!(actor = me, reason = %crate::error::chain(&e), "a follower could not move");
            }
            Ok(()) => {}
        }
        federation.unfollow(me, activity.by()).await?;
    }
    Ok(match is_full {
        true => Turn::Again(limits.move_pause),
        false => Turn::Over,
    })
}

/// Asks the new account: not where they are neighbours, nor where they block each other or know each other already.
async fn follow_on<App: Directory>(
    federation: &Federation<App>,
    me: &str,
    target: &Iri,
) -> Result<(), Error> {
    if federation.uris().is_local(target) || keeps_apart(federation, me, target).await? {
        return Ok(());
    }
    let known = RelationKey::new(Kind::Following, me, target);
    if federation.stores().relations.get(&known).await?.is_none() {
        federation.follow(me, target).await?;
    }
    Ok(())
}

impl<App: Directory> Builder<App> {
    /// When somebody whom our people [follow](Builder::manage_following) moves, and the new account confirms it, our people follow the new
    /// account and the old one no more: at most [500](super::BehaviourLimits::moved_at_once) in a turn, with a
    /// pause after it. Nothing changes for followers of ours that move: they are delivered to until they unfollow.
    ///
    /// The application's handler for `Move` runs as well, when all have moved.
    pub fn manage_moves(mut self) -> Self {
        self.managed.following = true;
        self.managed.moves = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    /// The actor `me` of ours moves to another account, which must name it in its `alsoKnownAs`. The application is
    /// [told](Directory::moved), so that the profile says [where to](crate::Profile::moved_to), and then the followers.
    ///
    /// # Errors
    ///
    /// A permanent one where the other account does not name this one, where this one moved less than
    /// [seven days](federate_protocol::Limits::move_cooldown) ago, and where it cannot be looked up; or the application's, or the store's.
    pub async fn move_away(&self, me: &str, target: &Iri) -> Result<Enqueued, Error> {
        let id = self.uris().actor(me);
        let relations = &self.stores().relations;
        let before = Which::of(Kind::Moved).about(me);
        let cooldown = self.limits().move_cooldown;
        let lately = self.now().checked_sub(cooldown).unwrap_or(std::time::UNIX_EPOCH);
        // At exactly the end of the time it may.
        if relations
            .count(&before.since(lately + std::time::Duration::from_micros(1)))
            .await?
            > 0
        {
            return Err(Error::permanent("it moved less than seven days ago"));
        }
        let to = self.inner.fetcher.fresh_actor(target, self.now()).await?;
        let confirmed = to.also_known_as();
        let confirmed = confirmed.iter().take(self.limits().also_known_as);
        if *to.id() == id || !confirmed.into_iter().any(|also| *also == id) {
            return Err(Error::permanent(
                "the other account does not say that it is also known as this one",
            ));
        }
        self.app()
            .moved(me, to.id())
            .await
            .map_err(|failure| match failure.is_permanent() {
                true => Error::permanent(failure.chain()),
                false => Error::passing(failure.chain()),
            })?;
        let now = self.now();
        let moved = Relation {
            until: Some(now + cooldown),
            ..Relation::new(RelationKey::new(Kind::Moved, me, to.id()), now)
        };
        relations.put(&moved).await?;
        let moves = Move::new(&id).with(&terms::TARGET, to.id());
        self.send(me, moves).to(self.uris().followers(me)).await
    }
}
