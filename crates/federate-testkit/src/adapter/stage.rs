//! An instance with its adapter on a socket, and a peer that writes to it.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use federate_protocol::activitystreams::Like;
use federate_server::store::Memory;
use federate_server::{Actors, Builder, Federation, Profile};
use http::{Request, header};
use serde_json::{Value, json};

use super::socket::{Reply, Socket};
use super::streams::Streams;
use super::{Behind, Site};
use crate::wire::Answer;
use crate::{Host, Peer, World};

const HOST: &str = "site.test";

pub(super) struct Stage<G> {
    world: World,
    host: Host<Actors<Memory>>,
    bob: Peer,
    handled: Arc<AtomicUsize>,
    address: SocketAddr,
    pub(super) prefix: &'static str,
    pub(super) behind: Behind,
    wire: Wire,
    _serving: G,
}

/// An instance that is not built yet.
pub(super) type Instance = Builder<Actors<Memory>>;

/// What is spoken with the adapter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    Http1,
    Http2,
}

/// A connection to it.
pub(super) enum Connection {
    Http1(Socket),
    Http2(Streams),
}

impl Connection {
    pub(super) async fn ask(&mut self, request: &Request<Bytes>) -> Reply {
        match self {
            Connection::Http1(socket) => socket.ask(request).await,
            Connection::Http2(streams) => streams.ask(request).await,
        }
    }
}

impl<G> Stage<G> {
    pub(super) async fn new(prefix: &'static str, behind: Behind, serve: &impl AsyncFn(Site) -> G) -> Self {
        Stage::with(prefix, behind, serve, |builder| builder).await
    }

    /// With an instance that is told more.
    pub(super) async fn with(
        prefix: &'static str,
        behind: Behind,
        serve: &impl AsyncFn(Site) -> G,
        configure: impl FnOnce(Instance) -> Instance,
    ) -> Self {
        let world = World::new(7);
        let handled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&handled);
        let base = format!("https://{HOST}");
        let people = Actors::new([Profile::person("alice").name("Alice"), Profile::person("josé")]);
        let builder = Federation::builder(&base, Memory::new(), people)
            .paths(|paths| {
                paths
                    .actor(&format!("{prefix}/users/{{name}}"))
                    .shared_inbox(&format!("{prefix}/inbox"))
                    .instance_actor(&format!("{prefix}/actor"))
            })
            .on::<Like>(move |_, _| {
                count.fetch_add(1, Relaxed);
                async { Ok(()) }
            });
        let host = world
            .host(&base, configure(builder), |federation| federation.service())
            .await;
        let bob = world.peer("bob@peer.test");
        let listener = match TcpListener::bind("127.0.0.1:0") {
            Ok(listener) => listener,
            Err(error) => panic!("no port on loopback: {error}"),
        };
        let (Ok(address), Ok(())) = (listener.local_addr(), listener.set_nonblocking(true)) else {
            panic!("a listener that cannot be used");
        };
        let federation = host.federation.clone();
        let serving = serve(Site {
            listener,
            federation,
            prefix,
        })
        .await;
        Stage {
            world,
            host,
            bob,
            handled,
            address,
            prefix,
            behind,
            wire: Wire::Http1,
            _serving: serving,
        }
    }

    /// All that is asked is asked by HTTP/2, but for what goes over a [`socket`](Self::socket).
    pub(super) fn over_http2(mut self) -> Self {
        self.wire = Wire::Http2;
        self
    }

    /// Time passes for the instance.
    pub(super) fn wait(&self, time: Duration) {
        self.world.advance(time);
    }

    pub(super) fn federation(&self) -> &Federation<Actors<Memory>> {
        &self.host.federation
    }

    /// Another host of the instance's world.
    pub(super) fn another_host(&self, authority: &str, answer: Answer) {
        self.world.wire().connect(authority, answer);
    }

    pub(super) async fn socket(&self) -> Socket {
        Socket::connect(self.address).await
    }

    pub(super) async fn streams(&self) -> Streams {
        Streams::connect(self.address).await
    }

    /// From this address.
    pub(super) async fn socket_from(&self, from: IpAddr) -> Socket {
        Socket::connect_from(from, self.address).await
    }

    pub(super) async fn connect(&self) -> Connection {
        match self.wire {
            Wire::Http1 => Connection::Http1(self.socket().await),
            Wire::Http2 => Connection::Http2(self.streams().await),
        }
    }

    /// A request on a connection of its own, and its answer.
    pub(super) async fn ask(&self, request: Request<Bytes>) -> Reply {
        self.connect().await.ask(&request).await
    }

    /// A request for a path below the prefix, with the host that signatures are for.
    pub(super) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        self.request_at(method, &format!("{}{path}", self.prefix))
    }

    pub(super) fn request_at(&self, method: &str, target: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, HOST)
    }

    pub(super) async fn get(&self, method: &str, path: &str, accept: &str) -> Reply {
        let request = self.request(method, path).header(header::ACCEPT, accept);
        self.ask(built(request, Bytes::new())).await
    }

    /// A like of bob's that nobody has seen yet, and that nobody has signed yet.
    pub(super) fn like(&self) -> Bytes {
        let like: Value = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/likes/{}", self.bob.id(), unique()),
            "type": "Like",
            "actor": self.bob.id(),
            "object": self.host.federation.uris().actor("alice").as_str(),
        });
        like.to_string().into()
    }

    /// A POST to a path below the prefix, signed by bob: over this target, to the letter.
    pub(super) fn signed(&self, path: &str, body: Bytes) -> Request<Bytes> {
        let url = format!("https://{HOST}{}{path}", self.prefix);
        let mut request = self.bob.signed(&url, body);
        *request.uri_mut() = match format!("{}{path}", self.prefix).parse() {
            Ok(target) => target,
            Err(error) => panic!("{path} is no target: {error}"),
        };
        request
            .headers_mut()
            .insert(header::HOST, header::HeaderValue::from_static(HOST));
        request
    }

    /// How many activities reached the handler, once the engine has nothing to do.
    pub(super) async fn handled(&self) -> usize {
        self.world.settle().await;
        self.handled.swap(0, Relaxed)
    }

    /// Whether this is the application's answer to a request with this target, or that of nothing.
    #[track_caller]
    pub(super) fn passed(&self, reply: &Reply, method: &str, target: &str, body: usize) {
        match self.behind {
            Behind::Application => {
                assert_eq!(reply.status, 200, "{target}");
                assert_eq!(reply.text(), format!("{method} {target} {body}"));
            }
            Behind::Nothing => assert_eq!(reply.status, 404, "{target}"),
        }
    }
}

fn unique() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Relaxed)
}

#[track_caller]
pub(super) fn built(request: http::request::Builder, body: impl Into<Bytes>) -> Request<Bytes> {
    match request.body(body.into()) {
        Ok(request) => request,
        Err(error) => panic!("no request: {error}"),
    }
}
