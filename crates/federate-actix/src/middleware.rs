//! The middleware: around the application, or around a scope of it.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header;
use actix_web::{Error, HttpMessage};
use federate_server::{Directory, Federation, Turn};
use futures_util::future::LocalBoxFuture;

use crate::answer::AnswerBody;
use crate::body::Unread;
use crate::convert;

/// See [`middleware`](crate::middleware()).
#[derive(Debug)]
pub struct FederationMiddleware<D: Directory> {
    federation: Federation<D>,
}

impl<D: Directory> FederationMiddleware<D> {
    pub(crate) fn new(federation: Federation<D>) -> Self {
        FederationMiddleware { federation }
    }
}

impl<D: Directory> Clone for FederationMiddleware<D> {
    fn clone(&self) -> Self {
        FederationMiddleware {
            federation: self.federation.clone(),
        }
    }
}

impl<D, S, B> Transform<S, ServiceRequest> for FederationMiddleware<D>
where
    D: Directory,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B, AnswerBody>>;
    type Error = Error;
    type Transform = FederationService<D, S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(FederationService {
            federation: self.federation.clone(),
            inner: Rc::new(inner),
        }))
    }
}

/// What [`FederationMiddleware`] makes of a service.
#[derive(Debug)]
pub struct FederationService<D: Directory, S> {
    federation: Federation<D>,
    inner: Rc<S>,
}

impl<D, S, B> Service<ServiceRequest> for FederationService<D, S>
where
    D: Directory,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B, AnswerBody>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, mut asked: ServiceRequest) -> Self::Future {
        let inner = Rc::clone(&self.inner);
        // The path of the URI: that of the request may have been decoded, and in a scope lacks its beginning.
        let converted = if self.federation.may_answer(asked.uri().path()) {
            convert::head(asked.head())
        } else {
            None
        };
        let Some(request) = converted else {
            return Box::pin(async move { Ok(inner.call(asked).await?.map_into_left_body()) });
        };
        let federation = self.federation.clone();
        let body = Unread::new(asked.take_payload());
        Box::pin(async move {
            // Kept until the answer is written: actix reads a body whose payload is gone to its end, however far that is.
            let rest = body.clone();
            match federation.answer(request.map(|()| body), None).await {
                Turn::Answered(response) => {
                    let (request, _) = asked.into_parts();
                    let response = convert::response(response, rest).map_into_right_body();
                    Ok(ServiceResponse::new(request, response))
                }
                Turn::Passed { vary, .. } => {
                    asked.set_payload(rest.take());
                    let mut response = inner.call(asked).await?.map_into_left_body();
                    if let Some(vary) = vary {
                        response
                            .headers_mut()
                            .append(header::VARY, header::HeaderValue::from_static(vary));
                    }
                    Ok(response)
                }
            }
        })
    }
}
