//! The HTTP surface: what is ours, and who answers it.

mod accept;
mod actor;
mod collection;
mod discovery;
mod inbox;
mod limits;
mod media;
mod object;
mod outbox;
mod partial;
mod respond;
mod viewer;
mod visible;

use bytes::Bytes;
use federate_protocol::webfinger::nodeinfo::Version;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, header};

use crate::uris::{Part, Place};
use crate::{Directory, Federation, INSTANCE, RELAY, Uris};
pub(crate) use limits::too_many_reads;
pub(crate) use object::find;
pub(crate) use respond::{BY_SIGNER, refuse, too_large};

/// Who answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    WebFinger,
    HostMeta {
        json: bool,
    },
    NodeInfoIndex,
    NodeInfo(Version),
    Posted(Posted),
    Document {
        place: Place,
        /// Whether somebody signed, as far as the headers say.
        signed: bool,
    },
    /// A file of another server, by what stands behind the path of these.
    Media(String),
    /// The path is ours and has no such method.
    WrongMethod(&'static str),
}

/// What is posted to, with the body as part of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    Inbox {
        of: Option<String>,
    },
    /// What a client posts.
    Submission {
        of: String,
    },
}

impl Route {
    /// Whether the body is part of the request.
    pub(crate) fn reads_body(&self) -> bool {
        matches!(self, Route::Posted(_))
    }

    /// Whether the answer depends on the headers, beyond what has been read of them to find this route: on who signed.
    pub(crate) fn reads_headers(&self) -> bool {
        match self {
            Route::WebFinger
            | Route::HostMeta { .. }
            | Route::NodeInfoIndex
            | Route::NodeInfo(_)
            | Route::WrongMethod(_)
            | Route::Document {
                place:
                    Place::Instance(Part::Itself | Part::Key)
                    | Place::Relay(Part::Itself | Part::Key)
                    | Place::Actor(_, Part::Key),
                ..
            } => false,
            Route::Document {
                place: Place::Actor(_, Part::Itself),
                signed,
            } => *signed,
            Route::Posted(_) | Route::Document { .. } | Route::Media(_) => true,
        }
    }

    /// Whether the answer depends on who signed, also where there is none and the application gives its own.
    pub(crate) fn depends_on_signer(&self) -> bool {
        match self {
            Route::Document { place, .. } => !is_for_everybody(place),
            _ => false,
        }
    }
}

/// Finds who answers; `None`: the application.
pub(crate) fn route(uris: &Uris, method: &Method, path: &str, headers: &HeaderMap) -> Option<Route> {
    let read = method == Method::GET || method == Method::HEAD;
    let fixed = match path {
        "/.well-known/webfinger" => Some(Route::WebFinger),
        "/.well-known/host-meta" => Some(Route::HostMeta {
            json: accept::json(headers),
        }),
        "/.well-known/host-meta.json" => Some(Route::HostMeta { json: true }),
        "/.well-known/nodeinfo" => Some(Route::NodeInfoIndex),
        "/nodeinfo/2.0" => Some(Route::NodeInfo(Version::V2_0)),
        "/nodeinfo/2.1" => Some(Route::NodeInfo(Version::V2_1)),
        "/nodeinfo/2.2" => Some(Route::NodeInfo(Version::V2_2)),
        _ => None,
    };
    if let Some(route) = fixed {
        return Some(if read {
            route
        } else {
            Route::WrongMethod("GET, HEAD")
        });
    }
    if let Some(below) = uris.below_media(path) {
        return Some(if read {
            Route::Media(below.to_owned())
        } else {
            Route::WrongMethod("GET, HEAD")
        });
    }
    match uris.place(path)? {
        Place::SharedInbox | Place::Instance(Part::Inbox) | Place::Relay(Part::Inbox) => {
            Some(if method == Method::POST {
                Route::Posted(Posted::Inbox { of: None })
            } else {
                Route::WrongMethod("POST")
            })
        }
        Place::Actor(name, Part::Inbox) => Some(if method == Method::POST {
            Route::Posted(Posted::Inbox { of: Some(name) })
        } else {
            Route::WrongMethod("POST")
        }),
        Place::Actor(name, Part::Outbox) if method == Method::POST && uris.takes_posts() => {
            Some(Route::Posted(Posted::Submission { of: name }))
        }
        place if read && accept::activity(headers, may_be_a_page(&place)) => Some(Route::Document {
            signed: viewer::is_signed(headers),
            place,
        }),
        _ => None,
    }
}

/// Whether the answer at this path depends on `Accept`, also where the application gives it.
pub(crate) fn negotiates(uris: &Uris, method: &Method, path: &str) -> bool {
    (method == Method::GET || method == Method::HEAD)
        && uris.place(path).is_some_and(|place| {
            matches!(place, Place::Actor(_, part) | Place::Object(_, part) | Place::Instance(part) | Place::Relay(part) if part != Part::Inbox)
        })
}

/// Whether the application may have something of its own at this URL, so that only a clear wish makes it ours.
fn may_be_a_page(place: &Place) -> bool {
    matches!(place, Place::Actor(..) | Place::Object(..))
}

/// Answers a request, if it is federation's.
pub(crate) async fn handle<App: Directory>(
    federation: &Federation<App>,
    request: Request<Bytes>,
) -> Option<Response<Bytes>> {
    if !federation.is_asked(request.uri(), request.headers()) {
        return None;
    }
    let route = route(
        federation.uris(),
        request.method(),
        request.uri().path(),
        request.headers(),
    )?;
    if let Some(refusal) = too_many_reads(federation, &route, &request) {
        return Some(refusal);
    }
    answer(federation, route, request).await
}

/// Answers a request that has been routed, if there is something here; `None`: the application may have something.
pub(crate) async fn answer<App: Directory>(
    federation: &Federation<App>,
    route: Route,
    request: Request<Bytes>,
) -> Option<Response<Bytes>> {
    let (mut head, body) = request.into_parts();
    on_the_wire(&mut head);
    let headless = head.method == Method::HEAD;
    let query = head.uri.query().unwrap_or_default().to_owned();
    // What is asked for most has a small future: the others, which are many times as large, lie in boxes of their own.
    let response = match route {
        Route::WebFinger => Some(discovery::webfinger(federation, &query).await),
        Route::HostMeta { json } => Some(discovery::host_meta(federation, json)),
        Route::NodeInfoIndex => Some(discovery::nodeinfo_index(federation)),
        Route::NodeInfo(version) => Some(discovery::nodeinfo(federation, version).await),
        Route::Media(below) => Some(Box::pin(media::media(federation, &head, &below)).await),
        Route::WrongMethod(allow) => Some(respond::wrong_method(allow)),
        Route::Document { place, signed } => document(federation, &head, place, signed, &query).await,
        Route::Posted(to) => Some(Box::pin(posted(federation, to, head, body)).await),
    };
    response.map(|response| {
        if headless {
            respond::without_body(response)
        } else {
            response
        }
    })
}

/// Answers what was posted, with its head as it was [on the wire](on_the_wire). The future is large: whoever waits for it has it in a box.
pub(crate) async fn posted<App: Directory>(
    federation: &Federation<App>,
    to: Posted,
    head: Parts,
    body: Bytes,
) -> Response<Bytes> {
    match to {
        Posted::Inbox { of } => inbox::receive(federation, of.as_deref(), head, body).await,
        Posted::Submission { of } => Box::pin(outbox::submit(federation, &of, &head, &body)).await,
    }
}

/// Whoever would verify our signatures has to read this first (S31): the instance's own actor, and keys that are documents of their own.
fn is_for_everybody(place: &Place) -> bool {
    matches!(
        place,
        Place::Instance(Part::Itself | Part::Key)
            | Place::Relay(Part::Itself | Part::Key)
            | Place::Actor(_, Part::Key)
    )
}

/// An ActivityPub document, for whoever may have it.
async fn document<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    place: Place,
    signed: bool,
    query: &str,
) -> Option<Response<Bytes>> {
    match place {
        Place::Instance(Part::Itself) => Some(actor::instance(federation).await),
        Place::Relay(Part::Itself) => Some(actor::relay(federation).await),
        Place::Actor(name, Part::Key) => Box::pin(actor::key(federation, &name)).await,
        Place::Instance(Part::Key) => Box::pin(actor::key(federation, INSTANCE)).await,
        Place::Relay(Part::Key) => Box::pin(actor::key(federation, RELAY)).await,
        Place::Actor(name, Part::Itself) if !signed && !federation.inner.guards.authorized_fetch => {
            actor::actor(federation, None, &name).await
        }
        place => Box::pin(document_for(federation, head, place, query)).await,
    }
}

async fn document_for<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    place: Place,
    query: &str,
) -> Option<Response<Bytes>> {
    let asker = match viewer::admit(federation, head, &place).await {
        Ok(asker) => asker,
        Err(refusal) => return Some(refusal),
    };
    let viewer = asker.viewer();
    let response = match place {
        Place::Actor(name, Part::Itself) => actor::actor(federation, viewer, &name).await,
        Place::Object(at, Part::Itself) => object::object(federation, viewer, &at).await,
        Place::Object(at, Part::Activity) => object::activity(federation, viewer, &at).await,
        Place::Actor(name, Part::Synchronization) => partial::partial(federation, viewer, &name).await,
        place => collection::collection(federation, head, viewer, &place, query).await,
    };
    response.map(|response| asker.mark(response))
}

/// What was signed is the target and the host as they were on the wire; HTTP/2 has both in the URI. A `Host` that says something
/// else than the URI stays beside it, for the verifier to refuse.
pub(crate) fn on_the_wire(head: &mut Parts) {
    let Some(authority) = head.uri.authority() else {
        return;
    };
    match head.headers.get(header::HOST) {
        Some(host) if host != authority.as_str() => return,
        Some(_) => {}
        None => {
            if let Ok(host) = authority.as_str().parse() {
                head.headers.insert(header::HOST, host);
            }
        }
    }
    if let Some(target) = head.uri.path_and_query()
        && let Ok(uri) = http::Uri::builder().path_and_query(target.clone()).build()
    {
        head.uri = uri;
    }
}
