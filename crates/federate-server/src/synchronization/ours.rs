//! Who of ours follows somebody: the application's, or what the library keeps.

use federate_protocol::activitystreams::Iri;
use federate_store::{RelationKey, RelationKind as Kind, RelationState as State, Which};

use crate::{Directory, Failure, Federation, FollowersHere};

/// How many are read at once.
const PAGE: usize = 500;

/// Who of ours follows this actor, or asked to; `None` where nobody says.
pub(super) async fn followers_here<App: Directory>(
    federation: &Federation<App>,
    of: &Iri,
) -> Result<Option<FollowersHere>, Failure> {
    if !federation.inner.managed.following {
        return federation.app().followers_here(of).await;
    }
    let which = Which::of(Kind::Following).with(of);
    let mut found = FollowersHere::default();
    let mut after = None;
    loop {
        let relations = &federation.stores().relations;
        let page = relations.page(&which, after.as_deref(), PAGE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(Some(found));
        };
        after = Some(last.clone());
        for (_, relation) in page {
            match relation.state {
                State::Accepted => found.following.push(relation.key.subject),
                State::Pending => found.requested.push(relation.key.subject),
                _ => {}
            }
        }
    }
}

/// Writes down what the other server says: that one of ours follows, or no more.
pub(super) async fn correct<App: Directory>(
    federation: &Federation<App>,
    name: &str,
    of: &Iri,
    follows: bool,
) -> Result<(), Failure> {
    if federation.inner.managed.following {
        let key = RelationKey::new(Kind::Following, name, of);
        let relations = &federation.stores().relations;
        // Only from where it was: what has changed meanwhile is newer than the list.
        match follows {
            true => {
                relations
                    .advance(&key, State::Pending, State::Accepted, None)
                    .await?
            }
            false => {
                let until = federation.now() + federation.inner.managed.limits.refused;
                relations
                    .advance(&key, State::Accepted, State::Rejected, Some(until))
                    .await?
            }
        };
    }
    federation.app().follow_corrected(name, of, follows).await
}
