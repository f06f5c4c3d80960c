//! Who is posted to: reads the body and answers 202, by plain http and by TLS.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Where it listens, and whom one has to trust for that.
#[derive(Debug, Deserialize, Serialize)]
pub struct Sink {
    pub http: u16,
    /// TLS, with HTTP/1.1 alone.
    pub https: u16,
    /// TLS, with HTTP/2.
    pub h2: u16,
    pub ca: String,
}

/// Takes what is posted until the parent ends, and prints where.
pub fn run() {
    crate::end_with_the_parent();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let acceptor = |alpn: &[u8]| {
            let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
            let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(
                rustls::crypto::ring::default_provider(),
            ))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key.into())
            .unwrap();
            config.alpn_protocols = vec![alpn.to_vec()];
            TlsAcceptor::from(Arc::new(config))
        };
        let sink = Sink {
            http: listen(None).await,
            https: listen(Some(acceptor(b"http/1.1"))).await,
            h2: listen(Some(acceptor(b"h2"))).await,
            ca: certified.cert.pem(),
        };
        println!("{}", serde_json::to_string(&sink).unwrap());
        std::future::pending::<()>().await;
    });
}

async fn listen(tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let tls = tls.clone();
            tokio::spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream).await;
                        }
                    }
                    None => serve(stream).await,
                }
            });
        }
    });
    port
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    // It ends when the client closes it, which is no error here.
    let _ = Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service_fn(take))
        .await;
}

async fn take(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut response = Response::new(Empty::new());
    // A bench that posts something else than it says should fail.
    *response.status_mut() = if body.len() == crate::post::BODY {
        StatusCode::ACCEPTED
    } else {
        StatusCode::BAD_REQUEST
    };
    Ok(response)
}
