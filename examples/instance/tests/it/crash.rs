//! `kill -9` between the answer to a post and its delivery.

use crate::program::{Instance, uri};

#[tokio::test]
async fn p1_a_post_arrives_though_its_sender_was_killed() {
    let (a, mut b) = (Instance::start(), Instance::start());
    let (alice, bob) = (a.person("alice", &[]), b.person("bob", &[]));
    alice.follows(&bob).await;

    let first = bob.say("killed at once", "public").await;
    b.kill();
    b.start_again();
    alice.reads(&uri(&first)).await;
}

#[tokio::test]
async fn p1_a_post_arrives_though_the_first_attempt_failed_and_its_sender_was_killed() {
    let (mut a, mut b) = (Instance::start(), Instance::start());
    let (alice, bob) = (a.person("alice", &[]), b.person("bob", &[]));
    alice.follows(&bob).await;

    a.kill();
    let post = bob.say("nobody listens", "public").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await; // the first attempt meets a closed port
    b.kill();
    b.start_again();
    a.start_again();
    alice.reads(&uri(&post)).await;
    let copies = alice
        .home()
        .await
        .into_iter()
        .filter(|s| s["uri"] == post["uri"])
        .count();
    assert_eq!(copies, 1);
}
