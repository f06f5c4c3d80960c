//! A child under `strace`, and what of it matters to the disk.

use super::child::FILE;
use std::{
    collections::HashMap,
    path::Path,
    process::{Command, Stdio},
};

const CALLS: &str = "trace=open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,\
                     copy_file_range,sendfile,fsync,fdatasync,sync_file_range,unlink,unlinkat,rename,renameat,renameat2";

/// One thing that happened in the directory, or was said. Files by their names in the directory; the directory's own is empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It was opened and may have been made.
    Opened {
        file: String,
    },
    Write {
        file: String,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        file: String,
        length: usize,
    },
    /// What is written from here on is not covered by the sync of that number.
    Syncing {
        file: String,
        sync: usize,
    },
    /// All before [`Event::Syncing`] is on the disk.
    Synced {
        file: String,
        sync: usize,
    },
    Unlinked {
        file: String,
    },
    /// The child says that something is durable.
    Said(String),
}

/// `None`: there is no `strace` that may trace, and the test is skipped.
#[expect(clippy::print_stderr, reason = "whoever runs the tests sees what was skipped")]
#[expect(
    clippy::disallowed_methods,
    reason = "what the machine has is a matter of its environment"
)]
pub(super) fn record() -> Option<Vec<Event>> {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    if !tried.as_ref().is_ok_and(|output| output.status.success()) {
        let required = std::env::var_os("FEDERATE_REQUIRE_STRACE").is_some_and(|value| value == "1");
        assert!(!required, "strace is required: {tried:?}");
        eprintln!("skipped: strace is not installed or may not trace: {tried:?}");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let (data, log) = (directory.path().join("data"), directory.path().join("trace"));
    std::fs::create_dir(&data).unwrap();
    let status = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-y",
            "--seccomp-bpf",
            "-xx",
            "-s",
            "10000000",
            "-e",
            CALLS,
            "-o",
        ])
        .arg(&log)
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "power::child::p1_power_child", "--nocapture"])
        .env(FILE, data.join("app.db"))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let log = std::fs::read_to_string(log).unwrap();
    let mut reading = Reading::new(&data);
    for line in log.lines() {
        reading.line(line);
    }
    Some(reading.events)
}

struct Reading {
    directory: String,
    events: Vec<Event>,
    syncs: usize,
    /// By thread: what happens when its call has ended, and what the call returns then.
    unfinished: HashMap<String, (Option<Event>, Option<usize>)>,
}

impl Reading {
    fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_str().unwrap().to_owned(),
            events: Vec::new(),
            syncs: 0,
            unfinished: HashMap::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if call.starts_with("---") || call.starts_with("+++") {
            return;
        }
        let returned = call.rsplit_once(") = ").map(|(_, value)| value);
        let returned = returned.map(|value| value.split([' ', '<']).next().unwrap());
        if call.starts_with("<...") {
            let returned = returned.or_else(|| call.rsplit_once(" = ").map(|(_, value)| value.trim()));
            let (then, expected) = self.unfinished.remove(thread).unwrap();
            ended(returned.unwrap(), expected, call);
            self.events.extend(then);
            return;
        }
        if returned.is_some_and(|returned| returned.starts_with('-')) {
            return;
        }
        let (name, arguments) = call.split_once('(').unwrap();
        let (then, expected) = self.began(name, arguments);
        match returned {
            Some(returned) => {
                ended(returned, expected, call);
                self.events.extend(then);
            }
            None => {
                assert!(call.ends_with("<unfinished ...>"), "{call:.200}");
                self.unfinished.insert(thread.to_owned(), (then, expected));
            }
        }
    }

    /// What happens at once goes to the events; what happens when the call has ended is returned, and what it has to return.
    fn began(&mut self, name: &str, arguments: &str) -> (Option<Event>, Option<usize>) {
        if name == "write" && arguments.starts_with("1<") {
            let text = String::from_utf8(unhex(between(arguments, ", \"", "\""))).unwrap();
            let said = text.lines().filter_map(|line| line.strip_prefix("did "));
            self.events.extend(said.map(|line| Event::Said(line.to_owned())));
            return (None, None);
        }
        if matches!(name, "open" | "openat" | "creat") {
            let made = name == "creat" || arguments.contains("O_CREAT");
            let file = self.inside(between(arguments, "\"", "\""));
            assert!(!arguments.contains("O_TRUNC") || file.is_none(), "{arguments}");
            let opened = file.filter(|_| made).map(|file| Event::Opened { file });
            return (opened, None);
        }
        if name == "unlink" {
            let file = self.inside(between(arguments, "\"", "\""));
            return (file.map(|file| Event::Unlinked { file }), None);
        }
        let Some(file) = arguments.contains('<').then(|| between(arguments, "<", ">")) else {
            return (None, None);
        };
        let Some(file) = self.inside(file) else {
            return (None, None);
        };
        let last = |text: &str| -> usize {
            let text = text.split([')', ' ']).next().unwrap();
            text.parse().unwrap()
        };
        match name {
            "pwrite64" => {
                let data = unhex(between(arguments, ", \"", "\""));
                let (_, numbers) = arguments.rsplit_once("\", ").unwrap();
                let (length, offset) = numbers.split_once(", ").unwrap();
                assert_eq!(data.len(), last(length), "the whole of it was recorded");
                let expected = data.len();
                let offset = last(offset);
                self.events.push(Event::Write { file, offset, data });
                (None, Some(expected))
            }
            "ftruncate" => {
                let (_, length) = arguments.split_once(">, ").unwrap();
                let length = last(length);
                self.events.push(Event::Truncate { file, length });
                (None, Some(0))
            }
            "fsync" | "fdatasync" => {
                let sync = self.syncs;
                self.syncs += 1;
                self.events.push(Event::Syncing {
                    file: file.clone(),
                    sync,
                });
                (Some(Event::Synced { file, sync }), Some(0))
            }
            _ => panic!("{name} of {file}: the model of the disk does not know it"),
        }
    }

    /// The name in the directory, if it is one. The index of a log is memory that processes share: it is made anew.
    fn inside(&self, path: &str) -> Option<String> {
        let path = String::from_utf8(unhex(path)).unwrap();
        let name = path.strip_prefix(&self.directory)?.trim_start_matches('/');
        (!name.ends_with("-shm")).then(|| name.to_owned())
    }
}

fn ended(returned: &str, expected: Option<usize>, call: &str) {
    if let Some(expected) = expected {
        assert_eq!(returned.parse(), Ok(expected), "{call:.200}");
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text:.200}"));
    rest.split_once(after).unwrap().0
}

/// `\x2f\x74`, as `-xx` writes every byte.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    let bytes = text.as_bytes().chunks_exact(4);
    assert!(bytes.remainder().is_empty(), "{text:.200}");
    bytes.map(|one| digit(one[2]) << 4 | digit(one[3])).collect()
}
