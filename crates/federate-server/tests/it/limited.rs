//! How much is taken of whom: 429, loops of bots, and a clock that is off.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use federate_protocol::activitystreams::{Activity, Create, Note};
use federate_protocol::drift::{LEAST, TOLERATED};
use federate_server::{Authenticated, Builder, Cx, Outcome, PeerAddress, Rate, RateLimits, Turn};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::world::{Instance, Peer, TestApp, World, body, iri, spy, status};

const MINUTE: Duration = Duration::from_secs(60);

async fn limited(world: &World, limits: RateLimits) -> Instance {
    let configure = |builder: Builder<TestApp>| builder.on::<Activity>(spy).rate_limits(limits);
    world.instance_with("site.test", configure).await
}

fn like(peer: &Peer, number: u32) -> Value {
    peer.activity(
        number,
        json!({ "type": "Like", "object": "https://site.test/posts/1" }),
    )
}

async fn statuses(site: &Instance, peer: &Peer, numbers: std::ops::Range<u32>) -> Vec<u16> {
    let mut all = Vec::new();
    for number in numbers {
        all.push(peer.post(site, &like(peer, number)).await.status().as_u16());
    }
    all
}

#[tokio::test]
async fn an_actor_that_sends_too_much_is_told_when_to_come_again() {
    let world = World::default();
    let site = limited(&world, RateLimits::default().actor(Rate::new(3, MINUTE))).await;
    let bob = world.peer("peer.test", "bob", 1);
    assert_eq!(statuses(&site, &bob, 0..5).await, [202, 202, 202, 429, 429]);
    let answer = bob.post(&site, &like(&bob, 9)).await;
    assert_eq!(answer.headers()["retry-after"], "21");
    assert_eq!(body(&answer)["error"], "too many requests, please wait");
    // Whoever waits as long is taken.
    world.clock.advance(Duration::from_secs(21));
    assert_eq!(statuses(&site, &bob, 9..11).await, [202, 429]);
    let carol = world.peer("other.test", "carol", 2);
    assert_eq!(statuses(&site, &carol, 0..1).await, [202]);
}

#[tokio::test]
async fn r9_hosts_of_one_domain_share_what_it_may() {
    let world = World::default();
    let limits = RateLimits::default()
        .host(Rate::new(2, MINUTE))
        .domain(Rate::new(3, MINUTE));
    let site = limited(&world, limits).await;
    let bob = world.peer("one.wild.test", "bob", 1);
    assert_eq!(statuses(&site, &bob, 0..3).await, [202, 202, 429]);
    let carol = world.peer("two.wild.test", "carol", 2);
    assert_eq!(statuses(&site, &carol, 0..2).await, [202, 429]);
}

/// A key that is not known costs a request; those that are known cost nothing.
#[tokio::test]
async fn r15_a_host_makes_us_look_up_so_many_keys() {
    let world = World::default();
    let site = limited(&world, RateLimits::default().look_ups(Rate::new(2, MINUTE))).await;
    let bob = world.peer("peer.test", "bob", 1);
    // The server of the test knows one person at a time; a key that is refused was asked for all the same.
    let made_up = |name: &str| {
        let mut activity = like(&bob, 1);
        activity["actor"] = json!(format!("https://peer.test/users/{name}"));
        let mut request = bob.request("https://site.test/inbox", activity.to_string());
        let signature = request.headers()["signature"].to_str().unwrap();
        let signature = signature.replace("users/bob", &format!("users/{name}"));
        request
            .headers_mut()
            .insert("signature", signature.parse().unwrap());
        request
    };
    assert_eq!(statuses(&site, &bob, 0..1).await, [202]);
    let answer = site.federation.handle(made_up("a")).await.unwrap();
    assert_eq!(answer.status(), 401);
    let asked = world.net.count();
    for name in ["b", "c"] {
        let answer = site.federation.handle(made_up(name)).await.unwrap();
        assert_eq!(answer.status(), 429);
    }
    assert_eq!(world.net.count(), asked);
    // In the name of bob's host a stranger has used up its look-ups, and nothing else: bob is known.
    assert_eq!(statuses(&site, &bob, 1..4).await, [202, 202, 202]);
    // R17: the Delete of somebody who was never known here asks for nothing.
    let mut delete = made_up("d");
    let activity = json!({ "id": "https://peer.test/users/d#delete", "type": "Delete",
        "actor": "https://peer.test/users/d", "object": "https://peer.test/users/d" });
    let signed = bob.request("https://site.test/inbox", activity.to_string());
    let signature = signed.headers()["signature"]
        .to_str()
        .unwrap()
        .replace("users/bob", "users/d");
    *delete.headers_mut() = signed.headers().clone();
    *delete.body_mut() = signed.body().clone();
    delete
        .headers_mut()
        .insert("signature", signature.parse().unwrap());
    assert_eq!(site.federation.handle(delete).await.unwrap().status(), 202);
    assert_eq!(world.net.count(), asked);
    // A signed GET costs the same look-up.
    let carol = world.peer("peer.test", "carol", 2);
    let get = site
        .federation
        .handle(carol.signed_get(&site, "/users/alice/outbox"))
        .await
        .unwrap();
    assert_eq!(get.status(), 429);
    assert_eq!(site.get("/users/alice/outbox").await.status(), 200);
}

#[tokio::test]
async fn an_address_counts_where_somebody_says_it() {
    let world = World::default();
    let site = limited(&world, RateLimits::default().address(Rate::new(1, MINUTE))).await;
    let bob = world.peer("peer.test", "bob", 1);
    let post = async |number: u32, from: Option<&str>| {
        let mut request = bob.request("https://site.test/inbox", like(&bob, number).to_string());
        request
            .headers_mut()
            .insert("x-forwarded-for", format!("10.0.0.{number}").parse().unwrap());
        if let Some(from) = from {
            request
                .extensions_mut()
                .insert(PeerAddress(from.parse::<IpAddr>().unwrap()));
        }
        site.federation.handle(request).await.unwrap().status().as_u16()
    };
    assert_eq!(post(1, Some("192.0.2.1")).await, 202);
    // GHSA-c2r5: what the header says is not believed.
    assert_eq!(post(2, Some("192.0.2.1")).await, 429);
    assert_eq!(post(3, Some("192.0.2.2")).await, 202);
    assert_eq!(post(4, None).await, 202);
}

/// Whoever tries tokens is counted too, and posting to inboxes and outboxes is one measure.
#[tokio::test]
async fn an_address_posts_so_much_to_outboxes() {
    let world = World::default();
    let limits = RateLimits::default().address(Rate::new(2, MINUTE));
    let configure = |builder: Builder<TestApp>| builder.client_to_server().rate_limits(limits);
    let site = world.instance_with("site.test", configure).await;
    let post = async |path: &str, from: Option<[u8; 4]>| {
        let request = Request::post(path).header("host", "site.test");
        let mut request = request.body(Bytes::from_static(b"{}")).unwrap();
        if let Some(from) = from {
            request.extensions_mut().insert(PeerAddress(IpAddr::from(from)));
        }
        site.federation.handle(request).await.unwrap()
    };
    let here = Some([192, 0, 2, 1]);
    for expected in [401, 401, 429] {
        assert_eq!(post("/users/alice/outbox", here).await.status(), expected);
    }
    let limited = post("/users/alice/outbox", here).await;
    assert_eq!(limited.headers()["retry-after"], "31");
    assert_eq!(post("/inbox", here).await.status(), 429);
    for from in [Some([192, 0, 2, 2]), None] {
        assert_eq!(post("/users/alice/outbox", from).await.status(), 401);
    }
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(post("/users/alice/outbox", here).await.status(), 401);
}

#[tokio::test]
async fn what_is_read_counts_by_address_where_somebody_says_it() {
    let world = World::default();
    let limits = RateLimits::default()
        .reads(Rate::new(2, MINUTE))
        .trusted_proxies(1);
    let site = limited(&world, limits).await;
    let ask = async |method: &str, path: &str, from: Option<&str>| {
        let mut request = Request::builder().method(method).uri(path);
        request = request
            .header("host", "site.test")
            .header("accept", "application/activity+json");
        if let Some(from) = from {
            request = request.header("x-forwarded-for", from);
        }
        let mut request = request.body(Bytes::new()).unwrap();
        // The proxy itself, always the same.
        request
            .extensions_mut()
            .insert(PeerAddress(IpAddr::from([10, 0, 0, 1])));
        site.federation.handle(request).await
    };
    let paths = [
        "/users/alice",
        "/actor",
        "/users/alice/outbox",
        "/.well-known/webfinger?resource=acct:alice@site.test",
        "/nodeinfo/2.1",
    ];
    for (number, path) in paths.into_iter().enumerate() {
        let from = format!("192.0.2.{number}");
        for expected in [200, 200, 429] {
            let answer = ask("GET", path, Some(&from)).await.unwrap();
            assert_eq!(answer.status(), expected, "{path}");
        }
        let answer = ask("GET", path, Some(&from)).await.unwrap();
        assert_eq!(answer.headers()["retry-after"], "31");
        assert_eq!(answer.headers()["cache-control"], "private, no-store");
        let head = ask("HEAD", path, Some(&from)).await.unwrap();
        assert_eq!((head.status().as_u16(), head.body().len()), (429, 0));
        // What is posted from there has a measure of its own. Whoever comes without the header is who connected.
        assert_eq!(ask("POST", "/inbox", Some(&from)).await.unwrap().status(), 401);
        let expected = if number < 2 { 200 } else { 429 };
        assert_eq!(ask("GET", path, None).await.unwrap().status(), expected, "{path}");
    }
    // The application's own pages are not ours to count.
    assert!(ask("GET", "/about", Some("192.0.2.1")).await.is_none());
    // An adapter gives a request to whom nothing was read of its headers.
    let request = Request::get("/users/alice").header("host", "site.test");
    let request = request
        .header("accept", "application/activity+json")
        .header("x-forwarded-for", "192.0.2.1");
    let request = request.body(http_body_util::Full::new(Bytes::new())).unwrap();
    let Turn::Answered(answer) = site.federation.answer(request, None).await else {
        panic!("it is federation's");
    };
    assert_eq!(answer.status(), 429);
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(
        ask("GET", "/users/alice", Some("192.0.2.1"))
            .await
            .unwrap()
            .status(),
        200
    );
}

/// Defaults that large servers do not meet: as many as join something at once, and as many as a relay sends.
#[tokio::test]
async fn the_defaults_let_large_servers_through() {
    let world = World::default();
    let site = limited(&world, RateLimits::default()).await;
    let relay = world.peer("relay.test", "bob", 1);
    let all = statuses(&site, &relay, 0..500).await;
    assert!(all.iter().all(|status| *status == 202));
}

/// Answers whoever speaks to it.
async fn parrot(cx: Cx<TestApp>, create: Authenticated<Create<Note>>) -> Outcome {
    cx.app().0.saw(format!("heard {}", create.by()));
    let them = create.by().clone();
    let answer = cx.note("alice").text("no, you").mention(&them).to(&them);
    cx.send("alice", Create::new(answer)).await?;
    Ok(())
}

#[tokio::test]
async fn two_bots_that_answer_each_other_stop() {
    let world = World::default();
    let bot = async |host: &str| {
        let configure = |builder: Builder<TestApp>| {
            builder
                .on(parrot)
                .answers(Rate::new(5, Duration::from_secs(3_600)))
        };
        world.instance_with(host, configure).await
    };
    let (one, other) = (bot("one.test").await, bot("other.test").await);
    let them = other.federation.uris().actor("alice");
    let hello = one
        .federation
        .note("alice")
        .text("hello")
        .mention(&them)
        .to(&them);
    one.federation.send("alice", Create::new(hello)).await.unwrap();
    world.settle(&[&one, &other]).await;
    let heard = [one.app.take_seen().len(), other.app.take_seen().len()];
    assert_eq!(heard, [5, 6]);
    // It does not begin again by itself, however long one waits.
    for _ in 0..48 {
        world.clock.advance(Duration::from_secs(3_600));
        world.settle(&[&one, &other]).await;
    }
    assert_eq!((one.app.take_seen(), other.app.take_seen()), (vec![], vec![]));
    let dead = other.federation.admin().dead_received(9).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(
        format!("{dead:?}")
            .contains("alice has answered https://one.test/users/alice too often lately: a loop")
    );
    // Somebody else is answered all the same, and so are they, later.
    let bob = world.peer("peer.test", "bob", 1);
    let note = json!({ "id": "https://peer.test/n/1", "type": "Note", "attributedTo": bob.id.as_str(), "content": "hi" });
    let create = bob.activity(1, json!({ "type": "Create", "object": note }));
    assert_eq!(bob.post(&other, &create).await.status(), 202);
    world.settle(&[&one, &other]).await;
    assert_eq!(bob.received_types(), ["Create"]);
}

/// A server of which the clock is this far from ours, in seconds.
fn clockwork(world: &World, domain: &str, offset: i64) {
    let clock = Arc::clone(&world.clock);
    world.net.connect(
        domain,
        Arc::new(move |_| {
            let now = federate_delivery::Clock::now(&*clock);
            let theirs = match u64::try_from(offset) {
                Ok(ahead) => now + Duration::from_secs(ahead),
                Err(_) => now - Duration::from_secs(offset.unsigned_abs()),
            };
            let mut answer: Response<Bytes> = status(StatusCode::NOT_FOUND);
            let date = httpdate::fmt_http_date(theirs).parse().unwrap();
            answer.headers_mut().insert("date", date);
            Box::pin(std::future::ready(Ok(answer)))
        }),
    );
}

#[tokio::test]
async fn p16_a_clock_that_is_off_is_noticed_once_enough_domains_say_so() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let ask = async |domain: &str, offset: i64| {
        clockwork(&world, domain, offset);
        let url = iri(&format!("https://{domain}/x"));
        assert!(site.federation.object(&url).await.is_err());
    };
    // One domain says it as often as it likes, under as many names as it likes.
    for n in 0..40 {
        ask(&format!("h{n}.evil.test"), -9_000).await;
    }
    assert_eq!(site.federation.health().clock_drift, None);
    for n in 0..LEAST {
        ask(&format!("d{n}.test"), 300).await;
    }
    let drift = site.federation.health().clock_drift.unwrap();
    assert_eq!((drift.ahead, drift.is_intolerable()), (false, true));
    assert!(drift.by >= TOLERATED && drift.by <= Duration::from_secs(300));
    assert_eq!(site.engine.health().clock_drift, Some(drift));
}
