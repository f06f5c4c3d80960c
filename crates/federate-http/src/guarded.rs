use crate::{Budget, BuildError, Guard, HttpClient, HttpError};
use async_trait::async_trait;
use bytes::Bytes;

/// The [`HttpClient`] for the open internet: reqwest behind a [`Guard`].
#[derive(Debug, Clone)]
pub struct GuardedClient {
    guard: Guard,
}

impl GuardedClient {
    /// A client that says `user_agent` (see [`user_agent`]) with every request.
    ///
    /// # Errors
    /// No CA certificates on the machine, a user agent that is no header value.
    pub fn new(guard: Guard, user_agent: &str) -> Result<Self, BuildError> {
        todo!()
    }
}

#[async_trait]
impl HttpClient for GuardedClient {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        budget: &Budget,
    ) -> Result<http::Response<Bytes>, HttpError> {
        todo!()
    }
}

/// A `User-Agent` that names the software and the instance: `federate/0.1.0 (+https://example.org/)`.
pub fn user_agent(software: &str, version: &str, instance: &str) -> String {
    format!("{software}/{version} (+{instance})")
}
