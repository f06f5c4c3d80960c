//! Three processes of one forum: they receive and post side by side, are killed and come back; nothing is lost, and nothing counts
//! twice.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the processes have the clock of the machine"
)]

#[path = "../../../../crates/federate-postgres/tests/support/cluster.rs"]
mod cluster;
mod kills;
mod processes;
#[path = "../../../embed/tests/it/sending.rs"]
mod sending;
#[path = "../../../embed/tests/it/siege.rs"]
mod siege;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate::signatures::cavage;
use federate_testkit::hostile::{Answer, Hostile, Person};
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::TokioIo;
use sqlx::PgPool;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::processes::{Process, start};
use crate::sending::PATIENCE;

const EACH: usize = 24;

/// Asks a process, whatever host the request is for, as a proxy would. 0 where there is no answer.
async fn ask(process: &Process, mut request: Request<Bytes>) -> u16 {
    let target = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
    *request.uri_mut() = target;
    let asking = async {
        let stream = TokioIo::new(TcpStream::connect(&process.address).await.ok()?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.ok()?;
        tokio::spawn(connection);
        let answer = sender.send_request(request.map(Full::new)).await.ok()?;
        Some(answer.status().as_u16())
    };
    timeout(PATIENCE, asking).await.unwrap().unwrap_or(0)
}

/// As peers and people do: where a process is gone, the next one is asked.
async fn ask_any(processes: &[Process], first: usize, request: Request<Bytes>, status: u16) {
    for process in processes.iter().cycle().skip(first).take(6) {
        if ask(process, request.clone()).await == status {
            return;
        }
    }
    panic!("no process answered {status}");
}

fn activity(bob: &Person, base: &str, number: usize, mut activity: serde_json::Value) -> Request<Bytes> {
    let id = format!("{}#{number}", bob.id());
    activity["@context"] = "https://www.w3.org/ns/activitystreams".into();
    activity["id"] = id.into();
    activity["actor"] = bob.id().into();
    activity["to"] = "https://www.w3.org/ns/activitystreams#Public".into();
    let request = Request::post(format!("{base}/inbox"))
        .header("content-type", "application/activity+json")
        .body(activity.to_string().into())
        .unwrap();
    cavage(request, SystemTime::now()).sign(bob.key()).unwrap()
}

fn comment(bob: &Person, base: &str, number: usize) -> Request<Bytes> {
    let note = serde_json::json!({
        "id": format!("{}/notes/{number}", bob.id()), "type": "Note", "attributedTo": bob.id(), "content": "<p>hello</p>",
        "inReplyTo": format!("{base}/posts/1"), "to": "https://www.w3.org/ns/activitystreams#Public",
    });
    activity(
        bob,
        base,
        number,
        serde_json::json!({ "type": "Create", "object": note }),
    )
}

fn post(number: usize) -> Request<Bytes> {
    Request::post("/posts")
        .header("host", "forum.test")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("author=alice&title=Number{number}x&html=there").into())
        .unwrap()
}

/// Waits until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(PATIENCE, waiting).await.is_ok(), "{what}");
}

#[tokio::test]
async fn three_processes_lose_nothing_though_one_is_killed() {
    let Some(database) = cluster::database() else {
        return;
    };
    let server = Hostile::start().await;
    let bob = server.person("bob");
    server.serve(&bob);
    for inbox in ["/inbox", "/users/bob/inbox"] {
        server.answer(inbox, Answer::status(202));
    }
    // Where a proxy would stand: its address is the forum's.
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", proxy.local_addr().unwrap());
    let db = PgPool::connect(&database.url).await.unwrap();
    let (a, b, c) = tokio::join!(
        start("a", &base, &database.url),
        start("b", &base, &database.url),
        start("c", &base, &database.url)
    );
    let mut processes = vec![a, b, c];
    sqlx::raw_sql("insert into users (name, display) values ('alice', 'Alice'); insert into posts (author, title, html) values ('alice', 'Hi', '')")
        .execute(&db)
        .await
        .unwrap();
    let follow = serde_json::json!({ "type": "Follow", "object": format!("{base}/u/alice") });
    ask_any(&processes, 0, activity(&bob, &base, 1_000, follow), 202).await;
    let got = |text: &str| {
        let all = server.requests();
        all.iter()
            .any(|request| String::from_utf8_lossy(request.body()).contains(text))
    };
    until("bob is accepted", async || got("\"Accept\"")).await;
    for number in 0..EACH {
        ask_any(&processes, number, comment(&bob, &base, number), 202).await;
        ask_any(&processes, number, post(number), 303).await;
        if number == EACH / 2 {
            // In the middle of whatever it does, by SIGKILL; then its supervisor starts it again.
            let victim = &mut processes[0];
            victim.child.kill().await.unwrap();
            let name = victim.name.clone();
            ask_any(&processes, 0, comment(&bob, &base, EACH), 202).await;
            processes[0] = start(&name, &base, &database.url).await;
        }
    }
    let figures = async || -> (i64, i64) {
        sqlx::query_as(
            "select (select count(*) from remote_comments), (select unread from posts where id = 1)",
        )
        .fetch_one(&db)
        .await
        .unwrap()
    };
    let all = i64::try_from(EACH + 1).unwrap();
    until("every comment is there", async || figures().await.0 == all).await;
    until("every post is delivered", async || {
        (0..EACH).all(|number| got(&format!("Number{number}x")))
    })
    .await;
    // Each comment once, and its author was told once.
    assert_eq!(figures().await, (all, all));
    // What came twice is the same activity: a delivery that was under way when its process died.
    let ids: BTreeSet<String> = server
        .requests()
        .iter()
        .filter_map(|request| serde_json::from_slice::<serde_json::Value>(request.body()).ok())
        .filter(|activity| activity["type"] == "Create")
        .map(|activity| activity["object"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), EACH);
}
