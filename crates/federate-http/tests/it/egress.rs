//! A proxy that the guard was told of by name.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use federate_http::{Guard, GuardedClient, HttpClient, HttpErrorKind, Refused};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::names::Names;
use crate::server::{Server, ok, read_head};
use crate::tls::{ca, http2, params, trusting};
use crate::{BUDGET, client, fetch, get};

/// A proxy that connects to `target` whatever it is asked for, and what it was asked.
async fn proxy(target: std::net::SocketAddr) -> (Server, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let server = Server::connections(move |mut stream| {
        let log = Arc::clone(&log);
        async move {
            let head = read_head(&mut stream).await;
            log.lock().unwrap().push(head);
            let mut target = TcpStream::connect(target).await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let _ = copy_bidirectional(&mut stream, &mut target).await;
        }
    })
    .await;
    (server, asked)
}

fn through(guard: Guard, url: &str) -> Guard {
    guard.dangerous().egress_proxy(url).unwrap()
}

#[tokio::test]
async fn n9_a_proxy_by_name_resolves_in_our_place() {
    let ca = ca();
    let target = http2(&ca, &params("far.example.org"), |_| {
        http::Response::new("far away")
    })
    .await;
    let (proxy, asked) = proxy(target.address).await;
    let names = Names::new(&[&["127.0.0.1"]]);
    let port = proxy.address.port();
    // Its name leads to a private address, which is admitted for the proxy and for nobody else.
    let guard = Guard::new()
        .extra_root_ca(ca.pem().as_bytes())
        .unwrap()
        .resolver(names.clone());
    let client = client(through(
        guard,
        &format!("http://user:secret@proxy.internal:{port}"),
    ));
    for method in ["GET", "POST"] {
        let request = http::Request::builder()
            .method(method)
            .uri("https://far.example.org:8443/x")
            .body(Bytes::from_static(b"{}"))
            .unwrap();
        assert_eq!(
            client.send(request, &BUDGET).await.unwrap().body().as_ref(),
            b"far away"
        );
    }
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked[0].starts_with("CONNECT far.example.org:8443 HTTP/1.1\r\n"),
        "{asked:?}"
    );
    // `user:secret`, to the proxy.
    let head = asked[0].to_ascii_lowercase();
    assert!(
        head.contains("\r\nproxy-authorization: basic dxnlcjpzzwnyzxq=\r\n"),
        "{head}"
    );
    assert_eq!(names.asked(), 1);
    for shown in [format!("{client:?}"), format!("{:?}", client.guard())] {
        assert!(
            shown.contains("proxy.internal") && !shown.contains("secret") && !shown.contains("user"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn n9_the_guard_still_judges_urls_before_the_proxy_is_asked() {
    let target = Server::fixed(ok("x")).await;
    let (proxy, asked) = proxy(target.address).await;
    let client = client(through(
        Guard::new().refuse_host("our.example.org"),
        &format!("http://{}", proxy.address),
    ));
    for (url, refused) in [
        ("http://far.example.org/", Refused::Scheme),
        ("https://127.0.0.1/", Refused::IpLiteral),
        ("https://169.254.169.254/", Refused::IpLiteral),
        ("https://localhost/", Refused::Name),
        ("https://vault.internal/", Refused::Name),
        ("https://far.example.org:22/", Refused::Port),
        ("https://user@far.example.org/", Refused::UserInfo),
        ("https://our.example.org/", Refused::OwnHost),
    ] {
        assert_eq!(
            fetch(&client, url).await.unwrap_err().kind(),
            HttpErrorKind::Refused(refused),
            "{url}"
        );
    }
    assert!(asked.lock().unwrap().is_empty() && proxy.connected() == 0);
}

#[tokio::test]
async fn n9_loopback_does_not_go_through_the_proxy() {
    let target = Server::fixed(ok("near")).await;
    let (proxy, asked) = proxy(target.address).await;
    let guard = through(
        Guard::new().dangerous().allow_loopback(),
        &format!("http://{}", proxy.address),
    );
    assert_eq!(
        fetch(&client(guard), &target.url("/"))
            .await
            .unwrap()
            .body()
            .as_ref(),
        b"near"
    );
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn n9_a_proxy_that_says_no_and_one_that_is_not_there() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "garbage\r\n\r\n",
        "",
    ] {
        let proxy = Server::fixed(answer).await;
        let url = format!("http://user:secret@{}", proxy.address);
        let error = fetch(&client(through(Guard::new(), &url)), "https://far.example.org/")
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.is_permanent()),
            (HttpErrorKind::Connect, false),
            "{answer:?}"
        );
        let shown = format!("{error:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let gone = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let client = client(through(Guard::new(), &format!("http://{gone}")));
    assert_eq!(
        fetch(&client, "https://far.example.org/")
            .await
            .unwrap_err()
            .kind(),
        HttpErrorKind::Connect
    );
}

#[tokio::test(start_paused = true)]
async fn n9_a_proxy_that_says_nothing_ends_at_the_time_for_connecting() {
    let silent = Server::connections(|mut stream| async move {
        while stream.read(&mut [0; 512]).await.is_ok_and(|n| n > 0) {}
    })
    .await;
    let client: GuardedClient = client(through(Guard::new(), &format!("http://{}", silent.address)));
    let error = client
        .send(get("https://far.example.org/"), &BUDGET)
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        HttpErrorKind::Timeout(federate_http::Phase::Connect)
    );
}

#[tokio::test]
async fn n9_a_certificate_is_the_peers_and_not_the_proxys() {
    let ca = ca();
    let target = http2(&ca, &params("proxy.internal"), |_| http::Response::new("x")).await;
    let (proxy, _) = proxy(target.address).await;
    let client = client(through(trusting(&ca), &format!("http://{}", proxy.address)));
    let error = fetch(&client, "https://far.example.org/").await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Tls);
}
