//! What every adapter to a web framework does: it stands in front of the application, and answers what is federation's.

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};

use crate::limit::{ReadError, read_limited};
use crate::serve::{self, Posted, Route};
use crate::{Directory, Federation, PeerAddress};

/// Whose a request was; see [`Federation::answer`].
#[derive(Debug)]
pub enum Turn<B> {
    /// Federation's, and this is the answer.
    Answered(Response<Bytes>),
    /// The application's.
    Passed {
        /// The request as it came, its body unread.
        request: Request<B>,
        /// What has to be added to `Vary` of the application's answer: there is a document at this URL too, and a cache
        /// must not give the one for the other.
        vary: Option<&'static str>,
    },
}

impl<App: Directory> Federation<App> {
    /// Answers a request whose body is not read yet, if its method, path and `Accept` are federation's; gives it back
    /// otherwise. An adapter to a web framework calls this and nothing else.
    ///
    /// `target` is the target as it was on the wire, where the framework has changed that of the request: signatures are
    /// over it. A body is read only where it is posted to an inbox, up to the cap and within the deadline
    /// of [`Limits`](federate_protocol::Limits); what is left of a larger one is not read.
    pub async fn answer<B>(&self, request: Request<B>, target: Option<Uri>) -> Turn<B>
    where
        B: http_body::Body,
        B::Data: Buf,
    {
        let target = target.unwrap_or_else(|| request.uri().clone());
        match self.way(&request, &target) {
            Way::Passed(vary) => Turn::Passed { request, vary },
            Way::Posted(to) => Turn::Answered(Box::pin(posted(self, to, request, target)).await),
            Way::Asked(route) => asked(self, route, request, target).await,
        }
    }

    /// Which way a request goes, as far as its method, target and headers say.
    pub(crate) fn way<B>(&self, request: &Request<B>, target: &Uri) -> Way {
        if !self.is_asked(target, request.headers()) {
            return Way::Passed(None);
        }
        match serve::route(self.uris(), request.method(), target.path(), request.headers()) {
            None => {
                let negotiates = serve::negotiates(self.uris(), request.method(), target.path());
                Way::Passed(negotiates.then_some("Accept"))
            }
            Some(Route::Posted(to)) => Way::Posted(to),
            Some(route) => Way::Asked(route),
        }
    }

    /// Whether a request for this path may be federation's. What may not need not be converted to be asked about.
    pub fn may_answer(&self, path: &str) -> bool {
        // Where a path is ours whatever is behind it, POST is answered too.
        serve::route(self.uris(), &Method::POST, path, &HeaderMap::new()).is_some()
            || self.uris().place(path).is_some()
    }
}

/// Where a request goes.
pub(crate) enum Way {
    /// To the application, with what is to be added to `Vary` of its answer.
    Passed(Option<&'static str>),
    /// To federation, which reads its body.
    Posted(Posted),
    /// To federation, which may find that there is nothing here.
    Asked(Route),
}

/// Without the body, so that the application can still have the request whole.
pub(crate) async fn asked<App: Directory, B>(
    federation: &Federation<App>,
    route: Route,
    request: Request<B>,
    target: Uri,
) -> Turn<B> {
    if let Some(refusal) = serve::too_many_reads(federation, &route, &request) {
        return Turn::Answered(refusal);
    }
    let bodiless = bodiless(&request, target, route.reads_headers());
    let vary = match route.depends_on_signer() {
        true => serve::BY_SIGNER,
        false => "Accept",
    };
    match serve::answer(federation, route, bodiless).await {
        Some(response) => Turn::Answered(response),
        None => Turn::Passed {
            request,
            vary: Some(vary),
        },
    }
}

pub(crate) async fn posted<App: Directory, B>(
    federation: &Federation<App>,
    to: Posted,
    request: Request<B>,
    target: Uri,
) -> Response<Bytes>
where
    B: http_body::Body,
    B::Data: Buf,
{
    let limits = federation.limits();
    let (mut head, body) = request.into_parts();
    head.uri = target;
    // The extensions are the framework's; nothing here reads more of them.
    let connected = head.extensions.remove::<PeerAddress>();
    head.extensions.clear();
    if let Some(connected) = connected {
        head.extensions.insert(connected);
    }
    let read = match announced(&head.headers) {
        Some(length) if length > limits.inbox_body => Err(ReadError::TooLarge),
        _ => read_limited(body, limits.inbox_body, limits.inbox_deadline).await,
    };
    match read {
        Ok(body) => {
            serve::on_the_wire(&mut head);
            serve::posted(federation, to, head, body).await
        }
        Err(error) => {
            tracing::info!(path = head.uri.path(), reason = %error, "refused what was posted");
            match error {
                ReadError::TooLarge => serve::too_large(limits.inbox_body),
                ReadError::TooSlow => too_slow(),
                ReadError::Broken => serve::refuse(StatusCode::BAD_REQUEST, "the body broke off"),
            }
        }
    }
}

fn too_slow() -> Response<Bytes> {
    let mut response = serve::refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
    // What is left of the body is not waited for.
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(crate) fn nothing_here() -> Response<Bytes> {
    serve::refuse(StatusCode::NOT_FOUND, "nothing here")
}

/// How long the body says that it is. Not every framework's body knows.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The request without its body; with its headers where they matter.
fn bodiless<B>(request: &Request<B>, target: Uri, with_headers: bool) -> Request<Bytes> {
    let mut asked = Request::new(Bytes::new());
    *asked.method_mut() = request.method().clone();
    *asked.uri_mut() = target;
    *asked.version_mut() = request.version();
    if with_headers {
        *asked.headers_mut() = request.headers().clone();
    }
    asked
}
