//! Likes, boosts and emoji of our objects; see [`Builder::manage_reactions`](crate::Builder::manage_reactions).

use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use super::{Listed, undo};
use crate::serve::find;
use crate::{Ask, Builder, Cursor, Cx, Directory, Error, Failure, Federation, Found, Item, ObjectRef, Page};

mod beyond;
mod sketch;

/// What somebody did to an object of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reaction {
    /// A `Like`.
    Like,
    /// An `Announce`: a boost.
    Announce,
    /// An emoji: `EmojiReact`, or a `Like` that carries one, as Misskey's.
    Emoji,
}

impl Reaction {
    fn kind(self) -> Kind {
        match self {
            Reaction::Like => Kind::Like,
            Reaction::Announce => Kind::Announce,
            Reaction::Emoji => Kind::EmojiReact,
        }
    }
}

/// Somebody who reacted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reacted {
    /// Who.
    pub actor: Iri,
    /// The id of the activity, where it has one.
    pub id: Option<Iri>,
    /// The emoji, as it came: code points, or a `:shortcode:`. Empty of a like or a boost.
    pub emoji: String,
    /// The picture of a custom emoji, where the activity carries one.
    pub icon: Option<Iri>,
    /// When.
    pub at: SystemTime,
}

/// How many reacted to an object: beyond [`BehaviourLimits::reacted`](crate::BehaviourLimits::reacted) about so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reactions {
    /// Likes.
    pub likes: u64,
    /// Boosts.
    pub announces: u64,
    /// Emoji, of all actors together.
    pub emoji: u64,
}

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let Some(key) = key_of(cx, activity.by(), activity) else {
        return Ok(());
    };
    let Some(at) = cx.local_object(activity.object().id()) else {
        return Ok(());
    };
    // What they may not see, they have nothing to say about.
    let ask = cx.federation.ask(Some(activity.by()));
    if !matches!(find(&cx.federation, &ask, &at).await?, Found::Here(_)) {
        return Ok(());
    }
    let limits = &cx.federation.inner.managed.limits;
    let relations = &cx.federation.stores().relations;
    if key.name.len() > limits.reaction || undo::was_undone(cx, activity).await? {
        return Ok(());
    }
    if relations.get(&key).await?.is_none() {
        let theirs = Which::of(key.kind).about(&*key.subject).with(&key.actor);
        if key.kind == Kind::EmojiReact && relations.count(&theirs).await? >= limits.reactions {
            tracing::info!(actor = %activity.by(), object = key.subject, "too many reactions of one actor");
            return Ok(());
        }
        if relations.count(&known(key.kind, &key.subject)).await? >= limits.reacted {
            return beyond::count(&cx.federation, &key).await;
        }
    }
    let shortcode = key.name.trim_matches(':').to_owned();
    let pictures = activity.emoji();
    let picture = pictures.into_iter().find(|emoji| emoji.shortcode == shortcode);
    let reaction = Relation {
        activity: (**activity).id(),
        note: picture.map_or_else(String::new, |emoji| emoji.icon.as_str().to_owned()),
        ..Relation::new(key, cx.now())
    };
    relations.put(&reaction).await?;
    Ok(())
}

/// Those of which it is kept whose they are.
fn known(kind: Kind, object: &str) -> Which {
    Which::of(kind).about(object).in_state(State::Accepted)
}

/// What an activity of this actor is to an object of ours; `None` where it is no reaction, or to something else.
pub(super) fn key_of<App: Directory>(cx: &Cx<App>, by: &Iri, activity: &Object) -> Option<RelationKey> {
    let emoji = emoji(activity);
    let kind = match activity.type_name() {
        "Like" if emoji.is_none() => Kind::Like,
        "Like" | "EmojiReact" => Kind::EmojiReact,
        "Announce" => Kind::Announce,
        _ => return None,
    };
    let at = cx.local_object(activity.object().id())?;
    // Of two spellings of its id, that of our own making.
    let id = cx.uris().object(at.kind(), at.as_str());
    let key = RelationKey::new(kind, id.as_str(), by);
    match kind {
        Kind::EmojiReact => Some(key.named(emoji?)),
        _ => Some(key),
    }
}

/// The emoji of a reaction: `content`, or what Misskey writes.
fn emoji(activity: &Object) -> Option<String> {
    if !activity.is("Like") && !activity.is("EmojiReact") {
        return None;
    }
    let said = activity.misskey_reaction().or_else(|| activity.content());
    let said = said.map(|emoji| emoji.trim().to_owned());
    said.filter(|emoji| !emoji.is_empty())
}

impl<App: Directory> Builder<App> {
    /// The library keeps who likes, boosts and reacts with an emoji to objects of ours that are here: `Like`, `Announce` and
    /// `EmojiReact` are written down once for each actor (and emoji), `Undo` takes back what the same actor did. The `likes`
    /// and the `shares` collection of an object are served from there.
    ///
    /// Handlers of the application for these run as well, afterwards.
    pub fn manage_reactions(mut self) -> Self {
        self.managed.reactions = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    /// How many reacted to an object of ours, by its id.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn reactions(&self, object: &Iri) -> Result<Reactions, Error> {
        let count = async |kind| {
            let known = self
                .stores()
                .relations
                .count(&known(kind, object.as_str()))
                .await?;
            let beyond = beyond::counted(self, kind, object.as_str()).await?;
            Ok::<_, Error>(known.saturating_add(beyond))
        };
        Ok(Reactions {
            likes: count(Kind::Like).await?,
            announces: count(Kind::Announce).await?,
            emoji: count(Kind::EmojiReact).await?,
        })
    }

    /// Who reacted to an object of ours like this, the first first, as far as that is kept.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn reacted(
        &self,
        object: &Iri,
        reaction: Reaction,
        from: &Cursor,
    ) -> Result<Listed<Reacted>, Error> {
        let which = known(reaction.kind(), object.as_str());
        let reacted = |relation: Relation| Reacted {
            actor: relation.key.actor,
            id: relation.activity,
            emoji: relation.key.name,
            icon: Iri::parse(&relation.note).ok(),
            at: relation.at,
        };
        self.listed(&which, from, reacted).await
    }

    /// One page of the activities by which somebody reacted like this; of those without an id, who it was.
    pub(crate) async fn managed_reactions(
        &self,
        ask: &Ask<'_>,
        at: &ObjectRef,
        reaction: Reaction,
        from: &Cursor,
    ) -> Result<Page, Failure> {
        let id = self.uris().object(at.kind(), at.as_str());
        let (kind, which) = (reaction.kind(), known(reaction.kind(), id.as_str()));
        let page = self.relation_page(ask, &which, from, |relation| {
            Item::Id(relation.activity.unwrap_or(relation.key.actor))
        });
        let mut page = page.await?;
        let beyond = beyond::counted(self, kind, id.as_str()).await?;
        page.total = page.total.map(|known| known.saturating_add(beyond));
        Ok(page)
    }
}
