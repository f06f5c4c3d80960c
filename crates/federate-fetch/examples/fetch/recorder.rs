//! A client that passes everything on, and remembers what passed.

use bytes::Bytes;
use federate_http::{Budget, HttpClient, HttpError};
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Any [`HttpClient`] may stand behind a fetcher: this one stands before another.
#[derive(Debug)]
pub(crate) struct Recorder<C> {
    client: C,
    exchanges: Mutex<Vec<Exchange>>,
}

/// A request and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) url: String,
    pub(crate) took: Duration,
    pub(crate) came: Came,
}

#[derive(Debug, Clone)]
pub(crate) enum Came {
    Response {
        status: u16,
        content_type: Option<String>,
        location: Option<String>,
        bytes: usize,
    },
    Nothing {
        why: String,
    },
}

impl<C> Recorder<C> {
    pub(crate) fn new(client: C) -> Self {
        Self {
            client,
            exchanges: Mutex::default(),
        }
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait::async_trait]
#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
impl<C: HttpClient> HttpClient for Recorder<C> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        budget: &Budget,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let url = request.uri().to_string();
        let begun = Instant::now();
        let answer = self.client.send(request, budget).await;
        let came = match &answer {
            Ok(response) => {
                let header = |name| {
                    let value = response.headers().get(name)?;
                    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
                };
                Came::Response {
                    status: response.status().as_u16(),
                    content_type: header(http::header::CONTENT_TYPE),
                    location: header(http::header::LOCATION),
                    bytes: response.body().len(),
                }
            }
            Err(error) => Came::Nothing { why: chain(error) },
        };
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Exchange {
                url,
                took: begun.elapsed(),
                came,
            });
        answer
    }
}

/// An error and what caused it, without what the outer ones say already.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
