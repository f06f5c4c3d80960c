//! Who is delivered to: takes a POST, notes which activity came to which inbox and when, and answers 202.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use bytes::{Buf as _, BytesMut};
use federate_signatures::{Policy, PrivateKey, parse};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::parent::Parent;
use crate::town::Town;
use crate::{alice, clock};

/// What is expected next.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Expected {
    pub activities: usize,
    pub inboxes: usize,
    /// How long an answer takes.
    pub latency: Duration,
    /// After so long without the last one it is said what is missing.
    pub patience: Duration,
}

/// What came.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Report {
    /// Different pairs of activity and inbox.
    pub distinct: usize,
    /// Arrivals of a pair that had come before.
    pub twice: usize,
    /// Requests that were no delivery of what was expected.
    pub wrong: usize,
    /// When the first and the last one came, by [`clock::now`].
    pub first: u64,
    pub last: u64,
    /// Why the signature of the first request does not hold.
    pub refused: Option<String>,
}

struct Round {
    expected: Expected,
    /// When each pair came first.
    arrivals: Vec<u64>,
    report: Report,
    sample: Option<(Vec<u8>, Vec<u8>)>,
    /// Which round it is.
    serial: u64,
    is_told: bool,
}

impl Round {
    fn new(expected: Expected, serial: u64) -> Self {
        Self {
            arrivals: vec![0; expected.activities * expected.inboxes],
            expected,
            report: Report::default(),
            sample: None,
            serial,
            is_told: false,
        }
    }

    fn take(&mut self, head: &[u8], body: &[u8]) {
        let now = clock::now();
        if self.sample.is_none() {
            self.sample = Some((head.to_vec(), body.to_vec()));
        }
        let pair = pair(head, body).filter(|(activity, inbox)| {
            *activity < self.expected.activities && *inbox < self.expected.inboxes
        });
        let Some((activity, inbox)) = pair else {
            self.report.wrong += 1;
            return;
        };
        let arrival = &mut self.arrivals[activity * self.expected.inboxes + inbox];
        if *arrival != 0 {
            self.report.twice += 1;
            return;
        }
        *arrival = now;
        if self.report.distinct == 0 {
            self.report.first = now;
        }
        self.report.last = now;
        self.report.distinct += 1;
        if self.report.distinct == self.arrivals.len() {
            self.tell();
        }
    }

    /// Says to the parent that nothing more is waited for.
    fn tell(&mut self) {
        if !std::mem::replace(&mut self.is_told, true) {
            let missing = self.arrivals.len() - self.report.distinct;
            println!("{missing} missing");
        }
    }
}

/// Takes what comes until the parent ends.
///
/// Prints its port. Then, for each line with an [`Expected`]: `expecting`; `N missing` once all are there or the patience
/// is over; and for a line `report` a [`Report`], for `arrivals` when each pair came first, 0 for those that did not.
pub fn run(hosts: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let mut parent = Parent::listen();
        let round = Rc::new(RefCell::new(Round::new(
            Expected {
                activities: 0,
                inboxes: 0,
                latency: Duration::ZERO,
                patience: Duration::ZERO,
            },
            0,
        )));
        let (port, listeners) = listeners(hosts).await;
        for listener in listeners {
            tokio::task::spawn_local(accept(listener, Rc::clone(&round)));
        }
        println!("{port}");
        loop {
            match parent.hear().await.as_str() {
                "report" => {
                    let mut round = round.borrow_mut();
                    let sample = round.sample.take();
                    round.report.refused = sample.and_then(|(head, body)| verify(&head, &body).err());
                    println!("{}", serde_json::to_string(&round.report).unwrap());
                }
                "arrivals" => println!("{}", serde_json::to_string(&round.borrow().arrivals).unwrap()),
                expected => {
                    let expected: Expected = serde_json::from_str(expected).unwrap();
                    let serial = round.borrow().serial + 1;
                    *round.borrow_mut() = Round::new(expected, serial);
                    let round = Rc::clone(&round);
                    tokio::task::spawn_local(async move {
                        tokio::time::sleep(expected.patience).await;
                        let mut round = round.borrow_mut();
                        if round.serial == serial {
                            round.tell();
                        }
                    });
                    println!("expecting");
                }
            }
        }
    });
}

/// One for each host, all on one port that was free.
async fn listeners(hosts: usize) -> (u16, Vec<TcpListener>) {
    'again: loop {
        let first = listen(0, 0).unwrap();
        let port = first.local_addr().unwrap().port();
        let mut all = vec![first];
        for host in 1..hosts {
            match listen(host, port) {
                Ok(listener) => all.push(listener),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => continue 'again,
                Err(error) => panic!("{error}"),
            }
        }
        return (port, all);
    }
}

fn listen(host: usize, port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Town::address(host), port)))?;
    socket.listen(1024)
}

async fn accept(listener: TcpListener, round: Rc<RefCell<Round>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let round = Rc::clone(&round);
        // It ends when the client closes it, which is no error here.
        tokio::task::spawn_local(async move {
            let _ = serve(stream, &round).await;
        });
    }
}

/// As much HTTP/1.1 as a POST needs that says how long it is.
async fn serve(mut stream: TcpStream, round: &RefCell<Round>) -> std::io::Result<()> {
    let mut buffer = BytesMut::with_capacity(8 * 1024);
    loop {
        let (head, length) = loop {
            if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = head + 4;
                let length = length(&buffer[..head]);
                if buffer.len() >= head + length {
                    break (head, length);
                }
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let latency = {
            let mut round = round.borrow_mut();
            round.take(&buffer[..head], &buffer[head..head + length]);
            round.expected.latency
        };
        buffer.advance(head + length);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream
            .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
            .await?;
    }
}

fn length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).unwrap();
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap())
}

/// Which activity came to which inbox.
fn pair(head: &[u8], body: &[u8]) -> Option<(usize, usize)> {
    #[derive(Deserialize)]
    struct Activity<'a> {
        id: &'a str,
    }
    let head = std::str::from_utf8(head).ok()?;
    let inbox = head
        .strip_prefix("POST /inbox/")?
        .split(' ')
        .next()?
        .parse()
        .ok()?;
    let activity: Activity<'_> = serde_json::from_slice(body).ok()?;
    Some((alice::number_of(activity.id)?, inbox))
}

/// Whether one may believe that alice sent it.
fn verify(head: &[u8], body: &[u8]) -> Result<(), String> {
    let head = std::str::from_utf8(head).unwrap();
    let mut lines = head.trim_end().lines();
    let target = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut request = http::Request::post(target);
    let mut authority = String::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        request = request.header(name, value.trim());
        if name.eq_ignore_ascii_case("host") {
            value.trim().clone_into(&mut authority);
        }
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let now = SystemTime::now();
    let policy = Policy::mastodon()
        .authorities([authority.as_str()])
        .external_scheme("http");
    let parsed = parse(&head, body).map_err(|refusal| refusal.to_string())?;
    let holds = |key: PrivateKey| parsed.verify(&key.public_key(), &policy, now).map(drop);
    holds(alice::key())
        .or_else(|refusal| holds(alice::quick_key()).map_err(|_| refusal))
        .map_err(|refusal| refusal.to_string())
}
