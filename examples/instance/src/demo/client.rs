//! A client of Mastodon's API, as a script would be: it knows an address and a token.

use bytes::Bytes;
use federate::http::{Budget, Guard, GuardedClient, HttpClient};
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

const BUDGET: Budget = Budget {
    deadline: Duration::from_secs(10),
    max_body: 1 << 20,
};

#[derive(Clone, Debug)]
pub(super) struct Client {
    http: Arc<dyn HttpClient>,
    base: String,
    token: String,
}

impl Client {
    pub(super) fn new(base: &str, token: &str) -> Result<Client, String> {
        let guard = Guard::new().dangerous().allow_loopback();
        let http = GuardedClient::new(guard, "federate-demo").map_err(|e| format!("no client: {e}"))?;
        Ok(Client {
            http: Arc::new(http),
            base: base.to_owned(),
            token: token.to_owned(),
        })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, String> {
        self.ok(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.ok(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.ok(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, String> {
        self.ok(Method::DELETE, path, None).await
    }

    async fn ok(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let what = format!("{method} {path}");
        match self.call(method, path, body).await? {
            (status, value) if status.is_success() => Ok(value),
            (status, value) => Err(format!("{what} was answered {status}: {value}")),
        }
    }

    /// Whatever the status.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), String> {
        let what = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Bytes::from(body.map(Value::to_string).unwrap_or_default()))
            .map_err(|e| format!("{what} cannot be asked: {e}"))?;
        let response = self
            .http
            .send(request, &BUDGET)
            .await
            .map_err(|e| format!("{what} was not answered: {e}"))?;
        Ok((
            response.status(),
            serde_json::from_slice(response.body()).unwrap_or(Value::Null),
        ))
    }
}
