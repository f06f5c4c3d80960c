//! The forum's processes.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::sending::PATIENCE;

/// One process of the forum.
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) child: Child,
}

/// Starts one; it has this name in all its lives.
pub(crate) async fn start(name: &str, base: &str, database: &str) -> Process {
    let mut child = Command::new(env!("CARGO_BIN_EXE_embed-postgres"))
        .args([name, base, "127.0.0.1:0", database])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    Process {
        name: name.to_owned(),
        address: line.strip_prefix("listens at ").unwrap().to_owned(),
        child,
    }
}
