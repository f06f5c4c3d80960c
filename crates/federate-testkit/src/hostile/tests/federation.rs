//! A whole federation, with its own client on real sockets, against hostile servers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use federate_delivery::Clock;
use federate_protocol::signatures::cavage;
use federate_server::{Actors, Engine, Federation, Profile};
use federate_store::Memory;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use tower_service::Service;

use super::super::{Answer, Hostile, Person};
use crate::{TestKeys, VirtualClock};

const OURS: &str = "http://127.0.0.1:4711";

struct Site {
    router: Router,
    clock: Arc<VirtualClock>,
    _engine: Engine,
}

impl Site {
    async fn new() -> Self {
        let clock = Arc::new(VirtualClock::default());
        let actors = Actors::new([Profile::person("alice")]);
        let (federation, engine) = Federation::builder(OURS, Memory::new(), actors)
            .clock(clock.clone())
            .keygen(Arc::new(TestKeys::default()))
            .dangerous()
            .allow_loopback()
            .build()
            .await
            .unwrap();
        Self {
            router: Router::new().layer(federation.layer()),
            clock,
            _engine: engine,
        }
    }

    /// What a like by somebody is answered, signed by somebody, perhaps another.
    async fn like(&mut self, by: &str, signer: &Person) -> Response<axum::body::Body> {
        self.sends("Like", "/users/alice/notes/1", by, signer).await
    }

    async fn sends(
        &mut self,
        kind: &str,
        object: &str,
        by: &str,
        signer: &Person,
    ) -> Response<axum::body::Body> {
        let activity = json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{by}#activities/1"), "type": kind,
            "actor": by, "object": format!("{OURS}{object}"),
        });
        let request = Request::post(format!("{OURS}/inbox"))
            .header(header::CONTENT_TYPE, "application/activity+json")
            .body(Bytes::from(activity.to_string()))
            .unwrap();
        let signed = cavage(request, self.clock.now()).sign(signer.key()).unwrap();
        self.router.call(signed.map(Full::new)).await.unwrap()
    }
}

#[tokio::test]
async fn s1_s2_who_signs_is_who_speaks() {
    let (victim, evil) = (Hostile::start().await, Hostile::start().await);
    let (bob, mallory) = (victim.person("bob"), evil.person("mallory").keyed(1));
    let mut site = Site::new().await;
    evil.serve(&mallory);
    assert_eq!(
        site.like(mallory.id(), &mallory).await.status(),
        StatusCode::ACCEPTED
    );
    // In the victim's name, by the attacker's key; the key says that it is the victim's.
    for liar in [
        evil.person("mallory").keyed(1),
        evil.person("mallory").keyed(1).with("/id", bob.id()),
        evil.person("mallory").keyed(1).with("/publicKey/owner", bob.id()),
        evil.person("mallory")
            .keyed(1)
            .with("/publicKey/id", bob.key_id().as_str()),
    ] {
        let mut site = Site::new().await;
        evil.serve(&liar);
        let status = site
            .sends("Follow", "/users/alice", bob.id(), &mallory)
            .await
            .status();
        assert!(status.is_client_error(), "{status}");
    }
    // Asked at its own place by who calls itself so, if at all; and never for more.
    assert!(victim.requests().len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn r10_r15_a_key_that_drips_holds_nobody_longer_than_the_deadline() {
    let evil = Hostile::start().await;
    let mallory = evil.person("mallory");
    let drip = Answer::document(mallory.document()).dripping_body(Duration::from_secs(5));
    evil.answer(&mallory.path(), drip);
    let mut site = Site::new().await;
    let begin = tokio::time::Instant::now();
    let answer = site.like(mallory.id(), &mallory).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(begin.elapsed().as_secs(), 30);
    // Whoever comes next with the same key is not kept waiting, and its server is not asked.
    for _ in 0..50 {
        let answer = site.like(mallory.id(), &mallory).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!((begin.elapsed().as_secs(), evil.requests().len()), (30, 1));
}
