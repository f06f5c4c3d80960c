//! Connections that are used again, and those that must not be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use federate_http::{ClientLimits, Guard, HttpErrorKind};
use tokio::io::AsyncWriteExt;

use crate::names::Names;
use crate::server::{Server, ok, read_head};
use crate::tls::{ca, http2, trusting};
use crate::{client, fetch, near};

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::keeping(ok("x")).await;
    let client = near();
    for _ in 0..3 {
        fetch(&client, &server.url("/")).await.unwrap();
    }
    assert_eq!(server.connected(), 1);
}

#[tokio::test]
async fn n11_http2_connections_are_not_shared_between_origins() {
    // One address, one certificate for both names: a browser would ask for the second on the connection of the first.
    let ca = ca();
    let params =
        rcgen::CertificateParams::new(vec!["a.example.org".to_owned(), "b.example.org".to_owned()]).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = http2(&ca, &params, move |request| {
        log.lock().unwrap().push(request.uri.host().unwrap().to_owned());
        http::Response::new("x")
    })
    .await;
    let names = Names::new(&[&["127.0.0.1"]]);
    let client = client(trusting(&ca).resolver(names.clone()));
    for (host, connected) in [("a", 1), ("a", 1), ("b", 2), ("a", 2), ("b", 2)] {
        let url = format!("https://{host}.example.org:{}/", server.address.port());
        assert_eq!(
            fetch(&client, &url).await.unwrap().version(),
            http::Version::HTTP_2
        );
        assert_eq!(
            (server.connected(), names.asked()),
            (connected, connected),
            "{host}"
        );
    }
    assert_eq!(seen.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn n11_a_pooled_connection_outlives_a_change_of_names_at_its_judged_address_only() {
    // Two answers on the first connection; then the server closes it.
    let server = Server::connections(|mut stream| async move {
        for _ in 0..2 {
            read_head(&mut stream).await;
            let _ = stream.write_all(ok("x").as_bytes()).await;
        }
        let _ = stream.shutdown().await;
    })
    .await;
    let names = Names::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let client = client(Guard::new().resolver(names.clone()).dangerous().allow_loopback());
    let url = format!("http://moving.example.org:{}/", server.address.port());
    for _ in 0..2 {
        assert_eq!(fetch(&client, &url).await.unwrap().status(), 200);
        assert_eq!(names.asked(), 1);
    }
    // A new connection is for the new address, which is judged anew.
    assert_eq!(
        fetch(&client, &url).await.unwrap_err().kind(),
        HttpErrorKind::Address
    );
    assert_eq!((names.asked(), server.connected()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_ends_with_its_idle_time() {
    let server = Server::keeping(ok("x")).await;
    let client = near();
    let idle = ClientLimits::default().idle;
    let tick = Duration::from_millis(100);
    fetch(&client, &server.url("/")).await.unwrap();
    tokio::time::sleep(idle - tick).await;
    fetch(&client, &server.url("/")).await.unwrap();
    assert_eq!(server.connected(), 1);
    tokio::time::sleep(idle + tick).await;
    fetch(&client, &server.url("/")).await.unwrap();
    assert_eq!(server.connected(), 2);
}
