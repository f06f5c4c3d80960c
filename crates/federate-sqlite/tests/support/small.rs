//! A file system of a few megabytes for a test that fills it: a tmpfs in a mount namespace of a process of its own, which
//! nobody else sees and which goes with the process.
//!
//! The tests of other crates use it with `#[path = "../../../federate-sqlite/tests/support/small.rs"] mod small;`. Where the
//! machine lets nobody mount, tests are skipped and say so; with `FEDERATE_REQUIRE_TMPFS=1` that is a failure.
#![allow(unreachable_pub, reason = "each test binary uses it at its own place")]
#![expect(
    clippy::disallowed_methods,
    reason = "how the parent tells its child what to do, and what the machine has"
)]

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

const DIRECTORY: &str = "FEDERATE_SMALL_DIRECTORY";
const MOUNT: &str = "mount -t tmpfs -o size=\"$1\" federate \"$2\" && shift 2 && exec \"$@\"";
const BALLAST: &str = "ballast";

/// The small file system, in the process that [`repeat_on`] has started. `None` in the one that should call it.
pub fn directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Runs the test of this name once more, by itself, where a file system has this size (`8m`).
#[expect(clippy::print_stderr, reason = "whoever runs the tests sees what was skipped")]
pub fn repeat_on(size: &str, test: &str) {
    let directory = tempfile::tempdir().unwrap();
    let inside = |namespace: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(namespace)
            .args(["--", "sh", "-c", MOUNT, "sh", size]);
        command.arg(directory.path());
        command
    };
    // The superuser needs no user namespace, which some machines forbid; others may have one.
    let namespaces: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let works = |namespace: &&[&str]| {
        let tried = inside(namespace).arg("true").output();
        tried.is_ok_and(|output| output.status.success())
    };
    let Some(namespace) = namespaces.into_iter().find(works) else {
        let required = std::env::var_os("FEDERATE_REQUIRE_TMPFS").is_some_and(|value| value == "1");
        assert!(
            !required,
            "a file system of this size is required and cannot be mounted"
        );
        eprintln!("skipped: this machine lets us mount nothing");
        return;
    };
    let status = inside(namespace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DIRECTORY, directory.path())
        .status()
        .unwrap();
    assert!(status.success(), "{test} on a file system of {size}");
}

/// Fills the file system, but for so many bytes.
pub fn fill(directory: &Path, but: u64) {
    let mut ballast = File::options()
        .create(true)
        .append(true)
        .open(directory.join(BALLAST))
        .unwrap();
    while ballast.write_all(&[b'x'; 4_096]).is_ok() {}
    let length = ballast.metadata().unwrap().len();
    ballast.set_len(length.saturating_sub(but)).unwrap();
}

/// Frees what was filled.
pub fn free(directory: &Path) {
    std::fs::remove_file(directory.join(BALLAST)).unwrap();
}
