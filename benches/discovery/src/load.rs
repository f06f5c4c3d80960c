//! Who asks: some connections that are kept, one request under way on each.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Asks for so long, and prints how many answers came and in how many nanoseconds.
pub fn run(address: &str, path: &str, accept: &str, connections: usize, millis: u64) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: discovery-bench/0.0\r\nAccept: {accept}\r\n\r\n",
        crate::alice::HOST
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let began = Instant::now();
    let until = began + Duration::from_millis(millis);
    let answers: u64 = runtime.block_on(async {
        let asking: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(ask(address.to_owned(), request.clone(), until)))
            .collect();
        let mut answers = 0;
        for one in asking {
            answers += one.await.unwrap();
        }
        answers
    });
    println!("{answers} {}", began.elapsed().as_nanos());
}

async fn ask(address: String, request: String, until: Instant) -> u64 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let mut answers = 0;
    while Instant::now() < until {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut filled = 0;
        while !is_whole(&buffer[..filled]) {
            let read = stream.read(&mut buffer[filled..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            filled += read;
        }
        answers += 1;
    }
    answers
}

/// Whether a whole answer is there, which has to be 200 and to say how long it is.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .unwrap_or_else(|| panic!("no length: {head}"));
    answer.len() - end - 4 >= length.1.trim().parse::<usize>().unwrap()
}
