//! The tower layer: answers what is federation's, lets everything else through.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Extensions, HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use crate::front::{Way, asked, nothing_here, posted};
use crate::{Directory, Federation, PeerAddress, Turn};

/// See [`Federation::layer`].
#[derive(Debug)]
pub struct FederationLayer<App: Directory> {
    federation: Federation<App>,
    target: fn(&Extensions) -> Option<Uri>,
    connected: fn(&Extensions) -> Option<PeerAddress>,
}

impl<App: Directory> Clone for FederationLayer<App> {
    fn clone(&self) -> Self {
        FederationLayer {
            federation: self.federation.clone(),
            target: self.target,
            connected: self.connected,
        }
    }
}

impl<App: Directory> FederationLayer<App> {
    pub(crate) fn new(federation: Federation<App>) -> Self {
        FederationLayer {
            federation,
            target: |_| None,
            connected: |_| None,
        }
    }

    /// Where a framework keeps the target as it was on the wire, if it changes the request's: what was signed is that.
    #[must_use]
    pub fn with_target(mut self, target: fn(&Extensions) -> Option<Uri>) -> Self {
        self.target = target;
        self
    }

    /// Where a framework keeps the address of whoever connected, if the request has no [`PeerAddress`] itself.
    #[must_use]
    pub fn with_peer_address(mut self, connected: fn(&Extensions) -> Option<PeerAddress>) -> Self {
        self.connected = connected;
        self
    }

    /// The instance alone, where no application stands behind it; see [`Federation::service`].
    pub fn into_service(self) -> FederationService<App, Nothing> {
        self.layer(Nothing)
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

    fn call(&mut self, mut request: Request<In>) -> Self::Future {
        // The one that was polled ready is the one to call.
        let waiting = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, waiting);
        let target = (self.layer.target)(request.extensions());
        if request.extensions().get::<PeerAddress>().is_none()
            && let Some(connected) = (self.layer.connected)(request.extensions())
        {
            request.extensions_mut().insert(connected);
        }
        let target = target.unwrap_or_else(|| request.uri().clone());
        let federation = self.layer.federation.clone();
        // Each way has a box of its own size.
        match federation.way(&request, &target) {
            Way::Passed(vary) => Box::pin(pass(inner, request, vary)),
            Way::Posted(to) => Box::pin(async move {
                let response = posted(&federation, to, request, target).await;
                Ok(response.map(Out::from))
            }),
            Way::Asked(route) => Box::pin(async move {
                match asked(&federation, route, request, target).await {
                    Turn::Answered(response) => Ok(response.map(Out::from)),
                    Turn::Passed { request, vary } => pass(inner, request, vary).await,
                }
            }),
        }
    }
}

async fn pass<S, In, Out>(
    mut inner: S,
    request: Request<In>,
    vary: Option<&'static str>,
) -> Result<Response<Out>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>>,
{
    let mut response = inner.call(request).await?;
    if let Some(vary) = vary {
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static(vary));
    }
    Ok(response)
}

/// No application: whatever federation does not answer is not found. See [`Federation::service`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl<In> Service<Request<In>> for Nothing {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<In>) -> Self::Future {
        ready(Ok(nothing_here().map(Full::new)))
    }
}
