//! Peers that take their time, on a clock that jumps: a byte in five seconds costs the test nothing.

use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use federate_http::{
    Budget, ClientLimits, Guard, GuardedClient, HttpClient, HttpError, HttpErrorKind, Phase, Resolver,
};
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};

use crate::server::{Server, ok, read_head};
use crate::{BUDGET, get, near};

/// The deadline of one logical fetch, as the protocol has it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Writes `first` and then a byte of `drip` every five seconds, again and again, until the client goes.
async fn drip(mut stream: TcpStream, first: &[u8], drip: &[u8]) {
    let _ = stream.write_all(first).await;
    for byte in drip.iter().cycle() {
        sleep(Duration::from_secs(5)).await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
    // Nothing to drip: silence.
    while stream.read(&mut [0; 512]).await.is_ok_and(|n| n > 0) {}
}

/// What came, and after how many milliseconds.
async fn timed(client: &GuardedClient, url: &str, deadline: Duration) -> (HttpError, Duration) {
    let begin = Instant::now();
    let budget = Budget { deadline, ..BUDGET };
    let error = client.send(get(url), &budget).await.unwrap_err();
    (error, begin.elapsed())
}

fn assert_ended(found: &(HttpError, Duration), phase: Phase, status: Option<StatusCode>, after: Duration) {
    let (error, elapsed) = found;
    assert_eq!(
        (error.kind(), error.status()),
        (HttpErrorKind::Timeout(phase), status),
        "{error:?}"
    );
    assert!(!error.is_permanent());
    // The timer of tokio counts milliseconds.
    assert!(
        *elapsed >= after && *elapsed < after + Duration::from_millis(5),
        "{elapsed:?}"
    );
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl Resolver for Silent {
    async fn resolve(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_name_lookup_that_never_ends() {
    let client = crate::client(Guard::new().resolver(Arc::new(Silent)));
    let url = "https://silent.example.org/";
    let short = Duration::from_secs(3);
    assert_ended(&timed(&client, url, short).await, Phase::Name, None, short);
    // The time for making a connection ends before the deadline of a fetch, and says so as well.
    let connect = ClientLimits::default().connect;
    let found = timed(&client, url, DEADLINE).await;
    assert_ended(&found, Phase::Name, None, connect);
    assert_eq!(found.0.to_string(), "the time ran out during the name lookup");
}

/// A listener that takes no more connections, and those that fill it.
async fn full() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut filling = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        filling.push(stream);
    }
    (listener, filling)
}

#[tokio::test(start_paused = true)]
async fn r11_a_backlog_that_is_full() {
    let (listener, _filling) = full().await;
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        let short = Duration::from_millis(700);
        assert_ended(&timed(&near(), &url, short).await, Phase::Connect, None, short);
    }
    let mut limits = ClientLimits::default();
    limits.connect = Duration::from_millis(700);
    let client = GuardedClient::with_limits(
        Guard::new().dangerous().allow_loopback(),
        "it/1.0",
        limits.clone(),
    )
    .unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let found = timed(&client, &url, DEADLINE).await;
    assert_ended(&found, Phase::Connect, None, limits.connect);
}

#[tokio::test(start_paused = true)]
async fn r11_a_tls_handshake_that_drips() {
    // A handshake record that announces a ServerHello of 16 KiB, a byte in five seconds; and nothing at all.
    for begin in [&[0x16, 0x03, 0x03, 0x40, 0x00, 0x02, 0x00, 0x3f, 0xfc][..], &[]] {
        let server = Server::connections(move |stream| drip(stream, &[], begin)).await;
        let url = format!("https://{}/", server.address);
        let short = Duration::from_secs(9);
        assert_ended(&timed(&near(), &url, short).await, Phase::Tls, None, short);
        let found = timed(&near(), &url, DEADLINE).await;
        assert_ended(&found, Phase::Tls, None, ClientLimits::default().connect);
        assert_eq!(found.0.to_string(), "the time ran out during the TLS handshake");
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_head_that_drips() {
    for (first, more) in [
        ("", ""),
        ("", "HTTP/1.1 200 OK\r\nX: y"),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
        ("HTTP/1.1 200 OK\r\nX: y\r\n", ""),
    ] {
        let server = Server::new(move |stream| drip(stream, first.as_bytes(), more.as_bytes())).await;
        assert_ended(
            &timed(&near(), &server.url("/"), DEADLINE).await,
            Phase::Head,
            None,
            DEADLINE,
        );
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_redirect_that_drips() {
    let first = "HTTP/1.1 302 Found\r\nLocation: /next\r\n";
    let server = Server::new(move |stream| drip(stream, first.as_bytes(), b"X: y\r\n")).await;
    assert_ended(
        &timed(&near(), &server.url("/"), DEADLINE).await,
        Phase::Head,
        None,
        DEADLINE,
    );
    let first = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 9000\r\n\r\n";
    let server = Server::new(move |stream| drip(stream, first.as_bytes(), b"x")).await;
    let found = timed(&near(), &server.url("/"), DEADLINE).await;
    assert_ended(&found, Phase::Body, Some(StatusCode::FOUND), DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn r10_a_body_that_drips() {
    for (first, more, status) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n",
            "x",
            StatusCode::OK,
        ),
        (
            "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
            StatusCode::ACCEPTED,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "",
            StatusCode::OK,
        ),
        ("HTTP/1.1 410 Gone\r\n\r\n", "x", StatusCode::GONE),
        ("HTTP/1.1 200 OK\r\n\r\n", "", StatusCode::OK),
    ] {
        let server = Server::new(move |stream| drip(stream, first.as_bytes(), more.as_bytes())).await;
        let found = timed(&near(), &server.url("/"), DEADLINE).await;
        assert_ended(&found, Phase::Body, Some(status), DEADLINE);
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_stall_after_100_continue() {
    let first = b"HTTP/1.1 100 Continue\r\n\r\n";
    let server = Server::new(move |stream| drip(stream, first, b"")).await;
    let request = http::Request::post(server.url("/inbox"))
        .body(Bytes::from("{}"))
        .unwrap();
    let budget = Budget {
        deadline: DEADLINE,
        ..BUDGET
    };
    let begin = Instant::now();
    let error = near().send(request, &budget).await.unwrap_err();
    assert_ended(&(error, begin.elapsed()), Phase::Head, None, DEADLINE);
}

#[tokio::test]
async fn r11_endless_1xx() {
    // As fast as they can be written, on the real clock: there is no number at which they end but that of the time.
    for more in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    ] {
        let server = Server::new(move |mut stream| async move {
            let many = more.repeat(500);
            while stream.write_all(many.as_bytes()).await.is_ok() {}
        })
        .await;
        let budget = Budget {
            deadline: Duration::from_millis(150),
            ..BUDGET
        };
        let error = near().send(get(&server.url("/")), &budget).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Timeout(Phase::Head));
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_body_that_nobody_reads() {
    // More than the buffers of both sockets hold, to a peer that does not read.
    let server = Server::connections(|stream| async move {
        let _stream = stream;
        pending::<()>().await;
    })
    .await;
    let body = Bytes::from(vec![0; 32 * 1024 * 1024]);
    let request = http::Request::post(server.url("/inbox")).body(body).unwrap();
    let budget = Budget {
        deadline: DEADLINE,
        ..BUDGET
    };
    let begin = Instant::now();
    let error = near().send(request, &budget).await.unwrap_err();
    assert_ended(&(error, begin.elapsed()), Phase::Head, None, DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn r10_a_pooled_connection_that_falls_silent() {
    // The second request looks up no name and makes no connection: its time goes by waiting for the head.
    let server = Server::connections(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(ok("x").as_bytes()).await;
        read_head(&mut stream).await;
        pending::<()>().await;
    })
    .await;
    let client = near();
    assert_eq!(
        crate::fetch(&client, &server.url("/")).await.unwrap().status(),
        200
    );
    assert_ended(
        &timed(&client, &server.url("/"), DEADLINE).await,
        Phase::Head,
        None,
        DEADLINE,
    );
}

#[tokio::test(start_paused = true)]
async fn r10_a_connection_that_another_request_leaves_behind() {
    // The first connection answers after 2 s and stays open. The second one hangs in TLS-less silence of the backlog:
    // the second request begins it, gets the first connection instead, and waits for the head there.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        // Nobody else is taken from here on.
        let mut filling = Vec::new();
        while let Ok(Ok(more)) =
            tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
        {
            filling.push(more);
        }
        sleep(Duration::from_secs(2)).await;
        let _ = stream.write_all(ok("x").as_bytes()).await;
        read_head(&mut stream).await;
        pending::<()>().await;
        drop((listener, filling));
    });
    let client = near();
    let url = format!("http://{address}/");
    let first = async { crate::fetch(&client, &url).await.unwrap().status() };
    let second = async {
        sleep(Duration::from_secs(1)).await;
        timed(&client, &url, Duration::from_secs(8)).await
    };
    let (status, found) = tokio::join!(first, second);
    assert_eq!(status, StatusCode::OK);
    assert_ended(&found, Phase::Head, None, Duration::from_secs(8));
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn r10_waiting_for_a_turn_counts() {
    let server = Server::new(|stream| drip(stream, b"", b"")).await;
    let mut limits = ClientLimits::default();
    limits.in_flight_per_host = 2;
    let guard = Guard::new().dangerous().allow_loopback();
    let client = GuardedClient::with_limits(guard, "it/1.0", limits).unwrap();
    let url = server.url("/");
    let (first, second, third) = tokio::join!(
        timed(&client, &url, DEADLINE),
        timed(&client, &url, DEADLINE),
        timed(&client, &url, DEADLINE / 2),
    );
    assert_ended(&first, Phase::Head, None, DEADLINE);
    assert_ended(&second, Phase::Head, None, DEADLINE);
    assert_ended(&third, Phase::Queue, None, DEADLINE / 2);
    assert_eq!(third.0.to_string(), "the time ran out while waiting for a turn");
    assert_eq!(server.requests().len(), 2);
}
