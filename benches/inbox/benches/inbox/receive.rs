//! Signed Creates, each handled once.

use std::time::{Duration, Instant};

use federate_benches_inbox::senders::{BODY, KNOWN};
use federate_benches_inbox::signed::TAMPERED;
use federate_benches_inbox::tally::{MOST, Report};

use crate::candidate::{Candidate, Role, Server};
use crate::child::Load;
use crate::median;

const CANDIDATES: [Candidate; 11] = [
    candidate("bare axum: digest, ring, serde_json", Role::Bare),
    candidate("federate, SQLite", Role::Ours("sqlite")),
    candidate("federate, SQLite, handled later", Role::Ours("sqlite-later")),
    candidate(
        "federate, SQLite, federate_axum::serve",
        Role::Ours("sqlite-serve"),
    ),
    candidate("federate, SQLite, aws-lc-rs", Role::Ours("sqlite+aws-lc")),
    candidate(
        "federate, SQLite, aws-lc-rs, handled later",
        Role::Ours("sqlite-later+aws-lc"),
    ),
    candidate("federate, in memory", Role::Ours("memory")),
    candidate("federate, in memory, handled later", Role::Ours("memory-later")),
    candidate(
        "activitypub_federation 0.7.0-beta.14",
        Role::ActivitypubFederation,
    ),
    candidate("actpub 0.2", Role::Actpub),
    candidate("Fedify 2.3.6", Role::Fedify),
];
const BARE: usize = 0;
const OURS: usize = 1;
const LATER: usize = 2;
const WITH_AWS_LC: usize = 4;
const WITH_AWS_LC_LATER: usize = 5;
const ACTIVITYPUB_FEDERATION: usize = 8;
const ACTPUB: usize = 9;
const FEDIFY: usize = 10;

/// Requests before those that are measured: connections, caches, and node's compiler.
const WARM: u64 = 1_000;
/// What Fedify gets of them: it would take minutes for all.
const FEDIFYS_SHARE: u64 = 4;

const fn candidate(name: &'static str, role: Role) -> Candidate {
    Candidate { name, role }
}

/// Round by round.
#[derive(Default)]
struct Figures {
    /// Microseconds of CPU for each request, to the last answer and until all is handled.
    answered: Vec<f64>,
    handled: Vec<f64>,
    /// Answers a second, and activities handled a second.
    rate: Vec<f64>,
    handled_rate: Vec<f64>,
    peak: Vec<f64>,
    /// What it takes that it should not.
    notes: Vec<String>,
}

pub fn run(rounds: usize, requests: u64, connections: u64, only: Option<&str>) {
    assert!(rounds as u64 * (requests + WARM) < MOST, "too many for a tally");
    let mut load = Load::start();
    load.connections(connections);
    let mut figures: Vec<Option<Figures>> = CANDIDATES
        .iter()
        .map(|one| one.is_wanted(only).then(Figures::default))
        .collect();
    for number in 0..rounds as u64 {
        // Anew for each round: nobody takes a signature that is older than an hour.
        let first = number * (requests + WARM);
        load.sign(first, requests + WARM);
        for (candidate, slot) in CANDIDATES.iter().zip(&mut figures) {
            let Some(figures) = slot else { continue };
            match candidate.start() {
                Ok(mut server) => {
                    round(candidate, &mut server, &mut load, first, requests, figures);
                    if number == 0 {
                        figures.notes = abused(candidate, &mut server, &mut load, first);
                    }
                }
                Err(why) => {
                    println!("without {}: {why}", candidate.name);
                    *slot = None;
                }
            }
        }
    }
    print(rounds, requests, connections, &figures);
}

fn round(
    candidate: &Candidate,
    server: &mut Server,
    load: &mut Load,
    first: u64,
    requests: u64,
    figures: &mut Figures,
) {
    let later = candidate.role.is_handled_later();
    let count = match candidate.role {
        Role::Fedify => requests / FEDIFYS_SHARE,
        _ => requests,
    };
    let port = server.port;
    let all_taken = |words: String, count, load: &mut Load| {
        let posted = load.post(&words);
        let taken: u64 = posted
            .answers
            .iter()
            .filter(|(status, _)| (200..300).contains(*status))
            .map(|(_, answers)| answers)
            .sum();
        assert_eq!(taken, count, "{}: {posted:?}", candidate.name);
        posted
    };
    all_taken(format!("post {port} {first} {WARM}"), WARM, load);
    // What is handled later is not handled yet, and counts with the rest.
    if !later {
        assert_eq!(server.settled(WARM), once(WARM), "{}", candidate.name);
    }
    let (cpu, began) = (server.process.cpu(), Instant::now());
    let posted = all_taken(format!("post {port} {} {count}", first + WARM), count, load);
    let answered = server.process.cpu() - cpu;
    let (all, in_all) = if later {
        assert_eq!(server.process.ask("engine"), "runs");
        let began = Instant::now();
        assert_eq!(
            server.settled(WARM + count),
            once(WARM + count),
            "{}",
            candidate.name
        );
        // Those from before were stored before, and are handled now: a share of the handling is theirs.
        let handling = server.process.cpu() - cpu - answered;
        let share = count as f64 / (WARM + count) as f64;
        let time = Duration::from_nanos(posted.nanos) + began.elapsed().mul_f64(share);
        (time, answered + handling.mul_f64(share))
    } else {
        assert_eq!(
            server.settled(WARM + count),
            once(WARM + count),
            "{}",
            candidate.name
        );
        (began.elapsed(), server.process.cpu() - cpu)
    };
    let count = count as f64;
    figures.answered.push(answered.as_secs_f64() * 1e6 / count);
    figures.handled.push(in_all.as_secs_f64() * 1e6 / count);
    figures.rate.push(count / posted.nanos as f64 * 1e9);
    figures.handled_rate.push(count / all.as_secs_f64());
    figures.peak.push(server.process.peak());
}

/// Each once, and nobody asked for anything.
fn once(handled: u64) -> Report {
    Report {
        handled,
        ..Report::default()
    }
}

/// What was changed on the way has to be refused, and what comes again not to be handled again: what does not hold.
fn abused(candidate: &Candidate, server: &mut Server, load: &mut Load, first: u64) -> Vec<String> {
    let before = server.settled(0);
    let mut notes = Vec::new();
    let port = server.port;
    for (number, way) in (first + WARM + 1_000_000..).zip(TAMPERED) {
        let posted = load.post(&format!("tampered {port} {number} {way}"));
        let refused = posted.answers.keys().all(|status| (400..500).contains(status));
        if !refused {
            notes.push(format!("{way}: answered {:?}", posted.answers));
        }
    }
    load.post(&format!("post {port} {first} 1"));
    let after = server.settled(before.handled);
    if after.handled != before.handled {
        notes.push(format!("{} tampered handled", after.handled - before.handled));
    }
    if after.twice != before.twice {
        notes.push("the same again is handled again".to_owned());
    }
    // The bare handler has no memory of what it took.
    let expected = match candidate.role {
        Role::Bare => 1,
        Role::Ours(_) => 0,
        _ => return notes,
    };
    assert_eq!(notes.len(), expected, "{}: {notes:?}", candidate.name);
    notes
}

fn ratios(ours: &[f64], others: &[f64]) -> Vec<f64> {
    ours.iter()
        .zip(others)
        .map(|(ours, others)| ours / others)
        .collect()
}

fn print(rounds: usize, requests: u64, connections: u64, figures: &[Option<Figures>]) {
    println!(
        "\n{requests} signed Creates of {BODY} bytes from {KNOWN} known actors, {connections} connections kept, median of {rounds} rounds; ratios to bare round by round"
    );
    println!(
        "  {:40} {:>11} {:>6} {:>11} {:>6} {:>11} {:>8} {:>6} {:>9} {:>7}",
        "", "CPU us to", "to", "CPU us with", "to", "", "", "to", "handled", "peak"
    );
    println!(
        "  {:40} {:>11} {:>6} {:>11} {:>6} {:>11} {:>8} {:>6} {:>9} {:>7}",
        "", "the answer", "bare", "handling", "bare", "from-to", "answers/s", "bare", "/s", "MB"
    );
    for (index, row) in figures.iter().enumerate() {
        let Some(row) = row else { continue };
        let to_bare = |pick: fn(&Figures) -> &Vec<f64>| match &figures[BARE] {
            Some(bare) => ratios(pick(row), pick(bare)),
            None => vec![f64::NAN],
        };
        let mut handled = to_bare(|row| &row.handled);
        let ratio = median(&mut handled);
        // Where both go on at once, nobody can say what was for the answer.
        let is_told_apart = !CANDIDATES[index].role.is_ours() || CANDIDATES[index].role.is_handled_later();
        let (answered, answered_ratio) = if is_told_apart {
            let ratio = median(&mut to_bare(|row| &row.answered));
            (
                format!("{:.1}", median(&mut row.answered.clone())),
                format!("{ratio:.2}"),
            )
        } else {
            Default::default()
        };
        println!(
            "  {:40} {answered:>11} {answered_ratio:>6} {:11.1} {ratio:6.2} {:>11} {:9.0} {:6.2} {:9.0} {:7.1}",
            CANDIDATES[index].name,
            median(&mut row.handled.clone()),
            format!("{:.2}-{:.2}", handled[0], handled[handled.len() - 1]),
            median(&mut row.rate.clone()),
            median(&mut to_bare(|row| &row.rate)),
            median(&mut row.handled_rate.clone()),
            median(&mut row.peak.clone()),
        );
    }
    for (candidate, row) in CANDIDATES.iter().zip(figures) {
        for note in row.iter().flat_map(|row| &row.notes) {
            println!("  {}: {note}", candidate.name);
        }
    }
    goals(figures);
}

fn goals(figures: &[Option<Figures>]) {
    let Some(ours) = &figures[OURS] else { return };
    if let (Some(bare), Some(later)) = (&figures[BARE], &figures[LATER]) {
        println!(
            "  goal, CPU at most 2 times bare: {:.2} to the answer, {:.2} with the handling",
            median(&mut ratios(&later.answered, &bare.answered)),
            median(&mut ratios(&ours.handled, &bare.handled)),
        );
    }
    for (peer, goal) in [(ACTIVITYPUB_FEDERATION, 2.5), (ACTPUB, 1.0), (FEDIFY, 20.0)] {
        let Some(row) = &figures[peer] else { continue };
        println!("  goal, at least {goal} times {}:", CANDIDATES[peer].name);
        for index in [OURS, LATER, WITH_AWS_LC, WITH_AWS_LC_LATER] {
            let Some(ours) = &figures[index] else { continue };
            let (cpu, what) = match CANDIDATES[index].role.is_handled_later() {
                true => (&ours.answered, "to the 202 alone"),
                false => (&ours.handled, "with the handling"),
            };
            println!(
                "    {:.2} times its answers a second, {:.2} times its CPU, {what}: {}",
                median(&mut ratios(&ours.rate, &row.rate)),
                median(&mut ratios(cpu, &row.handled)),
                CANDIDATES[index].name,
            );
        }
    }
}
