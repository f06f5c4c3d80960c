//! From a handle to the actor that it leads to, and that leads back to it.

use super::document::{DocumentFetch, follow, single_header, spend};
use super::{Actor, Bond, FetchRefusal, FetchRules, FetchStep, NotAdmitted};
use crate::activitystreams::Iri;
use crate::media_type;
use crate::webfinger::{self, Handle, Jrd};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use url::Url;

/// The look-up of a handle that waits for the answer to a GET.
///
/// 1. WebFinger at the handle's host. Where the subject of the answer is somebody else, that one's host is asked, once, and must confirm it
///    (W1): this is how `@alice@example.org`, served by `social.example.org`, works in both spellings.
/// 2. The actor that the answer links to, whose id must be that link, character for character behind the host (W3).
/// 3. The way back: where the handle that the actor gives itself is another (a split domain), WebFinger for that one must name the
///    confirmed handle and the same actor (W4).
#[derive(Debug)]
pub struct HandleLookup {
    way: Way,
    state: State,
}

/// What the whole look-up goes by.
#[derive(Debug)]
struct Way {
    rules: Arc<FetchRules>,
    loopback: LoopbackScheme,
    hops: u8,
}

#[derive(Debug)]
enum State {
    WebFinger {
        url: Url,
        purpose: Purpose,
    },
    Actor {
        fetch: DocumentFetch,
        handle: Handle,
        link: Iri,
    },
}

#[derive(Debug)]
enum Purpose {
    /// What was typed.
    Ask(Handle),
    /// The subject that an answer about another handle named.
    Confirm(Handle),
    /// The handle that the actor gives itself; the answer must name `confirmed`.
    Back {
        asked: Handle,
        confirmed: Handle,
        actor: Box<Actor>,
    },
}

/// How a host on loopback is spoken to, where that is allowed at all: a handle has no scheme.
///
/// Every other host is asked by https, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LoopbackScheme {
    /// As most do in development.
    #[default]
    Http,
    /// Behind a certificate of an authority of one's own.
    Https,
}

/// Where the look-up of a handle stands.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandleStep {
    /// Send this GET, and pass the answer on.
    Get(HandleLookup),
    /// Both directions hold.
    Found(Box<Found>),
    /// The actor was there once: 410.
    Gone,
    /// Nothing here may be believed.
    Refused(FetchRefusal),
}

/// An actor and its handle, confirmed in both directions.
#[derive(Debug, Clone)]
pub struct Found {
    /// The handle in its canonical spelling: what the server calls its subject, perhaps not what was typed.
    pub handle: Handle,
    /// The actor.
    pub actor: Actor,
    /// Why the two belong together.
    pub bond: Bond,
}

impl HandleLookup {
    /// Begins to look a handle up.
    #[must_use]
    pub fn start(handle: &Handle, rules: Arc<FetchRules>) -> HandleStep {
        Self::start_with(handle, rules, LoopbackScheme::default())
    }

    /// Begins to look a handle up, with a scheme for hosts on loopback.
    #[must_use]
    pub fn start_with(handle: &Handle, rules: Arc<FetchRules>, loopback: LoopbackScheme) -> HandleStep {
        settle(ask(
            Purpose::Ask(handle.clone()),
            Way {
                rules,
                loopback,
                hops: 0,
            },
        ))
    }

    /// What to GET. Redirects are not to be followed.
    pub fn url(&self) -> &Url {
        match &self.state {
            State::WebFinger { url, .. } => url,
            State::Actor { fetch, .. } => fetch.url(),
        }
    }

    /// The `Accept` to send.
    pub fn accept(&self) -> &'static str {
        match &self.state {
            State::WebFinger { .. } => media_type::ACCEPT_JRD,
            State::Actor { fetch, .. } => fetch.accept(),
        }
    }

    /// Whether the GET is for WebFinger rather than for a document: it has a smaller limit, and need not be signed.
    pub fn is_webfinger(&self) -> bool {
        matches!(self.state, State::WebFinger { .. })
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn on_response(self, response: &http::Response<Bytes>) -> HandleStep {
        let Self { way, state } = self;
        settle(match state {
            State::WebFinger { url, purpose } => on_jrd(&url, purpose, way, response),
            State::Actor { fetch, handle, link } => {
                let way = Way {
                    hops: fetch.hops(),
                    ..way
                };
                on_actor(fetch.on_response(response), handle, link, way)
            }
        })
    }
}

type Next = Result<HandleStep, FetchRefusal>;

fn settle(next: Next) -> HandleStep {
    next.unwrap_or_else(HandleStep::Refused)
}

fn ask(purpose: Purpose, way: Way) -> Next {
    let (Purpose::Ask(handle) | Purpose::Confirm(handle) | Purpose::Back { asked: handle, .. }) = &purpose;
    let url = webfinger_url(handle, &way).map_err(|reason| FetchRefusal::NotAdmitted {
        url: handle.acct(),
        reason,
    })?;
    Ok(HandleStep::Get(HandleLookup {
        way,
        state: State::WebFinger { url, purpose },
    }))
}

fn webfinger_url(handle: &Handle, way: &Way) -> Result<Url, NotAdmitted> {
    let secure = webfinger::request_url(handle, "https").ok_or(NotAdmitted::NotUrl)?;
    let plain = way.loopback == LoopbackScheme::Http
        && way.rules.allow_http_loopback
        && super::admit::is_loopback_url(&secure);
    let url = if plain {
        webfinger::request_url(handle, "http").ok_or(NotAdmitted::NotUrl)?
    } else {
        secure
    };
    way.rules.admit_url(url)
}

fn on_jrd(url: &Url, purpose: Purpose, way: Way, response: &http::Response<Bytes>) -> Next {
    let rules = &way.rules;
    match response.status().as_u16() {
        200 => {}
        301 | 302 | 303 | 307 | 308 => {
            let url = follow(url, response, rules)?;
            let hops = spend(way.hops, rules)?;
            return Ok(HandleStep::Get(HandleLookup {
                way: Way { hops, ..way },
                state: State::WebFinger { url, purpose },
            }));
        }
        status => return Err(FetchRefusal::Status(status)),
    }
    if !single_header(response, &CONTENT_TYPE).is_some_and(media_type::is_jrd) {
        return Err(FetchRefusal::ContentType);
    }
    if response.body().len() > rules.limits.webfinger {
        return Err(FetchRefusal::TooLarge);
    }
    let jrd = Jrd::parse(response.body()).map_err(|bad| FetchRefusal::jrd(&bad))?;
    let link = jrd
        .actor_link()
        .and_then(|link| Iri::parse(link).ok())
        .ok_or(FetchRefusal::NoActorLink)?;
    match purpose {
        Purpose::Ask(asked) => match subject(&jrd, &asked, rules)? {
            subject if same(&subject, &asked) => fetch_actor(subject, link, way),
            subject => ask(Purpose::Confirm(subject), way),
        },
        Purpose::Confirm(asked) => match subject(&jrd, &asked, rules)? {
            subject if same(&subject, &asked) => fetch_actor(subject, link, way),
            _ => Err(FetchRefusal::Subject),
        },
        Purpose::Back {
            asked,
            confirmed,
            actor,
        } => {
            if same(&subject(&jrd, &asked, rules)?, &confirmed) && is_at(actor.id(), &link) {
                Ok(HandleStep::Found(Box::new(Found {
                    handle: confirmed,
                    actor: *actor,
                    bond: Bond::RoundTrip { through: asked },
                })))
            } else {
                Err(FetchRefusal::NotBound)
            }
        }
    }
}

fn fetch_actor(handle: Handle, link: Iri, way: Way) -> Next {
    let step = DocumentFetch::start_after(&link, Arc::clone(&way.rules), way.hops);
    on_actor(step, handle, link, way)
}

fn on_actor(step: FetchStep, handle: Handle, link: Iri, way: Way) -> Next {
    let document = match step {
        FetchStep::Get(fetch) => {
            return Ok(HandleStep::Get(HandleLookup {
                way,
                state: State::Actor { fetch, handle, link },
            }));
        }
        FetchStep::Gone => return Ok(HandleStep::Gone),
        FetchStep::Refused(refusal) => return Err(refusal),
        FetchStep::Believed(document) => *document,
    };
    if !is_at(document.id(), &link) {
        return Err(FetchRefusal::NotBound);
    }
    let actor = Actor::new(document, &way.rules.limits)?;
    let claimed = actor
        .claimed_handle(way.rules.allow_http_loopback)
        .ok_or(FetchRefusal::NotBound)?;
    if same(&claimed, &handle) {
        return Ok(HandleStep::Found(Box::new(Found {
            handle,
            actor,
            bond: Bond::OwnName,
        })));
    }
    ask(
        Purpose::Back {
            asked: claimed,
            confirmed: handle,
            actor: Box::new(actor),
        },
        way,
    )
}

/// Whom the answer is about; without a subject, whom it was asked about.
fn subject(jrd: &Jrd, asked: &Handle, rules: &FetchRules) -> Result<Handle, FetchRefusal> {
    if jrd.subject.is_empty() {
        return Ok(asked.clone());
    }
    let parsed = if rules.allow_http_loopback {
        Handle::parse_allowing_port(&jrd.subject)
    } else {
        Handle::parse(&jrd.subject)
    };
    parsed.map_err(|_| FetchRefusal::Subject)
}

/// Whether an actor is where a link leads. The host may be in capitals there, or have the port that https has anyway: the
/// same place in another spelling. A path in another spelling is another place.
fn is_at(id: &Iri, link: &Iri) -> bool {
    id == link || (id.same_origin(link) && behind_host(id) == behind_host(link))
}

fn behind_host(iri: &Iri) -> Option<&str> {
    let (_, rest) = iri.as_str().split_once("://")?;
    rest.strip_prefix(iri.authority()?)
}

/// Servers answer `@Alice@` with `alice`: users are compared without regard to case, hosts are canonical already (W2).
fn same(a: &Handle, b: &Handle) -> bool {
    a.folded() == b.folded()
}
