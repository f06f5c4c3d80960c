//! Replies to us, passed on to those who read us.

use std::sync::Arc;
use std::time::Duration;

use federate_protocol::activitystreams::{Activity, Note};
use federate_server::{Blocks, Found};
use serde_json::{Value, json};

use crate::world::{Instance, Peer, World, spy};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const FOLLOWERS: &str = "https://site.test/users/alice/followers";

async fn site(world: &World) -> Instance {
    let configure = |builder: federate_server::Builder<_>| {
        builder
            .manage_followers()
            .manage_blocks()
            .forward_replies()
            .on::<Activity>(spy)
    };
    let site = world.instance_with("site.test", configure).await;
    site.app
        .people
        .lock()
        .unwrap()
        .insert("zoe".into(), Found::Here(()));
    for (number, author) in [(1, "alice"), (2, "zoe")] {
        let uris = site.federation.uris();
        let post = Note::builder(uris.object("post", number))
            .by(&uris.actor(author))
            .text("hello")
            .public();
        site.app.posts.lock().unwrap().push(post.build().into());
    }
    site
}

/// Alice is read by bob and carol, and by dan, who answers her.
async fn read(world: &World, site: &Instance) -> (Peer, Peer, Peer) {
    let bob = world.peer("b.test", "bob", 0);
    let carol = world.peer("c.test", "carol", 1);
    let dan = world.peer("d.test", "dan", 2);
    for (number, peer) in [&bob, &carol, &dan].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap() + 100;
        peer.follows(number, site, "https://site.test/users/alice").await;
    }
    (bob, carol, dan)
}

fn reply(dan: &Peer, number: u32) -> Value {
    dan.activity(
        number,
        json!({
            "type": "Create", "to": PUBLIC, "cc": [FOLLOWERS, "https://site.test/users/alice"],
            "object": {
                "id": format!("https://d.test/notes/{number}"), "type": "Note", "attributedTo": dan.id.as_str(),
                "inReplyTo": "https://site.test/posts/1", "content": "an answer", "to": PUBLIC, "cc": FOLLOWERS,
            },
        }),
    )
}

fn forwarded(peer: &Peer) -> Vec<Value> {
    let received = peer.received.lock().unwrap();
    received
        .iter()
        .filter(|it| it["type"] != "Accept")
        .cloned()
        .collect()
}

#[tokio::test]
async fn w10_a_reply_goes_to_those_who_read_us_once() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, carol, dan) = read(&world, &site).await;
    let reply = reply(&dan, 1);
    for _ in 0..2 {
        assert_eq!(dan.post(&site, &reply).await.status(), 202);
        site.step_until_idle().await;
    }
    for peer in [&bob, &carol] {
        assert_eq!(forwarded(peer), std::slice::from_ref(&reply), "as it came");
    }
    assert_eq!(forwarded(&dan), [Value::Null; 0], "not to where it comes from");
    // Nor after a restart.
    let (app, store) = (Arc::clone(&site.app), site.store.clone());
    drop(site);
    let again = |builder: federate_server::Builder<_>| {
        builder.manage_followers().forward_replies().on::<Activity>(spy)
    };
    let site = world.start("site.test", app, store, again).await;
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(dan.post(&site, &reply).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob).len(), 1);
}

#[tokio::test]
async fn w10_what_was_forwarded_to_us_is_never_forwarded_again() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, carol, dan) = read(&world, &site).await;
    let reply = reply(&dan, 1);
    dan.serves(reply["id"].as_str().unwrap(), 200, &reply);
    assert_eq!(carol.post(&site, &reply).await.status(), 202);
    site.step_until_idle().await;
    assert!(
        site.app
            .take_seen()
            .contains(&"Create by https://d.test/users/dan".to_owned())
    );
    assert_eq!(forwarded(&bob), [Value::Null; 0]);
    // Not when the author's own comes then, either: it is known.
    assert_eq!(dan.post(&site, &reply).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob), [Value::Null; 0]);
}

#[tokio::test]
async fn w10_only_what_is_ours_to_pass_on() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, _, dan) = read(&world, &site).await;
    let change = |number: u32, change: &dyn Fn(&mut Value)| {
        let mut reply = reply(&dan, number);
        change(&mut reply);
        reply
    };
    let unrelated = |it: &mut Value| {
        it["object"]["inReplyTo"] = json!("https://elsewhere.test/posts/1");
    };
    let to_strangers = |it: &mut Value| {
        it["cc"] = json!("https://elsewhere.test/users/alice/followers");
        it["object"]["cc"] = json!(null);
    };
    let to_nobody = |it: &mut Value| {
        it["cc"] = json!("https://site.test/users/nobody/followers");
        it["object"]["cc"] = json!(null);
    };
    // For followers alone and without a proof: who gets it from us cannot find out whether it is genuine.
    let unbelievable = |it: &mut Value| {
        it["to"] = json!([]);
        it["object"]["to"] = json!([]);
    };
    let blind = |it: &mut Value| it["object"]["bcc"] = json!("https://c.test/users/carol");
    for (number, changed) in [
        change(2, &unrelated),
        change(3, &to_strangers),
        change(4, &to_nobody),
        change(5, &unbelievable),
        change(6, &blind),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(dan.post(&site, &changed).await.status(), 202, "{number}");
        site.step_until_idle().await;
        assert_eq!(forwarded(&bob), [Value::Null; 0], "{number}");
    }
    let proven = change(7, &|it| {
        unbelievable(it);
        it["signature"] = json!({ "type": "RsaSignature2017" });
    });
    let mentions = change(8, &|it| {
        unrelated(it);
        it["object"]["tag"] = json!([{ "type": "Mention", "href": "https://site.test/users/alice" }]);
    });
    for it in [&proven, &mentions] {
        assert_eq!(dan.post(&site, it).await.status(), 202);
    }
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob), [proven, mentions]);
}

#[tokio::test]
async fn w10_blocked_hosts_get_nothing_and_without_the_option_nobody_does() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, carol, dan) = read(&world, &site).await;
    let mut blocks = Blocks::new();
    blocks.suspend("c.test").unwrap();
    site.federation.set_blocks(blocks).await.unwrap();
    dan.post(&site, &reply(&dan, 1)).await;
    site.step_until_idle().await;
    assert_eq!((forwarded(&bob).len(), forwarded(&carol).len()), (1, 0));

    let world = World::default();
    let site = world.instance("site.test").await;
    let (bob, _, dan) = read(&world, &site).await;
    dan.post(&site, &reply(&dan, 1)).await;
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob).len(), 0);
}

#[tokio::test]
async fn w10_only_to_the_readers_of_whom_it_is_about() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, _, dan) = read(&world, &site).await;
    // One that is not there, and one of somebody whose readers are not named.
    for (number, post) in [(2, 9), (3, 2)] {
        let mut reply = reply(&dan, number);
        reply["object"]["inReplyTo"] = json!(format!("https://site.test/posts/{post}"));
        dan.post(&site, &reply).await;
        site.step_until_idle().await;
        assert_eq!(forwarded(&bob), [Value::Null; 0], "{post}");
    }
    // Where both are named, the readers of the one get it.
    let mut both = reply(&dan, 4);
    both["cc"] = json!([FOLLOWERS, "https://site.test/users/zoe/followers"]);
    both["object"]["inReplyTo"] = json!("https://site.test/posts/2");
    dan.post(&site, &both).await;
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob), [Value::Null; 0]);
}

#[tokio::test]
async fn w10_nothing_of_somebody_whom_we_block_is_passed_on() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, _, dan) = read(&world, &site).await;
    site.federation.block_quietly("alice", &dan.id).await.unwrap();
    assert_eq!(dan.post(&site, &reply(&dan, 1)).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob), [Value::Null; 0]);
}

/// Each link of theirs is a query of the application's.
#[tokio::test]
async fn w10_so_many_links_of_one_activity_are_looked_for() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, _, dan) = read(&world, &site).await;
    // At the limit, and one past it: what is not here comes first, and the post that is answered last.
    for (number, nothing, expected) in [(1, 31, 1), (2, 32, 1)] {
        let mut answers: Vec<String> = (0..nothing)
            .map(|n| format!("https://site.test/posts/{}", 100 + n))
            .collect();
        answers.push("https://site.test/posts/1".to_owned());
        let mut reply = reply(&dan, number);
        reply["object"]["inReplyTo"] = json!(answers);
        assert_eq!(dan.post(&site, &reply).await.status(), 202);
        site.step_until_idle().await;
        assert_eq!(forwarded(&bob).len(), expected, "{nothing}");
    }
    let few = world
        .instance_with("few.test", |builder| {
            builder
                .manage_followers()
                .forward_replies()
                .behaviour_limits(|limits| limits.reply_links = 0)
        })
        .await;
    let alice = few.federation.uris().actor("alice");
    bob.follows(200, &few, alice.as_str()).await;
    let mut mention = reply(&dan, 3);
    let followers = few.federation.uris().followers("alice");
    mention["cc"] = json!([followers.as_str()]);
    mention["object"]["tag"] = json!([{ "type": "Mention", "href": alice.as_str() }]);
    assert_eq!(dan.post(&few, &mention).await.status(), 202);
    few.step_until_idle().await;
    assert_eq!(forwarded(&bob).len(), 1, "it is the program's to say");
}

/// A line's end is our mark of what is to be proven by us; in what others wrote it says nothing.
#[tokio::test]
async fn what_ends_with_a_line_is_passed_on_without_a_proof_of_ours() {
    let world = World::default();
    let site = site(&world).await;
    let (bob, _, dan) = read(&world, &site).await;
    let reply = reply(&dan, 1);
    let inbox = site.federation.uris().shared_inbox();
    let request = dan.request(inbox.as_str(), format!("{reply}\n"));
    assert_eq!(site.federation.handle(request).await.unwrap().status(), 202);
    site.step_until_idle().await;
    assert_eq!(forwarded(&bob), [reply]);
}
