//! The suite against the plain tower service, in hyper and nothing else.

use federate_server::PeerAddress;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{
    Behind, Site, all, counts_addresses, counts_what_is_held, http2, http2_counts_what_is_held, http2_nested,
    nested,
};

async fn in_hyper(site: Site) -> JoinSet<()> {
    let listener = TcpListener::from_std(site.listener).unwrap();
    let federation = TowerToHyperService::new(site.federation.service());
    JoinSet::from_iter([async move {
        let mut open = JoinSet::new();
        while let Ok((stream, from)) = listener.accept().await {
            let federation = federation.clone();
            let service = service_fn(move |mut request: http::Request<Incoming>| {
                request.extensions_mut().insert(PeerAddress(from.ip()));
                federation.call(request)
            });
            open.spawn(async move {
                // Whichever HTTP is spoken. A peer that breaks off is not the server's failure.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }])
}

#[tokio::test]
async fn a_service_of_its_own_keeps_the_suite() {
    all(Behind::Nothing, in_hyper).await;
}

#[tokio::test]
async fn s14_at_paths_of_its_own() {
    nested(Behind::Nothing, in_hyper).await;
}

#[tokio::test]
async fn s13_by_http2() {
    http2(Behind::Nothing, in_hyper).await;
}

#[tokio::test]
async fn s14_by_http2_at_paths_of_its_own() {
    http2_nested(Behind::Nothing, in_hyper).await;
}

#[tokio::test]
async fn ghsa_c2r5_who_connected_is_counted() {
    counts_addresses(in_hyper).await;
}

#[tokio::test]
async fn r22_what_is_not_read_is_counted() {
    counts_what_is_held(in_hyper).await;
}

#[tokio::test]
async fn r22_what_is_not_read_by_http2_is_counted() {
    http2_counts_what_is_held(in_hyper).await;
}
