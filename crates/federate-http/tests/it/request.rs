//! What is sent is what was asked for: no more, no less, and nowhere else.

use bytes::Bytes;
use federate_http::{HttpClient, HttpErrorKind, Refused};
use http::header::HOST;

use crate::server::{Server, ok};
use crate::{BUDGET, fetch, get, near};

#[tokio::test]
async fn n5_redirects_are_not_followed() {
    let target = Server::fixed(ok("secret")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = target.url("/internal");
        let server = Server::fixed(format!(
            "HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ))
        .await;
        for method in ["GET", "POST"] {
            let request = http::Request::builder()
                .method(method)
                .uri(server.url("/"))
                .body(Bytes::from("body"))
                .unwrap();
            let response = near().send(request, &BUDGET).await.unwrap();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()["location"], location.as_str());
        }
    }
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn n11_alt_svc_and_cookies_change_nothing() {
    let elsewhere = Server::fixed(ok("elsewhere")).await;
    let port = elsewhere.address.port();
    let server = Server::fixed(format!(
        "HTTP/1.1 200 OK\r\nAlt-Svc: h2=\"127.0.0.1:{port}\", h3=\":{port}\"\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    ))
    .await;
    let client = near();
    for _ in 0..2 {
        fetch(&client, &server.url("/")).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(!requests[1].contains("cookie"), "{requests:?}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn the_request_crosses_as_it_was_built() {
    let server = Server::fixed(ok("x")).await;
    let request = http::Request::post(server.url("/inbox?a=%2F&b=c+d"))
        .header("host", server.address.to_string())
        .header("date", "Tue, 07 Jun 2014 20:51:35 GMT")
        .header("signature", "keyId=\"x\"")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    near().send(request, &BUDGET).await.unwrap();
    let seen = server.requests().remove(0).to_ascii_lowercase();
    assert!(seen.starts_with("post /inbox?a=%2f&b=c+d http/1.1\r\n"), "{seen}");
    for line in [
        format!("host: {}", server.address).as_str(),
        "date: tue, 07 jun 2014 20:51:35 gmt",
        "signature: keyid=\"x\"",
        "user-agent: it/1.0 (+http://127.0.0.1/)",
        "content-length: 2",
    ] {
        assert_eq!(
            seen.matches(&format!("\r\n{line}\r\n")).count(),
            1,
            "{line}: {seen}"
        );
    }
    assert!(!seen.contains("referer"), "{seen}");
}

#[tokio::test]
async fn a_host_header_of_another_host_is_not_sent() {
    let server = Server::fixed(ok("x")).await;
    let mut request = get(&server.url("/"));
    request.headers_mut().insert(HOST, "example.org".parse().unwrap());
    let error = near().send(request, &BUDGET).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_permanent()),
        (HttpErrorKind::Request, true)
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn n8_urls_that_two_programs_could_read_differently() {
    let server = Server::fixed(ok("x")).await;
    let port = server.address.port();
    for url in [
        format!("http://127.0.0.1:{port}/a/../b"),
        format!("http://127.0.0.1:{port}/a/%2e%2e/b"),
        format!("http://127.0.0.1:{port}/a{{b}}"),
        format!("http://127.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://@127.0.0.1:{port}/"),
        format!("http://:@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:0{port}/"),
        "http://127.0.0.1:/".to_owned(),
        "https://example.org:/".to_owned(),
        "https://@example.org/".to_owned(),
        "https://example.org:0443/".to_owned(),
    ] {
        let error = fetch(&near(), &url).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Refused(Refused::NotNormal), "{url}");
    }
    // Not even a request.
    for url in [
        "http://127.0.0.1\\@example.org/",
        "http://exa\tmple.org/",
        "http://exa mple.org/",
        "https://example.org:65536/",
    ] {
        let built = http::Request::get(url).body(Bytes::new());
        if let Ok(request) = built {
            assert!(
                near().send(request, &BUDGET).await.unwrap_err().is_permanent(),
                "{url}"
            );
        }
    }
    // A relative URI has no host to judge.
    assert!(
        near()
            .send(get("/inbox"), &BUDGET)
            .await
            .unwrap_err()
            .is_permanent()
    );
    assert!(server.requests().is_empty());
}
