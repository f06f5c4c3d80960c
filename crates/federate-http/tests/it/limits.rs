//! Each limit of the table, at it and one past it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use federate_http::limits::{ADDRESSES, HEAD, HEADERS, URL};
use federate_http::{ClientLimits, Guard, GuardedClient, HttpErrorKind, Refused};
use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Barrier, Semaphore};

use crate::names::Names;
use crate::server::{Server, ok, read_head};
use crate::tls::{ca, http2, params, trusting};
use crate::{client, fetch, near};

fn limited(set: impl FnOnce(&mut ClientLimits)) -> Arc<GuardedClient> {
    let mut limits = ClientLimits::default();
    set(&mut limits);
    let names = Names::new(&[&["127.0.0.1"]]);
    let guard = Guard::new().resolver(names).dangerous().allow_loopback();
    Arc::new(GuardedClient::with_limits(guard, "it/1.0", limits).unwrap())
}

/// Headers of so many bytes in all, as the limit counts them, in so many fields. `content-length: 0` is the first.
fn headers(count: usize, size: usize) -> Vec<(String, String)> {
    let mut fields = vec![("content-length".to_owned(), "0".to_owned())];
    fields.extend((1..count).map(|n| (format!("x{n:05}"), String::new())));
    let used: usize = fields
        .iter()
        .map(|(name, value)| name.len() + value.len() + 32)
        .sum();
    if let Some(rest) = size.checked_sub(used) {
        fields[1].1 = "y".repeat(rest);
    }
    fields
}

#[tokio::test]
async fn r12_the_head_of_http1() {
    for (count, size, is_ok) in [
        (HEADERS, 0, true),
        (HEADERS + 1, 0, false),
        (10_000, 0, false),
        (2, HEAD, true),
        (2, HEAD + 1, false),
        (HEADERS, HEAD, true),
        (HEADERS, HEAD + 1, false),
        (2, 1024 * 1024, false),
    ] {
        let mut answer = "HTTP/1.1 200 OK\r\n".to_owned();
        for (name, value) in headers(count, size) {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        let server = Server::fixed(answer + "\r\n").await;
        match fetch(&near(), &server.url("/")).await {
            Ok(response) => assert_eq!((is_ok, response.headers().len()), (true, count)),
            Err(error) => {
                assert_eq!(
                    (is_ok, error.kind()),
                    (false, HttpErrorKind::HeadTooLarge),
                    "{count} {size} {error:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn r12_a_head_that_is_read_and_too_large_still_has_a_status() {
    let fields: String = headers(2, HEAD + 1)
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let server = Server::fixed(format!("HTTP/1.1 202 Accepted\r\n{fields}\r\n")).await;
    let error = fetch(&near(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::ACCEPTED));
}

#[tokio::test]
async fn r12_the_head_of_http2() {
    let ca = ca();
    for (count, size, is_ok) in [
        (HEADERS, 0, true),
        (HEADERS + 1, 0, false),
        (2, HEAD, true),
        (2, HEAD + 1, false),
        (HEADERS, HEAD, true),
        (HEADERS, HEAD + 1, false),
        // What h2 itself stops at.
        (10_000, 0, false),
        (2, 1024 * 1024, false),
    ] {
        let server = http2(&ca, &params("localhost"), move |_| {
            let mut response = http::Response::new("");
            for (name, value) in headers(count, size) {
                let name = http::HeaderName::try_from(name).unwrap();
                response.headers_mut().append(name, value.parse().unwrap());
            }
            response
        })
        .await;
        let url = format!("https://localhost:{}/", server.address.port());
        match fetch(&client(trusting(&ca)), &url).await {
            Ok(response) => assert_eq!((is_ok, response.headers().len()), (true, count)),
            Err(error) => {
                let is_read = count <= HEADERS + 1 && size <= HEAD + 1;
                let kind = match is_read {
                    true => HttpErrorKind::HeadTooLarge,
                    false => HttpErrorKind::Protocol,
                };
                assert_eq!((is_ok, error.kind()), (false, kind), "{count} {size} {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_addresses_of_a_name() {
    let server = Server::fixed(ok("x")).await;
    // Nobody listens on the others.
    let dead: Vec<String> = (2..2 + ADDRESSES).map(|n| format!("127.0.0.{n}")).collect();
    for (before, is_ok) in [(ADDRESSES - 1, true), (ADDRESSES, false)] {
        let mut list: Vec<&str> = dead.iter().take(before).map(String::as_str).collect();
        list.push("127.0.0.1");
        let guard = Guard::new()
            .resolver(Names::new(&[&list]))
            .dangerous()
            .allow_loopback();
        let url = format!("http://many.example.org:{}/", server.address.port());
        match fetch(&client(guard), &url).await {
            Ok(_) => assert!(is_ok),
            Err(error) => assert_eq!(
                (is_ok, error.kind()),
                (false, HttpErrorKind::Connect),
                "{error:?}"
            ),
        }
    }
}

#[tokio::test]
async fn the_length_of_a_url() {
    let server = Server::keeping(ok("x")).await;
    let url = |length: usize| {
        let begin = server.url("/");
        format!("{begin}{}", "x".repeat(length - begin.len()))
    };
    assert_eq!(fetch(&near(), &url(URL)).await.unwrap().status(), 200);
    let error = fetch(&near(), &url(URL + 1)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Refused(Refused::Length));
}

/// A server that answers when told, and how many requests wait there.
async fn patient() -> (Server, Arc<AtomicUsize>, Arc<Semaphore>) {
    let waiting = Arc::new(AtomicUsize::new(0));
    let answers = Arc::new(Semaphore::new(0));
    let (count, permits) = (Arc::clone(&waiting), Arc::clone(&answers));
    let server = Server::connections(move |mut stream| {
        let (count, permits) = (Arc::clone(&count), Arc::clone(&permits));
        async move {
            while !read_head(&mut stream).await.is_empty() {
                count.fetch_add(1, Ordering::SeqCst);
                permits.acquire().await.unwrap().forget();
                count.fetch_sub(1, Ordering::SeqCst);
                let _ = stream.write_all(ok("x").as_bytes()).await;
            }
        }
    })
    .await;
    (server, waiting, answers)
}

/// Asks each of `hosts` at once, sees that `most` requests are under way at most and that all are answered.
async fn assert_at_most(client: &Arc<GuardedClient>, hosts: &[&str], most: usize) {
    let (server, waiting, answers) = patient().await;
    let mut asked = tokio::task::JoinSet::new();
    for host in hosts {
        let (client, url) = (
            Arc::clone(client),
            format!("http://{host}.example.org:{}/", server.address.port()),
        );
        asked.spawn(async move { fetch(&client, &url).await.unwrap().status() });
    }
    for left in (1..=hosts.len()).rev() {
        // The clock jumps only when nothing else can happen: then all that may come has come.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!(waiting.load(Ordering::SeqCst), left.min(most));
        answers.add_permits(1);
        assert_eq!(asked.join_next().await.unwrap().unwrap(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn r14_requests_under_way_in_all() {
    let client = limited(|limits| limits.in_flight = 3);
    assert_at_most(&client, &["a", "b", "c"], 3).await;
    assert_at_most(&client, &["a", "b", "c", "d"], 3).await;
}

#[tokio::test(start_paused = true)]
async fn r14_requests_under_way_to_one_host() {
    let client = limited(|limits| limits.in_flight_per_host = 2);
    assert_at_most(&client, &["a", "a"], 2).await;
    assert_at_most(&client, &["a", "a", "a"], 2).await;
    assert_at_most(&client, &["a", "b", "a", "b"], 4).await;
}

#[tokio::test(start_paused = true)]
async fn p4_a_host_that_is_waited_for_delays_no_other() {
    let client = limited(|limits| {
        limits.in_flight = 2;
        limits.in_flight_per_host = 1;
    });
    let (slow, waiting, _answers) = patient().await;
    let quick = Server::keeping(ok("x")).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, url) = (
            Arc::clone(&client),
            format!("http://slow.example.org:{}/", slow.address.port()),
        );
        asked.spawn(async move { fetch(&client, &url).await });
    }
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(waiting.load(Ordering::SeqCst), 1);
    for _ in 0..50 {
        let begin = tokio::time::Instant::now();
        let url = format!("http://quick.example.org:{}/", quick.address.port());
        assert_eq!(fetch(&client, &url).await.unwrap().status(), 200);
        assert!(begin.elapsed() < std::time::Duration::from_millis(1));
    }
    // A request that is dropped gives its turn back, wherever it was.
    asked.shutdown().await;
    let url = format!("http://slow.example.org:{}/", quick.address.port());
    assert_eq!(fetch(&client, &url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn unused_connections_of_a_host() {
    for (kept, together) in [(2, 2), (2, 3)] {
        let client = limited(|limits| limits.idle_per_host = kept);
        let barrier = Arc::new(Barrier::new(together));
        let server = Server::connections(move |mut stream| {
            let barrier = Arc::clone(&barrier);
            async move {
                while !read_head(&mut stream).await.is_empty() {
                    barrier.wait().await;
                    let _ = stream.write_all(ok("x").as_bytes()).await;
                }
            }
        })
        .await;
        for round in 0..2 {
            let url = server.url("/");
            let requests = (0..together).map(|_| fetch(&client, &url));
            for response in futures_util::future::join_all(requests).await {
                response.unwrap();
            }
            // Connections go back to the pool when hyper's task has seen the end of the body.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let anew = if round == 0 { 0 } else { together - kept };
            assert_eq!(server.connected(), together + anew, "{kept} of {together}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r14_connections_to_many_hosts_do_not_stay_open() {
    let client = limited(|limits| limits.connections = 3);
    let open = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&open);
    let server = Server::connections(move |mut stream| {
        let count = Arc::clone(&count);
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            while !read_head(&mut stream).await.is_empty() {
                let _ = stream.write_all(ok("x").as_bytes()).await;
            }
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    for (host, is_open) in [
        ("a", 1),
        ("a", 1),
        ("b", 2),
        ("a", 2),
        ("c", 3),
        ("d", 1),
        ("d", 1),
        ("a", 2),
    ] {
        let url = format!("http://{host}.example.org:{}/", server.address.port());
        assert_eq!(fetch(&client, &url).await.unwrap().status(), 200);
        // The clock jumps when all has happened that can.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!(open.load(Ordering::SeqCst), is_open, "{host}");
    }
    for host in 0..20 {
        let url = format!("http://h{host}.example.org:{}/", server.address.port());
        fetch(&client, &url).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert!(open.load(Ordering::SeqCst) <= 3);
    }
}
