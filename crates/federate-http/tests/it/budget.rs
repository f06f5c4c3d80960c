//! Bodies, headers and time.

use std::time::{Duration, Instant};

use federate_http::{Budget, HttpClient, HttpErrorKind, Phase};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::server::Server;
use crate::{BUDGET, fetch, get, near};

/// Long enough for a loaded machine, short enough that nothing waits for a timeout by mistake.
const SOON: Duration = Duration::from_secs(3);

#[expect(clippy::disallowed_methods, reason = "the test measures what really passes")]
fn now() -> Instant {
    Instant::now()
}

/// Writes `first`, then one `drip` every few milliseconds until the client goes.
async fn drip(mut stream: TcpStream, first: &str, drip: &str) {
    let mut next = first;
    while stream.write_all(next.as_bytes()).await.is_ok() {
        next = drip;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn r1_a_body_at_the_cap_is_read_and_one_byte_more_is_not() {
    for (extra, chunked) in [(0, false), (1, false), (0, true), (1, true)] {
        let body = "x".repeat(BUDGET.max_body + extra);
        let answer = if chunked {
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            )
        } else {
            crate::server::ok(&body)
        };
        let server = Server::fixed(answer).await;
        match fetch(&near(), &server.url("/")).await {
            Ok(response) => assert_eq!((extra, response.body().len()), (0, BUDGET.max_body)),
            Err(error) => {
                assert_eq!((extra, error.kind()), (1, HttpErrorKind::TooLarge));
                assert_eq!(error.status(), Some(http::StatusCode::OK));
                assert!(!error.is_permanent());
            }
        }
    }
}

#[tokio::test]
async fn r1_an_announced_body_over_the_cap_is_not_waited_for() {
    let server = Server::new(|stream| {
        drip(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "x",
        )
    })
    .await;
    let begin = now();
    assert_eq!(
        fetch(&near(), &server.url("/")).await.unwrap_err().kind(),
        HttpErrorKind::TooLarge
    );
    assert!(begin.elapsed() < SOON);
}

#[tokio::test]
async fn r1_an_endless_body_ends_at_the_cap() {
    let chunk: &str = Box::leak(format!("10000\r\n{}\r\n", "x".repeat(0x10000)).into_boxed_str());
    for (head, more) in [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", chunk),
    ] {
        let server = Server::new(move |stream| drip(stream, head, more)).await;
        assert_eq!(
            fetch(&near(), &server.url("/")).await.unwrap_err().kind(),
            HttpErrorKind::TooLarge
        );
    }
}

#[tokio::test]
async fn r1_a_body_shorter_than_announced_is_a_break() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
    ] {
        let server = Server::fixed(answer).await;
        let error = fetch(&near(), &server.url("/")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (HttpErrorKind::Reset, Some(http::StatusCode::OK)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn r2_nothing_is_decompressed() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x7fx";
    let server = Server::fixed(answer).await;
    let response = fetch(&near(), &server.url("/")).await.unwrap();
    assert_eq!(response.body().as_ref(), b"\x1f\x7fx");
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(
        server.requests()[0].contains("accept-encoding: identity\r\n"),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn an_enormous_deadline_is_none_that_overflows() {
    let server = Server::fixed(crate::server::ok("x")).await;
    let budget = Budget {
        deadline: Duration::MAX,
        ..BUDGET
    };
    assert!(near().send(get(&server.url("/")), &budget).await.is_ok());
    let none = Budget {
        deadline: Duration::ZERO,
        ..BUDGET
    };
    assert_eq!(
        near()
            .send(get(&server.url("/")), &none)
            .await
            .unwrap_err()
            .kind(),
        HttpErrorKind::Timeout(Phase::Queue)
    );
}
