use std::fmt;

use url::Url;

/// The proxy that requests leave through. What it is asked with (a user, a password) is never printed.
#[derive(Clone)]
pub(crate) struct EgressProxy(Url);

impl EgressProxy {
    pub(super) fn new(url: &str) -> Result<Self, BadProxy> {
        let url = Url::parse(url).map_err(BadProxy::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadProxy::Scheme);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(BadProxy::Path);
        }
        Ok(Self(url))
    }

    /// With user and password.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.0
            .host_str()
            .is_some_and(|host| host.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        write!(f, "{}://{host}:{port}", self.0.scheme())
    }
}

/// Why a URL is not that of an egress proxy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadProxy {
    /// Not a URL.
    #[error("the proxy has no URL")]
    NoUrl(#[source] url::ParseError),
    /// Neither `http` nor `https`.
    #[error("the scheme of the proxy is neither http nor https")]
    Scheme,
    /// A path, a query or a fragment: a proxy has none.
    #[error("the URL of the proxy has more than a host and a port")]
    Path,
}
