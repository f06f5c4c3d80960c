//! A throwaway PostgreSQL for tests, of the server binaries that are installed.
//!
//! One cluster for a test binary, on a socket in a directory of its own, with a database for each test. It needs nothing but
//! the standard library, so that the tests of other crates can use it too, with
//! `#[path = "../../../federate-postgres/tests/support/cluster.rs"] mod cluster;`.
//!
//! The server does not outlive the test, however that ends: a shell stands beside it, whose standard input is a pipe that
//! only this process holds. When the pipe closes, the shell stops the server and removes the directory.
//!
//! `FEDERATE_TEST_POSTGRES_URL` names a server to use instead (its role must be allowed to make databases). Where there is
//! none and nothing is installed, tests are skipped and say so; with `FEDERATE_REQUIRE_POSTGRES=1` that is a failure.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part of it"
)]
#![expect(clippy::expect_used, reason = "a test without its server fails by panicking")]
#![expect(clippy::panic, reason = "a test without its server fails by panicking")]
#![expect(clippy::print_stderr, reason = "whoever runs the tests sees what was skipped")]
#![expect(
    clippy::disallowed_methods,
    reason = "what the machine has is a matter of its environment"
)]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// What the shell does. Parameters: the directory of the binaries, and options of the server.
const WATCHDOG: &str = r#"
trap '' INT HUP TERM
directory=$(mktemp -d /tmp/federate-postgres.XXXXXX) || exit 1
log=$directory/log
if "$1/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$log" 2>&1 &&
    "$1/pg_ctl" -D "$directory/data" -l "$log" -w -t 60 -o "-k $directory -c listen_addresses= -c max_connections=300 $2" \
        start >/dev/null 2>&1
then
    echo "$directory"
    cat >/dev/null
else
    tr '\n' ' ' <"$log" >&2
fi
"$1/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$directory"
"#;

/// A running server of our own.
pub struct Cluster {
    directory: PathBuf,
    binaries: PathBuf,
    watchdog: Child,
}

/// A database that nobody else uses.
pub struct Database {
    /// How to connect to it.
    pub url: String,
    /// What to drop it with, where the server is not ours.
    drop: Option<(PathBuf, String, String)>,
}

/// A fresh database on the server that all tests of this binary share. `None`: there is no server, and the test is skipped.
pub fn database() -> Option<Database> {
    if let Ok(url) = env::var("FEDERATE_TEST_POSTGRES_URL") {
        return Some(on_server(&url));
    }
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).as_ref().map(Cluster::database)
}

impl Cluster {
    /// Starts a server. `None`: none is installed, and the test is skipped.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// As [`Cluster::start`], with options of the server, as in `-c fsync=off`.
    pub fn start_with(options: &str) -> Option<Self> {
        let Some(binaries) = binaries() else {
            assert!(
                env::var_os("FEDERATE_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
                "PostgreSQL is required and not installed"
            );
            eprintln!("skipped: PostgreSQL is not installed");
            return None;
        };
        let mut watchdog = unprivileged("sh")
            .args(["-c", WATCHDOG, "sh"])
            .arg(&binaries)
            .arg(options)
            // What is meant for the tests in the terminal must not end it before them.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut said = String::new();
        let stdout = watchdog.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut said).expect("its answer");
        let directory = PathBuf::from(said.trim());
        if said.trim().is_empty() {
            panic!("the server did not start");
        }
        Some(Self {
            directory,
            binaries,
            watchdog,
        })
    }

    /// A fresh database.
    pub fn database(&self) -> Database {
        let name = name();
        run(Command::new(self.binaries.join("createdb"))
            .arg("-h")
            .arg(&self.directory)
            .args(["-U", "postgres", &name]));
        let directory = self.directory.display();
        Database {
            url: format!("postgres://postgres@localhost/{name}?host={directory}"),
            drop: None,
        }
    }

    /// Kills the server as a crash would, and starts it again, which makes it recover.
    pub fn crash_and_restart(&self) {
        run(unprivileged(self.binaries.join("pg_ctl"))
            .arg("-D")
            .arg(self.directory.join("data"))
            .arg("-l")
            .arg(self.directory.join("log"))
            .args(["-m", "immediate", "-w", "-t", "60", "restart"]));
    }

    /// The contents of a database of it as statements.
    pub fn dump(&self, database: &Database) -> String {
        let output = Command::new(self.binaries.join("pg_dump"))
            .args(["--inserts", "--no-owner", "--no-privileges", &database.url])
            .output()
            .expect("pg_dump");
        assert!(output.status.success(), "pg_dump failed");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Cluster {
    /// Runs the statements of a dump in a database of it, as an operator would.
    pub fn restore(&self, dump: &str, database: &Database) {
        let mut psql = Command::new(self.binaries.join("psql"))
            .args(["-q", "-v", "ON_ERROR_STOP=1", &database.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("psql");
        let mut stdin = psql.stdin.take().expect("it is piped");
        stdin.write_all(dump.as_bytes()).expect("psql reads");
        drop(stdin);
        assert!(psql.wait().expect("psql").success(), "psql failed");
    }
}

impl Database {
    /// One that somebody else made and will drop.
    pub fn existing(url: String) -> Self {
        Self { url, drop: None }
    }

    /// Runs statements in one transaction, for tests without a driver; again where those of others stood in each other's way.
    pub fn execute(&self, statements: &str) {
        let psql = binaries().unwrap_or_default().join("psql");
        for tries in 1.. {
            let output = Command::new(&psql)
                .args([
                    "-X",
                    "-q",
                    "-1",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-c",
                    statements,
                    &self.url,
                ])
                .output()
                .expect("psql");
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                return;
            }
            assert!(tries < 10 && said.contains("deadlock detected"), "psql: {said}");
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((dropdb, server, name)) = &self.drop {
            let _ = Command::new(dropdb)
                .args(["--if-exists", "--force", "--maintenance-db", server, name])
                .status();
        }
    }
}

fn on_server(server: &str) -> Database {
    let binaries = binaries().unwrap_or_default();
    let name = name();
    run(Command::new(binaries.join("createdb")).args(["--maintenance-db", server, &name]));
    let (before, parameters) = server.split_once('?').unwrap_or((server, ""));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let end = before
        .get(authority..)
        .and_then(|rest| rest.find('/'))
        .map_or(before.len(), |at| authority + at);
    let before = before.get(..end).unwrap_or(before);
    Database {
        url: format!("{before}/{name}?{parameters}"),
        drop: Some((binaries.join("dropdb"), server.to_owned(), name)),
    }
}

/// A name that no other test, and no other run, has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("federate_test_{}_{next}", std::process::id())
}

/// Where the binaries of the newest version lie: Debian keeps them out of the path.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .into_iter()
        .flatten();
    let versions = versions.filter_map(|version| {
        let number: u32 = version.ok()?.file_name().to_str()?.parse().ok()?;
        Some((number, PathBuf::from(format!("/usr/lib/postgresql/{number}/bin"))))
    });
    let debian = versions.max().map(|(_, directory)| directory);
    let path = env::var_os("PATH").unwrap_or_default();
    debian
        .into_iter()
        .chain(env::split_paths(&path))
        .find(|directory| {
            ["initdb", "pg_ctl", "createdb"]
                .iter()
                .all(|name| directory.join(name).exists())
        })
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: impl AsRef<Path>) -> Command {
    let id = |args: &[&str]| {
        let output = Command::new("id")
            .args(args)
            .stderr(Stdio::null())
            .output()
            .expect("id");
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if id(&["-u"]).is_none_or(|uid| uid != "0") {
        return Command::new(program.as_ref());
    }
    let user = if id(&["-u", "postgres"]).is_some() {
        "postgres"
    } else {
        "nobody"
    };
    let (uid, gid) = (id(&["-u", user]), id(&["-g", user]));
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={}", uid.unwrap_or_default()))
        .arg(format!("--regid={}", gid.unwrap_or_default()))
        .arg("--clear-groups")
        .arg(program.as_ref())
        .current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("a program of PostgreSQL");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
