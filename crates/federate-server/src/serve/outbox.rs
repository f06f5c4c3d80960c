//! What a client posts to an outbox.

use bytes::Bytes;
use federate_protocol::activitystreams::Object;
use federate_protocol::media_type::is_activity_document;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};

use super::limits;
use super::respond::{refuse, unavailable};
use crate::submission::NotTaken;
use crate::{Directory, Failure, Federation, Found};

pub(super) async fn submit<App: Directory>(
    federation: &Federation<App>,
    name: &str,
    head: &Parts,
    body: &Bytes,
) -> Response<Bytes> {
    // Before anybody is asked whose token it is: whoever tries tokens is counted too.
    if let Err(limited) = limits::connection(federation, head) {
        return limits::too_many(limited);
    }
    match take(federation, name, head, body).await {
        Ok(response) => response,
        Err(failure) if failure.is_permanent() => {
            tracing::info!(actor = name, reason = %failure.chain(), "what a client posted was not taken");
            refuse(StatusCode::BAD_REQUEST, "this cannot be sent")
        }
        Err(failure) => {
            tracing::warn!(actor = name, reason = %failure.chain(), "what a client posted could not be sent");
            unavailable(60)
        }
    }
}

async fn take<App: Directory>(
    federation: &Federation<App>,
    name: &str,
    head: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Failure> {
    match federation.app().client(head).await? {
        None => return Ok(unknown()),
        // Whether there is such an actor is not for others to find out here.
        Some(client) if client != name => {
            return Ok(refuse(
                StatusCode::FORBIDDEN,
                "this is the outbox of somebody else",
            ));
        }
        Some(_) => {}
    }
    let media_type = head.headers.get(header::CONTENT_TYPE);
    if !media_type.is_some_and(|value| value.to_str().is_ok_and(is_activity_document)) {
        return Ok(refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body has to be application/activity+json",
        ));
    }
    match federation.app().actor(&federation.ask(None), name).await? {
        Found::Here(_) => {}
        Found::Gone => return Ok(refuse(StatusCode::GONE, "this account is gone")),
        Found::Missing => return Ok(refuse(StatusCode::NOT_FOUND, "no such account here")),
    }
    let Ok(posted) = Object::parse(body) else {
        return Ok(not_taken(&NotTaken::NotAnObject));
    };
    let activity = match federation.submission(name, &posted).await? {
        Ok(activity) => federation.completed(activity).await?,
        Err(refused) => return Ok(not_taken(&refused)),
    };
    let sent = federation.submit(name, activity).await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::from_str(sent.id.as_str())?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

fn unknown() -> Response<Bytes> {
    let mut response = refuse(StatusCode::UNAUTHORIZED, "who are you?");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn not_taken(refused: &NotTaken) -> Response<Bytes> {
    let status = match refused {
        NotTaken::NotAnObject | NotTaken::NotCompact | NotTaken::Type(_) | NotTaken::Missing(_) => {
            StatusCode::BAD_REQUEST
        }
        NotTaken::SomebodyElse(_) | NotTaken::NotYours | NotTaken::OthersFollowers => StatusCode::FORBIDDEN,
    };
    refuse(status, &refused.to_string())
}
