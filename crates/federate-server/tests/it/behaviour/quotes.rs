//! `manage_quotes`, and whether others' quotes hold.

use federate_protocol::activitystreams::Object;
use federate_protocol::quotes::BadStamp;
use federate_server::Cursor;
use serde_json::{Value, json};

use super::{ALICE, POST, id, last, post, says, site};
use crate::world::{Instance, Peer, World, body};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

fn request(post: &str) -> Value {
    json!({ "type": "QuoteRequest", "object": POST, "instrument": post })
}

/// Says of alice's post who may quote it.
fn policy(site: &Instance, automatic: &[&str], manual: &[&str]) {
    let mut post = site.app.posts.lock().unwrap()[0].to_value();
    post["@context"] = json!(["https://www.w3.org/ns/activitystreams", { "gts": "https://gotosocial.org/ns#",
        "interactionPolicy": "gts:interactionPolicy", "canQuote": "gts:canQuote",
        "automaticApproval": { "@id": "gts:automaticApproval", "@type": "@id" },
        "manualApproval": { "@id": "gts:manualApproval", "@type": "@id" } }]);
    post["interactionPolicy"] =
        json!({ "canQuote": { "automaticApproval": automatic, "manualApproval": manual } });
    site.app.posts.lock().unwrap()[0] = Object::from_value(post).unwrap();
}

fn path(url: &str) -> String {
    url.strip_prefix("https://site.test").unwrap().to_owned()
}

#[tokio::test]
async fn a_quote_that_the_policy_allows_gets_a_stamp_until_it_is_taken_back() {
    let world = World::default();
    let site = site(&world, |b| b.manage_quotes()).await;
    policy(&site, &[PUBLIC], &[]);
    let bob = world.peer("peer.test", "bob", 1);
    let quote = "https://peer.test/notes/9";
    says(&bob, &site, 1, request(quote)).await;
    let accept = last(&bob);
    assert_eq!(accept["type"], "Accept");
    assert_eq!(accept["object"]["id"], id(&bob, 1));
    assert_eq!(accept["object"]["instrument"], quote);
    let stamp = accept["result"].as_str().unwrap().to_owned();
    let served = body(&site.get(&path(&stamp)).await);
    assert_eq!(served["type"], "QuoteAuthorization");
    assert_eq!(served["id"], stamp.as_str());
    assert_eq!(served["attributedTo"], ALICE);
    assert_eq!(served["interactingObject"], quote);
    assert_eq!(served["interactionTarget"], POST);
    // Asked again, the answer is the same.
    says(&bob, &site, 2, request(quote)).await;
    assert_eq!(last(&bob)["result"], stamp.as_str());

    let quotes = site.federation.quotes(&post(), &Cursor::start()).await.unwrap();
    assert_eq!((quotes.items.len(), quotes.items[0].post.as_str()), (1, quote));
    site.federation
        .revoke_quote(&quotes.items[0])
        .await
        .unwrap()
        .unwrap();
    site.step_until_idle().await;
    assert_eq!(
        (&last(&bob)["type"], &last(&bob)["object"]),
        (&json!("Delete"), &json!(stamp))
    );
    assert_eq!(site.get(&path(&stamp)).await.status(), 410);
    says(&bob, &site, 3, request(quote)).await;
    assert_eq!(last(&bob)["type"], "Reject");
    assert!(
        site.federation
            .revoke_quote(&quotes.items[0])
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_quote_waits_where_somebody_is_to_decide() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_quotes()
            .manage_followers()
            .behaviour_limits(|limits| limits.quote_requests = 2)
    })
    .await;
    let bob = world.peer("peer.test", "bob", 1);
    // Of a post that says nothing; and of one that wants to be asked.
    says(&bob, &site, 1, request("https://peer.test/notes/1")).await;
    policy(&site, &["https://site.test/users/alice/followers"], &[PUBLIC]);
    says(&bob, &site, 2, request("https://peer.test/notes/2")).await;
    says(&bob, &site, 3, request("https://peer.test/notes/3")).await;
    // What somebody else wrote is not theirs to ask for.
    says(&bob, &site, 4, request("https://other.test/notes/3")).await;
    assert_eq!(bob.received_types(), [""; 0]);
    let waiting = site
        .federation
        .quote_requests(&post(), &Cursor::start())
        .await
        .unwrap()
        .items;
    let posts: Vec<&str> = waiting.iter().map(|one| one.post.as_str()).collect();
    assert_eq!(
        posts,
        ["https://peer.test/notes/1", "https://peer.test/notes/2"],
        "no more than two"
    );
    site.federation.accept_quote(&waiting[0]).await.unwrap();
    site.federation.reject_quote(&waiting[1]).await.unwrap();
    site.step_until_idle().await;
    let mut told = bob.received_types();
    told.sort();
    assert_eq!(told, ["Accept", "Reject"]);
    assert!(
        site.federation
            .accept_quote(&waiting[1])
            .await
            .unwrap_err()
            .is_permanent()
    );
    // A follower is let at once; and whom the policy does not name, never.
    says(&bob, &site, 5, super::follow()).await;
    says(&bob, &site, 6, request("https://peer.test/notes/6")).await;
    assert!(last(&bob)["result"].is_string());
    policy(&site, &[ALICE], &[]);
    says(&bob, &site, 7, request("https://peer.test/notes/7")).await;
    assert_eq!(last(&bob)["type"], "Reject");
}

/// Whom the policy lets quote at once makes us remember no more than the limit says.
#[tokio::test]
async fn one_actor_quotes_a_post_so_often_and_no_more() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_quotes().behaviour_limits(|limits| limits.quotes = 2)
    })
    .await;
    policy(&site, &[PUBLIC], &[]);
    let bob = world.peer("peer.test", "bob", 1);
    for number in 1..=3 {
        says(
            &bob,
            &site,
            number,
            request(&format!("https://peer.test/notes/{number}")),
        )
        .await;
    }
    assert_eq!(bob.received_types(), ["Accept", "Accept", "Reject"]);
    // Those that were let are answered as before, and others have their own.
    says(&bob, &site, 4, request("https://peer.test/notes/2")).await;
    assert_eq!(last(&bob)["type"], "Accept");
    let eve = world.peer("other.test", "eve", 2);
    says(&eve, &site, 1, request("https://other.test/notes/1")).await;
    assert_eq!(last(&eve)["type"], "Accept");
}

/// alice's post on one server, eve's quote of it on another, and stamps here and there.
fn quoting(world: &World, stamp: &str) -> Object {
    let quoted = json!({ "@context": "https://www.w3.org/ns/activitystreams", "type": "Note",
        "id": "https://peer.test/notes/1", "attributedTo": "https://peer.test/users/bob", "content": "x" });
    world.publish("https://peer.test/notes/1", &quoted);
    for url in ["https://peer.test/stamps/1", "https://evil.test/stamps/1"] {
        let stamp = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", { "gts": "https://gotosocial.org/ns#",
                "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
                "interactingObject": { "@id": "gts:interactingObject", "@type": "@id" },
                "interactionTarget": { "@id": "gts:interactionTarget", "@type": "@id" } }],
            "type": "QuoteAuthorization", "id": url, "attributedTo": "https://peer.test/users/bob",
            "interactingObject": "https://evil.test/notes/2", "interactionTarget": "https://peer.test/notes/1" });
        world.publish(url, &stamp);
    }
    Object::from_value(json!({ "type": "Note", "id": "https://evil.test/notes/2",
        "@context": ["https://www.w3.org/ns/activitystreams", { "quote": { "@id": "https://w3id.org/fep/044f#quote",
            "@type": "@id" }, "quoteAuthorization": { "@id": "https://w3id.org/fep/044f#quoteAuthorization",
            "@type": "@id" } }],
        "attributedTo": "https://evil.test/users/eve", "quote": "https://peer.test/notes/1",
        "quoteAuthorization": stamp }))
    .unwrap()
}

#[tokio::test]
async fn cve_2026_33869_a_stamp_of_ones_own_making_lets_nobody_quote() {
    let world = World::default();
    let site = site(&world, |b| b).await;
    let _bob = world.peer("peer.test", "bob", 1);
    let _eve = world.peer("evil.test", "eve", 2);
    let checked = async |stamp: &str| {
        site.federation
            .check_quote(&quoting(&world, stamp))
            .await
            .unwrap()
    };
    assert_eq!(checked("https://peer.test/stamps/1").await, Ok(()));
    assert_eq!(
        checked("https://evil.test/stamps/1").await,
        Err(BadStamp::OfAnotherOrigin)
    );
    assert_eq!(
        checked("https://peer.test/stamps/2").await,
        Err(BadStamp::NoStamp)
    );
    assert_eq!(
        checked("https://peer.test/notes/1").await,
        Err(BadStamp::NotAStamp)
    );
    let before = world.net.count();
    checked("https://evil.test/stamps/1").await.unwrap_err();
    let asked = world.net.requests.lock().unwrap()[before..].to_vec();
    assert!(
        !asked.iter().any(|request| request.contains("evil.test")),
        "{asked:?}"
    );
}

/// Of a quote of one of ours, our own word counts.
#[tokio::test]
async fn ghsa_8h43_a_quote_of_ours_holds_where_we_gave_leave() {
    let world = World::default();
    let site = site(&world, |b| b.manage_quotes()).await;
    policy(&site, &[PUBLIC], &[]);
    let bob = world.peer("peer.test", "bob", 1);
    let quote = |number: u32| quote_of_ours(&bob, number);
    says(&bob, &site, 1, request("https://peer.test/notes/1")).await;
    let check = async |number| site.federation.check_quote(&quote(number)).await.unwrap();
    assert_eq!(check(1).await, Ok(()));
    assert_eq!(check(2).await, Err(BadStamp::NoStamp));
}

fn quote_of_ours(bob: &Peer, number: u32) -> Object {
    Object::from_value(json!({ "type": "Note", "id": format!("https://peer.test/notes/{number}"),
        "@context": "https://www.w3.org/ns/activitystreams", "attributedTo": bob.id.as_str(), "quoteUrl": POST,
        "_misskey_quote": POST }))
    .unwrap()
}
