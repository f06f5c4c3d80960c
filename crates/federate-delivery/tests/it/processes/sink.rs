//! Servers that take deliveries, fail now and then, and remember what came to which inbox.

use super::Draw;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// How a server fails, once in six requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temper {
    Steady,
    /// 503 before it has taken anything.
    Overloaded,
    /// 500 before it has taken anything.
    Broken,
    /// Takes the activity, and closes the connection in place of an answer.
    Cuts,
}

/// What came for one activity at one inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Arrivals {
    /// The server took it.
    pub(super) taken: u32,
    /// And its 202 was written whole.
    pub(super) answered: u32,
}

/// By the activity's id and the URL of the inbox.
pub(super) type Arrived = BTreeMap<(String, String), Arrivals>;

#[derive(Debug)]
pub(super) struct Sink {
    /// `http://127.0.0.1:PORT`, one for each server.
    pub(super) hosts: Vec<String>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    arrived: Mutex<Arrived>,
    changed: Condvar,
}

impl Sink {
    /// One server for each of these. They end with the process.
    pub(super) fn start(tempers: &[Temper], seed: u64) -> Self {
        let shared = Arc::<Shared>::default();
        let hosts = (1..).zip(tempers).map(|(number, &temper)| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let host = format!("http://{}", listener.local_addr().unwrap());
            let draw = Arc::new(Mutex::new(Draw(seed ^ number)));
            let server = Server {
                host: host.clone(),
                temper,
                draw,
                shared: Arc::clone(&shared),
            };
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let server = server.clone();
                    std::thread::spawn(move || server.serve(stream));
                }
            });
            host
        });
        Self {
            hosts: hosts.collect(),
            shared,
        }
    }

    /// `per_host` inboxes of each server.
    pub(super) fn inboxes(&self, per_host: usize) -> Vec<String> {
        let of_one = |host: &String| {
            (0..per_host)
                .map(move |n| format!("{host}/users/{n}/inbox"))
                .collect()
        };
        self.hosts.iter().map(of_one).flat_map(Vec::into_iter).collect()
    }

    pub(super) fn arrived(&self) -> Arrived {
        self.shared.arrived.lock().unwrap().clone()
    }

    /// Waits until something more arrives, at most a second.
    pub(super) fn wait(&self) {
        let taken = |arrived: &Arrived| arrived.values().map(|one| one.taken).sum::<u32>();
        let arrived = self.shared.arrived.lock().unwrap();
        let before = taken(&arrived);
        let waited = self
            .shared
            .changed
            .wait_timeout_while(arrived, Duration::from_secs(1), |arrived| {
                taken(arrived) == before
            });
        drop(waited.unwrap());
    }

    /// Waits until so many different deliveries were taken, or until a minute is over.
    pub(super) fn wait_for(&self, wanted: usize) {
        let arrived = self.shared.arrived.lock().unwrap();
        let few = |arrived: &mut Arrived| arrived.len() < wanted;
        let (arrived, waited) = self
            .shared
            .changed
            .wait_timeout_while(arrived, Duration::from_secs(60), few)
            .unwrap();
        assert!(
            !waited.timed_out(),
            "{} of {wanted} arrived in a minute",
            arrived.len()
        );
    }
}

#[derive(Clone)]
struct Server {
    host: String,
    temper: Temper,
    draw: Arc<Mutex<Draw>>,
    shared: Arc<Shared>,
}

impl Server {
    /// As much HTTP/1.1 as is needed, until the client goes.
    fn serve(&self, stream: TcpStream) {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while let Some((path, body)) = request(&mut reader) {
            let fails = self.temper != Temper::Steady && self.draw.lock().unwrap().below(6) == 0;
            let (status, takes) = match (fails, self.temper) {
                (true, Temper::Overloaded) => (Some("503 Service Unavailable"), false),
                (true, Temper::Broken) => (Some("500 Internal Server Error"), false),
                (true, _) => (None, true),
                _ => (Some("202 Accepted"), true),
            };
            let key = (id_of(&body), format!("{}{path}", self.host));
            if takes {
                let mut arrived = self.shared.arrived.lock().unwrap();
                arrived.entry(key.clone()).or_default().taken += 1;
                self.shared.changed.notify_all();
            }
            let Some(status) = status else { return };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
            if takes {
                let mut arrived = self.shared.arrived.lock().unwrap();
                arrived.entry(key).or_default().answered += 1;
            }
        }
    }
}

/// Path and body of the next whole request; none where the connection ended, in the middle of one or not.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.strip_prefix("POST ")?.split(' ').next()?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.trim_end().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

fn id_of(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    body["id"].as_str().unwrap().to_owned()
}
