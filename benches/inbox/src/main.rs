//! The processes of the bench `inbox`: who is posted to, and who posts.
//!
//! Each prints what its parent has to know, and ends when its standard input closes.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use federate_benches_inbox::{load, path, servers};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["pinned", core, program, rest @ ..] => become_pinned(core, program, rest),
        ["receive", name, folder] => servers::run(name, Path::new(folder)),
        ["load"] => load::run(),
        ["sign", file, count] => path::sign(Path::new(file), count.parse().unwrap()),
        ["path", what, file, count] => path::run(what, Path::new(file), count.parse().unwrap()),
        other => panic!("this is started by `cargo bench`: {other:?}"),
    }
}

/// Becomes another program, on one core and no other.
fn become_pinned(core: &str, program: &str, arguments: &[&str]) {
    let mut cores = CpuSet::new();
    cores.set(core.parse().unwrap()).unwrap();
    sched_setaffinity(Pid::from_raw(0), &cores).unwrap();
    panic!("{program}: {}", Command::new(program).args(arguments).exec());
}
