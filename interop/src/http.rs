//! JSON over HTTP on loopback, for the two APIs that the driver speaks.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::trouble::{Trouble, at};

/// What an API answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success; anything else is trouble.
    pub(crate) fn ok(self, what: &str) -> Result<Value, Trouble> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let said: String = self.body["error"]
            .as_str()
            .map_or_else(|| self.body.to_string(), str::to_owned);
        let said: String = said
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(300)
            .collect();
        Err(Trouble::new(format!(
            "{what} was answered {}: {said}",
            self.status
        )))
    }
}

/// A client for one API.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    base: String,
    token: Option<String>,
    client: reqwest::Client,
}

impl Api {
    pub(crate) fn new(base: &str, token: Option<String>) -> Result<Self, Trouble> {
        Ok(Self {
            base: base.to_owned(),
            token,
            client: client()?,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer, Trouble> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Trouble> {
        let what = format!("{method} {path}");
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.map_err(at(&what))?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.map_err(at(&what))?;
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Ok(Answer {
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
        })
    }

    /// Posts an activity as a server would that does not sign, or signs with nonsense. The status of the answer.
    pub(crate) async fn forge(
        &self,
        inbox: &str,
        activity: &Value,
        signature: Option<&str>,
    ) -> Result<u16, Trouble> {
        let mut request = self
            .client
            .post(inbox)
            .header("content-type", "application/activity+json")
            .body(activity.to_string());
        if let Some(signature) = signature {
            request = request.header("signature", signature);
        }
        Ok(request
            .send()
            .await
            .map_err(at("the forged activity"))?
            .status()
            .as_u16())
    }
}

/// Posts once more what crossed before, signature and all, with this body. The status of the answer.
pub(crate) async fn repeat(entry: &Value, body: &str) -> Result<u16, Trouble> {
    let client = client()?;
    let mut request = client.post(text(entry, "url")).body(body.to_owned());
    for header in entry["headers"].as_array().into_iter().flatten() {
        let (name, value) = (
            header[0].as_str().unwrap_or_default(),
            header[1].as_str().unwrap_or_default(),
        );
        // What belongs to the connection is not part of the message.
        if !matches!(
            name,
            "connection" | "content-length" | "transfer-encoding" | "accept-encoding"
        ) {
            request = request.header(name, value);
        }
    }
    Ok(request
        .send()
        .await
        .map_err(at("the repeated request"))?
        .status()
        .as_u16())
}

fn client() -> Result<reqwest::Client, Trouble> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(at("no HTTP client"))
}

/// The text at a name, empty where there is none.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
