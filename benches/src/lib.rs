//! Measures things side by side in one run, and prints ratios: a figure alone says more of the machine than of the code.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How often each is measured; the quickest tenth counts, so that what other programs take is not measured.
const ROUNDS: usize = 301;
/// How long one round of one thing takes, about: less than a scheduler's slice.
const ROUND: Duration = Duration::from_millis(2);

/// One thing that is measured.
pub struct Candidate<'a> {
    name: &'a str,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Candidate<'a> {
    /// What it is called, and what it does once.
    pub fn new<T>(name: &'a str, mut run: impl FnMut() -> T + 'a) -> Self {
        Candidate {
            name,
            run: Box::new(move || drop(black_box(run()))),
        }
    }
}

/// Measures in turns, so that a change of the machine's mood hits all alike; the first is the yardstick.
pub fn compare(title: &str, bytes: usize, candidates: &mut [Candidate<'_>]) {
    println!("{title}");
    let loops: Vec<u32> = candidates.iter_mut().map(|c| calibrate(&mut c.run)).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); candidates.len()];
    for _ in 0..ROUNDS {
        for ((candidate, loops), times) in candidates.iter_mut().zip(&loops).zip(&mut times) {
            let began = Instant::now();
            for _ in 0..*loops {
                (candidate.run)();
            }
            times.push(began.elapsed().as_secs_f64() / f64::from(*loops));
        }
    }
    let quick: Vec<f64> = times
        .iter_mut()
        .map(|t| {
            t.sort_by(f64::total_cmp);
            t[t.len() / 10]
        })
        .collect();
    for (candidate, time) in candidates.iter_mut().zip(&quick) {
        let rate = if bytes > 0 {
            format!("{:9.0} MB/s", bytes as f64 / time / 1e6)
        } else {
            String::new()
        };
        let counted = allocation_counter::measure(&mut candidate.run).count_total;
        let ratio = time / quick[0];
        println!(
            "  {:46} {:10.2} us  x{ratio:<6.2} {rate} {counted:8} allocations",
            candidate.name,
            time * 1e6
        );
    }
}

fn calibrate(run: &mut dyn FnMut()) -> u32 {
    let mut loops = 1_u32;
    loop {
        let began = Instant::now();
        for _ in 0..loops {
            run();
        }
        let took = began.elapsed();
        if took >= ROUND || loops >= 1 << 24 {
            return loops.max(1);
        }
        loops = loops.saturating_mul(2);
    }
}
