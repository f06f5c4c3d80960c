//! Instructions of one request without sockets, by callgrind.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::child::PROGRAM;

/// What comes once is in both runs, and falls out.
const WARM: u64 = 64;
const RUNS: u64 = 256;
const ROWS: [(&str, &str); 4] = [
    ("verify", "digest and signature alone, ring"),
    ("bare", "bare: digest, signature, serde_json"),
    ("accept", "federate to the 202, in memory"),
    ("handle", "federate from there to the end of the handler"),
];

pub fn run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signed");
    let signed = Command::new(PROGRAM)
        .args(["sign", file.to_str().unwrap(), &(WARM + RUNS).to_string()])
        .status();
    assert!(signed.is_ok_and(|status| status.success()));
    println!(
        "\nInstructions of one request, without sockets (under valgrind: without SHA extensions and AVX-512)"
    );
    let mut first = None;
    for (what, name) in ROWS {
        let counted = collected(what, &file, WARM + RUNS)
            .zip(collected(what, &file, WARM))
            .map(|(more, less)| (more - less) / RUNS as f64);
        let Some(counted) = counted else {
            println!("  valgrind is not there, or cannot run it");
            return;
        };
        let raw = *first.get_or_insert(counted);
        println!(
            "  {name:48} {counted:9.0} {:9.0} beside digest and signature",
            match what {
                "handle" => counted,
                _ => counted - raw,
            }
        );
    }
}

fn collected(what: &str, file: &Path, count: u64) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(["--collect-atstart=no", "--toggle-collect=*path*measured*"])
        .arg(PROGRAM)
        .args(["path", what])
        .arg(file)
        .arg(count.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text.lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, count)| count.trim().parse().ok())
}
