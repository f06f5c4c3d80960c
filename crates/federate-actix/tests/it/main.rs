//! The adapter for actix-web, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};
use federate_server::store::Memory;
use federate_server::{Actors, Engine, Federation, Profile};
use federate_testkit::TestKeys;
use federate_testkit::adapter::{
    Behind, Site, all, counts_addresses, counts_what_is_held, http2, http2_counts_what_is_held, http2_nested,
    nested,
};

/// The application behind the instance: it echoes.
async fn echo(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
    let body = body.to_bytes_limited(1 << 23).await.unwrap()?;
    let target = request.uri().path_and_query().unwrap();
    let said = format!("{} {target} {}", request.method(), body.len());
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(said))
}

/// A server that ends with its test.
struct Serving(ServerHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        // The order to stop is given by the call; nobody needs to wait for it.
        drop(self.0.stop(false));
    }
}

macro_rules! serve {
    ($listener:expr, $server:expr) => {{
        let server = $server
            .workers(2)
            .disable_signals()
            .listen_auto_h2c($listener)
            .unwrap()
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Serving(handle)
    }};
}

/// Around the whole application.
async fn outermost(site: Site) -> Serving {
    let federation = site.federation;
    let server = HttpServer::new(move || {
        App::new()
            .default_service(web::to(echo))
            .wrap(federate_actix::middleware(&federation))
    });
    serve!(site.listener, server)
}

/// Around a scope; the application has the rest.
async fn in_a_scope(site: Site) -> Serving {
    let (federation, prefix) = (site.federation, site.prefix);
    let server = HttpServer::new(move || {
        let scope = web::scope(prefix)
            .default_service(web::to(echo))
            .wrap(federate_actix::middleware(&federation));
        App::new().service(scope).default_service(web::to(echo))
    });
    serve!(site.listener, server)
}

#[tokio::test]
async fn around_the_application() {
    all(Behind::Application, outermost).await;
}

#[tokio::test]
async fn s14_around_a_scope() {
    nested(Behind::Application, in_a_scope).await;
}

#[tokio::test]
async fn s13_by_http2() {
    http2(Behind::Application, outermost).await;
}

#[tokio::test]
async fn s14_by_http2_around_a_scope() {
    http2_nested(Behind::Application, in_a_scope).await;
}

#[tokio::test]
async fn ghsa_c2r5_who_connected_is_counted() {
    counts_addresses(outermost).await;
}

/// actix copies what it is given.
#[tokio::test]
async fn r22_what_is_not_read_is_counted() {
    counts_what_is_held(outermost).await;
}

#[tokio::test]
async fn r22_what_is_not_read_by_http2_is_counted() {
    http2_counts_what_is_held(outermost).await;
}

/// The engine ends with the server.
#[tokio::test]
async fn the_server_and_the_engine_stop_together() {
    let (_, engine) = federation_alone().await;
    let server = HttpServer::new(|| App::new().default_service(web::to(echo)))
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap()
        .run();
    let handle = server.handle();
    let running = federate_actix::run(server, engine);
    let stopping = async { handle.stop(true).await };
    let both = futures_util::future::join(running, stopping);
    let ended = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    ended.0.unwrap();
}

async fn federation_alone() -> (Federation<Actors<Memory>>, Engine) {
    Federation::builder(
        "https://site.test",
        Memory::new(),
        Actors::new([Profile::person("alice")]),
    )
    .keygen(Arc::new(TestKeys::default()))
    .build()
    .await
    .unwrap()
}
