//! Which error is which.

use federate_http::{HttpErrorKind, Refused};
use tokio::net::TcpListener;

use crate::server::Server;
use crate::{client, fetch, near};

#[tokio::test]
async fn p5_what_is_no_http() {
    for answer in [
        "garbage\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00",
    ] {
        let server = Server::fixed(answer).await;
        let error = fetch(&near(), &server.url("/")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_permanent()),
            (HttpErrorKind::Protocol, false),
            "{answer:?} {error:?}"
        );
    }
}

#[tokio::test]
async fn p5_connections_that_break() {
    let server = Server::fixed("").await;
    assert_eq!(
        fetch(&near(), &server.url("/")).await.unwrap_err().kind(),
        HttpErrorKind::Reset
    );
    let server = Server::fixed("HTTP/1.1 200 OK\r\nConte").await;
    assert_eq!(
        fetch(&near(), &server.url("/")).await.unwrap_err().kind(),
        HttpErrorKind::Reset
    );
    let server = Server::connections(|stream| async move {
        // A reset in place of an orderly end.
        let _ = stream.set_zero_linger();
    })
    .await;
    assert_eq!(
        fetch(&near(), &server.url("/")).await.unwrap_err().kind(),
        HttpErrorKind::Reset
    );
}

#[tokio::test]
async fn p5_nobody_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = fetch(&near(), &format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Connect);
    assert_eq!(error.to_string(), "no connection could be made");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn p5_any_status_is_an_answer() {
    for status in [200, 202, 204, 301, 400, 401, 404, 410, 429, 500, 503, 599] {
        let server = Server::fixed(format!(
            "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nRetry-After: 9\r\n\r\n"
        ))
        .await;
        let response = fetch(&near(), &server.url("/")).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["retry-after"], "9");
    }
}

#[tokio::test]
async fn what_the_guard_refuses_is_permanent_and_never_sent() {
    let server = Server::fixed(crate::server::ok("x")).await;
    let guarded = client(federate_http::Guard::new());
    let port = server.address.port();
    for (url, refused) in [
        (server.url("/"), Refused::Scheme),
        (format!("https://127.0.0.1:{port}/"), Refused::IpLiteral),
        (format!("https://localhost:{port}/"), Refused::Name),
        (format!("https://u:p@example.org:{port}/"), Refused::UserInfo),
    ] {
        let error = fetch(&guarded, &url).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Refused(refused), "{url}");
        assert!(error.is_permanent());
    }
    assert!(server.requests().is_empty());
}
