use url::Url;

use crate::{Handle, percent};

/// What of a resource stands in a query as it is. RFC 7033 allows it and every server takes it, since Mastodon sends it so.
/// A `+`, which some servers read as a blank, is not among it.
const PLAIN: &[u8] = b":@!$'()*,;/";

/// A WebFinger request ([RFC 7033]): whom it asks, about what, and for which relations.
///
/// ```
/// use federate_webfinger::{Handle, Request, rel};
///
/// let request = Request::account(&Handle::parse("@alice@example.org")?).rel(rel::SELF);
/// assert_eq!(
///     request.to_url("https").as_ref().map(|url| url.as_str()),
///     Some("https://example.org/.well-known/webfinger?resource=acct:alice@example.org&rel=self")
/// );
/// # Ok::<(), federate_webfinger::BadHandle>(())
/// ```
///
/// [RFC 7033]: https://www.rfc-editor.org/rfc/rfc7033#section-4.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    authority: String,
    resource: String,
    rels: Vec<String>,
}

impl Request {
    /// Asks the host of a handle about the handle.
    #[must_use]
    pub fn account(handle: &Handle) -> Self {
        Self {
            authority: handle.host().to_owned(),
            resource: handle.acct(),
            rels: Vec::new(),
        }
    }

    /// Asks the host of a URL about the URL: the id of an actor, a page, or the root of a server, which leads to the
    /// server's own actor ([FEP-d556]). `None` where it is no http or https URL, or has credentials.
    ///
    /// [FEP-d556]: https://w3id.org/fep/d556
    #[must_use]
    pub fn url(resource: &Url) -> Option<Self> {
        let is_web = matches!(resource.scheme(), "https" | "http");
        let is_plain = resource.username().is_empty() && resource.password().is_none();
        let host = resource.host_str().filter(|_| is_web && is_plain)?;
        Some(Self {
            authority: match resource.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            resource: resource.as_str().to_owned(),
            rels: Vec::new(),
        })
    }

    /// Asks for the links of this relation only; once more for each. A server may answer with others all the same.
    #[must_use]
    pub fn rel(mut self, rel: &str) -> Self {
        self.rels.push(rel.to_owned());
        self
    }

    /// What to GET. `scheme` is `https`; `http` is for loopback only. `None` if it is neither.
    #[must_use]
    pub fn to_url(&self, scheme: &str) -> Option<Url> {
        if scheme != "https" && scheme != "http" {
            return None;
        }
        let mut url = Url::parse(&format!("{scheme}://{}/.well-known/webfinger", self.authority)).ok()?;
        let mut query = format!("resource={}", percent::encode(&self.resource, PLAIN));
        for rel in &self.rels {
            query.push_str("&rel=");
            query.push_str(&percent::encode(rel, PLAIN));
        }
        url.set_query(Some(&query));
        Some(url)
    }
}

/// The WebFinger request for a handle: `https://example.org/.well-known/webfinger?resource=acct:alice@example.org`.
///
/// `scheme` is `https`; `http` is for loopback only. `None` if it is neither. See [`Request`] for more.
#[must_use]
pub fn request_url(handle: &Handle, scheme: &str) -> Option<Url> {
    Request::account(handle).to_url(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Query, parse_query, parse_rels, rel};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn w5_what_is_asked_is_what_is_read() {
        for resource in [
            "https://example.org/",
            "https://example.org/@alice?x=1&y=a+b#z",
            "http://example.org:8080/users/%41",
            "https://xn--bcher-kva.example/é",
        ] {
            let asked = Request::url(&url(resource))
                .unwrap()
                .rel(rel::SERVICE)
                .rel("self");
            let sent = asked.to_url("https").unwrap();
            let query = sent.query().unwrap();
            assert_eq!(
                parse_query(query),
                Ok(Query::Url(url(resource).as_str().to_owned())),
                "{resource}"
            );
            assert_eq!(parse_rels(query), [rel::SERVICE, "self"]);
            assert_eq!(sent.host_str(), url(resource).host_str());
            assert!(!query.contains('+'), "{query}");
        }
    }

    #[test]
    fn w5_what_nobody_is_asked_about() {
        for resource in [
            "mailto:a@example.org",
            "https://a:b@example.org/",
            "https://a@example.org/",
            "file:///etc/passwd",
        ] {
            assert_eq!(Request::url(&url(resource)), None, "{resource}");
        }
        assert_eq!(
            Request::url(&url("https://example.org/")).unwrap().to_url("ftp"),
            None
        );
    }
}
