//! HTTP/1.1 as it is on the wire, so that nothing puts right what a test has made wrong.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// How long anything may take before a test has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to the server.
pub(super) struct Socket {
    stream: TcpStream,
    read: BytesMut,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Socket {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Socket::connected(TcpStream::connect(address)).await
    }

    /// From this address of the machine.
    pub(super) async fn connect_from(from: IpAddr, address: SocketAddr) -> Self {
        let connecting = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::new(from, 0))?;
            socket.connect(address).await
        };
        Socket::connected(connecting).await
    }

    async fn connected(connecting: impl Future<Output = std::io::Result<TcpStream>>) -> Self {
        match in_time("connecting", connecting).await {
            Ok(stream) => Socket {
                stream,
                read: BytesMut::new(),
            },
            Err(error) => panic!("nobody listens: {error}"),
        }
    }

    pub(super) async fn ask(&mut self, request: &Request<Bytes>) -> Reply {
        let mut bytes = head(request);
        if !request.body().is_empty() && !request.headers().contains_key(header::CONTENT_LENGTH) {
            bytes.extend(format!("content-length: {}\r\n", request.body().len()).bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(request.body());
        self.write(&bytes).await;
        self.reply(request.method()).await
    }

    /// The head of a request whose body follows, or does not.
    pub(super) async fn begin(&mut self, request: &Request<Bytes>) {
        let mut bytes = head(request);
        bytes.extend(b"\r\n");
        self.write(&bytes).await;
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_write(bytes).await {
            panic!("the connection ended: {error}");
        }
    }

    pub(super) async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        in_time("writing", self.stream.write_all(bytes)).await
    }

    /// Sends a byte now and then, until there is an answer.
    pub(super) async fn trickle(&mut self, bytes: &[u8], pause: Duration) -> Reply {
        for byte in bytes {
            self.write(&[*byte]).await;
            let answer = self.stream.read_buf(&mut self.read);
            if tokio::time::timeout(pause, answer).await.is_ok() {
                return self.reply(&Method::POST).await;
            }
        }
        panic!("all of it was waited for")
    }

    /// The server closes the connection.
    pub(super) async fn ends(&mut self) {
        // It may close it with bytes of ours unread: that resets it.
        let end = in_time("closing", self.stream.read_buf(&mut self.read)).await;
        assert!(
            matches!(end, Ok(0) | Err(_)),
            "{:?}",
            String::from_utf8_lossy(&self.read)
        );
    }

    /// The next answer.
    pub(super) async fn reply(&mut self, to: &Method) -> Reply {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let head = self.read.split_to(end);
        let Some((status, headers)) = parse(&head) else {
            panic!("no answer: {:?}", String::from_utf8_lossy(&head));
        };
        let length = match headers.get(header::CONTENT_LENGTH) {
            _ if to == Method::HEAD => 0,
            Some(length) => length.to_str().ok().and_then(|l| l.parse().ok()).unwrap_or(0),
            None if headers.contains_key(header::TRANSFER_ENCODING) => {
                panic!("federation's answers have a length")
            }
            None => 0,
        };
        while self.read.len() < length {
            self.more().await;
        }
        Reply {
            status,
            headers,
            body: self.read.split_to(length).freeze(),
        }
    }

    /// Reads so many bytes, whatever they are.
    pub(super) async fn skip(&mut self, mut bytes: usize) {
        while bytes > 0 {
            if self.read.is_empty() {
                self.more().await;
            }
            let here = bytes.min(self.read.len());
            self.read.advance(here);
            bytes -= here;
        }
    }

    async fn more(&mut self) {
        match in_time("reading", self.stream.read_buf(&mut self.read)).await {
            Ok(0) => panic!(
                "the connection ended, after {:?}",
                String::from_utf8_lossy(&self.read)
            ),
            Ok(_) => {}
            Err(error) => panic!("the connection broke: {error}"),
        }
    }
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// All values of a header, in one.
    pub(super) fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        values.join(", ")
    }
}

pub(super) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(done) => done,
        Err(_) => panic!("{what} did not end in time"),
    }
}

fn head(request: &Request<Bytes>) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend(name.as_str().bytes());
        bytes.extend(b": ");
        bytes.extend(value.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes
}

fn parse(head: &[u8]) -> Option<(u16, HeaderMap)> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let status = std::str::from_utf8(lines.next()?)
        .ok()?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    let mut headers = HeaderMap::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        headers.append(
            HeaderName::from_bytes(name).ok()?,
            HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?,
        );
    }
    Some((status, headers))
}
