//! Comments on the first post of a forum, over a socket, signed by who writes them.
#![expect(
    clippy::disallowed_methods,
    reason = "the forum is another process, with the clock of the machine"
)]

use std::time::{Duration, SystemTime};

use federate::signatures::cavage;
use federate_testkit::hostile::Person;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long anything may take before a test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The comment with this number, to the forum with this base URL that listens at this address. The status of its answer; none where the
/// forum died before it had one.
pub(crate) async fn comment(by: &Person, number: usize, base: &str, address: &str) -> Option<u16> {
    let id = by.id();
    let body = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{id}/{number}#create"), "type": "Create", "actor": id,
        "to": "https://www.w3.org/ns/activitystreams#Public",
        "object": {
            "id": format!("{id}/{number}"), "type": "Note", "attributedTo": id, "content": "<p>hello</p>",
            "inReplyTo": format!("{base}/posts/1"), "to": "https://www.w3.org/ns/activitystreams#Public",
        },
    });
    let request = axum::http::Request::post(format!("{base}/inbox"))
        .header("content-type", "application/activity+json")
        .body(body.to_string().into())
        .unwrap();
    let signed = cavage(request, SystemTime::now()).sign(by.key()).unwrap();
    let host = base.trim_start_matches("http://");
    let mut head = format!("POST /inbox HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in signed.headers().iter().filter(|(name, _)| *name != "host") {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", signed.body().len()));
    let mut socket = TcpStream::connect(address).await.ok()?;
    socket.write_all(head.as_bytes()).await.ok()?;
    socket.write_all(signed.body()).await.ok()?;
    let mut answer = String::new();
    // It may die behind its answer, and take the end of the connection with it.
    let _ = timeout(PATIENCE, socket.read_to_string(&mut answer))
        .await
        .unwrap();
    answer.split(' ').nth(1)?.parse().ok()
}
