//! Who connected, where the instance counts it: two a minute of each address.

use std::time::Duration;

use federate_server::{Rate, RateLimits};
use http::{HeaderValue, Method};

use super::stage::{Instance, Stage, built};

const MOST: u16 = 2;
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn counted(instance: Instance) -> Instance {
    let rate = Rate::new(MOST.into(), MINUTE);
    instance
        .client_to_server()
        .rate_limits(RateLimits::default().address(rate))
}

pub(super) async fn all<G>(stage: &Stage<G>) {
    // Each on a connection of its own, and each of them says that somebody else is behind it.
    for number in 0..MOST + 2 {
        let mut like = stage.signed("/inbox", stage.like());
        if let Ok(said) = HeaderValue::from_str(&format!("192.0.2.{number}")) {
            like.headers_mut().insert("x-forwarded-for", said);
        }
        let answer = stage.ask(like).await;
        let expected = if number < MOST { 202 } else { 429 };
        assert_eq!(answer.status, expected, "{number}: {}", answer.text());
        assert_eq!(!answer.header("retry-after").is_empty(), expected == 429);
    }
    assert_eq!(stage.handled().await, usize::from(MOST));
    from_another_address(stage).await;
    outboxes(stage).await;
}

/// What clients post is counted with it, whether somebody knows them or not.
async fn outboxes<G>(stage: &Stage<G>) {
    let post = || built(stage.request("POST", "/users/alice/outbox"), "{}");
    let limited = stage.ask(post()).await;
    assert_eq!(limited.status, 429, "{}", limited.text());
    assert!(!limited.header("retry-after").is_empty());
    stage.wait(MINUTE);
    for number in 0..MOST + 2 {
        let expected = if number < MOST { 401 } else { 429 };
        let answer = stage.ask(post()).await;
        assert_eq!(answer.status, expected, "{number}: {}", answer.text());
    }
}

/// Where the whole of 127.0.0.0/8 is the machine's own.
#[cfg(target_os = "linux")]
async fn from_another_address<G>(stage: &Stage<G>) {
    let mut socket = stage.socket_from([127, 0, 0, 2].into()).await;
    let mut like = stage.signed("/inbox", stage.like());
    let length = HeaderValue::from(like.body().len());
    like.headers_mut().insert("content-length", length);
    socket.begin(&like).await;
    socket.write(like.body()).await;
    assert_eq!(socket.reply(&Method::POST).await.status, 202);
    assert_eq!(stage.handled().await, 1);
}

#[cfg(not(target_os = "linux"))]
async fn from_another_address<G>(_: &Stage<G>) {}
