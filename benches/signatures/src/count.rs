//! Instructions, which repeat where times do not.

use crate::case::Case;
use std::process::{Command, Stdio};

/// Runs one case so often: what valgrind is started with.
pub fn run_one(cases: &mut [Case], index: usize, times: u32) {
    for _ in 0..times {
        (cases[index].run)();
    }
}

/// Instructions of one run of each case, or why there are none.
pub fn instructions(count: usize) -> Result<Vec<u64>, String> {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !version.is_ok_and(|status| status.success()) {
        return Err("valgrind is not there".to_owned());
    }
    (0..count)
        .map(|index| {
            Ok(collected(index, WARM + RUNS)?.saturating_sub(collected(index, WARM)?) / u64::from(RUNS))
        })
        .collect()
}

/// What comes once is in both runs, and falls out.
const WARM: u32 = 3;
const RUNS: u32 = 20;

fn collected(index: usize, times: u32) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--one", &index.to_string(), &times.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    let found = text
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, n)| n.trim().parse().ok());
    found.ok_or_else(|| format!("callgrind says nothing of case {index}: {text}"))
}
