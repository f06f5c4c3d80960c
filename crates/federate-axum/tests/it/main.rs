//! An instance behind a real listener.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adapter;
mod slow;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use federate_server::signatures::{GeneratedKey, KeyGenerator, SignError};
use federate_server::store::Memory;
use federate_server::{Actors, Engine, Federation, Profile, Rate, RateLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug)]
struct FixedKey;

impl KeyGenerator for FixedKey {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        Ok(GeneratedKey::from_pkcs8(
            include_bytes!("../../../federate-server/tests/keys/a.pk8").to_vec(),
        ))
    }
}

async fn instance() -> (Federation<Actors<Memory>>, Engine, TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let actors = Actors::new([Profile::bot("echo")]);
    let (federation, engine) = Federation::builder(&format!("http://{host}"), Memory::new(), actors)
        .keygen(Arc::new(FixedKey))
        .manage_followers()
        .build()
        .await
        .unwrap();
    (federation, engine, listener, host)
}

/// One request over a socket of its own; the whole answer as text.
async fn ask(host: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(host).await.unwrap();
    let whole = request.replacen("\r\n", &format!("\r\nHost: {host}\r\nConnection: close\r\n"), 1);
    socket.write_all(whole.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn the_layer_answers_what_is_federations_and_the_router_the_rest() {
    let (federation, engine, listener, host) = instance().await;
    let app = Router::new()
        .route("/users/{name}", get(async || "a page"))
        .layer(federate_axum::layer(&federation));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = federate_axum::serve_until(listener, app, engine, async {
        let _ = stopped.await;
    });
    let asking = async {
        let page = ask(&host, "GET /users/echo HTTP/1.1\r\nAccept: text/html\r\n\r\n").await;
        assert!(
            page.starts_with("HTTP/1.1 200") && page.ends_with("a page"),
            "{page}"
        );
        let actor = ask(
            &host,
            "GET /users/echo HTTP/1.1\r\nAccept: application/activity+json\r\n\r\n",
        )
        .await;
        assert!(actor.contains("\"preferredUsername\":\"echo\""), "{actor}");
        let found = ask(
            &host,
            &format!("GET /.well-known/webfinger?resource=acct:echo@{host} HTTP/1.1\r\n\r\n"),
        )
        .await;
        assert!(found.contains("application/jrd+json"), "{found}");
        let post = ask(&host, "POST /inbox HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").await;
        assert!(
            post.starts_with("HTTP/1.1 401") && post.contains("{\"error\":"),
            "{post}"
        );
        let large = ask(&host, "POST /inbox HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n").await;
        assert!(large.starts_with("HTTP/1.1 413"), "{large}");
        let head = ask(
            &host,
            "HEAD /users/echo HTTP/1.1\r\nAccept: application/activity+json\r\n\r\n",
        )
        .await;
        assert!(
            head.contains("content-length") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
        stop.send(()).unwrap();
    };
    let (served, ()) = tokio::join!(serving, asking);
    served.unwrap();
    assert!(TcpStream::connect(&host).await.is_err(), "the listener is closed");
}

#[tokio::test]
async fn a_nested_router_still_sees_the_target_of_the_wire() {
    let (federation, engine, listener, host) = instance().await;
    let inner = Router::new()
        .fallback(async || "inner")
        .layer(federate_axum::layer(&federation));
    let app = Router::new().nest("/users", inner);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = federate_axum::serve_until(listener, app, engine, async {
        let _ = stopped.await;
    });
    let asking = async {
        let actor = ask(
            &host,
            "GET /users/echo HTTP/1.1\r\nAccept: application/activity+json\r\n\r\n",
        )
        .await;
        assert!(actor.contains("\"preferredUsername\":\"echo\""), "{actor}");
        stop.send(()).unwrap();
    };
    let (served, ()) = tokio::join!(serving, asking);
    served.unwrap();
}

/// What is not spoken is not waited for: whoever begins with HTTP/2 learns of it at once.
#[tokio::test(start_paused = true)]
async fn http2_is_closed_at_once() {
    let (_federation, engine, listener, host) = instance().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = federate_axum::serve_until(listener, Router::new(), engine, async {
        let _ = stopped.await;
    });
    let asking = async {
        let begun = tokio::time::Instant::now();
        let mut socket = TcpStream::connect(&host).await.unwrap();
        socket
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        let mut answer = Vec::new();
        // Closed, or reset where bytes of ours were on their way.
        let _ = socket.read_to_end(&mut answer).await;
        assert!(begun.elapsed().as_secs() < 29, "{:?}", begun.elapsed());
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
        stop.send(()).unwrap();
    };
    let (served, ()) = tokio::join!(serving, asking);
    served.unwrap();
}

/// A connection that drips its head is closed at the deadline; the clock is virtual, and moves on when nothing else can.
#[tokio::test(start_paused = true)]
async fn r22_a_head_that_drips_is_cut_off() {
    let (_federation, engine, listener, host) = instance().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = federate_axum::serve_until(listener, Router::new(), engine, async {
        let _ = stopped.await;
    });
    let dripping = async {
        let begun = tokio::time::Instant::now();
        let mut socket = TcpStream::connect(&host).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        let mut answer = Vec::new();
        // Closed, or reset where bytes of ours were on their way.
        let _ = socket.read_to_end(&mut answer).await;
        let took = begun.elapsed().as_secs();
        assert!((29..60).contains(&took), "closed after {took} s");
        assert!(!String::from_utf8_lossy(&answer).contains("200"), "{answer:?}");
        stop.send(()).unwrap();
    };
    let (served, ()) = tokio::join!(serving, dripping);
    served.unwrap();
}

/// What is under way when the stop comes is finished; a peer that never ends does not hold the stop up.
#[tokio::test(start_paused = true)]
async fn p18_a_stop_waits_for_what_is_under_way_and_not_for_ever() {
    let (_federation, engine, listener, host) = instance().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (here, mut arrived) = tokio::sync::mpsc::channel::<()>(2);
    let there = here.clone();
    let slow = get(async move || {
        here.send(()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        "done"
    });
    let never = get(async move || {
        there.send(()).await.unwrap();
        std::future::pending::<&str>().await
    });
    let app = Router::new().route("/slow", slow).route("/never", never);
    let serving = federate_axum::serve_until(listener, app, engine, async {
        let _ = stopped.await;
    });
    let asking = async {
        let mut never = TcpStream::connect(&host).await.unwrap();
        never
            .write_all(format!("GET /never HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let stopping = async {
            arrived.recv().await.unwrap();
            arrived.recv().await.unwrap();
            stop.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(ask(&host, "GET /slow HTTP/1.1\r\n\r\n"), stopping);
        assert!(answer.ends_with("done"), "{answer}");
        never
    };
    let begun = tokio::time::Instant::now();
    let (served, mut never) = tokio::join!(serving, asking);
    served.unwrap();
    let took = begun.elapsed().as_secs();
    assert!((10..30).contains(&took), "stopped after {took} s");
    // Cut off by the time that it returned, and not left behind.
    assert_eq!(never.read(&mut [0]).await.unwrap(), 0);
}

/// Only the adapter knows who connected.
#[tokio::test]
async fn one_address_is_limited_whatever_it_says_of_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let actors = Actors::new([Profile::bot("echo")]);
    let (federation, engine) = Federation::builder(&format!("http://{host}"), Memory::new(), actors)
        .keygen(Arc::new(FixedKey))
        .rate_limits(RateLimits::default().address(Rate::new(1, Duration::from_secs(3_600))))
        .build()
        .await
        .unwrap();
    let app = Router::new().layer(federate_axum::layer(&federation));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = federate_axum::serve_until(listener, app, engine, async {
        let _ = stopped.await;
    });
    let asking = async {
        let post = |from: u8| {
            format!("POST /inbox HTTP/1.1\r\nX-Forwarded-For: 10.0.0.{from}\r\nContent-Length: 2\r\n\r\n{{}}")
        };
        let first = ask(&host, &post(1)).await;
        let second = ask(&host, &post(2)).await;
        assert!(first.starts_with("HTTP/1.1 401"), "{first}");
        assert!(
            second.starts_with("HTTP/1.1 429") && second.contains("retry-after: "),
            "{second}"
        );
        stop.send(()).unwrap();
    };
    let (served, ()) = tokio::join!(serving, asking);
    served.unwrap();
}
