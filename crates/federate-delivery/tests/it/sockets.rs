//! The same engine over real sockets: a sink that verifies every signature, and a dead port beside it.

use crate::support::{App, iri};
use bytes::Bytes;
use federate_delivery::{Engine, SystemClock};
use federate_http::{Guard, GuardedClient};
use federate_protocol::signatures::{self, KeyId, Policy, PrivateKey, PublicKey};
use federate_store::{Backend, Memory, Outgoing};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_deliveries_cross_a_socket_and_a_dead_port_hurts_nobody() {
    let pem = std::fs::read_to_string(format!("{}/tests/keys/one.pem", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let key = PrivateKey::from_pem(KeyId::from("https://a.example/users/alice#main-key"), &pem).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sink = listener.local_addr().unwrap();
    let dead = {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        taken.local_addr().unwrap()
    };
    let seen = Arc::new(Mutex::new(vec![]));
    tokio::spawn(serve(listener, key.public_key(), sink.to_string(), seen.clone()));

    let stores = Memory::new().stores();
    for n in 0..20 {
        let id = format!("https://a.example/{n}");
        let audience = vec![
            iri(&format!("http://{dead}/inbox")),
            iri(&format!("http://{sink}/inbox?n={n}")),
        ];
        let outgoing = Outgoing::new(iri(&id), "alice", Bytes::from(id), audience);
        stores.outbox.record(&outgoing).await.unwrap();
    }
    let client = GuardedClient::new(Guard::new().dangerous().allow_loopback(), "test/1").unwrap();
    let app = App::with(Arc::new(key));
    let engine = Engine::builder(
        stores.clone(),
        Arc::new(client),
        app.clone(),
        app,
        Arc::new(SystemClock),
    )
    .build();
    let progress = tokio::time::timeout(Duration::from_secs(30), engine.step())
        .await
        .unwrap();

    assert_eq!(progress.delivered, 20, "{progress:?}");
    let mut bodies: Vec<String> = seen.lock().unwrap().clone();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 20);
    let counts = stores.queue.counts().await.unwrap();
    assert!(counts.conserved());
    assert_eq!((counts.delivered, counts.pending, counts.dead), (20, 20, 0));
    assert!(
        progress.retried <= 6,
        "the dead port's breaker is open: {progress:?}"
    );
}

type Bodies = Arc<Mutex<Vec<String>>>;

async fn serve(listener: TcpListener, key: PublicKey, authority: String, seen: Bodies) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, key.clone(), authority.clone(), seen.clone()));
    }
}

/// As much HTTP/1.1 as the test needs.
async fn connection(mut stream: TcpStream, key: PublicKey, authority: String, seen: Bodies) {
    let mut buffer = vec![];
    loop {
        let (head_end, length) = loop {
            if let Some(found) = head(&buffer)
                && buffer.len() >= found.0 + found.1
            {
                break found;
            }
            match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let rest = buffer.split_off(head_end + length);
        let body = buffer.split_off(head_end);
        let status = match verify(&buffer, &body, &key, &authority) {
            Ok(()) => {
                seen.lock().unwrap().push(String::from_utf8(body).unwrap());
                "202 Accepted".to_owned()
            }
            Err(reason) => format!("401 {reason}"),
        };
        buffer = rest;
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Where the head ends, and how long the body is.
fn head(buffer: &[u8]) -> Option<(usize, usize)> {
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..end]).unwrap().to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .unwrap_or("0");
    Some((end, length.trim().parse().unwrap()))
}

#[expect(clippy::disallowed_methods, reason = "a real socket has a real clock")]
fn verify(head: &[u8], body: &[u8], key: &PublicKey, authority: &str) -> Result<(), String> {
    let text = std::str::from_utf8(head).unwrap();
    let mut lines = text.trim_end().lines();
    let mut first = lines.next().unwrap().split(' ');
    let mut request = http::Request::builder()
        .method(first.next().unwrap())
        .uri(first.next().unwrap());
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    if head.headers["content-type"] != "application/activity+json" {
        return Err("wrong type".to_owned());
    }
    let policy = Policy::mastodon().authorities([authority]);
    let parsed = signatures::parse(&head, body).map_err(|refusal| refusal.to_string())?;
    parsed
        .verify(key, &policy, SystemTime::now())
        .map(drop)
        .map_err(|refusal| refusal.to_string())
}
