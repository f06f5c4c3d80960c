//! What one instance of ours gives out, another reads.

use federate_protocol::activitystreams::{Note, Object};
use federate_protocol::fetch::{CollectionEnd, ReplyChainEnd};
use serde_json::json;

use crate::world::{Instance, World, iri};

/// An instance with eight public posts, each of which answers the one before.
async fn with_a_thread(world: &World) -> Instance {
    let one = world.instance("one.test").await;
    let uris = one.federation.uris();
    let posts = (1..=8).map(|number| {
        let note = Note::builder(uris.object("post", number))
            .by(&uris.actor("alice"))
            .text("hello")
            .public();
        let note = if number > 1 {
            note.in_reply_to(uris.object("post", number - 1))
        } else {
            note
        };
        Object::from(note.build())
    });
    *one.app.posts.lock().unwrap() = posts.collect();
    one
}

#[tokio::test]
async fn r6_an_outbox_is_read_page_by_page() {
    let world = World::default();
    let (_one, other) = (with_a_thread(&world).await, world.instance("other.test").await);
    let actor = other.federation.lookup("@alice@one.test").await.unwrap();
    let mut outbox = other.federation.collection(&actor.object.outbox().unwrap());
    let mut pages = Vec::new();
    while let Some(page) = outbox.next_page().await.unwrap() {
        pages.push(page.items().len());
    }
    // Three items are a page there.
    assert_eq!(pages, [3, 3, 2]);
    assert!(outbox.end().is_some_and(CollectionEnd::is_complete));
    assert_eq!(outbox.reading().claimed_total(), Some(8));
}

#[tokio::test]
async fn r7_a_thread_is_walked_up_to_what_is_ours() {
    let world = World::default();
    let (one, other) = (with_a_thread(&world).await, world.instance("other.test").await);
    let last = one.app.posts.lock().unwrap().last().cloned().unwrap();
    let mut above = other.federation.ancestors(&last).depth(5);
    let mut walked = 0;
    while above.next_post().await.unwrap().is_some() {
        walked += 1;
    }
    assert_eq!(walked, 5);
    assert!(matches!(above.end(), Some(ReplyChainEnd::DepthLimit)));
    let mut above = one.federation.ancestors(&last);
    assert!(above.next_post().await.unwrap().is_none());
    assert!(matches!(above.end(), Some(ReplyChainEnd::Ours(id)) if *id == iri("https://one.test/posts/7")));
}

#[tokio::test]
async fn w6_an_instance_says_what_it_is() {
    let world = World::default();
    let (one, other) = (with_a_thread(&world).await, world.instance("other.test").await);
    let info = other
        .federation
        .remote_nodeinfo(&one.federation.uris().actor("alice"))
        .await
        .unwrap();
    assert_eq!((info.users_total, info.local_posts), (Some(2), Some(7)));
    assert_eq!(json!(info.protocols), json!(["activitypub"]));
}
