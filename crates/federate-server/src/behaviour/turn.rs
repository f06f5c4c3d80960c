//! What is switched on, and its turn before the application's handler.

use std::sync::Arc;
use std::time::Duration;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Iri};
use federate_store::{Relation, Which};
use tokio::sync::Mutex;

use super::{
    BehaviourLimits, Reaction, ReportRules, blocks, departure, followers, following, moves, quotes,
    reactions, reports, tombstones, undo,
};
use crate::{Ask, Builder, Collection, Cursor, Cx, Directory, Error, Failure, Federation, Page, relay};

/// What is switched on. The followers have a switch of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Managed {
    pub(crate) following: bool,
    pub(crate) reactions: bool,
    pub(crate) tombstones: bool,
    pub(crate) moves: bool,
    pub(crate) blocks: bool,
    pub(crate) reports: Option<ReportRules>,
    pub(crate) quotes: bool,
    pub(crate) limits: BehaviourLimits,
    /// Whoever counts reactions, one after the other.
    pub(crate) counting: Arc<Mutex<()>>,
}

/// How a turn ended.
pub(crate) enum Turn {
    /// It is the application's.
    Over,
    /// There is more to do than should be done at once: the activity comes again after this time.
    Again(Duration),
}

/// Runs before the application's handler, under the same mark.
pub(crate) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Turn, Failure> {
    let inner = &cx.federation.inner;
    let managed = &inner.managed;
    if activity.is("Undo") {
        undo::received(cx, activity).await?;
    }
    if managed.blocks {
        blocks::received(cx, activity).await?;
    }
    if inner.manage_followers {
        followers::received(cx, activity).await?;
    }
    if managed.following {
        following::received(cx, activity).await?;
    }
    if managed.reactions {
        reactions::received(cx, activity).await?;
    }
    if managed.tombstones {
        tombstones::received(cx, activity).await?;
    }
    if let Some(rules) = &managed.reports {
        reports::received(cx, activity, rules).await?;
    }
    if managed.quotes {
        quotes::received(cx, activity).await?;
    }
    relay::received(cx, activity).await?;
    departure::received(cx, activity).await?;
    if managed.moves {
        return moves::received(cx, activity).await;
    }
    Ok(Turn::Over)
}

/// Some of many, in the order in which they came, and where the next begin.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listed<T> {
    /// Those of this page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` where this one was empty or not full.
    pub next: Option<Cursor>,
}

impl<App: Directory> Builder<App> {
    /// What peers can make ready-made behaviour remember and do, and for how long; [`BehaviourLimits`] has the figures.
    pub fn behaviour_limits(mut self, change: impl FnOnce(&mut BehaviourLimits)) -> Self {
        change(&mut self.managed.limits);
        self
    }
}

impl<App: Directory> Federation<App> {
    /// A page of relations, each as what it means.
    pub(crate) async fn listed<T>(
        &self,
        which: &Which,
        from: &Cursor,
        item: impl Fn(Relation) -> T,
    ) -> Result<Listed<T>, Error> {
        let limit = usize::try_from(self.inner.page_size).unwrap_or(usize::MAX);
        let rows = self
            .stores()
            .relations
            .page(which, from.as_str(), limit)
            .await
            .map_err(|e| crate::error::of_cursor(from, e))?;
        let next = rows.last().filter(|_| rows.len() >= limit);
        let next = next.map(|(cursor, _)| Cursor(Some(cursor.clone())));
        Ok(Listed {
            items: rows.into_iter().map(|(_, relation)| item(relation)).collect(),
            next,
        })
    }

    /// One page of a collection that the library keeps; `None`: the application has it.
    pub(crate) async fn managed_page(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Option<Page>, Failure> {
        let (followers, managed) = (self.inner.manage_followers, &self.inner.managed);
        Ok(Some(match of {
            Collection::Followers(name) if followers => self.managed_followers(ask, name, from).await?,
            Collection::Following(name) if managed.following => {
                self.managed_following(ask, name, from).await?
            }
            Collection::Likes(at) if managed.reactions => {
                self.managed_reactions(ask, at, Reaction::Like, from).await?
            }
            Collection::Shares(at) if managed.reactions => {
                self.managed_reactions(ask, at, Reaction::Announce, from).await?
            }
            _ => return Ok(None),
        }))
    }

    /// Removes all of them, a bounded number at a time.
    pub(super) async fn forget_all(&self, which: &Which) -> Result<usize, Error> {
        const AT_ONCE: usize = 500;
        let mut count = 0;
        loop {
            let gone = self.stores().relations.remove(which, AT_ONCE).await?;
            count += gone;
            if gone < AT_ONCE {
                return Ok(count);
            }
        }
    }

    /// An id for an activity of one of ours that is needed before it is sent.
    pub(super) fn activity_id(&self, name: &str, kind: &str) -> Result<Iri, Error> {
        let me = self.uris().actor(name);
        Ok(Iri::parse(&format!("{me}#{kind}/{}", self.new_id()))?)
    }
}
