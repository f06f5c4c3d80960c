//! What only HTTP/2 has: the host in the target, and many requests at once on one connection.

use bytes::Bytes;
use http::{HeaderValue, Request, header};

use super::bodies::{CAP, PAUSE};
use super::stage::{Stage, built};

pub(super) async fn all<G>(stage: &Stage<G>) {
    the_host_is_the_authority(stage).await;
    many_at_once(stage).await;
    the_cap_is_exact(stage).await;
    what_is_refused_costs_the_others_nothing(stage).await;
    a_stream_that_is_reset_harms_nobody(stage).await;
}

/// What an instance with a short deadline is asked.
pub(super) async fn slow<G>(stage: &Stage<G>) {
    let streams = stage.streams().await;
    let request = stage.signed("/inbox", stage.like());
    let trickling = streams.begin(&request).await;
    assert_eq!(
        streams.ask(&stage.signed("/inbox", stage.like())).await.status,
        202
    );
    let answer = trickling.trickle(request.body(), PAUSE).await;
    assert_eq!((answer.status, &*answer.header("connection")), (408, ""));
    // The connection is not to blame.
    assert_eq!(streams.ask(&request).await.status, 202);
    assert_eq!(stage.handled().await, 2);
}

async fn the_host_is_the_authority<G>(stage: &Stage<G>) {
    let streams = stage.streams().await;
    for (authority, host, taken) in [
        ("site.test", None, true),
        ("site.test", Some("site.test"), true),
        ("other.test", None, false),
        ("other.test", Some("site.test"), false),
        ("site.test", Some("other.test"), false),
    ] {
        let mut like = stage.signed("/inbox", stage.like());
        *like.uri_mut() = match format!("http://{authority}{}", like.uri()).parse() {
            Ok(target) => target,
            Err(error) => panic!("{authority} is no host: {error}"),
        };
        like.headers_mut().remove(header::HOST);
        if let Some(host) = host {
            like.headers_mut()
                .insert(header::HOST, HeaderValue::from_static(host));
        }
        let answer = streams.ask(&like).await;
        let what = format!("{authority} {host:?}: {} {}", answer.status, answer.text());
        assert_eq!(answer.status == 202, taken, "{what}");
        assert!(taken || (400..500).contains(&answer.status), "{what}");
        assert_eq!(stage.handled().await, usize::from(taken), "{what}");
    }
}

async fn many_at_once<G>(stage: &Stage<G>) {
    let streams = stage.streams().await;
    let likes: Vec<Request<Bytes>> = (0..20).map(|_| stage.signed("/inbox", stage.like())).collect();
    let mut begun = Vec::new();
    for like in &likes {
        let mut stream = streams.begin(like).await;
        assert!(stream.feed(like.body().slice(..50), false).await);
        begun.push((stream, like.body().slice(50..)));
    }
    for (mut stream, rest) in begun.into_iter().rev() {
        assert!(stream.feed(rest, true).await);
        assert_eq!(stream.reply().await.status, 202);
    }
    assert_eq!(stage.handled().await, 20);
}

async fn the_cap_is_exact<G>(stage: &Stage<G>) {
    let streams = stage.streams().await;
    for (size, status) in [(CAP, 202), (CAP + 1, 413)] {
        let mut like = stage.like().to_vec();
        like.resize(size, b' ');
        let like = stage.signed("/inbox", like.into());
        assert_eq!(streams.ask(&like).await.status, status);
        // The same, and nothing says its length beforehand.
        let mut like = stage.like().to_vec();
        like.resize(size, b' ');
        let like = stage.signed("/inbox", like.into());
        let mut stream = streams.begin(&like).await;
        stream.feed(like.body().clone(), true).await;
        assert_eq!(stream.reply().await.status, status);
    }
    assert_eq!(stage.handled().await, 2);
}

/// All streams of a connection share one window: what was sent and never read must not stay in it.
async fn what_is_refused_costs_the_others_nothing<G>(stage: &Stage<G>) {
    let streams = stage.streams().await;
    for _ in 0..4 {
        let head = stage.request("POST", "/inbox").header("content-length", CAP + 1);
        let mut stream = streams.begin(&built(head, "")).await;
        stream.feed(vec![b' '; 1 << 14], false).await;
        assert_eq!(stream.reply().await.status, 413);
        let endless = stage.signed("/inbox", stage.like());
        let mut stream = streams.begin(&endless).await;
        let part = Bytes::from(vec![b' '; 1 << 14]);
        let mut sent = 0;
        while stream.feed(part.clone(), false).await {
            sent += part.len();
            assert!(sent < 8 * CAP, "nobody stops it");
        }
        assert_eq!(stream.reply().await.status, 413);
    }
    let mut like = stage.like().to_vec();
    like.resize(CAP, b' ');
    let like = stage.signed("/inbox", like.into());
    assert_eq!(streams.ask(&like).await.status, 202);
    assert_eq!(stage.handled().await, 1);
}

async fn a_stream_that_is_reset_harms_nobody<G>(stage: &Stage<G>) {
    let streams = stage.streams().await;
    for _ in 0..20 {
        let like = stage.signed("/inbox", stage.like());
        let mut stream = streams.begin(&like).await;
        stream.feed(like.body().slice(..50), false).await;
        stream.break_off();
    }
    let like = stage.signed("/inbox", stage.like());
    assert_eq!(streams.ask(&like).await.status, 202);
    assert_eq!(stage.handled().await, 1);
}
