//! The processes of the bench `discovery`: who serves, who asks, who is posted to, and who posts.
//!
//! Each prints what its parent has to know, and ends when its standard input closes.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use federate_benches_discovery::{actors, load, post, servers, sink};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["pinned", core, program, rest @ ..] => become_pinned(core, program, rest),
        ["serve", name] => servers::run(name),
        ["answer", name, target, accept, times] => {
            servers::answer(name, target, accept, times.parse().unwrap())
        }
        ["load", address, path, accept, connections, millis] => load::run(
            address,
            path,
            accept,
            connections.parse().unwrap(),
            millis.parse().unwrap(),
        ),
        ["sink"] => sink::run(),
        ["post"] => post::run(),
        ["post", who, how, times] => post::run_one(who, how, times.parse().unwrap()),
        ["actors", count] => actors::run(count.parse().unwrap()),
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
