//! One slash more at the end: Mastodon does not mind it, and clients do write it (Mastodon.py asks `/api/v1/instance/`).

use axum::extract::Request;
use http::{Uri, uri::PathAndQuery};

/// The request without the slashes at the end of an API path; it has to happen before a route is looked for.
pub(crate) fn untrailed(mut request: Request) -> Request {
    if let Some(uri) = without(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn without(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let short = path.trim_end_matches('/');
    if short.len() == path.len() || !short.starts_with("/api/") {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => format!("{short}?{query}"),
        None => short.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_slash_of_an_api_path_goes() {
        let of = |text: &'static str| without(&Uri::from_static(text)).map(|uri| uri.to_string());
        assert_eq!(of("/api/v1/instance/"), Some("/api/v1/instance".into()));
        assert_eq!(of("/api/v2/search/?q=a/"), Some("/api/v2/search?q=a/".into()));
        assert_eq!(
            of("http://a.example/api/v1/x//"),
            Some("http://a.example/api/v1/x".into())
        );
        assert_eq!(of("/api/v1/instance"), None);
        assert_eq!(of("/@alice/"), None);
        assert_eq!(of("/"), None);
    }
}
