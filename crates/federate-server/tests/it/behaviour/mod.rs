//! Ready-made behaviour, and what peers try with it.

mod blocks;
mod followers;
mod following;
mod lasting;
mod moves;
mod quotes;
mod reactions;
mod reports;
mod tombstones;

use federate_protocol::activitystreams::{Activity, Iri, Note};
use federate_server::Builder;
use serde_json::{Value, json};

use crate::world::{Instance, Peer, TestApp, World, spy};

pub(crate) const ALICE: &str = "https://site.test/users/alice";
pub(crate) const POST: &str = "https://site.test/posts/1";

/// An instance with a post of alice's, whose handler writes everything down.
pub(crate) async fn site(
    world: &World,
    configure: impl FnOnce(Builder<TestApp>) -> Builder<TestApp>,
) -> Instance {
    let site = world
        .instance_with("site.test", |builder| configure(builder).on::<Activity>(spy))
        .await;
    let post = Note::builder(site.federation.uris().object("post", 1))
        .by(&site.federation.uris().actor("alice"))
        .text("hello")
        .public();
    site.app.posts.lock().unwrap().push(post.build().into());
    site
}

/// Posts it, and lets the instance do what follows from it.
pub(crate) async fn says(peer: &Peer, to: &Instance, number: u32, activity: Value) {
    let activity = peer.activity(number, activity);
    assert_eq!(peer.post(to, &activity).await.status(), 202);
    to.step_until_idle().await;
}

/// The id that [`Peer::activity`] gives.
pub(crate) fn id(peer: &Peer, number: u32) -> String {
    format!("{}/activities/{number}", peer.id)
}

/// What a peer got last.
pub(crate) fn last(peer: &Peer) -> Value {
    peer.received.lock().unwrap().last().cloned().unwrap_or_default()
}

/// Those that were refused, with the reason.
pub(crate) async fn refused(site: &Instance) -> Vec<String> {
    let dead = site.federation.admin().dead_received(99).await.unwrap();
    dead.into_iter()
        .map(|one| one.reason.replace("not allowed: ", ""))
        .collect()
}

pub(crate) fn follow() -> Value {
    json!({ "type": "Follow", "object": ALICE })
}

pub(crate) fn post() -> Iri {
    crate::world::iri(POST)
}
