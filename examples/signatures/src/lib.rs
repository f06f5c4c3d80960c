//! Signatures and nothing else: a bare hyper server that verifies what is posted to it, and a client that signs what it posts.
//!
//! Of the federate crates there is `federate-signatures` alone. It does no I/O: which key is needed is said by [`parse`], where
//! it comes from is the program's matter. Here it is a table; who fetches it from the sender's server must ask
//! whether that key belongs to the actor whom the body names.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate_signatures::{Policy, PrivateKey, PublicKey, Refusal, VerifiedSignature, cavage, parse};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

/// The largest body that is read.
const BODY: usize = 1 << 20;
/// How long a request may take, head and body.
const DEADLINE: Duration = Duration::from_secs(30);

/// What went wrong on the way to another server.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Whose signatures are taken here.
#[derive(Debug)]
pub struct Site {
    /// The keys, by their ids.
    pub keys: HashMap<String, PublicKey>,
    /// What a signature has to say and to cover. It names our own host, as what was signed for another is not for us, and the
    /// scheme by which we are reached: this server speaks plain http.
    pub policy: Policy,
}

/// Answers 202 to what is signed by a known key, and says why to everybody else, for as long as it is polled.
pub async fn serve(listener: TcpListener, site: Arc<Site>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let site = Arc::clone(&site);
                async move { Ok::<_, Infallible>(receive(&site, request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(DEADLINE)
                .serve_connection(TokioIo::new(stream), answer);
            // How a peer ends its connection is its own matter.
            let _ = connection.await;
        });
    }
}

async fn receive(site: &Site, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let reading = Limited::new(body, BODY).collect();
    let Ok(Ok(body)) = tokio::time::timeout(DEADLINE, reading).await else {
        return say(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too large, too slow, or broken off",
        );
    };
    match verify(site, &head, &body.to_bytes(), now()) {
        Ok(verified) => say(StatusCode::ACCEPTED, &format!("signed by {}", verified.key_id())),
        Err(No::Unknown) => say(StatusCode::UNAUTHORIZED, "the key is not known here"),
        // All of it goes into the log (`Refusal::explain`); a peer is told what is safe to tell.
        Err(No::Refused(refusal)) => say(StatusCode::UNAUTHORIZED, &refusal.peer_message()),
    }
}

/// Why not.
enum No {
    Unknown,
    Refused(Refusal),
}

fn verify(
    site: &Site,
    head: &hyper::http::request::Parts,
    body: &[u8],
    now: SystemTime,
) -> Result<VerifiedSignature, No> {
    let parsed = parse(head, body).map_err(No::Refused)?;
    // All that can be refused without a key is refused before anybody fetches one.
    parsed.check(&site.policy, now).map_err(No::Refused)?;
    let key = site.keys.get(parsed.key_id().as_str()).ok_or(No::Unknown)?;
    parsed.verify(key, &site.policy, now).map_err(No::Refused)
}

fn say(status: StatusCode, what: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{what}\n"))));
    *response.status_mut() = status;
    response
}

/// A signed POST to a server that speaks plain http at `host`.
///
/// # Errors
///
/// Where it cannot be signed, or the server cannot be spoken with.
pub async fn post(
    key: &PrivateKey,
    host: &str,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, String), Trouble> {
    let request = Request::post(format!("http://{host}{path}")).body(body)?;
    let signed = cavage(request, now()).sign(key)?;
    send(host, signed).await
}

/// Sends a request as it is.
///
/// # Errors
///
/// Where the server cannot be spoken with.
pub async fn send(host: &str, mut request: Request<Bytes>) -> Result<(StatusCode, String), Trouble> {
    // On the wire there is the path alone; the host stands in its header, which is signed.
    if let Some(target) = request.uri().path_and_query() {
        *request.uri_mut() = target.as_str().parse()?;
    }
    let stream = TokioIo::new(TcpStream::connect(host).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new)).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), BODY).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock of a program; the library is told the time"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
