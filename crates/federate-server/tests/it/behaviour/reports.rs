//! `manage_reports`.

use std::time::Duration;

use federate_protocol::Limits;
use federate_server::{Blocks, Cursor, Report, ReportRules};
use serde_json::{Value, json};

use super::{ALICE, POST, refused, says, site};
use crate::world::{Instance, World, iri};

fn flag(comment: &str) -> Value {
    json!({ "type": "Flag", "object": [ALICE, POST, "https://elsewhere.test/1"], "content": comment })
}

async fn reports(site: &Instance) -> Vec<Report> {
    site.federation
        .admin()
        .reports(&Cursor::start(), 999)
        .await
        .unwrap()
        .items
}

#[tokio::test]
async fn w11_a_flood_of_reports_is_bounded_by_host() {
    let world = World::default();
    let mut trolls = Blocks::new();
    trolls.suspend("trolls.test").unwrap();
    let limited = |b: federate_server::Builder<_>| {
        b.manage_reports(ReportRules::default().reject(trolls))
            .behaviour_limits(|limits| {
                limits.reports_per_hour = 2;
                limits.reports_per_host = 3;
                limits.reports = 4;
            })
    };
    let site = site(&world, limited).await;
    let bob = world.peer("peer.test", "bob", 1);
    for number in 1..5 {
        says(&bob, &site, number, flag("spam")).await;
    }
    let kept = reports(&site).await;
    assert_eq!(kept.len(), 2, "in an hour");
    assert_eq!(
        (kept[0].by.clone(), kept[0].host.as_str()),
        (bob.id.clone(), "peer.test")
    );
    assert_eq!(kept[0].about, [iri(ALICE), iri(POST)], "only what is ours");
    assert_eq!(kept[0].comment, "spam");
    for number in 5..8 {
        world.clock.advance(Duration::from_secs(3601));
        says(&bob, &site, number, flag("more")).await;
    }
    assert_eq!(reports(&site).await.len(), 3, "of one host");
    let carl = world.peer("other.test", "carl", 2);
    for number in 1..3 {
        says(&carl, &site, number, flag("and more")).await;
    }
    assert_eq!(reports(&site).await.len(), 4, "of all");
    let admin = site.federation.admin();
    assert!(admin.close_report(&kept[0]).await.unwrap());
    assert!(!admin.close_report(&kept[0]).await.unwrap());
    let troll = world.peer("sub.trolls.test", "troll", 1);
    says(&troll, &site, 1, flag("!")).await;
    assert_eq!(reports(&site).await.len(), 3, "nothing of these");
    says(&carl, &site, 3, flag("again")).await;
    assert_eq!(reports(&site).await.len(), 4);
    assert_eq!(refused(&site).await, [""; 0]);
}

/// The longest that is allowed is kept whole, with its ids as far as there is room.
#[tokio::test]
async fn r20_a_report_is_as_long_as_it_may_be() {
    let world = World::default();
    let site = site(&world, |b| b.manage_reports(ReportRules::default())).await;
    let bob = world.peer("peer.test", "bob", 1);
    let limits = Limits::default();
    let ids: Vec<String> = (0..limits.flag_objects)
        .map(|n| format!("{POST}{n}{}", "x".repeat(900)))
        .collect();
    let comment = "\u{1F98A}".repeat(limits.flag_comment);
    says(
        &bob,
        &site,
        1,
        json!({ "type": "Flag", "object": ids, "content": comment }),
    )
    .await;
    let kept = reports(&site).await;
    assert_eq!(kept[0].comment, comment);
    assert!(
        kept[0].about.len() > 5 && kept[0].about.len() < 12,
        "{}",
        kept[0].about.len()
    );
    let longer = format!("{comment}x");
    says(
        &bob,
        &site,
        2,
        json!({ "type": "Flag", "object": ALICE, "content": longer }),
    )
    .await;
    assert_eq!(refused(&site).await, ["too many characters"]);
}

#[tokio::test]
async fn w11_our_reports_do_not_say_who_complains() {
    let world = World::default();
    let one = world.instance_with("one.test", |b| b).await;
    let site = site(&world, |b| b.manage_reports(ReportRules::default())).await;
    let federation = &one.federation;
    let far = iri("https://elsewhere.test/1");
    assert!(
        federation
            .report(&iri(ALICE), &[far], "x")
            .await
            .unwrap_err()
            .is_permanent()
    );
    assert!(
        federation
            .report(&iri("https://one.test/users/alice"), &[], "x")
            .await
            .is_err()
    );
    assert!(
        federation
            .report(&iri(ALICE), &[], &"x".repeat(5001))
            .await
            .is_err()
    );
    federation
        .report(&iri(ALICE), &[iri(POST)], "rude")
        .await
        .unwrap();
    world.settle(&[&one, &site]).await;
    let kept = reports(&site).await;
    assert_eq!(kept[0].by, federation.uris().instance_actor());
    assert_eq!((kept[0].comment.as_str(), kept[0].about.len()), ("rude", 2));
}
