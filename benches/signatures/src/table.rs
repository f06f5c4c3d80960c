//! Measures in turns, so that a change of the machine's mood hits all alike, and prints what is added.

use crate::case::{Case, Task};
use std::time::{Duration, Instant};

/// How often each is measured; the quickest tenth counts, so that what other programs take is not measured.
const ROUNDS: usize = 101;
/// How long one round of one thing takes, about: less than a scheduler's slice.
const ROUND: Duration = Duration::from_millis(2);

/// Measures all, and prints a table for each task; `instructions` beside, where there are any.
pub fn print(cases: &mut [Case], instructions: Option<&[u64]>) {
    let times = times(cases);
    let allocations: Vec<u64> = cases
        .iter_mut()
        .map(|case| allocation_counter::measure(&mut case.run).count_total)
        .collect();
    for task in Task::ALL {
        println!("\n{}, 3 KiB, RSA-2048", task.title());
        println!(
            "  {:34} {:>9} {:>8} {:>10} {:>12} {:>9} {:>10} {:>7}",
            "", "us", "added", "not digest", "instructions", "added", "not digest", "allocs"
        );
        for (index, case) in cases.iter().enumerate().filter(|(_, case)| case.task == task) {
            let micros: Vec<f64> = times.iter().map(|time| time * 1e6).collect();
            let (added, rest) = added(cases, index, &micros);
            print!(
                "  {:34} {:9.2} {:>8} {:>10} ",
                case.name,
                micros[index],
                shown(added, 2),
                shown(rest, 2)
            );
            match instructions {
                Some(counts) => {
                    let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
                    let (added, rest) = self::added(cases, index, &counts);
                    print!(
                        "{:12.0} {:>9} {:>10} ",
                        counts[index],
                        shown(added, 0),
                        shown(rest, 0)
                    );
                }
                None => print!("{:>12} {:>9} {:>10} ", "-", "", ""),
            }
            println!("{:7}", allocations[index]);
        }
    }
}

/// What a case adds to its raw RSA operation, and what of that is not the digest of the body.
fn added(cases: &[Case], index: usize, values: &[f64]) -> (Option<f64>, Option<f64>) {
    let case = &cases[index];
    let (Some(digest), false) = (case.digest, case.is_raw()) else {
        return (None, None);
    };
    let value =
        |backend: Option<&str>, task| backend.map_or(0.0, |backend| values[raw(cases, backend, task)]);
    let added = values[index] - value(case.backend, case.task.raw());
    (Some(added), Some(added - value(Some(digest), Task::Digest)))
}

fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.digits$}"))
}

/// Where the raw operation of this backend stands.
fn raw(cases: &[Case], backend: &str, task: Task) -> usize {
    cases
        .iter()
        .position(|case| case.name == backend && case.task == task && case.is_raw())
        .unwrap()
}

/// Seconds of one run of each.
fn times(cases: &mut [Case]) -> Vec<f64> {
    let loops: Vec<u32> = cases.iter_mut().map(calibrate).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for ((case, loops), times) in cases.iter_mut().zip(&loops).zip(&mut times) {
            times.push(took(case, *loops).as_secs_f64() / f64::from(*loops));
        }
    }
    times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 10]
        })
        .collect()
}

fn calibrate(case: &mut Case) -> u32 {
    let mut loops = 1;
    while took(case, loops) < ROUND {
        loops *= 2;
    }
    loops
}

fn took(case: &mut Case, loops: u32) -> Duration {
    let began = Instant::now();
    for _ in 0..loops {
        (case.run)();
    }
    began.elapsed()
}
