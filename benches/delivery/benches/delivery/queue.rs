//! The queue alone, and one activity that is accepted for a hundred thousand inboxes.

use crate::child::Process;
use crate::cluster::{self, Database};
use crate::median;

const STORES: [&str; 2] = ["SQLite", "PostgreSQL"];

pub fn run(rounds: usize) {
    rates(rounds);
    records(rounds);
}

fn rates(rounds: usize) {
    println!(
        "\nThe queue alone, every transaction synced, median of {rounds} rounds; 100 lanes, deliveries a second"
    );
    println!(
        "  {:12} {:>26} {:>35} {:>18}",
        "", "enqueued, 1,000 at once", "leased, read, settled lane by lane", "all lanes at once"
    );
    for store in STORES {
        let (mut enqueued, mut singly, mut together) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            for (how, settled) in [("singly", &mut singly), ("together", &mut together)] {
                let Some(place) = Place::new(store) else { continue };
                let mut process = Process::role(&["rate", &place.name(), how]);
                let mut rate = || 1e9 / process.hear().parse::<f64>().unwrap();
                enqueued.push(rate());
                settled.push(rate());
            }
        }
        if enqueued.is_empty() {
            println!("  {store:12} is not installed");
            continue;
        }
        println!(
            "  {store:12} {:26.0} {:35.0} {:18.0}",
            median(&mut enqueued),
            median(&mut singly),
            median(&mut together)
        );
    }
    println!("  goals for SQLite: 60,000 enqueued, 40,000 settled");
}

fn records(rounds: usize) {
    println!("\nOne activity for 100,000 inboxes, accepted durably, median of {rounds} rounds");
    println!("  {:12} {:34} {:>10} {:>8}", "", "", "seconds", "peak MB");
    for store in STORES {
        for (how, title) in [
            ("collection", "for a collection of followers"),
            ("listed", "with 100,000 recipients by name"),
        ] {
            let (mut seconds, mut peak) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                let Some(place) = Place::new(store) else { break };
                let mut process = Process::role(&["record", &place.name(), how]);
                seconds.push(process.hear().parse::<f64>().unwrap() / 1e9);
                peak.push(process.peak());
            }
            if seconds.is_empty() {
                println!("  {store:12} is not installed");
            } else {
                let (seconds, peak) = (median(&mut seconds), median(&mut peak));
                println!("  {store:12} {title:34} {seconds:10.4} {peak:8.1}");
            }
        }
    }
    println!("  goals: 0.5 s on SQLite, 1 s on PostgreSQL");
}

/// A database that is gone afterwards.
enum Place {
    File(tempfile::TempDir),
    Database(Database),
}

impl Place {
    fn new(store: &str) -> Option<Self> {
        Some(match store {
            "SQLite" => Self::File(tempfile::tempdir().unwrap()),
            _ => Self::Database(cluster::database()?),
        })
    }

    fn name(&self) -> String {
        match self {
            Self::File(folder) => folder.path().join("queue.db").to_str().unwrap().to_owned(),
            Self::Database(database) => database.url.clone(),
        }
    }
}
