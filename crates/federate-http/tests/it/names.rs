//! Names that resolve to what should not be reached.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use federate_http::{Guard, HttpClient, HttpErrorKind, Resolver};

use crate::server::{Server, ok};
use crate::{client, fetch};

/// Answers with one list after the other, the last one for ever.
#[derive(Debug)]
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self {
            answers: answers.iter().map(parse).collect(),
            asked: AtomicUsize::new(0),
        })
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        match name.contains("missing") {
            true => Err(io::Error::other("no such name")),
            false => Ok(self.answers[turn.min(self.answers.len() - 1)].clone()),
        }
    }
}

#[tokio::test]
async fn n4_a_public_name_with_private_addresses_only() {
    for addresses in [
        &["127.0.0.1"][..],
        &["10.0.0.1", "192.168.1.1", "169.254.169.254"],
        &["::1"],
        &["fd00::1", "fe80::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["0.0.0.0", "::"],
        &[],
    ] {
        let guarded = client(Guard::new().resolver(Names::new(&[addresses])));
        let error = fetch(&guarded, "https://rebound.example.org/").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_permanent()),
            (HttpErrorKind::Address, false),
            "{addresses:?}"
        );
    }
}

#[tokio::test]
async fn n5_a_post_to_a_private_address_is_not_even_connected() {
    let server = Server::connections(|_| async {}).await;
    for address in ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"] {
        let guarded = client(Guard::new().resolver(Names::new(&[&[address]])));
        let request = http::Request::post(format!("https://x.example.org:{}/inbox", server.address.port()))
            .body(bytes::Bytes::from_static(b"{}"))
            .unwrap();
        let error = guarded.send(request, &crate::BUDGET).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Address);
    }
    assert_eq!(server.connected(), 0);
}

#[tokio::test]
async fn n4_a_mixed_set_is_reached_at_the_admitted_address_only() {
    let server = Server::fixed(ok("x")).await;
    let names = Names::new(&[&["10.255.255.1", "fd00::1", "127.0.0.1", "169.254.169.254"]]);
    let guarded = client(Guard::new().resolver(names).dangerous().allow_loopback());
    // An attempt at 10.255.255.1 would time out.
    let url = format!("http://mixed.example.org:{}/", server.address.port());
    assert_eq!(fetch(&guarded, &url).await.unwrap().status(), 200);
    assert!(
        server.requests()[0].contains("host: mixed.example.org:"),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn n4_the_name_is_resolved_once_for_the_check_and_the_connection() {
    let server = Server::fixed(ok("x")).await;
    let names = Names::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let guarded = client(Guard::new().resolver(names.clone()).dangerous().allow_loopback());
    let url = format!("http://rebinding.example.org:{}/", server.address.port());
    assert_eq!(fetch(&guarded, &url).await.unwrap().status(), 200);
    assert_eq!(names.asked(), 1);
    // The next connection sees the other answer, and it is judged as well.
    assert_eq!(
        fetch(&guarded, &url).await.unwrap_err().kind(),
        HttpErrorKind::Address
    );
}

#[tokio::test]
async fn plain_http_and_odd_ports_reach_loopback_only() {
    let guarded = client(
        Guard::new()
            .resolver(Names::new(&[&["93.184.216.34"]]))
            .dangerous()
            .allow_loopback(),
    );
    for url in [
        "http://example.org/",
        "https://example.org:22/",
        "https://host.test/",
        "http://localhost/",
    ] {
        assert_eq!(
            fetch(&guarded, url).await.unwrap_err().kind(),
            HttpErrorKind::Address,
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_name_that_is_not_there() {
    let guarded = client(Guard::new().resolver(Names::new(&[&[]])));
    let error = fetch(&guarded, "https://missing.example.org/").await.unwrap_err();
    assert_eq!((error.kind(), error.is_permanent()), (HttpErrorKind::Dns, false));
}

#[tokio::test]
async fn localhost_resolves_by_the_system() {
    let server = Server::fixed(ok("x")).await;
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(fetch(&crate::near(), &url).await.unwrap().status(), 200);
}
