//! What another server says of who of ours follows its people: compared with what we know, and repaired.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use federate_protocol::Evidence;
use federate_protocol::activitystreams::{Activity, Follow, Iri, Object, Ref, terms};
use federate_protocol::synchronization::{Claim, HEADER, SetDigest, differences, is_of};
use federate_protocol::{Authenticated, signatures};
use http::request::Parts;
use tokio::sync::Semaphore;

use super::ours::{correct, followers_here};
use super::sent::MOST_LISTED;
use crate::buckets::{Buckets, Rate};
use crate::{Directory, Failure, Federation, Found, Local};

/// How often one sender is looked at.
pub(crate) const EVERY: Duration = Duration::from_secs(60 * 60);

/// How many are looked at at once.
pub(crate) const AT_ONCE: usize = 4;

/// How many follows are taken back after one look.
pub(crate) const MOST_UNDONE: usize = 100;

/// Of how many senders it is known that they were looked at.
const MOST_SENDERS: usize = 20_000;

/// Whom we looked at lately.
#[derive(Debug)]
pub(crate) struct Looks {
    senders: Buckets,
    places: Arc<Semaphore>,
}

impl Default for Looks {
    fn default() -> Self {
        Looks {
            senders: Buckets::new(Rate::new(1, EVERY), MOST_SENDERS),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// What a request says, if its signature covers that. To be believed once the signature has been verified.
pub(crate) fn claim(head: &Parts, body: &Bytes) -> Option<Claim> {
    let lines: Vec<&str> = head
        .headers
        .get_all(HEADER)
        .iter()
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let covered = signatures::parse(head, body).ok()?.covered();
    Claim::read(lines, &covered)
        .inspect_err(|reason| tracing::info!(%reason, "what is said of followers is not heeded"))
        .ok()
        .flatten()
}

/// Looks at it beside the answer, which does not wait.
pub(crate) fn look<App: Directory>(
    federation: &Federation<App>,
    activity: &Authenticated<Activity>,
    claim: Claim,
) {
    if !matches!(activity.evidence(), Evidence::RequestSignature { .. }) {
        return;
    }
    let looks = &federation.inner.looks;
    let Ok(place) = Arc::clone(&looks.places).try_acquire_owned() else {
        return;
    };
    let by = activity.by().clone();
    if looks.senders.take(by.as_str(), federation.now()).is_err() {
        return;
    }
    let federation = federation.clone();
    tokio::spawn(async move {
        if let Err(e) = repair(&federation, &by, &claim).await {
            tracing::info!(actor = %by, reason = %e.chain(), "followers could not be synchronised");
        }
        drop(place);
    });
}

async fn repair<App: Directory>(
    federation: &Federation<App>,
    by: &Iri,
    claim: &Claim,
) -> Result<(), Failure> {
    let app = federation.app();
    let uris = federation.uris();
    let Some(here) = followers_here(federation, by).await? else {
        return Ok(());
    };
    let ids = |names: &[String]| names.iter().map(|name| uris.actor(name)).collect::<Vec<_>>();
    let (following, requested) = (ids(&here.following), ids(&here.requested));
    if SetDigest::from_iter(&following) == claim.digest {
        return Ok(());
    }
    let actor = federation.inner.fetcher.actor(by, federation.now()).await?;
    claim.check(by, actor.followers())?;
    let listed = listed(federation, claim).await?;
    let found = differences(&listed, &following, &requested);
    tracing::info!(
        actor = %by,
        not_listed = found.not_listed.len(),
        accepted = found.accepted.len(),
        not_following = found.not_following.len(),
        "what is known of who follows differs"
    );
    let name = |id: &Iri| match uris.parse(id) {
        Some(Local::Actor(name)) => Some(name),
        _ => None,
    };
    for (ids, follows) in [(&found.not_listed, false), (&found.accepted, true)] {
        for name in ids.iter().filter_map(name) {
            correct(federation, &name, by, follows).await?;
        }
    }
    for name in found.not_following.iter().filter_map(name).take(MOST_UNDONE) {
        // Nobody signs for who is not here.
        if let Found::Here(_) = app.actor(&federation.ask(None), &name).await? {
            let follow: Object = Follow::new(by)
                .with(&terms::ACTOR, Ref::from(&uris.actor(&name)))
                .into();
            federation.undo(&name, follow).to(by.clone()).await?;
        }
    }
    Ok(())
}

/// Those of ours whom their server lists: all of them, and exactly those of which it gave the digest. Otherwise
/// something has changed in between, or they are more than are read, and nothing is done.
async fn listed<App: Directory>(federation: &Federation<App>, claim: &Claim) -> Result<Vec<Iri>, Failure> {
    let mut listed = Vec::new();
    let reader = federation.inner.fetcher.collection(&claim.url, federation.now());
    let mut reader = reader.items(MOST_LISTED);
    while let Some(page) = reader.next_page().await? {
        listed.extend(page.ids().filter(|id| is_of(id, federation.uris().origin())));
    }
    if !reader.end().is_some_and(|end| end.is_complete()) {
        return Err(Failure::permanent("the list was not read to its end"));
    }
    if SetDigest::from_iter(&listed) != claim.digest {
        return Err(Failure::permanent("the list is not the one that was announced"));
    }
    Ok(listed)
}
