//! HTTP/2 as it is on the wire, with prior knowledge: streams of one connection, begun, fed and broken off one by one.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response, Uri, header};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::socket::{Reply, in_time};

/// A connection to the server.
pub(super) struct Streams {
    sender: SendRequest<Bytes>,
    _driving: JoinSet<()>,
}

/// A request whose body follows, and its answer.
pub(super) struct Stream {
    answer: ResponseFuture,
    body: SendStream<Bytes>,
}

impl Streams {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let stream = match in_time("connecting", TcpStream::connect(address)).await {
            Ok(stream) => stream,
            Err(error) => panic!("nobody listens: {error}"),
        };
        match in_time("the handshake", h2::client::handshake(stream)).await {
            Ok((sender, connection)) => Streams {
                sender,
                _driving: JoinSet::from_iter([async move {
                    // What becomes of it, each stream is told.
                    let _ = connection.await;
                }]),
            },
            Err(error) => panic!("no HTTP/2 is spoken: {error}"),
        }
    }

    pub(super) async fn ask(&self, request: &Request<Bytes>) -> Reply {
        let mut headed = request.clone();
        let body = std::mem::take(headed.body_mut());
        if !body.is_empty() && !headed.headers().contains_key(header::CONTENT_LENGTH) {
            let length = header::HeaderValue::from(body.len());
            headed.headers_mut().insert(header::CONTENT_LENGTH, length);
        }
        let Stream {
            answer,
            body: mut sending,
        } = self.start(&headed, body.is_empty()).await;
        let feeding = async {
            // A server may have its answer before it has read all.
            feed(&mut sending, body, true).await;
            pending::<Infallible>().await
        };
        tokio::select! {
            reply = read(answer) => reply,
            never = feeding => match never {},
        }
    }

    /// The head of a request whose body follows, or does not.
    pub(super) async fn begin(&self, request: &Request<Bytes>) -> Stream {
        self.start(request, false).await
    }

    pub(super) async fn start(&self, request: &Request<Bytes>, ended: bool) -> Stream {
        let mut sender = match in_time("waiting for a stream", self.sender.clone().ready()).await {
            Ok(sender) => sender,
            Err(error) => panic!("the connection ended: {error}"),
        };
        match sender.send_request(with_authority(request), ended) {
            Ok((answer, body)) => Stream { answer, body },
            Err(error) => panic!("no request: {error}"),
        }
    }
}

impl Stream {
    /// Whether the server took it.
    pub(super) async fn feed(&mut self, bytes: impl Into<Bytes>, end: bool) -> bool {
        in_time("sending", feed(&mut self.body, bytes.into(), end)).await
    }

    /// The head of the answer; the body comes as far as the stream has room for it, and is not read.
    pub(super) async fn unread(self) -> Response<RecvStream> {
        match in_time("answering", self.answer).await {
            Ok(answer) => answer,
            Err(error) => panic!("no answer: {error}"),
        }
    }

    pub(super) fn break_off(mut self) {
        self.body.send_reset(Reason::CANCEL);
    }

    /// Sends a byte now and then, until there is an answer.
    pub(super) async fn trickle(self, bytes: &[u8], pause: Duration) -> Reply {
        let Stream { answer, mut body } = self;
        let trickling = async {
            for byte in bytes {
                feed(&mut body, Bytes::copy_from_slice(&[*byte]), false).await;
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            reply = read(answer) => reply,
            () = trickling => panic!("all of it was waited for"),
        }
    }

    pub(super) async fn reply(self) -> Reply {
        let Stream { answer, body } = self;
        let reply = read(answer).await;
        // Not earlier: the stream would be reset.
        drop(body);
        reply
    }
}

/// HTTP/2 has the host in the target. A request that names one there is sent as it is, whatever its `Host` says.
fn with_authority(request: &Request<Bytes>) -> Request<()> {
    let mut sent = request.clone().map(drop);
    if sent.uri().authority().is_some() {
        return sent;
    }
    let host = sent.headers_mut().remove(header::HOST);
    let host = host.as_ref().and_then(|host| host.to_str().ok());
    let target = format!("http://{}{}", host.unwrap_or_default(), sent.uri());
    *sent.uri_mut() = match target.parse::<Uri>() {
        Ok(target) => target,
        Err(error) => panic!("{target} is no target: {error}"),
    };
    sent
}

async fn feed(body: &mut SendStream<Bytes>, mut bytes: Bytes, end: bool) -> bool {
    while !bytes.is_empty() {
        body.reserve_capacity(bytes.len());
        let Some(Ok(room)) = poll_fn(|cx| body.poll_capacity(cx)).await else {
            return false;
        };
        let part = bytes.split_to(room.min(bytes.len()));
        if body.send_data(part, false).is_err() {
            return false;
        }
    }
    !end || body.send_data(Bytes::new(), true).is_ok()
}

async fn read(answer: ResponseFuture) -> Reply {
    let (head, mut body) = match in_time("answering", answer).await {
        Ok(answer) => answer.into_parts(),
        Err(error) => panic!("no answer: {error}"),
    };
    let mut bytes = BytesMut::new();
    while let Some(part) = in_time("reading", body.data()).await {
        match part {
            Ok(part) => {
                let _ = body.flow_control().release_capacity(part.len());
                bytes.extend_from_slice(&part);
            }
            Err(error) => panic!("the answer broke off: {error}"),
        }
    }
    Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: bytes.freeze(),
    }
}
