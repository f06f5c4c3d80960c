//! The processes that are measured, and the one that makes them work.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use federate_benches_inbox::load::Posted;
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use tempfile::TempDir;

/// What starts all of them.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_inbox-child");
/// Who is measured, and who makes it work: one core each, where there are two.
pub const MEASURED: usize = 1;
pub const OTHERS: usize = 0;

/// A process that ends with us at the latest.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it may write to; gone with it.
    _folder: Option<TempDir>,
}

impl Process {
    /// Any program with its arguments, on one core.
    pub fn start(core: usize, command: &[&str], folder: Option<TempDir>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut child = Command::new(PROGRAM)
            .args(["pinned", &(core % cores).to_string()])
            .args(command)
            .env("DANGER_FEDERATION_ALLOW_LOCAL_IP", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take();
        Self {
            child,
            input,
            output,
            _folder: folder,
        }
    }

    /// Says one line to it.
    pub fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line that it says; none where it has ended.
    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Says one line, and hears one.
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    /// CPU that it has had so far, in all its threads.
    pub fn cpu(&self) -> Duration {
        clock_getcpuclockid(self.pid()).unwrap().now().unwrap().into()
    }

    /// The most MB that it has held in memory.
    pub fn peak(&self) -> f64 {
        self.status("VmHWM:") / 1024.0
    }

    /// KiB that it holds now.
    pub fn resident(&self) -> f64 {
        self.status("VmRSS:")
    }

    fn status(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process that posts.
pub struct Load(Process);

impl Load {
    pub fn start() -> Self {
        Self(Process::start(OTHERS, &[PROGRAM, "load"], None))
    }

    /// Keeps so many connections.
    pub fn connections(&mut self, count: u64) {
        assert_eq!(self.0.ask(&format!("connections {count}")), "kept");
    }

    /// Signs the Creates of these numbers.
    pub fn sign(&mut self, from: u64, count: u64) {
        assert_eq!(self.0.ask(&format!("sign {from} {count}")), "signed");
    }

    /// Has it post something, as its own words have it.
    pub fn post(&mut self, words: &str) -> Posted {
        serde_json::from_str(&self.0.ask(words)).unwrap_or_else(|error| panic!("{words}: {error}"))
    }
}
