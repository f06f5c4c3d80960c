//! Posts that are to be had where the activity that tells of them is not.

use std::time::Duration;

use federate_protocol::activitystreams::Activity;
use federate_protocol::{Evidence, Known, Limits};
use federate_server::{Authenticated, Cx, Outcome};
use serde_json::{Value, json};

use crate::groups::{announce, group, page};
use crate::world::{Instance, Peer, TestApp, World, iri};

const POST: &str = "https://d.test/post/1";

/// Writes down who says what of a post, and on whose word that is believed.
async fn read(cx: Cx<TestApp>, activity: Authenticated<Activity>) -> Outcome {
    let object = activity.object().object();
    let text = object.and_then(|object| object.content()).unwrap_or_default();
    let from = match activity.evidence() {
        Evidence::Refetched { from } => from.as_str(),
        _ => "a request",
    };
    let (kind, by) = (activity.type_name(), activity.by());
    cx.app().0.saw(format!("{kind} by {by}: {text}, of {from}"));
    Ok(())
}

async fn site(world: &World) -> Instance {
    world
        .instance_with("site.test", |builder| builder.on::<Activity>(read))
        .await
}

/// The object of a page, published with this text.
fn publish(author: &Peer, activity: &Value, text: &str) {
    let mut object = activity["object"].clone();
    object["content"] = json!(text);
    author.serves(object["id"].as_str().unwrap(), 200, &object);
}

fn update(author: &Peer, number: u32) -> Value {
    let mut update = page(author, 1);
    update["type"] = json!("Update");
    update["id"] = json!(format!("{}/activities/{number}", author.id));
    update
}

async fn announces(group: &Peer, site: &Instance, number: u32, inner: &Value) -> Vec<String> {
    assert_eq!(
        group.post(site, &announce(group, number, inner)).await.status(),
        202
    );
    site.step_until_idle().await;
    site.app.take_seen()
}

#[tokio::test]
async fn i20_of_an_activity_that_is_not_to_be_had_the_post_is_and_not_a_word_of_the_copy() {
    let world = World::default();
    let site = site(&world).await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let mut create = page(&dan, 1);
    publish(&dan, &create, "genuine");
    create["object"]["content"] = json!("forged");
    let by_dan = |kind: &str, text: &str| [format!("{kind} by {}: {text}, of {POST}", dan.id)];
    assert_eq!(
        announces(&group, &site, 1, &create).await,
        by_dan("Create", "genuine")
    );
    // Again, under whichever id: it is new once.
    create["id"] = json!(format!("{}/activities/77", dan.id));
    assert_eq!(announces(&group, &site, 2, &create).await, [""; 0]);
    // A change is one for each change, and is not what was cached.
    publish(&dan, &create, "changed");
    assert_eq!(
        announces(&group, &site, 3, &update(&dan, 3)).await,
        by_dan("Update", "changed")
    );
    assert_eq!(announces(&group, &site, 4, &update(&dan, 4)).await, [""; 0]);
    publish(&dan, &create, "changed again");
    assert_eq!(
        announces(&group, &site, 5, &update(&dan, 5)).await,
        by_dan("Update", "changed again")
    );
    // Nobody else's activity is made of a post.
    let like = dan.activity(6, json!({ "type": "Like", "object": POST }));
    assert_eq!(announces(&group, &site, 6, &like).await, [""; 0]);
}

#[tokio::test]
async fn i8_a_post_is_its_authors_whoever_the_copy_names() {
    let world = World::default();
    let site = site(&world).await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let eve = dan.neighbour("eve", 1);
    dan.serves(eve.id.as_str(), 200, &eve.document);
    let create = page(&dan, 1);
    publish(&dan, &create, "dan's");
    // Eve claims dan's post; the place says whose it is.
    let mut claimed = page(&eve, 1);
    claimed["object"]["attributedTo"] = json!(eve.id.as_str());
    assert_eq!(
        announces(&group, &site, 1, &claimed).await,
        [format!("Create by {}: dan's, of {POST}", dan.id)]
    );
    for (number, there) in [
        json!({ "type": "Person", "inbox": "https://d.test/inbox" }),
        json!({ "type": "Like", "actor": dan.id.as_str(), "object": "https://site.test/posts/1" }),
        json!({ "type": "Note", "content": "nobody's" }),
        json!({ "type": "Note", "content": "of another host", "attributedTo": group.id.as_str() }),
        json!({ "type": "Tombstone", "attributedTo": dan.id.as_str() }),
    ]
    .into_iter()
    .enumerate()
    {
        let number = u32::try_from(number).unwrap() + 10;
        let mut document = there;
        document["id"] = json!(format!("https://d.test/post/{number}"));
        document["to"] = json!("https://www.w3.org/ns/activitystreams#Public");
        dan.serves(document["id"].as_str().unwrap(), 200, &document);
        assert_eq!(
            announces(&group, &site, number, &page(&dan, number)).await,
            [""; 0],
            "{document}"
        );
    }
    // What is not for everybody was not meant for us.
    let mut letter = page(&dan, 30);
    letter["object"]["to"] = json!("https://lemmy.test/users/memes");
    publish(&dan, &letter, "psst");
    assert_eq!(announces(&group, &site, 30, &letter).await, [""; 0]);
    // A post of another origin than who is said to have written it is not looked up, nor is an actor.
    let before = world.net.count();
    let mut foreign = page(&dan, 20);
    foreign["object"]["id"] = json!("https://lemmy.test/post/20");
    assert_eq!(announces(&group, &site, 20, &foreign).await, [""; 0]);
    let mut person = update(&dan, 21);
    person["object"] = dan.document.clone();
    assert_eq!(announces(&group, &site, 21, &person).await, [""; 0]);
    let asked = world.net.requests.lock().unwrap()[before..].to_vec();
    assert!(
        asked.iter().all(|line| line.contains("/activities/")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn i20_what_is_known_is_not_looked_up_and_what_is_away_is_tried_again() {
    let world = World::default();
    let site = site(&world).await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    publish(&dan, &page(&dan, 1), "x");
    let known = Known::Owner(dan.id.clone());
    site.app.known.lock().unwrap().insert(iri(POST), known);
    let before = world.net.count();
    assert_eq!(announces(&group, &site, 1, &page(&dan, 1)).await, [""; 0]);
    let asked = world.net.requests.lock().unwrap()[before..].to_vec();
    assert!(!asked.iter().any(|line| line.contains("/post/")), "{asked:?}");
    // The place answers for now that it cannot.
    let create = page(&dan, 2);
    dan.serves("https://d.test/post/2", 503, &json!({}));
    assert_eq!(announces(&group, &site, 2, &create).await, [""; 0]);
    publish(&dan, &create, "late");
    world.clock.advance(Duration::from_secs(3_600));
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        [format!("Create by {}: late, of https://d.test/post/2", dan.id)]
    );
}

#[tokio::test]
async fn r15_both_look_ups_count_for_whoever_made_us() {
    let world = World::default();
    let site = site(&world).await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let create = page(&dan, 1);
    publish(&dan, &create, "late");
    // At the limit but one: the activity may be looked up, and the post not until the next minute.
    for number in 0..Limits::default().forwarded_per_minute - 1 {
        let like = dan.activity(1_000 + number, json!({ "type": "Like", "object": POST }));
        assert_eq!(group.post(&site, &like).await.status(), 202);
    }
    site.step_until_idle().await;
    site.app.take_seen();
    assert_eq!(announces(&group, &site, 1, &create).await, [""; 0]);
    world.clock.advance(Duration::from_secs(60));
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        [format!("Create by {}: late, of {POST}", dan.id)]
    );
}

/// A post of which its activity is not to be had, and whose second look-up is too much at first and again after `waited`: what became of it
/// in the minute after that, and how many dead letters there are.
async fn put_off(is_announced: bool, waited: Duration) -> (Vec<String>, usize) {
    let world = World::default();
    let site = site(&world).await;
    let (group, dan) = (group(&world), world.peer("d.test", "dan", 2));
    let create = page(&dan, 1);
    publish(&dan, &create, "late");
    let like = async |number: u32| {
        let like = dan.activity(number, json!({ "type": "Like", "object": POST }));
        assert_eq!(group.post(&site, &like).await.status(), 202);
    };
    let limit = Limits::default().forwarded_per_minute;
    for number in 1..limit {
        like(1_000 + number).await;
    }
    let came = match is_announced {
        true => announce(&group, 1, &create),
        false => create,
    };
    assert_eq!(group.post(&site, &came).await.status(), 202);
    site.step_until_idle().await;
    world.clock.advance(waited);
    // The group's own is looked at once more, which counts again.
    let first = if is_announced { 1 } else { 0 };
    for number in first..limit {
        like(2_000 + number).await;
    }
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    world.clock.advance(Duration::from_secs(60));
    site.step_until_idle().await;
    let dead = site.federation.admin().dead_received(9).await.unwrap();
    (site.app.take_seen(), dead.len())
}

#[tokio::test]
async fn r15_what_is_put_off_has_an_end() {
    let most = Limits::default().forwarded_wait;
    assert_eq!(most, Duration::from_secs(3_600));
    let late = "Create by https://d.test/users/dan: late, of https://d.test/post/1".to_owned();
    for is_announced in [false, true] {
        assert_eq!(put_off(is_announced, most).await, (vec![late.clone()], 0));
        // What a group announces was accepted, and is a dead letter; of what was forwarded nothing was promised.
        let over = most + Duration::from_secs(1);
        assert_eq!(
            put_off(is_announced, over).await,
            (Vec::new(), usize::from(is_announced))
        );
    }
}
