//! Accounts that close, of people of whom nobody here has ever heard.

use std::time::Duration;

use federate_benches_inbox::senders::STRANGE_HOSTS;
use federate_benches_inbox::tally::Report;

use crate::candidate::{Candidate, Role};
use crate::child::Load;

const CANDIDATES: [Candidate; 3] = [
    Candidate {
        name: "federate, SQLite",
        role: Role::Ours("sqlite"),
    },
    Candidate {
        name: "federate, in memory",
        role: Role::Ours("memory"),
    },
    Candidate {
        name: "Fedify 2.3.6",
        role: Role::Fedify,
    },
];
/// How often it is looked how much memory there is.
const STEPS: u64 = 10;
/// KiB that may be held more after the last than after the first tenth: of so many strangers something would be more.
const MOST_GROWN: f64 = 4.0 * 1024.0;
/// What Fedify gets of them.
const FEDIFYS_SHARE: u64 = 20;

pub fn run(deletes: u64, only: Option<&str>) {
    let mut load = Load::start();
    println!("\n{deletes} Deletes of actors who were never known, on {STRANGE_HOSTS} hosts, each its own");
    for candidate in CANDIDATES.iter().filter(|one| one.is_wanted(only)) {
        let mut server = match candidate.start() {
            Ok(server) => server,
            Err(why) => {
                println!("without {}: {why}", candidate.name);
                continue;
            }
        };
        let is_ours = candidate.role.is_ours();
        let count = if is_ours { deletes } else { deletes / FEDIFYS_SHARE };
        let step = count / STEPS;
        let mut cpu = Duration::ZERO;
        let mut resident = vec![server.process.resident()];
        let mut answers = std::collections::BTreeMap::<u16, u64>::new();
        for number in 0..STEPS {
            let before = server.process.cpu();
            let posted = load.post(&format!("delete {} {} {step}", server.port, number * step));
            cpu += server.process.cpu() - before;
            resident.push(server.process.resident());
            for (status, count) in posted.answers {
                *answers.entry(status).or_default() += count;
            }
        }
        let report = server.settled(0);
        println!(
            "  {}: {:.1} us of CPU each, answers {answers:?}, {} look-ups",
            candidate.name,
            cpu.as_secs_f64() * 1e6 / (step * STEPS) as f64,
            report.asked,
        );
        let shown: Vec<_> = resident.iter().map(|kib| format!("{kib:.0}")).collect();
        println!(
            "    resident KiB, at the start and after each {step}: {}",
            shown.join(" ")
        );
        if is_ours {
            assert_eq!(report, Report::default(), "{}", candidate.name);
            let grown = resident[resident.len() - 1] - resident[1];
            assert!(grown <= MOST_GROWN, "{}: {grown} KiB more", candidate.name);
            assert_eq!(answers.into_iter().collect::<Vec<_>>(), [(202, step * STEPS)]);
        }
    }
}
