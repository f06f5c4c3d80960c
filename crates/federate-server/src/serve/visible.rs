//! Who may see what. The same on every path: objects, their activities, what hangs below them, and items of collections.

use federate_protocol::activitystreams::{Iri, Object};

use crate::behaviour::keeps_from;
use crate::{Ask, Directory, Failure, Federation, Item};

/// How many objects deep an activity is looked into. `Undo` of an `Announce` of a `Note` has three.
const DEPTH: usize = 4;

/// Whether the asker may see what the application answered: what is public, or addressed to the asker, or to followers of whom the asker
/// is one, or what the application [vouches](Directory::may_see) for. Never without a proven viewer, unless it is public or
/// says nothing of whom it is for.
///
/// What an activity holds is looked at too: it may be for fewer than the activity is.
pub(super) async fn may_see<App: Directory>(
    federation: &Federation<App>,
    ask: &Ask<'_>,
    object: &Object,
) -> Result<bool, Failure> {
    let mut inner = Some(object.clone());
    for _ in 0..DEPTH {
        let Some(one) = inner else { return Ok(true) };
        if keeps_from(federation, ask.viewer(), &one).await? {
            return Ok(false);
        }
        if !is_addressed(federation, ask.viewer(), &one).await?
            && (ask.viewer().is_none() || !federation.app().may_see(ask, &one).await?)
        {
            return Ok(false);
        }
        inner = one.object().object();
    }
    Ok(inner.is_none())
}

/// Whether the addresses of an object itself, whatever it holds, say that this viewer may see it.
pub(super) async fn is_addressed<App: Directory>(
    federation: &Federation<App>,
    viewer: Option<&Iri>,
    object: &Object,
) -> Result<bool, Failure> {
    if keeps_from(federation, viewer, object).await? {
        return Ok(false);
    }
    if object.is_public() {
        return Ok(true);
    }
    let addressed = object.addressed();
    if addressed.is_empty() {
        return Ok(true);
    }
    let Some(viewer) = viewer else { return Ok(false) };
    if addressed.contains(viewer) {
        return Ok(true);
    }
    if federation.inner.manage_followers {
        for name in addressed
            .iter()
            .filter_map(|id| federation.uris().parse_followers(id))
        {
            if federation.stores().followers.contains(&name, viewer).await? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The items that the asker may see. An id tells no more than itself.
pub(super) async fn of<App: Directory>(
    federation: &Federation<App>,
    ask: &Ask<'_>,
    items: Vec<Item>,
) -> Result<Vec<Item>, Failure> {
    let mut shown = Vec::with_capacity(items.len());
    for item in items {
        let is_visible = match &item {
            Item::Object(object) => may_see(federation, ask, object).await?,
            Item::Id(_) | Item::Follower(_) => true,
        };
        if is_visible {
            shown.push(item);
        }
    }
    Ok(shown)
}
