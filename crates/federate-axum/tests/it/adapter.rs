//! The suite of every adapter: around the outermost router, around a nested one, and beside the application.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::Method;
use axum::response::Html;
use axum::routing::get;
use federate_testkit::adapter::{Behind, Site, all, nested};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The application: it echoes.
fn application() -> Router {
    let echo = async |method: Method, OriginalUri(target): OriginalUri, body: Bytes| {
        Html(format!("{method} {target} {}", body.len()))
    };
    Router::new().fallback(echo).layer(DefaultBodyLimit::disable())
}

fn serve(site: std::net::TcpListener, app: Router) -> JoinSet<std::io::Result<()>> {
    let listener = TcpListener::from_std(site).unwrap();
    JoinSet::from_iter([async move { axum::serve(listener, app).await }])
}

#[tokio::test]
async fn around_the_application() {
    all(Behind::Application, async |site: Site| {
        let app = application().layer(federate_axum::layer(&site.federation));
        serve(site.listener, app)
    })
    .await;
}

/// What was signed is the target with the prefix that the router has stripped.
#[tokio::test]
async fn s14_around_a_nested_router() {
    nested(Behind::Application, async |site: Site| {
        let inner = application().layer(federate_axum::layer(&site.federation));
        serve(site.listener, application().nest(site.prefix, inner))
    })
    .await;
}

#[tokio::test]
async fn s14_beside_the_application() {
    nested(Behind::Nothing, async |site: Site| {
        let instance = federate_axum::service(&site.federation);
        serve(site.listener, Router::new().nest_service(site.prefix, instance))
    })
    .await;
}

/// As the fallback of a site that has routes of its own.
#[tokio::test]
async fn behind_the_application() {
    all(Behind::Nothing, async |site: Site| {
        let instance = federate_axum::service(&site.federation);
        let app = Router::new()
            .route("/of-its-own", get(async || "here"))
            .fallback_service(instance);
        serve(site.listener, app)
    })
    .await;
}
