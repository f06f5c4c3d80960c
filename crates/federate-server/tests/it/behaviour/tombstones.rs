//! `manage_tombstones`.

use std::time::Duration;

use federate_protocol::Known;
use federate_store::{RelationKind, Retention, Which};
use serde_json::{Value, json};

use super::{refused, says, site};
use crate::world::{World, iri};

fn note(by: &str, number: u32) -> Value {
    json!({ "type": "Note", "id": format!("https://peer.test/notes/{number}"), "attributedTo": by, "content": "x" })
}

fn delete(number: u32) -> Value {
    json!({ "type": "Delete", "object": format!("https://peer.test/notes/{number}") })
}

#[tokio::test]
async fn i16_w14_what_was_deleted_does_not_come_even_where_the_application_knows_nothing() {
    let world = World::default();
    let site = site(&world, |b| b.manage_tombstones()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let eve = world.peer("evil.test", "eve", 2);
    let note_1 = iri("https://peer.test/notes/1");
    let known = Known::Owner(bob.id.clone());
    site.app.known.lock().unwrap().insert(note_1.clone(), known);
    says(&bob, &site, 1, delete(1)).await;
    site.app.take_seen();
    site.app.known.lock().unwrap().remove(&note_1);
    says(
        &bob,
        &site,
        2,
        json!({ "type": "Create", "object": note(bob.id.as_str(), 1) }),
    )
    .await;
    says(
        &bob,
        &site,
        3,
        json!({ "type": "Update", "object": note(bob.id.as_str(), 1) }),
    )
    .await;
    says(
        &eve,
        &site,
        4,
        json!({ "type": "Announce", "object": "https://peer.test/notes/1" }),
    )
    .await;
    says(
        &eve,
        &site,
        5,
        json!({ "type": "Like", "object": "https://peer.test/notes/1" }),
    )
    .await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    assert_eq!(refused(&site).await, ["the object was deleted"; 4]);
    says(
        &bob,
        &site,
        6,
        json!({ "type": "Create", "object": note(bob.id.as_str(), 2) }),
    )
    .await;
    assert_eq!(site.app.take_seen().len(), 1, "another one comes");
}

#[tokio::test]
async fn i14_nobody_deletes_in_advance_what_a_neighbour_will_write() {
    let world = World::default();
    let site = site(&world, |b| b.manage_tombstones()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let eve = world.peer("peer.test", "eve", 2);
    says(&eve, &site, 1, delete(1)).await;
    site.app.take_seen();
    says(
        &bob,
        &site,
        2,
        json!({ "type": "Create", "object": note(bob.id.as_str(), 1) }),
    )
    .await;
    assert_eq!(site.app.take_seen(), ["Create by https://peer.test/users/bob"]);
    // Nor keeps anybody from sharing it.
    let carol = world.peer("other.test", "carol", 0);
    let share = json!({ "type": "Announce", "object": "https://peer.test/notes/1" });
    says(&carol, &site, 3, share).await;
    assert_eq!(
        site.app.take_seen(),
        ["Announce by https://other.test/users/carol"]
    );
}

#[tokio::test]
async fn a_tombstone_has_its_time() {
    let world = World::default();
    let site = site(&world, |b| b.manage_tombstones()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, delete(1)).await;
    let stores = site.federation.stores();
    let left = async |after: Duration| {
        let now = site.federation.now() + after;
        Retention::default()
            .run(stores, now, &|_, _| false)
            .await
            .unwrap();
        stores
            .relations
            .count(&Which::of(RelationKind::Tombstone))
            .await
            .unwrap()
    };
    let month = Duration::from_secs(30 * 86_400);
    assert_eq!(left(month).await, 1);
    assert_eq!(left(month + Duration::from_micros(1)).await, 0);
}
