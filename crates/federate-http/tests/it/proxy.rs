//! The environment has no say.

use std::process::Command;

use crate::server::{Server, ok};
use crate::{fetch, near};

const TARGET: &str = "FEDERATE_HTTP_TEST_TARGET";

#[tokio::test(flavor = "multi_thread")]
async fn n9_proxies_of_the_environment_are_not_used() {
    let target = Server::fixed(ok("direct")).await;
    let proxy = Server::fixed(ok("by proxy")).await;
    let address = format!("http://{}", proxy.address);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "proxy::n9_child", "--ignored"])
        .env(TARGET, target.url("/"));
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        child.env(name, &address);
    }
    let output = tokio::task::spawn_blocking(move || child.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(target.requests().len(), 1);
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
#[ignore = "run by n9_proxies_of_the_environment_are_not_used"]
async fn n9_child() {
    #[expect(clippy::disallowed_methods, reason = "the parent passes the address so")]
    let target = std::env::var(TARGET).unwrap();
    assert_eq!(fetch(&near(), &target).await.unwrap().body().as_ref(), b"direct");
}
