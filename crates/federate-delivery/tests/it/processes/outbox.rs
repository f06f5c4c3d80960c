//! The program `outbox`, as `cargo test` builds it beside the tests.

use std::{
    collections::BTreeSet,
    io::{BufReader, Read},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

/// The program with a store.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    program: PathBuf,
    store: String,
}

/// An `outbox enqueue` that runs.
#[derive(Debug)]
pub(super) struct Enqueuer {
    process: Process,
    stdout: JoinHandle<String>,
    /// Something was printed.
    first: Receiver<()>,
    /// Inboxes of one activity.
    group: usize,
    expected: usize,
}

/// What an enqueuer that ended had promised.
#[derive(Debug)]
pub(super) struct Run {
    process: u32,
    pub(super) killed: bool,
    /// The activity's id and the inbox, as they were printed.
    pub(super) promised: Vec<(String, String)>,
    group: usize,
}

/// An `outbox work` that runs.
#[derive(Debug)]
pub(super) struct Worker(Process);

/// It does not outlive a test that fails.
#[derive(Debug)]
struct Process(Child);

impl Outbox {
    pub(super) fn new(store: impl Into<String>) -> Self {
        let test = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().with_file_name("examples").join("outbox");
        assert!(
            program.exists(),
            "{program:?} is not there: `cargo test -p federate-delivery` builds it, with `--test` it does not"
        );
        Self {
            program,
            store: store.into(),
        }
    }

    /// `count` activities for the inboxes of that file; with `each`, so many for each of them by itself.
    pub(super) fn enqueue(&self, inboxes: &Path, count: usize, each: bool) -> Enqueuer {
        let lines = std::fs::read_to_string(inboxes).unwrap().lines().count();
        let mut command = self.command("enqueue");
        command.arg("--inboxes").arg(inboxes);
        command.args(["--count", &count.to_string()]);
        if each {
            command.arg("--each");
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (say, first) = sync_channel(1);
        let stdout = std::thread::spawn(move || {
            let mut text = vec![0];
            if stdout.read_exact(&mut text).is_err() {
                return String::new();
            }
            let _ = say.send(());
            stdout.read_to_end(&mut text).unwrap();
            String::from_utf8(text).unwrap()
        });
        Enqueuer {
            process: Process(child),
            stdout,
            first,
            group: if each { 1 } else { lines },
            expected: lines * count,
        }
    }

    /// A worker with this name, which retries after a tenth of a second.
    pub(super) fn work(&self, name: &str, until_empty: bool) -> Worker {
        let mut command = self.command("work");
        command.args([
            "--worker",
            name,
            "--first-retry",
            "0.1",
            "--dangerous-allow-loopback",
        ]);
        if until_empty {
            command.arg("--until-empty");
        }
        Worker(Process(command.spawn().unwrap()))
    }

    /// What `outbox status --json` says.
    pub(super) fn status(&self) -> serde_json::Value {
        let output = self.command("status").arg("--json").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Does this to its end; what it says, or why it does not.
    pub(super) fn does(&self, what: &str, options: &[&str]) -> Result<String, String> {
        let output = self.command(what).args(options).output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8(output.stderr).unwrap()),
        }
    }

    /// What it says when it does not open the store.
    pub(super) fn refuses(&self) -> String {
        let output = self.command("status").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([what, "--store", &self.store]);
        command
    }
}

impl Enqueuer {
    /// Waits until it has begun to promise, if it lives to do so.
    pub(super) fn wait(&self) {
        let _ = self.first.recv_timeout(Duration::from_secs(5));
    }

    /// `SIGKILL`.
    pub(super) fn kill(mut self) -> Run {
        self.process.0.kill().unwrap();
        self.end()
    }

    /// Waits until it has ended by itself.
    pub(super) fn end(self) -> Run {
        let expected = self.expected;
        let (run, status, said) = self.ended();
        if !run.killed {
            assert!(status.success(), "enqueue ended with {status}: {said}");
            assert_eq!(run.promised.len(), expected, "a line for each delivery");
        }
        run
    }

    /// Waits until it has ended because the store refused; what it said of that.
    pub(super) fn end_refused(self) -> (Run, String) {
        let (run, status, said) = self.ended();
        assert_eq!(status.code(), Some(1), "{said}");
        (run, said)
    }

    fn ended(mut self) -> (Run, ExitStatus, String) {
        let process = self.process.0.id();
        // It says a line at most: that fits into the pipe.
        let status = self.process.0.wait().unwrap();
        let mut said = String::new();
        let stderr = self.process.0.stderr.take().unwrap();
        BufReader::new(stderr).read_to_string(&mut said).unwrap();
        let printed = self.stdout.join().unwrap();
        // Only whole lines count: the last one may be cut.
        let whole = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let promised: Vec<_> = whole
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(id, inbox)| (id.to_owned(), inbox.to_owned()))
            .collect();
        let run = Run {
            process,
            killed: was_killed(status),
            promised,
            group: self.group,
        };
        (run, status, said)
    }
}

impl Run {
    /// Whether the kill can have come between the commit of this activity and the line about it.
    pub(super) fn was_about_to_promise(&self, id: &str) -> bool {
        let mut parts = id.rsplit('-');
        let (number, process) = (parts.next().unwrap(), parts.next().unwrap());
        let of_this_run = match self.promised.first() {
            Some((first, _)) => {
                first.rsplit_once('-').map(|(run, _)| run) == id.rsplit_once('-').map(|(run, _)| run)
            }
            None => process == self.process.to_string(),
        };
        let next = self.promised.len() / self.group + 1;
        self.killed && of_this_run && number == next.to_string()
    }
}

impl Worker {
    /// `SIGKILL`. It must have been running.
    pub(super) fn kill(mut self) {
        self.0.0.kill().unwrap();
        let status = self.0.0.wait().unwrap();
        assert!(was_killed(status), "a worker ended by itself: {status}");
    }

    /// `SIGTERM`, and waits: it finishes what is under way.
    pub(super) fn stop(self) {
        let id = self.0.0.id().to_string();
        // One that was started a moment ago is not itself yet.
        for _ in 0..1_000 {
            if hears_sigterm(&id) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        self.end(Duration::from_secs(30));
    }

    /// Waits until it has ended by itself, at most so long.
    pub(super) fn end(mut self, patience: Duration) {
        const LOOK: Duration = Duration::from_millis(10);
        for _ in 0..patience.as_millis() / LOOK.as_millis() {
            if let Some(status) = self.0.0.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            std::thread::sleep(LOOK);
        }
        panic!("a worker did not end in {patience:?}");
    }
}

/// Whether a process catches SIGTERM, as Linux says it; elsewhere it is taken for granted.
fn hears_sigterm(id: &str) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) else {
        return true;
    };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_none_or(|mask| mask >> 14 & 1 == 1)
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

/// All that was promised; each delivery once.
pub(super) fn promised(runs: &[Run]) -> BTreeSet<(String, String)> {
    let all = runs.iter().flat_map(|run| run.promised.iter().cloned());
    let set: BTreeSet<_> = all.collect();
    let lines: usize = runs.iter().map(|run| run.promised.len()).sum();
    assert_eq!(set.len(), lines, "no delivery is promised twice");
    set
}
