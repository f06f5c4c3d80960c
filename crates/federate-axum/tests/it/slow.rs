//! Who reads slowly, or nothing. The clock is virtual, and moves on when nothing else can.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use federate_testkit::held;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::instance;

/// More than kernels keep on the way.
const LENGTH: usize = 32 << 20;

/// A little faster than what is cut off, in bytes for each second.
const RATE: u32 = federate_axum::Pace::SLOWEST + (2 << 10);

const DAY: Duration = Duration::from_secs(86_400);

/// Asks for the large file, by a socket that takes little by itself.
async fn ask(host: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut stream = socket.connect(host.parse().unwrap()).await.unwrap();
    let request = format!("GET /large HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads it to its end, with a pause after each part of so many bytes; how many they were.
async fn read_slowly(host: &str, pause: impl Fn(usize) -> Duration) -> usize {
    let mut socket = ask(host).await;
    let (mut read, mut part) = (0, vec![0; 1 << 20]);
    loop {
        match socket.read(&mut part).await.unwrap() {
            0 => return read,
            some => {
                read += some;
                tokio::time::sleep(pause(some)).await;
            }
        }
    }
}

/// Serves it while somebody asks.
async fn with_large<F: Future>(ask: impl FnOnce(String, mpsc::UnboundedReceiver<()>) -> F) -> F::Output {
    let (_federation, engine, listener, host) = instance().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (dropped, freed) = mpsc::unbounded_channel();
    let large = get(async move || Body::from(held(vec![b'.'; LENGTH], dropped.clone())));
    let app = Router::new().route("/large", large);
    let serving = federate_axum::serve_until(listener, app, engine, async {
        let _ = stopped.await;
    });
    let asking = async {
        let done = ask(host, freed).await;
        stop.send(()).unwrap();
        done
    };
    let both = async { tokio::join!(serving, asking) };
    let (served, done) = tokio::time::timeout(DAY, both).await.unwrap();
    served.unwrap();
    done
}

#[tokio::test(start_paused = true)]
async fn r22_who_reads_nothing_is_cut_off_and_holds_nothing() {
    with_large(async |host: String, mut freed| {
        let begun = Instant::now();
        let mut silent = Vec::new();
        for _ in 0..16 {
            let mut socket = ask(&host).await;
            // The answer has begun.
            socket.read_exact(&mut [0; 12]).await.unwrap();
            silent.push(socket);
        }
        for _ in &silent {
            freed.recv().await.unwrap();
        }
        let took = begun.elapsed().as_secs();
        assert!((60..70).contains(&took), "after {took} s");
        for mut socket in silent {
            let mut rest = Vec::new();
            let end = socket.read_to_end(&mut rest).await;
            assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
            assert!(rest.len() < LENGTH);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_has_it_whole() {
    with_large(async |host: String, mut freed| {
        let begun = Instant::now();
        let read = read_slowly(&host, |_| Duration::from_millis(2_500)).await;
        assert!(read > LENGTH, "{read}");
        assert!(begun.elapsed() > 5 * federate_axum::Pace::STANDSTILL);
        freed.recv().await.unwrap();
    })
    .await;
}

/// A kernel that keeps much says seldom that a peer goes on reading.
#[tokio::test(start_paused = true)]
async fn who_reads_little_faster_than_the_slowest_has_it_whole() {
    with_large(async |host: String, mut freed| {
        let begun = Instant::now();
        let read = read_slowly(&host, |some| Duration::from_secs(some as u64) / RATE).await;
        assert!(read > LENGTH, "{read}");
        let took = begun.elapsed();
        assert!(took >= Duration::from_secs(LENGTH as u64) / RATE, "{took:?}");
        freed.recv().await.unwrap();
    })
    .await;
}
