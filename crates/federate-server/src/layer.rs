//! The tower layer: answers what is federation's, lets everything else through.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Extensions, HeaderValue, Request, Response, StatusCode, Uri, header};
use tower_layer::Layer;
use tower_service::Service;

use crate::limit::{ReadError, read_limited};
use crate::serve::{self, Route};
use crate::{Directory, Federation};

/// See [`Federation::layer`].
#[derive(Debug)]
pub struct FederationLayer<App: Directory> {
    federation: Federation<App>,
    target: fn(&Extensions) -> Option<Uri>,
}

impl<App: Directory> Clone for FederationLayer<App> {
    fn clone(&self) -> Self {
        FederationLayer {
            federation: self.federation.clone(),
            target: self.target,
        }
    }
}

impl<App: Directory> FederationLayer<App> {
    pub(crate) fn new(federation: Federation<App>) -> Self {
        FederationLayer {
            federation,
            target: |_| None,
        }
    }

    /// Where a framework keeps the target as it was on the wire, if it changes the request's: what was signed is that.
    #[must_use]
    pub fn with_target(mut self, target: fn(&Extensions) -> Option<Uri>) -> Self {
        self.target = target;
        self
    }
}

impl<App: Directory, S> Layer<S> for FederationLayer<App> {
    type Service = FederationService<App, S>;

    fn layer(&self, inner: S) -> Self::Service {
        FederationService {
            layer: self.clone(),
            inner,
        }
    }
}

/// What [`FederationLayer`] makes of a service.
#[derive(Debug)]
pub struct FederationService<App: Directory, S> {
    layer: FederationLayer<App>,
    inner: S,
}

impl<App: Directory, S: Clone> Clone for FederationService<App, S> {
    fn clone(&self) -> Self {
        FederationService {
            layer: self.layer.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<App, S, In, Out> Service<Request<In>> for FederationService<App, S>
where
    App: Directory,
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    In: http_body::Body + Send + 'static,
    In::Data: Buf + Send,
    Out: From<Bytes> + Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        // The one that was polled ready is the one to call.
        let waiting = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, waiting);
        let target = (self.layer.target)(request.extensions()).unwrap_or_else(|| request.uri().clone());
        let uris = self.layer.federation.uris();
        let route = serve::route(uris, request.method(), target.path(), request.headers());
        let negotiated = route.is_none() && serve::negotiates(uris, request.method(), target.path());
        let federation = self.layer.federation.clone();
        Box::pin(async move {
            let Some(route) = route else {
                let response = inner.call(request).await?;
                return Ok(if negotiated { varied(response) } else { response });
            };
            if route.reads_body() {
                let answering = Box::pin(with_body(&federation, route, request, target));
                return Ok(answering.await.map(Out::from));
            }
            let asked = bodiless(&request, target, route.reads_headers());
            match serve::answer(&federation, route, asked).await {
                Some(response) => Ok(response.map(Out::from)),
                None => inner.call(request).await.map(varied),
            }
        })
    }
}

async fn with_body<App: Directory, In>(
    federation: &Federation<App>,
    route: Route,
    request: Request<In>,
    target: Uri,
) -> Response<Bytes>
where
    In: http_body::Body,
    In::Data: Buf,
{
    let limits = federation.limits();
    let (mut head, body) = request.into_parts();
    head.uri = target;
    // The extensions are the framework's; nothing here reads them.
    head.extensions.clear();
    match read_limited(body, limits.inbox_body, limits.deadline).await {
        Ok(body) => serve::answer(federation, route, Request::from_parts(head, body))
            .await
            .unwrap_or_else(|| serve::refuse(StatusCode::NOT_FOUND, "nothing here")),
        Err(error) => {
            tracing::info!(path = head.uri.path(), reason = %error, "refused what was posted");
            match error {
                ReadError::TooLarge => serve::too_large(limits.inbox_body),
                ReadError::TooSlow => {
                    serve::refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")
                }
                ReadError::Broken => serve::refuse(StatusCode::BAD_REQUEST, "the body broke off"),
            }
        }
    }
}

/// The request without its body, so that the application can still have it whole; with its headers where they matter.
fn bodiless<In>(request: &Request<In>, target: Uri, with_headers: bool) -> Request<Bytes> {
    let mut asked = Request::new(Bytes::new());
    *asked.method_mut() = request.method().clone();
    *asked.uri_mut() = target;
    *asked.version_mut() = request.version();
    if with_headers {
        *asked.headers_mut() = request.headers().clone();
    }
    asked
}

/// The page at a URL that has a document too: a cache must not give the one for the other.
fn varied<B>(mut response: Response<B>) -> Response<B> {
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept"));
    response
}
