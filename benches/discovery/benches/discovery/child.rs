//! The processes that are measured.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// What starts all of them.
const PROGRAM: &str = env!("CARGO_BIN_EXE_discovery-child");
/// Who is measured, and who makes it work: one core each, where there are two.
pub const MEASURED: usize = 1;
pub const OTHERS: usize = 0;

/// A process that ends with us at the latest.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// A role of `discovery-child`.
    pub fn role(core: usize, arguments: &[&str]) -> Self {
        Self::start(core, &[&[PROGRAM], arguments].concat())
    }

    /// Any program with its arguments.
    pub fn start(core: usize, command: &[&str]) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut child = Command::new(PROGRAM)
            .args(["pinned", &(core % cores).to_string()])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take();
        Self { child, input, output }
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

    /// CPU that it has had so far, in all its threads.
    pub fn cpu(&self) -> Duration {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        clock_getcpuclockid(pid).unwrap().now().unwrap().into()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Instructions of one of many equal steps of a role, which is told by its last argument how often; none without valgrind.
pub fn instructions(role: &[&str], input: &str) -> Option<f64> {
    // What comes once is in both runs, and falls out.
    const WARM: u32 = 64;
    const RUNS: u32 = 400;
    let collected = |times: u32| {
        let mut child = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM])
            .args(role)
            .arg(times.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        writeln!(child.stdin.take()?, "{input}").ok()?;
        let output = child.wait_with_output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        text.lines()
            .find_map(|line| line.split_once("Collected : "))
            .and_then(|(_, count)| count.trim().parse::<f64>().ok())
    };
    Some((collected(WARM + RUNS)? - collected(WARM)?) / f64::from(RUNS))
}
