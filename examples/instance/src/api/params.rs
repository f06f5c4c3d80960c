//! Parameters as clients send them: in the query, as a form, as JSON; the same names in all three.

use crate::{db::timelines::Window, error::ApiError};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::Value;
use std::collections::BTreeMap;

/// All parameters of a request. What is in the body comes before what is in the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(BTreeMap<String, Vec<String>>);

impl Params {
    pub(crate) fn parse_query(query: &str) -> Params {
        let mut params = Params::default();
        params.add_form(query.as_bytes());
        params
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// Like `text`, but nothing for the empty one.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).map(str::trim).filter(|t| !t.is_empty())
    }

    /// `name[]=1&name[]=2`, `name=1`, `["1", "2"]`.
    pub(crate) fn list(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn id(&self, name: &str) -> Option<i64> {
        self.filled(name)?.parse().ok()
    }

    /// As Rails reads it: everything but a clear no is a yes.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let text = self.filled(name)?;
        Some(!matches!(
            text.to_ascii_lowercase().as_str(),
            "0" | "f" | "false" | "off" | "no"
        ))
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.flag(name).unwrap_or(false)
    }

    pub(crate) fn limit(&self, usual: i64, most: i64) -> i64 {
        self.id("limit").map_or(usual, |n| n.clamp(1, most))
    }

    pub(crate) fn window(&self, usual: i64, most: i64) -> Window {
        Window {
            max_id: self.id("max_id"),
            since_id: self.id("since_id"),
            min_id: self.id("min_id"),
            limit: self.limit(usual, most),
        }
    }

    /// The same parameters without those of paging, as a query.
    pub(crate) fn query_without_paging(&self) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        for (name, values) in &self.0 {
            if matches!(name.as_str(), "max_id" | "since_id" | "min_id" | "access_token") {
                continue;
            }
            for value in values {
                let name = if values.len() > 1 {
                    format!("{name}[]")
                } else {
                    name.clone()
                };
                out.append_pair(&name, value);
            }
        }
        out.finish()
    }

    fn add_form(&mut self, form: &[u8]) {
        let mut new: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(form) {
            let name = name.strip_suffix("[]").unwrap_or(&name).to_owned();
            new.entry(name).or_default().push(value.into_owned());
        }
        self.add(new);
    }

    fn add_json(&mut self, body: &[u8]) -> Result<(), ApiError> {
        let bad = || {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "Error occurred while parsing request parameters",
            )
        };
        let map = match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => map,
            // What some clients send for nothing.
            Ok(Value::Null) => return Ok(()),
            _ => return Err(bad()),
        };
        let mut new = BTreeMap::new();
        for (name, value) in map {
            let values = match value {
                Value::Array(all) => all.iter().filter_map(scalar).collect(),
                other => scalar(&other).into_iter().collect::<Vec<_>>(),
            };
            let name = name.strip_suffix("[]").unwrap_or(&name).to_owned();
            if !values.is_empty() {
                new.insert(name, values);
            }
        }
        self.add(new);
        Ok(())
    }

    fn add_multipart(&mut self, body: &[u8], boundary: &str) {
        let mut new: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let text = String::from_utf8_lossy(body);
        for part in text.split(&format!("--{boundary}")) {
            let Some((head, value)) = part.split_once("\r\n\r\n") else {
                continue;
            };
            let Some((_, rest)) = head.split_once("name=\"") else {
                continue;
            };
            // Files are not taken here.
            let Some((name, rest)) = rest.split_once('"') else {
                continue;
            };
            if rest.contains("filename=") {
                continue;
            }
            let name = name.strip_suffix("[]").unwrap_or(name).to_owned();
            new.entry(name)
                .or_default()
                .push(value.strip_suffix("\r\n").unwrap_or(value).to_owned());
        }
        self.add(new);
    }

    fn add(&mut self, new: BTreeMap<String, Vec<String>>) {
        for (name, values) in new {
            self.0.insert(name, values);
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let mut params = Params::parse_query(request.uri().query().unwrap_or_default());
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large"))?;
        if body.is_empty() {
            return Ok(params);
        }
        if kind.starts_with("application/json") || kind.contains("+json") {
            params.add_json(&body)?;
        } else if let Some((_, boundary)) = kind.split_once("boundary=") {
            let boundary = boundary
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_matches('"');
            params.add_multipart(&body, boundary);
        } else {
            params.add_form(&body);
        }
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_meaning_in_every_spelling() {
        let query = Params::parse_query("id[]=1&id[]=2&on=true&x=a+b");
        let mut json = Params::default();
        json.add_json(br#"{"id":[1,"2"],"on":true,"x":"a b","none":null,"deep":{"a":1}}"#)
            .unwrap();
        let mut form = Params::default();
        let part = |name: &str, value: &str| {
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = [
            part("id[]", "1"),
            part("id[]", "2"),
            part("on", "true"),
            part("x", "a b"),
            "--X--\r\n".into(),
        ]
        .concat();
        form.add_multipart(body.as_bytes(), "X");
        for p in [query, json, form] {
            assert_eq!(p.list("id"), ["1", "2"]);
            assert!(p.is("on"));
            assert_eq!(p.text("x"), Some("a b"));
            assert_eq!(p.text("none"), None);
        }
    }

    #[test]
    fn a_json_body_that_is_none_is_refused() {
        assert!(Params::default().add_json(b"[1]").is_err());
        assert!(Params::default().add_json(b"{").is_err());
    }
}
