//! Accounts that move; see [`Builder::manage_moves`](crate::Builder::manage_moves).

use std::fmt;
use std::time::{Duration, SystemTime};

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Iri, Move, terms};
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use super::{Turn, keeps_apart};
use crate::{Builder, Cx, Directory, Enqueued, Error, Failure, Federation, Found, Local};

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

/// Why an actor of ours may not move: the `source()` of what [`Federation::move_away`] fails with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveRefused {
    /// The other account is the same one.
    Itself,
    /// The other account does not say that it is [also known as](crate::Profile::also_known_as) this one.
    NotNamed,
    /// It moved less than [seven days](federate_protocol::Limits::move_cooldown) ago, there or elsewhere, or is about to at this moment.
    Lately,
    /// The other account would be one of ours, and there is none.
    Unknown,
}

impl fmt::Display for MoveRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Itself => "the other account is the same one",
            Self::NotNamed => "the other account does not say that it is also known as this one",
            Self::Lately => "it moved less than seven days ago",
            Self::Unknown => "there is no such account here",
        })
    }
}

impl std::error::Error for MoveRefused {}

impl From<MoveRefused> for Error {
    fn from(refused: MoveRefused) -> Self {
        Error::permanent(refused)
    }
}

impl<App: Directory> Federation<App> {
    /// The actor `me` of ours moves to another account, there or here, which must name it in its `alsoKnownAs`: it is looked up
    /// anew. The application is [told](Directory::moved), so that the profile says [where to](crate::Profile::moved_to), and
    /// then the followers, whose servers have them follow the other account. Followers of ours are the application's to move.
    ///
    /// What a crash or a store interrupted is finished by calling it again for the same account: the followers
    /// get the same activity once. Where nobody was told yet, another account may take its place after a minute.
    ///
    /// ```
    /// # use federate_protocol::activitystreams::Iri;
    /// use std::error::Error as _;
    /// use federate_server::{Directory, Federation, MoveRefused};
    ///
    /// # #[allow(dead_code)]
    /// async fn leave<App: Directory>(federation: &Federation<App>, target: &Iri) -> Result<(), Box<dyn std::error::Error>> {
    ///     match federation.move_away("alice", target).await {
    ///         Ok(_) => println!("alice's followers are told"),
    ///         Err(e) => match e.source().and_then(|cause| cause.downcast_ref()) {
    ///             Some(MoveRefused::NotNamed) => println!("first name the old account on the new one"),
    ///             _ => return Err(e.into()),
    ///         },
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A permanent one with [`MoveRefused`] as its source; the fetcher's, where the other account cannot be looked up; the application's;
    /// or the store's.
    pub async fn move_away(&self, me: &str, target: &Iri) -> Result<Enqueued, Error> {
        let id = self.uris().actor(me);
        let late = self.late_moves(me).await?;
        // What is not finished may be; whether it is the same one shows when the other account has said who it is.
        if late.iter().any(|moved| moved.state == State::Accepted) {
            return Err(MoveRefused::Lately.into());
        }
        let to = self.named_by(target, &id).await?;
        let begun = late.iter().find(|moved| moved.key.actor == to).cloned();
        let is_first = begun.is_none();
        let moved = match begun {
            Some(begun) => begun,
            None => {
                for interrupted in &late {
                    self.give_up_move(interrupted).await?;
                }
                self.begin_move(me, &id, &to).await?
            }
        };
        if let Err(failure) = self.app().moved(me, &to).await {
            if is_first {
                self.forget_move(&moved).await?;
            }
            return Err(failure.into());
        }
        // While the application thought about it, another may have taken its place.
        if self.stores().relations.get(&moved.key).await?.is_none() {
            return Err(MoveRefused::Lately.into());
        }
        let moves = Move::new(&id).with(&terms::TARGET, &to);
        let mut told = self.send(me, moves).to(self.uris().followers(me));
        if let Some(activity) = moved.activity {
            told = told.id(activity);
        }
        let told = told.await?;
        self.stores()
            .relations
            .advance(&moved.key, State::Pending, State::Accepted, moved.until)
            .await?;
        Ok(told)
    }

    /// When it moved, or began to, less than the time ago after which it may again.
    async fn late_moves(&self, me: &str) -> Result<Vec<Relation>, Error> {
        let cooldown = self.limits().move_cooldown;
        let lately = self.now().checked_sub(cooldown).unwrap_or(SystemTime::UNIX_EPOCH);
        // At exactly the end of the time it may.
        let since = lately + Duration::from_micros(1);
        let which = Which::of(Kind::Moved).about(me).since(since);
        let found = self.stores().relations.page(&which, None, AT_ONCE).await?;
        Ok(found.into_iter().map(|(_, moved)| moved).collect())
    }

    /// The id of the account at `target`, where it says today that it is `me` too.
    async fn named_by(&self, target: &Iri, me: &Iri) -> Result<Iri, Error> {
        let target = target.without_fragment();
        // Our own server is not asked over the network.
        let (to, names) = if self.uris().is_local(&target) {
            let Some(Local::Actor(name)) = self.uris().parse(&target) else {
                return Err(MoveRefused::Unknown.into());
            };
            match self.app().actor(&self.ask(None), &name).await? {
                Found::Here(profile) => (self.uris().actor(&name), profile.names(me)),
                Found::Gone | Found::Missing => return Err(MoveRefused::Unknown.into()),
            }
        } else {
            self.inner.moderation.look().await;
            let actor = self.inner.fetcher.fresh_actor(&target, self.now()).await?;
            (actor.id().clone(), actor.also_known_as().contains(me))
        };
        match names {
            _ if to == *me => Err(MoveRefused::Itself.into()),
            true => Ok(to),
            false => Err(MoveRefused::NotNamed.into()),
        }
    }

    /// Writes down that it moves, and under which id the followers will be told: so nobody is told under two. Where another
    /// began at the same time, here or in another process, at most one of the two goes on.
    async fn begin_move(&self, me: &str, id: &Iri, to: &Iri) -> Result<Relation, Error> {
        let (now, name) = (self.now(), self.new_id());
        let moved = Relation {
            activity: Some(Iri::parse(&format!("{id}#move/{name}"))?),
            state: State::Pending,
            until: Some(now + self.limits().move_cooldown),
            ..Relation::new(RelationKey::new(Kind::Moved, me, to).named(name), now)
        };
        self.stores().relations.put(&moved).await?;
        // Of two who have both written, the later one surely sees the other.
        let late = self.late_moves(me).await?;
        if late.iter().any(|other| other.key != moved.key) {
            self.forget_move(&moved).await?;
            return Err(MoveRefused::Lately.into());
        }
        Ok(moved)
    }

    /// Drops one that was interrupted before the followers were told, and not one that is at work.
    async fn give_up_move(&self, moved: &Relation) -> Result<(), Error> {
        let is_old = self
            .now()
            .duration_since(moved.at)
            .is_ok_and(|age| age >= AT_WORK);
        let is_told = match &moved.activity {
            Some(activity) => self.stores().outbox.body(activity).await?.is_some(),
            None => false,
        };
        if is_told || !is_old {
            return Err(MoveRefused::Lately.into());
        }
        self.forget_move(moved).await
    }

    /// What another has finished meanwhile stays.
    async fn forget_move(&self, moved: &Relation) -> Result<(), Error> {
        let which = Which::exactly(&moved.key).in_state(State::Pending);
        self.stores().relations.remove(&which, 1).await?;
        Ok(())
    }
}

/// More than one is there only where several began at once.
const AT_ONCE: usize = 8;

/// So long a move that nobody was told of may still be under way: the application is asked in that time.
const AT_WORK: Duration = Duration::from_secs(60);
