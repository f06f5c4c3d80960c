//! The command line: what it prints, and with what it ends.

use crate::program::{Instance, command, create_account, run};
use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let out = run(arguments);
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2), "{arguments:?}: {said}");
    let lines: Vec<&str> = said.lines().filter(|l| !l.contains(" WARN ")).collect();
    assert_eq!(lines.len(), 1, "{arguments:?}: {said}");
    assert!(out.stdout.is_empty(), "{arguments:?}");
    said
}

#[test]
fn what_cannot_be_meant_is_one_line_and_exit_2() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "no certificate").unwrap();
    let file = file.to_str().unwrap();
    refused(&[]);
    refused(&["serve", "--nonsense"]);
    refused(&["serve", "--listen", "127.0.0.1:0"]);
    refused(&[
        "serve",
        "--listen",
        "nowhere",
        "--base-url",
        "https://a.example",
        "--data",
        data,
    ]);
    for base in [
        "a.example",
        "ftp://a.example",
        "https://a.example/path",
        "http://a.example",
        "https://u:p@a.example",
    ] {
        refused(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--base-url",
            base,
            "--data",
            data,
        ]);
    }
    let good = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--base-url",
        "https://a.example",
        "--data",
    ];
    let said = refused(&[&good[..], &[file]].concat());
    assert!(said.contains("data directory"), "{said}");
    refused(&[&good[..], &[data, "--extra-root-ca", "/nowhere/at/all.pem"]].concat());
    refused(&[&good[..], &[data, "--extra-root-ca", file]].concat());
}

#[test]
fn a_port_in_use() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let said = refused(&[
        "serve",
        "--listen",
        &address,
        "--base-url",
        "https://a.example",
        "--data",
        data,
    ]);
    assert!(said.contains(&address), "{said}");
}

#[test]
fn accounts() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("new");
    let token = create_account(&data, "alice", &["--display-name", "Alice", "--locked"]);
    assert!(
        token.len() >= 32 && token.chars().all(|c| c.is_ascii_alphanumeric()),
        "{token}"
    );
    let data = data.to_str().unwrap();
    let long = "x".repeat(31);
    for name in ["alice", "Alice", "", "a b", "a@b", "ä", "a/b", &long] {
        refused(&["account", "create", name, "--data", data]);
    }
    for entry in std::fs::read_dir(data).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(token.len()).any(|w| w == token.as_bytes()),
            "the token is nowhere on the disk"
        );
    }
}

#[tokio::test]
async fn an_account_is_made_while_the_server_runs() {
    let mut instance = Instance::start();
    let alice = instance.person("alice", &[]);
    let me = alice.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(me["username"], "alice");
    instance.signal("-TERM");
    assert_eq!(instance.wait(), Some(0));
}

#[test]
fn an_interrupt_ends_with_0_behind_https_too() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--base-url",
        "https://a.example",
        "--data",
        data,
    ];
    let mut child = command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(!log.contains("DANGER"), "{log}");
}
