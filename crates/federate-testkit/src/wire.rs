//! The network between the hosts of a world: an [`HttpClient`] that reaches into the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use federate_http::{Budget, HttpClient, HttpError, HttpErrorKind, Phase};
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri::PathAndQuery};

use crate::random::Random;
use crate::world::BoxFuture;

pub(crate) type Answer = Arc<dyn Fn(Request<Bytes>) -> BoxFuture<Response<Bytes>> + Send + Sync>;

/// What goes wrong between a host and everybody else, in thousandths of its requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    /// The request is lost: it never arrives.
    pub request_lost: u16,
    /// The answer is lost: the request was handled, the sender sees an error.
    pub answer_lost: u16,
    /// The host does not answer at all.
    pub down: bool,
}

/// The network of a world.
pub struct Wire {
    random: Random,
    hosts: Mutex<BTreeMap<String, (Answer, Weather)>>,
    log: Mutex<Vec<String>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("hosts", &lock(&self.hosts).keys())
            .finish_non_exhaustive()
    }
}

impl Wire {
    pub(crate) fn new(seed: u64) -> Self {
        Wire {
            random: Random::new(seed),
            hosts: Mutex::default(),
            log: Mutex::default(),
        }
    }

    pub(crate) fn connect(&self, authority: &str, answer: Answer) {
        lock(&self.hosts).insert(authority.to_owned(), (answer, Weather::default()));
    }

    pub(crate) fn knows(&self, authority: &str) -> bool {
        lock(&self.hosts).contains_key(authority)
    }

    /// Changes the weather of one host.
    pub fn weather(&self, authority: &str, weather: Weather) {
        if let Some(host) = lock(&self.hosts).get_mut(authority) {
            host.1 = weather;
        }
    }

    /// What was sent so far, as `METHOD URL`, in order; what was lost is in it too.
    pub fn log(&self) -> Vec<String> {
        lock(&self.log).clone()
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn send(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        lock(&self.log).push(format!("{} {}", request.method(), request.uri()));
        let authority = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let host = lock(&self.hosts).get(&authority).cloned();
        let Some((answer, weather)) = host else {
            return Err(HttpError::new(HttpErrorKind::Dns));
        };
        if weather.down {
            return Err(HttpError::new(HttpErrorKind::Connect));
        }
        if self.random.happens(weather.request_lost) {
            return Err(HttpError::new(HttpErrorKind::Timeout(Phase::Head)));
        }
        let response = answer(as_on_the_wire(request)).await;
        if self.random.happens(weather.answer_lost) {
            return Err(HttpError::new(HttpErrorKind::Timeout(Phase::Head)));
        }
        if response.body().len() > budget.max_body {
            return Err(HttpError::new(HttpErrorKind::TooLarge));
        }
        Ok(response)
    }
}

/// A server sees a path and a `Host` header, not the whole URL.
fn as_on_the_wire(request: Request<Bytes>) -> Request<Bytes> {
    let (mut head, body) = request.into_parts();
    if let Some(authority) = head.uri.authority()
        && !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(HOST, host);
    }
    head.uri = head
        .uri
        .path_and_query()
        .cloned()
        .map_or_else(Uri::default, |target: PathAndQuery| Uri::from(target));
    Request::from_parts(head, body)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
