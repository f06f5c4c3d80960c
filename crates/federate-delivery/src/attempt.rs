//! One attempt: the body, the key of this moment, a fresh signature, one request, and what its outcome means.

use crate::{
    Builder, ResolveError, SenderError,
    bodies::Bodies,
    failure::{Attempted, FailureKind},
    peers::Peers,
    spans,
    target::Target,
};
use bytes::Bytes;
use federate_http::{Budget, HttpError, HttpErrorKind, Phase};
use federate_protocol::{
    delivery::{Attempt, Fault, Verdict, classify},
    signatures::{self, Flavour, Signer},
};
use federate_store::{Delivery, StoreError, lane_of};
use http::{HeaderName, HeaderValue, Method, Request, header};
use std::time::SystemTime;

/// What an answer to a delivery may have in bytes: nobody reads it, but reading it to its end keeps the connection.
const MAX_ANSWER: usize = 64 * 1024;

/// Makes one attempt. `Err` where our own store did not answer: then nothing was tried.
pub(crate) async fn attempt(
    settings: &Builder,
    bodies: &Bodies,
    peers: &Peers,
    delivery: &Delivery,
) -> Result<Attempted, StoreError> {
    let attempted = try_once(settings, bodies, peers, delivery).await?;
    spans::ended(&attempted);
    Ok(attempted)
}

async fn try_once(
    settings: &Builder,
    bodies: &Bodies,
    peers: &Peers,
    delivery: &Delivery,
) -> Result<Attempted, StoreError> {
    let Some(body) = bodies.get(&*settings.stores.outbox, &delivery.activity).await? else {
        return Ok(Attempted::dead(
            FailureKind::Body,
            "body of the activity is missing",
        ));
    };
    let senders = &settings.senders;
    let signer = match senders.signer(&delivery.sender).await {
        Ok(signer) => signer,
        Err(error) => return Ok(unsigned(&error)),
    };
    let body = match senders.body(&delivery.sender, &delivery.activity, body).await {
        Ok(body) => body,
        Err(error) => return Ok(unsigned(&error)),
    };
    let inbox = match Target::of(&delivery.inbox) {
        Target::Inbox(inbox) => inbox,
        Target::Actor(actor) => match settings.inboxes.resolve(&delivery.sender, &actor).await {
            Ok(inbox) => inbox,
            Err(error) => return Ok(unresolved(&error)),
        },
    };
    if let Err(error) = settings.inboxes.may_deliver(&delivery.sender, &inbox).await {
        return Ok(Attempted::dead(FailureKind::Suspended, error.to_string()));
    }
    let Some(uri) = inbox
        .to_url()
        .ok()
        .and_then(|url| url.as_str().parse::<http::Uri>().ok())
    else {
        return Ok(Attempted::dead(FailureKind::Inbox, "inbox is not a URL"));
    };
    if uri.host().is_none_or(str::is_empty) {
        return Ok(Attempted::dead(
            FailureKind::Inbox,
            "inbox is not a URL with a host",
        ));
    }
    let lane = lane_of(&inbox);
    let now = settings.clock.now();
    let flavour = peers.flavour(&lane, now).await;
    let headers = settings.inboxes.headers(&delivery.sender, &inbox, &body).await;
    let request = match signed(uri, body, headers, &*signer, flavour, now) {
        Ok(request) => request,
        Err(failed) => return Ok(failed),
    };
    let budget = Budget {
        deadline: settings.attempt_deadline,
        max_body: MAX_ANSWER,
    };
    let answer = settings.client.send(request, &budget).await;
    let now = settings.clock.now();
    Ok(match answer {
        Ok(response) => {
            if response.headers().contains_key("accept-signature") {
                peers.takes_rfc9421(&lane, now).await;
            }
            let retry_after = response
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok());
            answered(response.status().as_u16(), retry_after, now)
        }
        Err(error) => failed(&error, now),
    })
}

/// Signing takes a core for most of a millisecond; attempts are tasks of their own, so every core signs.
fn signed(
    uri: http::Uri,
    body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
    signer: &dyn Signer,
    flavour: Flavour,
    now: SystemTime,
) -> Result<Request<Bytes>, Attempted> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(header::CONTENT_TYPE, "application/activity+json")
        .body(body)
        .map_err(|_| Attempted::dead(FailureKind::Inbox, "inbox is not a URL that can be asked"))?;
    let names: Vec<HeaderName> = headers.iter().map(|(name, _)| name.clone()).collect();
    request.headers_mut().extend(headers);
    let mut unsigned = match flavour {
        Flavour::Rfc9421 => signatures::rfc9421(request, signer.key_id(), now),
        _ => signatures::cavage(request, now),
    };
    for name in &names {
        unsigned = unsigned.also(name);
    }
    unsigned
        .sign(signer)
        .map_err(|error| Attempted::ours(chain(&error)))
}

fn unsigned(error: &SenderError) -> Attempted {
    match error {
        SenderError::Unknown => Attempted::dead(FailureKind::Sender, error.to_string()),
        SenderError::Unavailable(_) => Attempted::ours(chain(error)),
    }
}

fn answered(status: u16, retry_after: Option<&str>, now: SystemTime) -> Attempted {
    let attempt = Attempt::Answered { status, retry_after };
    Attempted::of(&attempt, classify(&attempt, now))
}

fn failed(error: &HttpError, now: SystemTime) -> Attempted {
    // The head came: the peer has read the request and said what it thinks of it.
    if let Some(status) = error.status() {
        return answered(status.as_u16(), None, now);
    }
    let fault = match error.kind() {
        HttpErrorKind::Refused(_) | HttpErrorKind::Request => Fault::Forbidden,
        HttpErrorKind::Address => Fault::Address,
        HttpErrorKind::Dns => Fault::Dns,
        HttpErrorKind::Connect => Fault::Connect,
        HttpErrorKind::Tls => Fault::Tls,
        HttpErrorKind::Timeout(phase) => match phase {
            // As many requests of our own were under way as may be.
            Phase::Queue => Fault::Local,
            Phase::Name => Fault::Dns,
            Phase::Connect => Fault::Connect,
            _ => Fault::Timeout,
        },
        HttpErrorKind::Reset => Fault::Reset,
        HttpErrorKind::TooLarge => Fault::TooLarge,
        HttpErrorKind::HeadTooLarge | HttpErrorKind::Protocol => Fault::Protocol,
        // A kind that is not known here yet: no answer came, whatever it was.
        _ => Fault::Reset,
    };
    let attempt = Attempt::Failed(fault);
    let verdict = match classify(&attempt, now) {
        Verdict::Retry {
            after, host_failed, ..
        } => Verdict::Retry {
            after,
            reason: chain(error),
            host_failed,
        },
        Verdict::Dead { .. } => Verdict::Dead { reason: chain(error) },
        verdict @ Verdict::Delivered => verdict,
    };
    Attempted::of(&attempt, verdict)
}

fn unresolved(error: &ResolveError) -> Attempted {
    let reason = error.to_string();
    let verdict = match *error {
        ResolveError::Refused { .. } => Verdict::Dead { reason },
        ResolveError::Unavailable { host_failed, .. } => Verdict::Retry {
            after: None,
            reason,
            host_failed,
        },
    };
    Attempted::failed(verdict, FailureKind::Unresolved)
}

/// An error with its causes, on one line: this is where the chain ends, in a log line and a column.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_time_that_ran_out_is_the_hosts_unless_it_was_our_own_turn() {
        for (phase, is_blamed) in [
            (Phase::Queue, false),
            (Phase::Name, true),
            (Phase::Connect, true),
            (Phase::Tls, true),
            (Phase::Head, true),
            (Phase::Body, true),
        ] {
            let error = HttpError::new(HttpErrorKind::Timeout(phase));
            let Verdict::Retry {
                host_failed, reason, ..
            } = failed(&error, SystemTime::UNIX_EPOCH).verdict
            else {
                panic!("{phase} is worth another try");
            };
            assert_eq!(host_failed, is_blamed, "{phase}");
            assert!(reason.contains(&phase.to_string()), "{reason}");
        }
    }
}
