//! Who does not read what was asked for: it counts as long as it is in memory.

use std::sync::Arc;

use federate_protocol::activitystreams::Iri;
use http::{HeaderValue, Method, Response, StatusCode, header};
use tokio::sync::mpsc;

use super::socket::{Socket, in_time};
use super::stage::{Instance, Stage, built};
use crate::held;

/// The longest that is passed on, and more than kernels keep on the way.
const LENGTH: usize = 16 << 20;

pub(super) fn passing_on(instance: Instance) -> Instance {
    instance.media_proxy()
}

pub(super) async fn all<G>(stage: &Stage<G>) {
    let mut freed = files(stage);
    let (mut reads, goes) = (begun(stage).await, begun(stage).await);
    // Neither has been read, and both are counted.
    assert!(
        freed.try_recv().is_err(),
        "what is not read is in memory, and not counted"
    );
    reads.skip(LENGTH).await;
    let one = in_time("giving back what is read", freed.recv()).await;
    assert!(one.is_some() && freed.try_recv().is_err());
    drop(goes);
    in_time("giving back what nobody reads any more", freed.recv()).await;
}

/// By HTTP/2 a stream that is not let go on stands still while its connection moves.
pub(super) async fn streams<G>(stage: &Stage<G>) {
    let mut freed = files(stage);
    let streams = stage.streams().await;
    let request = built(stage.request_at("GET", &path(stage)), "");
    let (one, other) = (
        streams.start(&request, true).await.unread().await,
        streams.start(&request, true).await.unread().await,
    );
    assert_eq!((one.status(), other.status()), (StatusCode::OK, StatusCode::OK));
    // The connection is good for others, and what was asked for on it is counted.
    let head = built(stage.request_at("HEAD", "/.well-known/nodeinfo"), "");
    assert_eq!(streams.ask(&head).await.status, 200);
    assert!(
        freed.try_recv().is_err(),
        "what is not read is in memory, and not counted"
    );
    drop(one);
    let one = in_time("giving back what nobody reads any more", freed.recv()).await;
    assert!(one.is_some() && freed.try_recv().is_err());
    drop((other, streams));
    in_time("giving back what a connection had", freed.recv()).await;
}

/// A host with a file, and what says that one of those that it gave out is not in memory any more.
fn files<G>(stage: &Stage<G>) -> mpsc::UnboundedReceiver<()> {
    let (dropped, freed) = mpsc::unbounded_channel();
    stage.another_host(
        "files.test",
        Arc::new(move |_| {
            let mut file = b"GIF89a".to_vec();
            file.resize(LENGTH, b'.');
            let mut answer = Response::new(held(file, dropped.clone()));
            let gif = HeaderValue::from_static("image/gif");
            answer.headers_mut().insert(header::CONTENT_TYPE, gif);
            Box::pin(std::future::ready(answer))
        }),
    );
    freed
}

/// Where the instance has it.
fn path<G>(stage: &Stage<G>) -> String {
    let Ok(file) = Iri::parse("https://files.test/cat.gif") else {
        panic!("no IRI");
    };
    let url = stage.federation().media_url(&file);
    let Some(path) = url
        .as_ref()
        .and_then(|url| url.as_str().strip_prefix("https://site.test"))
    else {
        panic!("it is not passed on: {url:?}");
    };
    path.to_owned()
}

/// The file is asked for, and the head of the answer is here.
async fn begun<G>(stage: &Stage<G>) -> Socket {
    let mut socket = stage.socket().await;
    socket
        .begin(&built(stage.request_at("GET", &path(stage)), ""))
        .await;
    // To HEAD: the body is left where it is.
    let answer = socket.reply(&Method::HEAD).await;
    assert_eq!(
        (answer.status, &*answer.header("content-type")),
        (200, "image/gif")
    );
    socket
}
