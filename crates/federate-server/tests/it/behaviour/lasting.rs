//! How long behaviour remembers what is of no use for ever.

use std::time::Duration;

use federate_server::ReportRules;
use federate_store::{Relation, RelationKey, RelationKind as Kind, Retention, Which};
use serde_json::json;

use super::{ALICE, id, says, site};
use crate::world::{Instance, World, iri};

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

/// More than two runs forget.
const MANY: u64 = 45_000;

async fn with_many(world: &World) -> Instance {
    let site = site(world, |b| b).await;
    let (now, who) = (site.federation.now(), iri("https://peer.test/users/bob"));
    for number in 0..MANY {
        let key = RelationKey::new(Kind::Tombstone, number.to_string(), &who);
        let relation = Relation {
            until: Some(now - DAY),
            ..Relation::new(key, now - 2 * DAY)
        };
        site.federation.stores().relations.put(&relation).await.unwrap();
    }
    site
}

#[tokio::test]
async fn what_is_too_much_for_one_run_is_forgotten_within_the_hour() {
    // Its clock stands still: the hour never ends.
    let world = World::default();
    let site = with_many(&world).await;
    let relations = &site.federation.stores().relations;
    let all_gone = async {
        while relations.count(&Which::of(Kind::Tombstone)).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    };
    let running = site.engine.run_until(all_gone);
    let ended = tokio::time::timeout(Duration::from_secs(60), running).await;
    assert!(ended.is_ok(), "some are left");
}

#[tokio::test]
async fn an_engine_that_is_told_to_stop_does_not_forget_all_before() {
    let world = World::default();
    let site = with_many(&world).await;
    site.engine.run_until(std::future::ready(())).await;
    let relations = &site.federation.stores().relations;
    let left = relations.count(&Which::of(Kind::Tombstone)).await.unwrap();
    assert_eq!(left, MANY - 20_000, "one run");
}
