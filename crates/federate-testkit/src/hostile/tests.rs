mod federation;

use std::time::Duration;

use bytes::Bytes;
use federate_http::{Budget, Guard, GuardedClient, HttpClient, HttpErrorKind};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Authority, Greeting, Hostile, Names};

/// All that comes on one connection until its end, or until an error ends it.
async fn said(server: &Hostile, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.shutdown().await;
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    all
}

async fn text(server: &Hostile, path: &str) -> String {
    String::from_utf8_lossy(&said(server, path).await).into_owned()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn each_answer_is_what_its_name_says() {
    let server = Hostile::start().await;
    let answers = [
        ("/document", Answer::document("{}")),
        ("/none", Answer::page(200, "", "x")),
        (
            "/twice",
            Answer::document("{}").header("content-type", "text/html"),
        ),
        ("/redirect", Answer::redirect("//elsewhere")),
        ("/long", Answer::document("{}").announcing(99)),
        ("/chunked", Answer::document("{}").chunked()),
        ("/unannounced", Answer::document("{}").unannounced()),
        ("/deep", Answer::deep(3)),
        ("/bytes", Answer::bytes("220 smtp\r\n")),
        ("/closed", Answer::document("123456").closed_after(3)),
        ("/many", Answer::status(204).headers(3, 5)),
    ];
    for (path, answer) in answers {
        server.answer(path, answer);
    }
    assert_eq!(
        text(&server, "/document").await,
        "HTTP/1.1 200 Whatever\r\ncontent-type: application/activity+json\r\ncontent-length: 2\r\n\r\n{}"
    );
    assert!(!text(&server, "/none").await.contains("content-type"));
    assert_eq!(text(&server, "/twice").await.matches("content-type").count(), 2);
    assert!(
        text(&server, "/redirect")
            .await
            .contains("\r\nlocation: //elsewhere\r\n")
    );
    assert!(text(&server, "/long").await.contains("content-length: 99\r\n"));
    assert_eq!(body(&text(&server, "/chunked").await), "2\r\n{}\r\n0\r\n\r\n");
    assert!(!text(&server, "/unannounced").await.contains("length"));
    assert_eq!(body(&text(&server, "/deep").await), r#"{"a":[[[]]]}"#);
    assert_eq!(text(&server, "/bytes").await, "220 smtp\r\n");
    assert_eq!(body(&text(&server, "/closed").await), "123");
    assert_eq!(text(&server, "/many").await.matches(": yyyyy\r\n").count(), 3);
    assert!(text(&server, "/unheard-of").await.starts_with("HTTP/1.1 404 "));
    assert_eq!((server.asked("/twice"), server.asked("/never")), (1, 0));
    assert_eq!(server.connections(), 12);
}

#[tokio::test]
async fn the_bomb_is_one() {
    let server = Hostile::start().await;
    server.answer("/", Answer::gzip_bomb());
    let all = said(&server, "/").await;
    let gzip = [0x1f, 0x8b, 8];
    assert!(all.len() < 1_000 && all.windows(3).any(|window| window == gzip));
}

#[tokio::test]
async fn what_differs_each_time_and_what_follows_from_the_request() {
    let server = Hostile::start().await;
    server.answer(
        "/turns",
        Answer::turns([Answer::status(200), Answer::status(410)]),
    );
    let answer = |request: &http::Request<Bytes>| Answer::document(request.uri().to_string());
    server.otherwise(Answer::by(answer));
    for status in ["200", "410", "410"] {
        assert!(text(&server, "/turns").await.contains(status));
    }
    assert_eq!(body(&text(&server, "/any?x=1").await), "/any?x=1");
    assert_eq!((server.asked("/any"), server.asked("/any?x=2")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn drips_take_as_long_as_they_say() {
    let server = Hostile::start().await;
    let second = Duration::from_secs(1);
    server.answer("/body", Answer::document("12345").dripping_body(second));
    server.answer("/head", Answer::status(200).dripping(second));
    let begin = tokio::time::Instant::now();
    assert!(text(&server, "/body").await.ends_with("12345"));
    assert_eq!(begin.elapsed().as_secs(), 5);
    let begin = tokio::time::Instant::now();
    let head = said(&server, "/head").await;
    assert_eq!(begin.elapsed().as_secs(), head.len() as u64);
}

#[tokio::test]
async fn a_peer_that_goes_away_breaks_off_what_has_no_end() {
    let server = Hostile::start().await;
    server.answer("/", Answer::endless());
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut some = vec![0; 100_000];
    stream.read_exact(&mut some).await.unwrap();
    drop(stream);
    // The server notices when it writes on, and is free for the next.
    while server.open() > 0 {
        tokio::task::yield_now().await;
    }
    server.answer("/next", Answer::status(200));
    assert!(text(&server, "/next").await.contains("200"));
    assert!(server.written() < 64 * 1024 * 1024);
}

#[tokio::test]
async fn several_requests_on_one_connection_and_bodies_are_remembered() {
    let server = Hostile::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let both = b"POST /a HTTP/1.1\r\nX: 1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\n\r\n";
    stream.write_all(both).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).await.unwrap();
    assert_eq!(all.matches("404").count(), 2);
    let requests = server.requests();
    assert_eq!(requests[0].body().as_ref(), b"hi");
    assert_eq!(
        (requests[0].method().as_str(), &requests[0].headers()["x"]),
        ("POST", &"1".parse().unwrap())
    );
    assert_eq!((requests[1].uri().path(), server.connections()), ("/b", 1));
}

#[tokio::test]
async fn what_is_no_request_is_the_end() {
    let server = Hostile::start().await;
    for bytes in [
        &b"\x16\x03\x01"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        assert!(all.is_empty());
    }
    assert_eq!((server.requests().len(), server.connections()), (0, 3));
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let server = Hostile::start().await;
    server.answer("/", Answer::silence());
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    drop(server);
    let mut rest = Vec::new();
    // An end or a reset, and no waiting for ever.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn tls_for_any_name_and_greetings_before_it() {
    let authority = Authority::new();
    let server = Hostile::start_tls("evil.example.net", &authority).await;
    server.answer("/", Answer::document("{}"));
    let names = Names::new();
    names.point_to(&server);
    let guard = || {
        Guard::new()
            .resolver(names.clone())
            .extra_root_ca(authority.pem().as_bytes())
            .unwrap()
            .dangerous()
            .allow_loopback()
    };
    let get = async |url: String| {
        let silent = matches!(greeted(&server), Greeting::Silent | Greeting::Drip(_));
        let budget = Budget {
            deadline: Duration::from_millis(if silent { 50 } else { 5_000 }),
            max_body: 1_000,
        };
        // A client of its own, so that no connection is left over.
        let client = GuardedClient::new(guard(), "test/1").unwrap();
        let request = http::Request::get(url).body(Bytes::new()).unwrap();
        client.send(request, &budget).await.map_err(|error| error.kind())
    };
    assert_eq!(get(server.url("/")).await.unwrap().body().as_ref(), b"{}");
    let below = server.url_at("any.evil.example.net", "/");
    assert_eq!(get(below).await.unwrap().status(), 200);
    let unknown = server.url_at("notevil.example.net", "/");
    assert_eq!(get(unknown).await.unwrap_err(), HttpErrorKind::Dns);
    assert_eq!(
        (names.asked("evil.example.net"), names.asked("example.net")),
        (2, 3)
    );
    for (greeting, expected) in [
        (Greeting::Garbage, HttpErrorKind::Tls),
        (Greeting::LongChain(25_000), HttpErrorKind::Tls),
    ] {
        server.greet(greeting);
        assert_eq!(get(server.url("/")).await.unwrap_err(), expected, "{greeting:?}");
    }
    for greeting in [
        Greeting::Silent,
        Greeting::Drip(Duration::from_millis(5)),
        Greeting::Reset,
    ] {
        server.greet(greeting);
        assert!(get(server.url("/")).await.is_err(), "{greeting:?}");
    }
    assert_eq!(server.requests().len(), 2);
}

fn greeted(server: &Hostile) -> Greeting {
    *crate::wire::lock(&server.shared.greeting)
}

#[tokio::test]
async fn a_person_lies_where_it_is_told() {
    let server = Hostile::start().await;
    let plain = server.person("alice");
    let key = plain.key().public_key().to_pem();
    assert_eq!(plain.document()["publicKey"]["publicKeyPem"], key);
    let liar = server
        .person("alice")
        .keyed(1)
        .with("/id", "urn:x")
        .with("/new/deep", 7)
        .without("/publicKey/owner")
        .with_jrd("/links/0/href", json!(null));
    assert_ne!(liar.document()["publicKey"]["publicKeyPem"], key);
    assert_eq!(liar.document()["id"], "urn:x");
    assert_eq!(liar.document()["new"], json!({ "deep": 7 }));
    assert_eq!(liar.document()["publicKey"]["owner"], json!(null));
    assert_eq!(liar.jrd()["links"][0]["href"], json!(null));
    assert_eq!(liar.id(), server.url("/users/alice"));
    server.serve(&liar);
    assert!(text(&server, "/users/alice").await.contains("urn:x"));
    assert!(
        text(&server, &liar.webfinger())
            .await
            .contains("acct:alice@127.0.0.1:")
    );
}
