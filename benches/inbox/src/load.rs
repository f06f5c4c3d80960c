//! Who posts: connections that are kept, one request under way on each, of requests that were signed before.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::signed::{self, Pens, to_wire};

/// Connections that are kept, with one request under way on each, unless it is told otherwise.
pub const CONNECTIONS: u64 = 32;

/// What came back.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Posted {
    pub nanos: u64,
    /// How many answers had which status.
    pub answers: BTreeMap<u16, u64>,
}

/// Where a request comes from, by its number.
type Source = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// Does what its input says, line by line, and answers each with a line:
///
/// - `connections N`: that many from now on;
/// - `sign FROM COUNT`: signs the Creates of these numbers, which replace those that were signed before;
/// - `post PORT FROM COUNT`: posts those of them, and prints [`Posted`];
/// - `delete PORT FROM COUNT`: posts the Deletes of these numbers, and prints [`Posted`];
/// - `tampered PORT NUMBER WAY`: posts one that was changed on the way, and prints [`Posted`].
pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let pens = Pens::default();
    let mut connections = CONNECTIONS;
    let mut first = 0;
    let mut batch: Arc<Vec<Vec<u8>>> = Arc::default();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut words = line.splitn(4, ' ');
        let verb = words.next().unwrap().to_owned();
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        let posted = match verb.as_str() {
            "connections" => {
                connections = number();
                println!("kept");
                continue;
            }
            "sign" => {
                first = number();
                let count = number();
                batch = Arc::new(
                    (first..first + count)
                        .map(|number| to_wire(&pens.create(number)))
                        .collect(),
                );
                println!("signed");
                continue;
            }
            "post" => {
                let (port, from, count) = (number(), number(), number());
                let batch = Arc::clone(&batch);
                let source = move |number: u64| batch[usize::try_from(number - first).unwrap()].clone();
                runtime.block_on(post(port, connections, from, count, Arc::new(source)))
            }
            "delete" => {
                let (port, from, count) = (number(), number(), number());
                let source = |number| to_wire(&signed::delete(number));
                runtime.block_on(post(port, connections, from, count, Arc::new(source)))
            }
            "tampered" => {
                let (port, number) = (number(), number());
                let request = to_wire(&pens.tampered(number, words.next().unwrap()));
                runtime.block_on(post(port, 1, 0, 1, Arc::new(move |_| request.clone())))
            }
            other => panic!("there is no {other}"),
        };
        println!("{}", serde_json::to_string(&posted).unwrap());
    }
}

async fn post(port: u64, connections: u64, from: u64, count: u64, source: Source) -> Posted {
    let next = Arc::new(AtomicU64::new(from));
    let began = Instant::now();
    let posting: Vec<_> = (0..connections.min(count))
        .map(|_| {
            let (next, source) = (Arc::clone(&next), Arc::clone(&source));
            tokio::spawn(post_in_turn(port, next, from + count, source))
        })
        .collect();
    let mut posted = Posted::default();
    for one in posting {
        for (status, answers) in one.await.unwrap() {
            *posted.answers.entry(status).or_default() += answers;
        }
    }
    posted.nanos = u64::try_from(began.elapsed().as_nanos()).unwrap();
    posted
}

async fn post_in_turn(port: u64, next: Arc<AtomicU64>, end: u64, source: Source) -> BTreeMap<u16, u64> {
    let connect = || async {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    };
    let mut stream = connect().await;
    let mut buffer = vec![0; 64 * 1024];
    let mut answers = BTreeMap::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return answers;
        }
        stream.write_all(&source(number)).await.unwrap();
        let mut filled = 0;
        let answer = loop {
            if let Some(answer) = Answer::read(&buffer[..filled]) {
                break answer;
            }
            let read = stream.read(&mut buffer[filled..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            filled += read;
        };
        *answers.entry(answer.status).or_default() += 1;
        if answer.closes {
            stream = connect().await;
        }
    }
}

struct Answer {
    status: u16,
    closes: bool,
}

impl Answer {
    /// A whole answer, which has to say how long it is.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let header = |wanted: &str| {
            head.split("\r\n")
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.trim())
        };
        let length = header("content-length").unwrap_or_else(|| panic!("no length: {head}"));
        (bytes.len() - end - 4 >= length.parse::<usize>().unwrap()).then(|| Self {
            status: head[9..12].parse().unwrap(),
            closes: header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
        })
    }
}
