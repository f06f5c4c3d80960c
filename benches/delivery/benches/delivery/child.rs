//! The processes that are measured, and those that they talk to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use federate_benches_delivery::sink::{Expected, Report};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use tempfile::TempDir;

/// What starts all of them.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_delivery-child");

/// A process that ends with us at the latest.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it may write to; gone with it.
    _folder: Option<TempDir>,
}

impl Process {
    /// A role of `delivery-child`.
    pub fn role(arguments: &[&str]) -> Self {
        Self::start(Command::new(PROGRAM).args(arguments), None)
    }

    /// Any program.
    pub fn start(command: &mut Command, folder: Option<TempDir>) -> Self {
        let mut child = command
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

    /// Waits until it says that.
    pub fn wait_for(&mut self, line: &str) {
        let said = self.hear();
        assert_eq!(said, line, "a process ended, or says something else");
    }

    /// CPU that it has had so far, in all its threads.
    pub fn cpu(&self) -> Duration {
        clock_getcpuclockid(self.pid()).unwrap().now().unwrap().into()
    }

    /// The most MB that it has held in memory.
    pub fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024.0
    }

    pub fn pid(&self) -> Pid {
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

/// The process that is delivered to.
pub struct Sink {
    pub process: Process,
    pub port: u16,
}

impl Sink {
    pub fn start(hosts: usize) -> Self {
        let mut process = Process::role(&["sink", &hosts.to_string()]);
        let port = process.hear().parse().unwrap();
        Self { process, port }
    }

    pub fn expect(&mut self, expected: &Expected) {
        self.process.say(&serde_json::to_string(expected).unwrap());
        self.process.wait_for("expecting");
    }

    /// Waits until all are there, or the patience is over.
    pub fn wait(&mut self) {
        assert!(self.process.hear().ends_with("missing"));
    }

    /// When each pair of activity and inbox came first, by [`clock::now`](federate_benches_delivery::clock::now); 0: not yet.
    pub fn arrivals(&mut self) -> Vec<u64> {
        self.process.say("arrivals");
        serde_json::from_str(&self.process.hear()).unwrap()
    }

    pub fn report(&mut self) -> Report {
        self.process.say("report");
        serde_json::from_str(&self.process.hear()).unwrap()
    }
}
