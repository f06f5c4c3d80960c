//! What a supervisor and a load balancer ask: whether the program moves, and whether it may be given work.

use crate::site::Site;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use federate::server::{Health, Unready};
use http::{StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// 200 while the engine moves; 503 where only a new start helps.
pub(crate) async fn live(State(site): State<Site>) -> Response {
    let (health, now) = site.network.health();
    if health.is_live(now) {
        answer(StatusCode::OK, json!({ "status": "ok" }))
    } else {
        unavailable(&health, now)
    }
}

/// 200 while work may come; 503 with the reason before the start, during a drain, and where engine or store stand still.
pub(crate) async fn ready(State(site): State<Site>) -> Response {
    let (health, now) = site.network.health();
    if !health.is_ready(now) {
        return unavailable(&health, now);
    }
    let body = json!({
        "status": "ok",
        "held": health.delivery.hold.map(|hold| hold.to_string()),
        "in_flight": health.delivery.in_flight,
        "pending": health.delivery.pending,
        "oldest_pending": health.delivery.oldest_pending.map(seconds),
        "inbox_pending": health.inbox.pending,
        "inbox_oldest_pending": health.inbox.oldest_pending.map(seconds),
    });
    answer(StatusCode::OK, body)
}

fn unavailable(health: &Health, now: SystemTime) -> Response {
    let body = match health.unready(now) {
        Some((part, why)) => json!({
            "status": "unavailable",
            "part": part.name(),
            "reason": why.code(),
            "detail": why.to_string(),
            "since": match why {
                Unready::Stalled { since } => Some(seconds(since)),
                _ => None,
            },
        }),
        None => json!({ "status": "unavailable" }),
    };
    answer(StatusCode::SERVICE_UNAVAILABLE, body)
}

fn answer(status: StatusCode, body: Value) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
