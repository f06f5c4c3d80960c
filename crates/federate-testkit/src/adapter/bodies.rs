//! Bodies that are too large, too slow, never end, or break off.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use tokio::time::Instant;

use super::socket::{Socket, in_time};
use super::stage::{Stage, built};

/// The cap of an inbox.
pub(super) const CAP: usize = 1 << 20;
/// How long a body may take, of the instance that [`slow`] is for.
pub(super) const DEADLINE: Duration = Duration::from_millis(300);
/// Between two bytes of a body that trickles: whole, it would take some seconds.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn all<G>(stage: &Stage<G>) {
    the_cap_is_exact(stage).await;
    a_length_over_the_cap_is_not_waited_for(stage).await;
    a_body_without_an_end_is_cut_off(stage).await;
    a_body_that_breaks_off_harms_nobody(stage).await;
    a_body_may_pause(stage).await;
}

/// What an instance with a short [`DEADLINE`] is asked.
pub(super) async fn slow<G>(stage: &Stage<G>) {
    a_body_that_trickles_is_cut_off(stage).await;
    a_body_that_does_not_come_is_cut_off(stage).await;
}

async fn the_cap_is_exact<G>(stage: &Stage<G>) {
    let mut like = stage.like().to_vec();
    like.resize(CAP, b' ');
    let answer = stage.ask(stage.signed("/inbox", like.clone().into())).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(stage.handled().await, 1);
    // The same in chunks: nothing says its length beforehand.
    let request = stage.signed("/inbox", like.clone().into());
    let mut socket = begin_chunked(stage, &request).await;
    for part in like.chunks(100_000) {
        socket.write(&chunk(part)).await;
    }
    socket.write(b"0\r\n\r\n").await;
    assert_eq!(socket.reply(&Method::POST).await.status, 202);
    like.push(b' ');
    let answer = stage.ask(stage.signed("/inbox", like.into())).await;
    assert_eq!((answer.status, &*answer.header("connection")), (413, "close"));
    assert_eq!(stage.handled().await, 0);
}

async fn a_length_over_the_cap_is_not_waited_for<G>(stage: &Stage<G>) {
    let head = stage.request("POST", "/inbox").header("content-length", CAP + 1);
    let mut socket = stage.socket().await;
    socket.begin(&built(head, "")).await;
    // Not a byte of it was sent.
    assert_eq!(socket.reply(&Method::POST).await.status, 413);
}

async fn a_body_without_an_end_is_cut_off<G>(stage: &Stage<G>) {
    let mut socket = begin_chunked(stage, &stage.signed("/inbox", stage.like())).await;
    let part = chunk(&[b' '; 1 << 14]);
    for _ in 0..CAP / (1 << 14) {
        socket.write(&part).await;
    }
    // One byte past the cap.
    socket.write(&chunk(b" ")).await;
    assert_eq!(socket.reply(&Method::POST).await.status, 413);
    in_time("reading what is past the cap", async {
        while socket.try_write(&part).await.is_ok() {}
    })
    .await;
    // The same where nobody wants a body.
    let discovery = stage
        .request("GET", "/users/alice")
        .header("accept", "application/activity+json");
    let mut socket = begin_chunked(stage, &built(discovery, "")).await;
    assert_eq!(socket.reply(&Method::GET).await.status, 200);
    in_time("reading what nobody wants", async {
        while socket.try_write(&part).await.is_ok() {}
    })
    .await;
}

async fn a_body_that_breaks_off_harms_nobody<G>(stage: &Stage<G>) {
    for _ in 0..20 {
        let request = stage.signed("/inbox", stage.like());
        let head = stage.request("POST", "/inbox").header("content-length", 5_000);
        let mut socket = stage.socket().await;
        socket.begin(&built(head, "")).await;
        socket.write(request.body()).await;
        drop(socket);
    }
    assert_eq!(stage.ask(stage.signed("/inbox", stage.like())).await.status, 202);
    assert_eq!(stage.handled().await, 1);
}

async fn a_body_may_pause<G>(stage: &Stage<G>) {
    let request = stage.signed("/inbox", stage.like());
    let mut socket = begin_with_length(stage, &request).await;
    let (first, last) = request.body().split_at(100);
    socket.write(first).await;
    tokio::time::sleep(PAUSE).await;
    socket.write(last).await;
    assert_eq!(socket.reply(&Method::POST).await.status, 202);
    assert_eq!(stage.handled().await, 1);
}

/// Each byte comes in time; all of them do not.
async fn a_body_that_trickles_is_cut_off<G>(stage: &Stage<G>) {
    let request = stage.signed("/inbox", stage.like());
    let mut socket = begin_with_length(stage, &request).await;
    let began = Instant::now();
    let answer = socket.trickle(request.body(), PAUSE).await;
    assert_eq!((answer.status, &*answer.header("connection")), (408, "close"));
    assert!(answer.json()["error"].is_string(), "{}", answer.text());
    // Not because a byte was late.
    assert!(began.elapsed() > DEADLINE / 2, "{:?}", began.elapsed());
    socket.ends().await;
    assert_eq!(stage.handled().await, 0);
}

async fn a_body_that_does_not_come_is_cut_off<G>(stage: &Stage<G>) {
    let request = stage.signed("/inbox", stage.like());
    let mut waiting = [
        begin_with_length(stage, &request).await,
        begin_chunked(stage, &request).await,
    ];
    for socket in &mut waiting {
        assert_eq!(socket.reply(&Method::POST).await.status, 408);
        socket.ends().await;
    }
    assert_eq!(stage.handled().await, 0);
    // What it was about can come again.
    assert_eq!(stage.ask(request).await.status, 202);
    assert_eq!(stage.handled().await, 1);
}

async fn begin_with_length<G>(stage: &Stage<G>, request: &Request<Bytes>) -> Socket {
    let mut head = request.clone();
    let length = HeaderValue::from(request.body().len());
    head.headers_mut().insert("content-length", length);
    let mut socket = stage.socket().await;
    socket.begin(&head).await;
    socket
}

async fn begin_chunked<G>(stage: &Stage<G>, request: &Request<Bytes>) -> Socket {
    let mut socket = stage.socket().await;
    let (mut head, _) = request.clone().into_parts();
    head.headers.remove("content-length");
    let chunked = HeaderValue::from_static("chunked");
    head.headers.insert("transfer-encoding", chunked);
    socket.begin(&Request::from_parts(head, Bytes::new())).await;
    socket
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend(bytes);
    chunk.extend(b"\r\n");
    chunk
}
