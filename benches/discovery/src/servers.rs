//! Who serves alice, and her WebFinger answer.

mod actpub;
mod bare;
mod lemmy;
mod ours;

use std::time::Instant;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// Serves until the parent ends, and prints the port.
pub fn run(name: &str) {
    crate::end_with_the_parent();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        if name == "ours" {
            // As an application runs it: with its own way of serving, and the engine beside.
            let (app, engine) = ours::app().await;
            federate_axum::serve_until(listener, app, engine, std::future::pending())
                .await
                .unwrap();
        } else {
            axum::serve(listener, app(name).await).await.unwrap();
        }
    });
}

/// Answers so often without a socket, and prints the nanoseconds of one answer.
pub fn answer(name: &str, target: &str, accept: &str, times: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = app(name).await;
        let began = Instant::now();
        for _ in 0..times {
            let request = http::Request::get(target)
                .header(http::header::HOST, crate::alice::HOST)
                .header(http::header::USER_AGENT, "discovery-bench/0.0")
                .header(http::header::ACCEPT, accept)
                .body(Body::empty())
                .unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 200);
            std::hint::black_box(response.into_body().collect().await.unwrap().to_bytes());
        }
        println!("{}", began.elapsed().as_nanos() / u128::from(times));
    });
}

async fn app(name: &str) -> Router {
    match name {
        "bare" => bare::app().await,
        "ours" | "ours-layer" => ours::app().await.0,
        "ours-anew" => ours::app_anew().await,
        "activitypub_federation" => lemmy::app().await,
        "actpub" => actpub::app(),
        other => panic!("there is no {other}"),
    }
}
