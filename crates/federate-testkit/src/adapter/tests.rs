//! The suite against the plain tower service, in hyper and nothing else.

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Behind, Site, all, nested};

async fn in_hyper(site: Site) -> JoinSet<()> {
    let listener = TcpListener::from_std(site.listener).unwrap();
    let service = TowerToHyperService::new(site.federation.service());
    JoinSet::from_iter([async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
            open.spawn(async move {
                // A peer that breaks off is not the server's failure.
                let _ = connection.await;
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
