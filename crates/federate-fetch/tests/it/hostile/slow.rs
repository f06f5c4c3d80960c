//! Peers that are slow, in every phase: each ends at one deadline. Time is paused, so that the intervals are those of real life.

use super::*;
use federate_fetch::FetchErrorKind;
use federate_http::{HttpErrorKind, Phase};
use federate_testkit::hostile::Greeting;
use std::time::Duration;
use tokio::time::Instant;

/// One byte in five seconds.
const SLOW: Duration = Duration::from_secs(5);

/// In which request the deadline of the whole passed, and what that was about.
fn late(error: &FetchError) -> Option<(usize, Phase)> {
    match error.kind() {
        FetchErrorKind::Deadline { request, phase } => Some((*request, *phase)),
        _ => None,
    }
}

#[track_caller]
fn assert_late(error: &FetchError, about: &str) {
    let is_late = match error.kind() {
        FetchErrorKind::Deadline { .. } => true,
        FetchErrorKind::Http(error) => matches!(error.kind(), HttpErrorKind::Timeout(_)),
        _ => false,
    };
    assert!(is_late && !error.is_permanent(), "{about}: {}", why(error));
}

fn deadline(begin: Instant) -> bool {
    let (passed, limit) = (begin.elapsed(), federate_protocol::Limits::default().deadline);
    passed <= limit + Duration::from_millis(100)
}

fn answers(url: &str) -> Vec<(&'static str, Phase, Answer)> {
    let page = || document(&note(url, url));
    vec![
        ("silence", Phase::Head, Answer::silence()),
        ("head", Phase::Head, page().dripping(SLOW)),
        ("body", Phase::Body, page().dripping_body(SLOW)),
        ("chunks", Phase::Body, page().chunked().dripping_body(SLOW)),
        (
            "unannounced",
            Phase::Body,
            page().unannounced().dripping_body(SLOW),
        ),
        ("stall", Phase::Body, page().stalling_after(10)),
        ("stall at once", Phase::Body, page().stalling_after(0)),
        ("endless", Phase::Body, Answer::endless().dripping_body(SLOW)),
        ("informational", Phase::Head, Answer::informational(SLOW)),
        (
            "redirect",
            Phase::Head,
            Answer::redirect("/elsewhere").dripping(SLOW),
        ),
        (
            "body of a redirect",
            Phase::Body,
            Answer::page(302, "", "xxxxxxxxxxxxxxxx")
                .header("location", "/elsewhere")
                .dripping_body(SLOW),
        ),
        (
            "error",
            Phase::Head,
            Answer::page(500, "text/plain", "no").dripping(SLOW),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn r10_one_byte_in_five_seconds_ends_at_the_deadline_in_every_phase() {
    let net = Net::local().await;
    let url = net.evil.url("/x");
    for (about, phase, answer) in answers(&url) {
        net.evil.answer("/x", answer);
        let begin = Instant::now();
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert_eq!(late(&error), Some((1, phase)), "{about}: {}", why(&error));
        assert!(
            deadline(begin) && begin.elapsed() >= SLOW,
            "{about}: {:?}",
            begin.elapsed()
        );

        let begin = Instant::now();
        let failure = key(&net.fetcher(), &url, 0).await.unwrap_err();
        assert!(
            matches!(failure, KeyFailure::Unavailable { .. }) && deadline(begin),
            "{about}: {failure:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_handle_ends_at_one_deadline_too() {
    let net = Net::local().await;
    let mallory = net.mallory();
    for (about, phase, answer) in answers(mallory.id()) {
        for (request, target) in [(1, mallory.webfinger()), (2, mallory.path())] {
            net.evil.serve(&mallory);
            net.evil.answer(&target, answer.clone());
            let begin = Instant::now();
            let error = net.fetcher().lookup(&mallory.handle(), at(0)).await.unwrap_err();
            assert_eq!(late(&error), Some((request, phase)), "{about}: {}", why(&error));
            assert!(deadline(begin), "{about} {target}: {:?}", begin.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_chain_of_which_each_part_is_slow_ends_at_one_deadline() {
    let net = Net::local().await;
    let (evil, third) = (&net.evil, Duration::from_millis(140));
    // Some eighty bytes of head: twelve seconds each.
    for n in 1..=3 {
        evil.answer(
            &format!("/{n}"),
            Answer::redirect(format!("/{}", n - 1))
                .header("x-pad", "xxxxxxxxxxx")
                .dripping(third),
        );
    }
    evil.answer("/0", document(&note(&evil.url("/0"), &evil.url("/u"))));
    let begin = Instant::now();
    let error = object(&net.fetcher(), &evil.url("/3"), 0).await.unwrap_err();
    assert_eq!(late(&error), Some((3, Phase::Head)), "chain: {}", why(&error));
    assert!(
        deadline(begin) && begin.elapsed() > Duration::from_secs(29),
        "{:?}",
        begin.elapsed()
    );
    assert!(
        evil.asked("/1") == 1 && evil.asked("/0") == 0,
        "it had come to the third"
    );

    // A slow redirect, then a slow refetch at the id; a slow key, then a slow owner.
    let (id, owner) = (evil.url("/id"), evil.url("/owner"));
    let slowly = |body: &Value| document(body).dripping_body(Duration::from_millis(200));
    evil.answer("/to", Answer::redirect("/lies").dripping(third));
    evil.answer("/lies", slowly(&note(&id, &id)));
    evil.answer("/id", slowly(&note(&id, &id)));
    let begin = Instant::now();
    assert_late(
        &object(&net.fetcher(), &evil.url("/to"), 0).await.unwrap_err(),
        "refetch",
    );
    assert!(deadline(begin), "{:?}", begin.elapsed());

    let key_url = evil.url("/key");
    evil.answer(
        "/key",
        slowly(&json!({ "id": key_url, "type": "Key", "owner": owner })),
    );
    evil.answer(
        "/owner",
        slowly(evil.person("owner").with("/id", owner.as_str()).document()),
    );
    let begin = Instant::now();
    assert!(matches!(
        key(&net.fetcher(), &key_url, 0).await,
        Err(KeyFailure::Unavailable { .. })
    ));
    assert!(
        deadline(begin) && evil.asked("/owner") == 1,
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn r10_who_waits_for_a_slow_fetch_waits_no_longer_and_does_not_try_anew() {
    let net = Net::local().await;
    let url = net.evil.url("/x");
    net.evil.answer("/x", Answer::silence());
    let fetcher = Arc::new(net.fetcher());
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (fetcher, url) = (Arc::clone(&fetcher), url.clone());
        tasks.spawn(async move { object(&fetcher, &url, 0).await.is_err() });
    }
    assert!(tasks.join_all().await.into_iter().all(|failed| failed));
    assert!(deadline(begin), "{:?}", begin.elapsed());
    assert_eq!(net.evil.asked("/x"), 1);
    // Nor does who comes when it has just failed: 30 s have passed since it began.
    let error = object(&fetcher, &url, 31).await.unwrap_err();
    assert!(why(&error).starts_with("Lately"), "{}", why(&error));
    assert_eq!(net.evil.asked("/x"), 1);
}

#[tokio::test(start_paused = true)]
async fn r9_a_domain_of_a_thousand_hosts_has_no_more_of_us_than_one() {
    let net = Net::public().await;
    let alice = net.victim.person("alice");
    net.victim.serve(&alice);
    net.evil.otherwise(Answer::silence());
    let fetcher = Arc::new(net.fetcher_with(|rules| rules.limits.requests_per_domain = 5));
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100 {
        let fetcher = Arc::clone(&fetcher);
        let id = net.evil.url_at(&format!("{n}.evil.example.net"), "/u");
        tasks.spawn(async move { actor(&fetcher, &id, 0).await.unwrap_err() });
    }
    // Meanwhile everybody else is asked as ever.
    tokio::task::yield_now().await;
    assert!(actor(&fetcher, alice.id(), 0).await.is_ok());
    assert!(begin.elapsed() < SLOW, "{:?}", begin.elapsed());
    for error in tasks.join_all().await {
        assert_late(&error, "one of a hundred");
    }
    assert!(deadline(begin), "{:?}", begin.elapsed());
    assert_eq!(net.evil.requests().len(), 5);
    assert!(!format!("{fetcher:?}").contains("evil.example.net\": Semaphore"));
}

#[tokio::test(start_paused = true)]
async fn r11_handshakes_that_never_end() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    for greeting in [
        Greeting::Silent,
        Greeting::Drip(SLOW),
        Greeting::Drip(Duration::from_millis(100)),
    ] {
        net.evil.greet(greeting);
        for fetched in ["object", "key"] {
            let begin = Instant::now();
            if fetched == "object" {
                let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
                assert!(
                    matches!(
                        error.kind(),
                        FetchErrorKind::Http(_) | FetchErrorKind::Deadline { .. }
                    ),
                    "{}",
                    why(&error)
                );
                assert!(!error.is_permanent());
            } else {
                assert!(matches!(
                    key(&net.fetcher(), &url, 0).await,
                    Err(KeyFailure::Unavailable { .. })
                ));
            }
            assert!(deadline(begin), "{greeting:?} {fetched}: {:?}", begin.elapsed());
        }
    }
    assert_eq!(net.evil.requests().len(), 0);
}

#[tokio::test]
async fn r11_a_certificate_of_ten_megabytes_and_peers_that_break_off() {
    let net = Net::public().await;
    let url = net.evil.url("/x");
    for greeting in [Greeting::LongChain(25_000), Greeting::Garbage, Greeting::Reset] {
        net.evil.greet(greeting);
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert_why(&error, "Http(", &format!("{greeting:?}"));
        assert!(!error.is_permanent());
    }
    net.evil.greet(Greeting::Polite);
    for answer in [
        document(&note(&url, &url)).reset_after(10),
        document(&note(&url, &url)).closed_after(10),
        document(&note(&url, &url)).chunked().closed_after(10),
        Answer::bytes("220 smtp ready\r\n"),
        Answer::bytes(""),
        Answer::bytes("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        Answer::bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
    ] {
        net.evil.answer("/x", answer);
        let error = object(&net.fetcher(), &url, 0).await.unwrap_err();
        assert_why(&error, "Http(", "broken");
        assert!(!error.is_permanent());
    }
}
