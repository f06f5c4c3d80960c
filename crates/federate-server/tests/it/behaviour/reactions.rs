//! `manage_reactions`.

use federate_server::{Cursor, Reaction, Reactions};
use serde_json::{Value, json};

use super::{POST, id, post, says, site};
use crate::world::{Instance, World, body};

fn like() -> Value {
    json!({ "type": "Like", "object": POST })
}

fn react(emoji: &str) -> Value {
    json!({ "type": "EmojiReact", "object": POST, "content": emoji })
}

async fn count(site: &Instance) -> (u64, u64, u64) {
    let Reactions {
        likes,
        announces,
        emoji,
        ..
    } = site.federation.reactions(&post()).await.unwrap();
    (likes, announces, emoji)
}

#[tokio::test]
async fn reactions_are_counted_once_and_listed() {
    let world = World::default();
    let site = site(&world, |b| b.manage_reactions()).await;
    let bob = world.peer("peer.test", "bob", 1);
    for number in [1, 2] {
        says(&bob, &site, number, like()).await;
    }
    says(&bob, &site, 3, json!({ "type": "Announce", "object": POST })).await;
    says(&bob, &site, 4, react("🦊")).await;
    // Misskey's.
    let misskey = json!({ "type": "Like", "object": POST, "content": ":blob:", "_misskey_reaction": ":blob:",
        "tag": [{ "type": "Emoji", "name": ":blob:", "icon": { "type": "Image", "url": "https://peer.test/blob.png" } }] });
    says(&bob, &site, 5, misskey).await;
    // Of what is not here.
    says(
        &bob,
        &site,
        6,
        json!({ "type": "Like", "object": "https://site.test/posts/77" }),
    )
    .await;
    says(
        &bob,
        &site,
        7,
        json!({ "type": "Like", "object": "https://site.test/posts/gone" }),
    )
    .await;
    assert_eq!(count(&site).await, (1, 1, 2));
    let list = async |reaction| {
        let listed = site
            .federation
            .reacted(&post(), reaction, &Cursor::start())
            .await
            .unwrap();
        listed.items
    };
    let emoji = list(Reaction::Emoji).await;
    let said: Vec<&str> = emoji.iter().map(|one| one.emoji.as_str()).collect();
    assert_eq!(said, ["🦊", ":blob:"]);
    assert_eq!(
        emoji[1].icon.as_ref().unwrap().as_str(),
        "https://peer.test/blob.png"
    );
    assert_eq!(
        list(Reaction::Announce).await[0].id.as_ref().unwrap().as_str(),
        id(&bob, 3)
    );
    let likes = body(&site.get("/posts/1/likes").await);
    assert_eq!(likes["totalItems"], 1);
    let page = body(&site.get("/posts/1/likes?cursor=").await);
    assert_eq!(page["orderedItems"], json!([id(&bob, 2)]));
    let page = body(&site.get("/posts/1/shares?cursor=").await);
    assert_eq!(page["orderedItems"], json!([id(&bob, 3)]));
    // The application's handler ran for each.
    assert_eq!(site.app.take_seen().len(), 7);
}

#[tokio::test]
async fn i14_who_reacted_takes_it_back_and_nobody_else() {
    let world = World::default();
    let site = site(&world, |b| b.manage_reactions()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, like()).await;
    says(&bob, &site, 2, react("🦊")).await;
    says(&bob, &site, 3, json!({ "type": "Announce", "object": POST })).await;
    let eve = world.peer("peer.test", "eve", 2);
    says(&eve, &site, 4, json!({ "type": "Undo", "object": id(&bob, 1) })).await;
    says(&eve, &site, 5, json!({ "type": "Undo", "object": like() })).await;
    let evil = world.peer("evil.test", "mallory", 2);
    says(&evil, &site, 6, json!({ "type": "Undo", "object": id(&bob, 1) })).await;
    assert_eq!(count(&site).await, (1, 1, 1));
    says(&bob, &site, 7, json!({ "type": "Undo", "object": id(&bob, 1) })).await;
    assert_eq!(count(&site).await, (0, 1, 1));
    // Embedded, and without an id: by what it was.
    says(&bob, &site, 8, json!({ "type": "Undo", "object": react("🐢") })).await;
    assert_eq!(count(&site).await, (0, 1, 1));
    says(&bob, &site, 9, json!({ "type": "Undo", "object": react("🦊") })).await;
    let announce = bob.activity(3, json!({ "type": "Announce", "object": POST }));
    says(&bob, &site, 10, json!({ "type": "Undo", "object": announce })).await;
    assert_eq!(count(&site).await, (0, 0, 0));
}

#[tokio::test]
async fn w14_an_undo_that_comes_first_keeps_its_like_out() {
    let world = World::default();
    let site = site(&world, |b| b.manage_reactions()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let eve = world.peer("peer.test", "eve", 2);
    // A neighbour's word keeps nothing out.
    says(&eve, &site, 8, json!({ "type": "Undo", "object": id(&bob, 2) })).await;
    says(&bob, &site, 9, json!({ "type": "Undo", "object": id(&bob, 1) })).await;
    says(&bob, &site, 1, like()).await;
    assert_eq!(count(&site).await, (0, 0, 0));
    says(&bob, &site, 2, like()).await;
    assert_eq!(count(&site).await, (1, 0, 0));
}

/// apkit, and others, embed the id and the type, and not what it was about.
#[tokio::test]
async fn an_undo_may_embed_the_id_and_the_type_alone() {
    let world = World::default();
    let site = site(&world, |b| b.manage_reactions()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let bare =
        |number, kind: &str| json!({ "type": "Undo", "object": { "type": kind, "id": id(&bob, number) } });
    says(&bob, &site, 1, like()).await;
    says(&bob, &site, 2, react("🦊")).await;
    says(&bob, &site, 3, json!({ "type": "Announce", "object": POST })).await;
    assert_eq!(count(&site).await, (1, 1, 1));
    let eve = world.peer("peer.test", "eve", 2);
    says(&eve, &site, 4, bare(1, "Like")).await;
    assert_eq!(count(&site).await, (1, 1, 1));
    says(&bob, &site, 5, bare(1, "Like")).await;
    assert_eq!(count(&site).await, (0, 1, 1));
    says(&bob, &site, 6, bare(2, "EmojiReact")).await;
    says(&bob, &site, 7, bare(3, "Announce")).await;
    assert_eq!(count(&site).await, (0, 0, 0));
    // W14: before what it undoes.
    says(&bob, &site, 9, bare(8, "Like")).await;
    says(&bob, &site, 8, like()).await;
    assert_eq!(count(&site).await, (0, 0, 0));
}

#[tokio::test]
async fn the_emoji_of_one_actor_are_bounded() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_reactions().behaviour_limits(|limits| {
            limits.reactions = 2;
            limits.reaction = 8;
        })
    })
    .await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, react("123456789")).await;
    assert_eq!(count(&site).await, (0, 0, 0));
    for (number, emoji) in [(2, "12345678"), (3, "🐢"), (4, "🦊"), (5, "🐢")] {
        says(&bob, &site, number, react(emoji)).await;
    }
    assert_eq!(count(&site).await, (0, 0, 2));
}

/// A server makes as many actors as it likes: of how many it is kept whose the likes are is bounded, and the count goes on.
#[tokio::test]
async fn r14_so_many_are_kept_by_name_and_the_others_counted() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_reactions().behaviour_limits(|limits| limits.reacted = 2)
    })
    .await;
    let peers: Vec<_> = (0..4)
        .map(|n| world.peer(&format!("p{n}.test"), "bob", n % 3))
        .collect();
    let announce = || json!({ "type": "Announce", "object": POST });
    for (number, reaction) in [(1, like()), (2, announce()), (3, react("🦊"))] {
        for (before, peer) in peers.iter().enumerate() {
            // Twice, under another id: it is one.
            for again in [0, 10] {
                says(peer, &site, number + again, reaction.clone()).await;
            }
            let counts = count(&site).await;
            let kind = [counts.0, counts.1, counts.2][number as usize - 1];
            assert_eq!(kind, before as u64 + 1, "{reaction}");
        }
    }
    assert_eq!(count(&site).await, (4, 4, 4));
    let named = async |reaction| {
        let listed = site.federation.reacted(&post(), reaction, &Cursor::start()).await;
        let actors = listed.unwrap().items.into_iter().map(|one| one.actor);
        actors.collect::<Vec<_>>()
    };
    for reaction in [Reaction::Like, Reaction::Announce, Reaction::Emoji] {
        assert_eq!(named(reaction).await, [peers[0].id.clone(), peers[1].id.clone()]);
    }
    let likes = body(&site.get("/posts/1/likes").await);
    assert_eq!(likes["totalItems"], 4);
    let page = body(&site.get("/posts/1/likes?cursor=").await);
    assert_eq!(
        page["orderedItems"],
        json!([id(&peers[0], 11), id(&peers[1], 11)])
    );
    // One who is kept makes place, who is only counted stays counted, and another post has a count of its own.
    says(&peers[0], &site, 20, json!({ "type": "Undo", "object": like() })).await;
    says(&peers[3], &site, 21, json!({ "type": "Undo", "object": like() })).await;
    assert_eq!(count(&site).await, (3, 4, 4));
    assert_eq!(named(Reaction::Like).await, [peers[1].id.clone()]);
    // Nothing of it is left when the post goes.
    let which = federate_store::Which::of(federate_store::RelationKind::Like).about(POST);
    let relations = &site.federation.stores().relations;
    assert_eq!(relations.remove(&which, 99).await.unwrap(), 2);
    assert_eq!(count(&site).await, (0, 4, 4));
}
