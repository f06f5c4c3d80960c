//! More than anybody needs: bodies, heads, nesting, keys, names, and floods of questions.

use super::*;
use federate_fetch::KeyLookup::{CachedOnly, Refresh, Usual};
use federate_protocol::signatures::KeyId;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const MIB: usize = 1024 * 1024;

/// A document of exactly so many bytes.
fn of_size(url: &str, size: usize) -> String {
    let mut body = note(url, url).to_string();
    body.push_str(&" ".repeat(size - body.len()));
    body
}

#[tokio::test]
async fn r1_a_mebibyte_and_a_byte_more() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    for chunked in [false, true] {
        for (size, fits) in [(MIB, true), (MIB + 1, false)] {
            let page = Answer::document(of_size(&url, size));
            net.evil.answer("/x", if chunked { page.chunked() } else { page });
            match object(&net.fetcher(), &url, 0).await {
                Ok(found) => assert_eq!((fits, found.bytes().len()), (true, size)),
                Err(error) => {
                    assert!(!fits && error.is_permanent(), "{}", why(&error));
                    assert!(why(&error).contains("TooLarge"), "{}", why(&error));
                }
            }
        }
    }
    // WebFinger has a limit of its own.
    let net = Net::local().await;
    let mallory = net.mallory();
    for (size, fits) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let mut jrd = mallory.jrd().to_string();
        jrd.push_str(&" ".repeat(size - jrd.len()));
        net.evil.serve(&mallory);
        net.evil.answer(&mallory.webfinger(), Answer::jrd(jrd));
        let found = net.fetcher().lookup(&mallory.handle(), at(0)).await;
        assert_eq!(found.is_ok(), fits, "{size}");
    }
}

#[tokio::test]
async fn r1_bodies_without_an_end_and_false_lengths() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    let page = || document(&note(&url, &url));
    for (about, answer, expected) in [
        ("endless", Answer::endless(), "TooLarge"),
        (
            "endless, unannounced",
            Answer::endless().unannounced(),
            "TooLarge",
        ),
        (
            "endless, of two bytes",
            Answer::endless().announcing(2),
            "Refused(Document",
        ),
        (
            "endless redirect",
            Answer::endless().announcing(u64::MAX),
            "TooLarge",
        ),
        (
            "more than there is",
            page().announcing(10_000).closed_after(usize::MAX),
            "Reset",
        ),
        ("less than there is", page().announcing(5), "Refused(Document"),
    ] {
        net.evil.answer("/x", answer);
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert!(why(&error).contains(expected), "{about}: {}", why(&error));
    }
    // What the network takes beside: it is not read.
    assert!(net.evil.written() < 40 * MIB, "{}", net.evil.written());
    // What is left over of a body is not the next answer.
    let smuggled = format!(
        "{}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{{}}",
        note(&url, &url)
    );
    net.evil.answer(
        "/x",
        Answer::document(smuggled).announcing(note(&url, &url).to_string().len() as u64),
    );
    let fetcher = net.fetcher();
    assert!(object(&fetcher, &url, 0).await.is_ok());
    net.evil.answer("/y", document(&note(&net.evil.url("/y"), &url)));
    let next = object(&fetcher, &net.evil.url("/y"), 0).await.unwrap();
    assert_eq!(next.id().as_str(), net.evil.url("/y"));
}

#[tokio::test]
async fn r2_a_bomb_is_bytes_and_no_document() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    net.evil.answer("/x", Answer::gzip_bomb());
    let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
    assert_why(&error, "Refused(Document", "bomb");
    let asked = &net.evil.requests()[0];
    assert_eq!(asked.headers()["accept-encoding"], "identity");
}

#[tokio::test]
async fn r3_r4_r5_documents_that_are_all_structure() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    let wide = |what: &str, with: String| format!(r#"{{"id":"{url}","type":"Note","{what}":{with}}}"#);
    let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
    let names: String = (0..70_000).map(|n| format!(r#","k{n}":0"#)).collect();
    for (about, answer, refused) in [
        ("10,000 deep", Answer::deep(10_000), true),
        ("500,000 deep", Answer::deep(500_000), true),
        ("never closed", Answer::document("[".repeat(MIB)), true),
        ("objects", Answer::document(r#"{"a":"#.repeat(100_000)), true),
        ("numbers", Answer::document(wide("a", list("0", 400_000))), true),
        (
            "recipients",
            Answer::document(wide("to", list(r#""https://a.example/""#, 45_000))),
            true,
        ),
        ("tags", Answer::document(wide("tag", list("{}", 300_000))), true),
        ("names", Answer::document(wide("a", format!("0{names}"))), true),
        (
            "a name",
            Answer::document(wide(&"k".repeat(MIB - 200), "0".to_owned())),
            false,
        ),
        (
            "a number",
            Answer::document(wide("a", "9".repeat(MIB - 200))),
            false,
        ),
        (
            "a text",
            Answer::document(wide("content", format!("\"{}\"", "x".repeat(MIB - 200)))),
            false,
        ),
    ] {
        net.evil.answer("/x", answer);
        // Refused or not: there is an answer, and nothing is asked for twice.
        let before = net.requests();
        let answer = object(&net.fetcher(), &url, 0).await;
        if refused {
            assert_why(&answer.unwrap_err(), "Refused(Document", about);
        }
        assert_eq!(net.requests() - before, 1, "{about}");
    }
    let net = Net::local().await;
    let mallory = net.mallory();
    for jrd in [
        "[".repeat(60_000),
        format!(r#"{{"subject":{}"#, "[".repeat(60_000)),
    ] {
        net.evil.answer(&mallory.webfinger(), Answer::jrd(jrd));
        let error = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err();
        assert_why(&error, "Refused(Jrd", "deep");
    }
}

#[tokio::test]
async fn r9_whom_a_document_names_is_asked_for_by_nobody() {
    let net = Net::public().await;
    let evil = net.evil.url_at("0.evil.example.net", "/u");
    let named: Vec<_> = (1..2_000)
        .map(|n| net.evil.url_at(&format!("{n}.evil.example.net"), "/u"))
        .collect();
    net.evil.otherwise(Answer::by(|request| {
        // An actor at whatever host it is asked for.
        let host = request.headers()["host"].to_str().unwrap_or_default().to_owned();
        let id = format!("https://{host}{}", request.uri());
        document(&json!({ "id": id, "type": "Person", "inbox": id }))
    }));
    let tags: Vec<_> = named
        .iter()
        .map(|id| json!({ "type": "Mention", "href": id }))
        .collect();
    let body = json!({
        "id": evil, "type": "Person", "inbox": evil, "featured": named, "tag": tags,
        "alsoKnownAs": named, "movedTo": named[0], "attachment": tags,
    });
    net.evil.answer("/u", document(&body));
    actor(&net.fetcher(), &evil, 0).await.unwrap();
    assert_eq!(
        (net.evil.requests().len(), net.names.asked("evil.example.net")),
        (1, 1)
    );
}

#[tokio::test]
async fn r12_heads_that_are_too_large() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    let page = || document(&note(&url, &url));
    for answer in [
        page().headers(10_000, 1),
        page().headers(1, MIB),
        page().header(&"n".repeat(MIB), "y"),
    ] {
        net.evil.answer("/x", answer);
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert_why(&error, "Http(", "head");
        assert!(!error.is_permanent());
    }
    for to in [
        format!("/{}", "x".repeat(3_000)),
        format!("/?{}", "x".repeat(100_000)),
    ] {
        net.evil.answer("/x", Answer::redirect(&to));
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert!(
            error.is_permanent() || error.row() == Some("R12"),
            "{}",
            why(&error)
        );
    }
}

#[tokio::test]
async fn r12_chunks_and_trailers_that_are_all_decoration() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/activity+json\r\ntransfer-encoding: chunked\r\n\r\n";
    for tail in [
        format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(MIB)),
        "2;x\r\n{}\r\n".repeat(100_000),
        format!("2\r\n{{}}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(200_000)),
        format!("2\r\n{{}}\r\n0\r\nx: {}\r\n\r\n", "y".repeat(MIB)),
        "f".repeat(1_000),
        "fffffffffffffffff\r\n".to_owned(),
        "-2\r\n{}\r\n0\r\n\r\n".to_owned(),
        "0x2\r\n{}\r\n0\r\n\r\n".to_owned(),
    ] {
        net.evil.answer("/x", Answer::bytes(format!("{head}{tail}")));
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert_why(&error, "Http(", &tail[..tail.len().min(20)]);
    }
}

#[tokio::test]
async fn r13_a_thousand_keys_and_keys_that_are_none() {
    let net = Net::public().await;
    let mallory = net.mallory();
    let pem = mallory.key().public_key().to_pem();
    let keys: Vec<_> = (0..1_000)
        .map(|n| json!({ "id": format!("{}#{n}", mallory.id()), "owner": mallory.id(), "publicKeyPem": pem }))
        .collect();
    net.evil.serve(&net.mallory().with("/publicKey", keys));
    let fetcher = net.fetcher();
    assert_eq!(actor(&fetcher, mallory.id(), 0).await.unwrap().keys().len(), 10);
    assert!(key(&fetcher, &format!("{}#9", mallory.id()), 0).await.is_ok());
    assert!(key(&fetcher, &format!("{}#10", mallory.id()), 0).await.is_err());
    for bad in [
        "",
        "no key",
        &"A".repeat(500_000),
        &pem[..100],
        &pem.replace("PUBLIC", "PRIVATE"),
        &pem.repeat(2),
    ] {
        net.evil
            .serve(&net.mallory().with("/publicKey/publicKeyPem", bad));
        let failure = key(&net.fetcher(), mallory.key_id().as_str(), 0)
            .await
            .unwrap_err();
        assert!(matches!(failure, KeyFailure::Refused { .. }), "{failure:?}");
    }
}

/// Answers 404, at once.
#[derive(Debug, Default)]
struct Nobody(AtomicUsize);

#[async_trait]
impl HttpClient for Nobody {
    async fn send(&self, _: http::Request<Bytes>, _: &Budget) -> Result<http::Response<Bytes>, HttpError> {
        self.0.fetch_add(1, Relaxed);
        Ok(http::Response::builder().status(404).body(Bytes::new()).unwrap())
    }
}

#[tokio::test]
async fn r14_thousands_of_hosts_and_keys_leave_nothing_behind() {
    let (client, store) = (Arc::new(Nobody::default()), Memory::with_cache(500));
    let cache = store.stores().cache;
    let fetcher = Fetcher::new(
        Arc::clone(&client) as Arc<dyn HttpClient>,
        cache.clone(),
        None,
        FetchRules::default(),
    );
    for n in 0..2_500 {
        let id = format!("https://h{n}.example.net/u#main-key");
        assert!(key(&fetcher, &id, 0).await.is_err());
        assert!(actor(&fetcher, &id, 0).await.is_err());
    }
    assert_eq!(client.0.load(Relaxed), 5_000);
    assert!(cache.count().await.unwrap() <= 500);
    // Nobody is on the way any more.
    assert_eq!(turns(&fetcher), 0);
}

#[tokio::test]
async fn r15_a_flood_of_bad_keys_costs_one_request_for_each_though_the_cache_is_full() {
    let net = Net::public().await;
    let store = Memory::with_cache(20);
    let fetcher = net.fetcher_over(&store, |_| {});
    // Full of what is good for a day.
    for n in 0..30 {
        let person = net.victim.person(&format!("p{n}"));
        net.victim.serve(&person);
        actor(&fetcher, person.id(), 0).await.unwrap();
    }
    let cache = store.stores().cache;
    assert_eq!(cache.count().await.unwrap(), 20);
    let (bad, mallory) = (net.evil.url("/none#main-key"), net.mallory());
    net.evil.serve(&mallory);
    for second in 0..50 {
        assert!(key(&fetcher, &bad, second).await.is_err());
        assert!(actor(&fetcher, &bad, second).await.is_err());
        assert!(
            fetcher
                .key_by_id(&mallory.key_id(), Refresh, at(second))
                .await
                .is_ok()
        );
    }
    assert_eq!(net.evil.asked("/none"), 2, "a key and an actor, once each");
    assert_eq!(net.evil.asked("/users/mallory"), 1, "anew once in an interval");
    // Nor does the flood take the place of those who are known.
    assert_eq!(cache.count().await.unwrap(), 20);
    let before = net.victim.requests().len();
    actor(&fetcher, net.victim.person("p29").id(), 60).await.unwrap();
    assert_eq!(net.victim.requests().len(), before);
}

#[tokio::test]
async fn r15_one_bad_answer_does_not_deny_a_key_that_is_known() {
    let net = Net::public().await;
    let mallory = net.mallory();
    let good = document(mallory.document());
    net.evil.answer(&mallory.path(), good.clone());
    let fetcher = net.fetcher();
    key(&fetcher, mallory.key_id().as_str(), 0).await.unwrap();
    // A bad signature makes it fetched anew, and its server answers with nonsense just then.
    for (n, answer) in [
        Answer::status(503),
        Answer::status(404),
        Answer::bytes("x"),
        Answer::page(200, "text/html", ""),
    ]
    .into_iter()
    .enumerate()
    {
        net.evil.answer(&mallory.path(), answer);
        let second = 1 + 400 * n as u64;
        assert!(
            fetcher
                .key_by_id(&mallory.key_id(), Refresh, at(second))
                .await
                .is_err()
        );
        let known = key(&fetcher, mallory.key_id().as_str(), second).await.unwrap();
        assert_eq!(known.key, mallory.key().public_key());
    }
    // A key that rotates with each answer is the one that came last, in everybody's eyes.
    let turns = (0..4).map(|n| document(net.evil.person("mallory").keyed(n).document()));
    net.evil.answer(&mallory.path(), Answer::turns(turns));
    let first = fetcher
        .key_by_id(&mallory.key_id(), Refresh, at(10_000))
        .await
        .unwrap();
    for lookup in [Usual, CachedOnly, Refresh] {
        assert_eq!(
            fetcher
                .key_by_id(&mallory.key_id(), lookup, at(10_001))
                .await
                .unwrap()
                .key,
            first.key
        );
    }
}

#[tokio::test]
async fn s28_a_key_whose_server_was_away_is_asked_for_again() {
    let net = Net::public().await;
    let mallory = net.mallory();
    net.evil.serve(&mallory);
    let fetcher = net.fetcher();
    key(&fetcher, mallory.key_id().as_str(), 0).await.unwrap();
    // It has rotated, and its server is away just when that would have been seen.
    net.evil.answer(&mallory.path(), Answer::status(503));
    for second in [1, 2, 20] {
        let failure = fetcher
            .key_by_id(&mallory.key_id(), Refresh, at(second))
            .await
            .unwrap_err();
        assert!(matches!(failure, KeyFailure::Unavailable { .. }), "{failure:?}");
    }
    assert_eq!(net.evil.requests().len(), 2);
    net.evil.serve(&net.evil.person("mallory").keyed(2));
    let rotated = fetcher
        .key_by_id(&mallory.key_id(), Refresh, at(40))
        .await
        .unwrap();
    assert_ne!(rotated.key, mallory.key().public_key());
    // What its server does say holds for the interval, refusals too.
    net.evil.answer(&mallory.path(), Answer::status(404));
    for second in 400..450 {
        let _ = fetcher.key_by_id(&mallory.key_id(), Refresh, at(second)).await;
    }
    assert_eq!(net.evil.requests().len(), 4);
}

#[tokio::test]
async fn s28_a_key_that_its_actor_replaced_or_took_back_is_believed_no_more() {
    let net = Net::public().await;
    let (stolen, fresh) = (net.mallory(), net.evil.person("mallory").keyed(2));
    let id = iri(stolen.id());
    for taken_back in [false, true] {
        net.evil.serve(&stolen);
        let fetcher = net.fetcher();
        key(&fetcher, stolen.key_id().as_str(), 0).await.unwrap();
        // An Update, or a look-up, shows the actor as it is now.
        if taken_back {
            net.evil.serve(&net.evil.person("mallory").without("/publicKey"));
        } else {
            net.evil.serve(&fresh);
        }
        fetcher.fresh_actor(&id, at(10)).await.unwrap();
        for lookup in [CachedOnly, Usual] {
            match fetcher.key_by_id(&stolen.key_id(), lookup, at(20)).await {
                Ok(known) => assert_eq!((taken_back, known.key), (false, fresh.key().public_key())),
                Err(_) => assert!(taken_back, "{lookup:?}"),
            }
        }
    }
    // One that stands in a document of its own is still what that document said.
    let key_url = net.evil.url("/key");
    let pem = stolen.key().public_key().to_pem();
    let apart = net.evil.person("apart").with("/publicKey", key_url.as_str());
    net.evil.serve(&apart);
    net.evil.answer(
        "/key",
        document(&json!({ "id": key_url, "type": "Key", "owner": apart.id(), "publicKeyPem": pem })),
    );
    let fetcher = net.fetcher();
    key(&fetcher, &key_url, 0).await.unwrap();
    fetcher.fresh_actor(&iri(apart.id()), at(10)).await.unwrap();
    let before = net.requests();
    assert_eq!(
        key(&fetcher, &key_url, 20).await.unwrap().key,
        stolen.key().public_key()
    );
    assert_eq!(net.requests(), before);
}

#[tokio::test]
async fn r16_a_thousand_at_once_are_one_request() {
    let net = Net::public().await;
    let mallory = net.mallory();
    net.evil.serve(&mallory);
    let fetcher = Arc::new(net.fetcher());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..1_000 {
        let (fetcher, id, key_id) = (Arc::clone(&fetcher), mallory.id().to_owned(), mallory.key_id());
        tasks.spawn(async move {
            match n % 2 {
                0 => actor(&fetcher, &id, 0).await.is_ok(),
                _ => fetcher.key_by_id(&key_id, Usual, at(0)).await.is_ok(),
            }
        });
    }
    assert!(tasks.join_all().await.into_iter().all(|found| found));
    // One for the actor, and at the most one for the key, which another look-up began meanwhile.
    assert!(net.evil.requests().len() <= 2, "{}", net.evil.requests().len());

    // Half of them give up; the others get their answer nevertheless.
    let fetcher = Arc::new(net.fetcher());
    let asked = net.evil.requests().len();
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let (fetcher, id) = (Arc::clone(&fetcher), mallory.id().to_owned());
        tasks.push(tokio::spawn(async move { actor(&fetcher, &id, 0).await.is_ok() }));
    }
    tokio::task::yield_now().await;
    for task in tasks.iter().step_by(2) {
        task.abort();
    }
    for task in tasks.into_iter().skip(1).step_by(2) {
        assert!(task.await.unwrap());
    }
    assert!(net.evil.requests().len() - asked <= 2);
    assert_eq!(turns(&fetcher), 0);
}

#[tokio::test]
async fn w8_a_flood_of_self_deletions_by_strangers_asks_nobody() {
    let net = Net::public().await;
    let store = Memory::with_cache(100);
    let fetcher = net.fetcher_over(&store, |_| {});
    for n in 0..1_450 {
        let id = KeyId::from(net.evil.url(&format!("/users/{n}#main-key")));
        assert_eq!(
            fetcher.key_by_id(&id, CachedOnly, at(n)).await.unwrap_err(),
            KeyFailure::NotCached
        );
    }
    assert_eq!(
        (net.evil.connections(), net.names.asked("evil.example.net")),
        (0, 0)
    );
    assert_eq!(store.stores().cache.count().await.unwrap(), 0);
    // One that was known, deleted and forgotten is a stranger again.
    let mallory = net.mallory();
    net.evil.serve(&mallory);
    key(&fetcher, mallory.key_id().as_str(), 0).await.unwrap();
    fetcher.forget_actor(&iri(mallory.id())).await;
    let again = fetcher.key_by_id(&mallory.key_id(), CachedOnly, at(1)).await;
    assert_eq!(again.unwrap_err(), KeyFailure::NotCached);
}

/// How many keys there is a turn for, of fetches and of domains: none, once all is done.
fn turns(fetcher: &Fetcher) -> usize {
    let shown = format!("{fetcher:?}");
    let all = shown.matches("turns: Mutex { data: {").count();
    assert!(all >= 2, "{shown}");
    all - shown.matches("turns: Mutex { data: {}").count()
}
