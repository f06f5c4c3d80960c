//! A POST of 3 KiB through the guarded client, and through reqwest without it.

use crate::child::{MEASURED, OTHERS, Process, instructions};
use crate::median;

const ROUNDS: usize = 25;
/// Posts of one round.
const POSTS: u64 = 2000;
const CLIENTS: [(&str, &str); 3] = [
    ("bare", "reqwest"),
    ("timed", "reqwest with a deadline"),
    ("ours", "federate_http::GuardedClient"),
];
const WAYS: [(&str, &str); 3] = [
    ("http", "HTTP/1.1"),
    ("https", "HTTP/1.1 over TLS"),
    ("h2", "HTTP/2 over TLS"),
];

pub fn run(count: bool) {
    let mut sink = Process::role(OTHERS, &["sink"]);
    let about = sink.hear();
    let mut client = Process::role(MEASURED, &["post"]);
    client.say(&about);
    assert_eq!(client.hear(), "ready");
    for (way, title) in WAYS {
        let mut cpu = [const { Vec::new() }; CLIENTS.len()];
        for round in 0..=ROUNDS {
            for ((who, _), cpu) in CLIENTS.iter().zip(&mut cpu) {
                client.say(&format!("{who} {way} {POSTS}"));
                let said = client.hear();
                let nanos: f64 = said.split(' ').next().unwrap().parse().unwrap();
                // The first connects.
                if round > 0 {
                    cpu.push(nanos / 1e3 / POSTS as f64);
                }
            }
        }
        println!(
            "\nPOST of 3 KiB, {title}, 8 connections kept, median of {ROUNDS} rounds; ratios to bare reqwest, less is better"
        );
        println!(
            "  {:34} {:>12} {:>7} {:>14} {:>13} {:>7}",
            "", "CPU us each", "ratio", "ratios from-to", "instructions", "ratio"
        );
        let counts = count.then(|| CLIENTS.map(|(who, _)| instructions(&["post", who, way], &about)));
        let bare = cpu[0].clone();
        for (index, (_, name)) in CLIENTS.iter().enumerate() {
            let mut ratios: Vec<f64> = cpu[index]
                .iter()
                .zip(&bare)
                .map(|(cpu, bare)| cpu / bare)
                .collect();
            let ratio = median(&mut ratios);
            let counted = match &counts {
                Some(counts) => match (counts[index], counts[0]) {
                    (Some(count), Some(bare)) => format!("{count:13.0} {:7.3}", count / bare),
                    _ => "valgrind is not there".to_owned(),
                },
                None => String::new(),
            };
            println!(
                "  {name:34} {:12.2} {ratio:7.3} {:>14} {counted}",
                median(&mut cpu[index]),
                format!("{:.3}-{:.3}", ratios[0], ratios[ROUNDS - 1]),
            );
        }
    }
}
