//! The suite of every adapter: around the outermost router, around a nested one, and beside the application.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::Method;
use axum::response::Html;
use axum::routing::get;
use federate_testkit::adapter::{
    Behind, Site, all, counts_addresses, counts_what_is_held, http2, http2_counts_what_is_held, http2_nested,
    nested,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The application: it echoes.
fn application() -> Router {
    let echo = async |method: Method, OriginalUri(target): OriginalUri, body: Bytes| {
        let target = target.path_and_query().map_or("", |target| target.as_str());
        Html(format!("{method} {target} {}", body.len()))
    };
    Router::new().fallback(echo).layer(DefaultBodyLimit::disable())
}

fn serve(site: std::net::TcpListener, app: Router) -> JoinSet<std::io::Result<()>> {
    let listener = TcpListener::from_std(site).unwrap();
    JoinSet::from_iter([async move { axum::serve(listener, app).await }])
}

async fn around(site: Site) -> JoinSet<std::io::Result<()>> {
    let app = application().layer(federate_axum::layer(&site.federation));
    serve(site.listener, app)
}

async fn around_the_nested(site: Site) -> JoinSet<std::io::Result<()>> {
    let inner = application().layer(federate_axum::layer(&site.federation));
    serve(site.listener, application().nest(site.prefix, inner))
}

async fn beside(site: Site) -> JoinSet<std::io::Result<()>> {
    let instance = federate_axum::service(&site.federation);
    serve(site.listener, Router::new().nest_service(site.prefix, instance))
}

#[tokio::test]
async fn around_the_application() {
    all(Behind::Application, around).await;
}

/// What was signed is the target with the prefix that the router has stripped.
#[tokio::test]
async fn s14_around_a_nested_router() {
    nested(Behind::Application, around_the_nested).await;
}

#[tokio::test]
async fn s14_beside_the_application() {
    nested(Behind::Nothing, beside).await;
}

#[tokio::test]
async fn s13_by_http2() {
    http2(Behind::Application, around).await;
}

/// There the router strips the prefix of a target that has the host too.
#[tokio::test]
async fn s14_by_http2_around_a_nested_router() {
    http2_nested(Behind::Application, around_the_nested).await;
}

#[tokio::test]
async fn s14_by_http2_beside_the_application() {
    http2_nested(Behind::Nothing, beside).await;
}

/// axum's own way of saying who connected.
#[tokio::test]
async fn ghsa_c2r5_who_connected_is_counted() {
    counts_addresses(async |site: Site| {
        let listener = TcpListener::from_std(site.listener).unwrap();
        let app = Router::new().fallback_service(federate_axum::service(&site.federation));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        JoinSet::from_iter([async move { axum::serve(listener, app).await }])
    })
    .await;
}

/// And that of this crate.
#[tokio::test]
async fn ghsa_c2r5_who_connected_to_our_own_server_is_counted() {
    counts_addresses(our_own).await;
}

async fn our_own(site: Site) -> JoinSet<std::io::Result<()>> {
    let listener = TcpListener::from_std(site.listener).unwrap();
    let app = Router::new().layer(federate_axum::layer(&site.federation));
    let (_, engine, ..) = crate::instance().await;
    let serving = federate_axum::serve_until(listener, app, engine, std::future::pending());
    JoinSet::from_iter([serving])
}

#[tokio::test]
async fn r22_what_is_not_read_is_counted() {
    counts_what_is_held(around).await;
    counts_what_is_held(our_own).await;
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

#[tokio::test]
async fn r22_what_is_not_read_by_http2_is_counted() {
    http2_counts_what_is_held(around).await;
}
