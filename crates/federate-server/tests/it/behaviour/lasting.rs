//! How long behaviour remembers what is of no use for ever.

use std::time::Duration;

use federate_server::ReportRules;
use federate_store::{RelationKind as Kind, Retention, Which};
use serde_json::json;

use super::{ALICE, id, says, site};
use crate::world::{Instance, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many are left of a kind, at the end of its time and a moment after it.
async fn left(site: &Instance, kind: Kind, time: Duration) -> (u64, u64) {
    let stores = site.federation.stores();
    let at = async |after: Duration| {
        let now = site.federation.now() + after;
        Retention::default()
            .run(stores, now, &|_, _| false)
            .await
            .unwrap();
        stores.relations.count(&Which::of(kind)).await.unwrap()
    };
    (at(time).await, at(time + Duration::from_micros(1)).await)
}

#[tokio::test]
async fn w14_an_undo_that_came_first_is_known_for_a_week() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, json!({ "type": "Undo", "object": id(&bob, 2) })).await;
    assert_eq!(left(&site, Kind::Undone, 7 * DAY).await, (1, 0));
}

#[tokio::test]
async fn a_report_lies_there_for_three_months() {
    let world = World::default();
    let site = site(&world, |b| b.manage_reports(ReportRules::default())).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(
        &bob,
        &site,
        1,
        json!({ "type": "Flag", "object": ALICE, "content": "rude" }),
    )
    .await;
    assert_eq!(left(&site, Kind::Report, 90 * DAY).await, (1, 0));
}

#[tokio::test]
async fn who_refused_one_of_ours_is_known_for_a_month_and_who_accepted_for_ever() {
    let world = World::default();
    let site = site(&world, |b| b.manage_following()).await;
    for (host, answer, expected) in [("yes.test", "Accept", (1, 1)), ("no.test", "Reject", (2, 1))] {
        let bob = world.peer(host, "bob", 1);
        let follow = site.federation.follow("alice", &bob.id).await.unwrap();
        says(
            &bob,
            &site,
            1,
            json!({ "type": answer, "object": follow.id.as_str() }),
        )
        .await;
        assert_eq!(left(&site, Kind::Following, 30 * DAY).await, expected, "{host}");
    }
}
