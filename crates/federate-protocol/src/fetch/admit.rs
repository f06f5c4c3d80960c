//! Which URLs may be fetched at all, before a name is resolved.

use crate::activitystreams::{Iri, Origin};
use crate::{Blocks, Limits};
use url::{Host, Url};

/// What may be fetched, and how much of it.
#[derive(Debug, Clone, Default)]
pub struct FetchRules {
    /// The limits of one logical fetch.
    pub limits: Limits,
    /// Our own origins: nothing is ever fetched from them (I13).
    pub own_origins: Vec<Origin>,
    /// Hosts from which nothing is fetched.
    pub blocks: Blocks,
    /// Danger: `http`, any port and IP literals on loopback. For tests and development.
    pub allow_http_loopback: bool,
}

/// Why a URL is not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdmitted {
    /// Not a URL.
    #[error("not a URL")]
    NotUrl,
    /// Neither `https` nor, where that is allowed, `http` on loopback.
    #[error("not https")]
    Scheme,
    /// User name or password in it.
    #[error("credentials in the URL")]
    Credentials,
    /// An IP address in place of a name (S30, N1).
    #[error("an IP address in place of a name")]
    IpLiteral,
    /// Without a host.
    #[error("no host")]
    NoHost,
    /// One of our own origins.
    #[error("of our own origin")]
    OwnOrigin,
    /// A suspended host.
    #[error("of a suspended host")]
    Blocked,
}

impl FetchRules {
    /// Checks an id, and gives the URL to request for it: without its fragment.
    ///
    /// # Errors
    /// [`NotAdmitted`] says why not.
    pub fn admit(&self, id: &Iri) -> Result<Url, NotAdmitted> {
        let url = Url::parse(id.as_str()).map_err(|_| NotAdmitted::NotUrl)?;
        self.admit_url(url)
    }

    /// Checks a URL, and gives it back without its fragment.
    ///
    /// # Errors
    /// [`NotAdmitted`] says why not.
    pub fn admit_url(&self, mut url: Url) -> Result<Url, NotAdmitted> {
        url.set_fragment(None);
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAdmitted::Credentials);
        }
        let host = url.host().ok_or(NotAdmitted::NoHost)?;
        let loopback = self.allow_http_loopback && is_loopback(&host);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(NotAdmitted::Scheme),
        }
        if !matches!(host, Host::Domain(_)) && !loopback {
            return Err(NotAdmitted::IpLiteral);
        }
        let iri = Iri::parse(url.as_str()).map_err(|_| NotAdmitted::NotUrl)?;
        let origin = iri.origin().ok_or(NotAdmitted::NoHost)?;
        if self.own_origins.contains(&origin) {
            return Err(NotAdmitted::OwnOrigin);
        }
        if self.blocks.covering(&iri).is_some() {
            return Err(NotAdmitted::Blocked);
        }
        Ok(url)
    }
}

pub(super) fn is_loopback_url(url: &Url) -> bool {
    url.host().is_some_and(|host| is_loopback(&host))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}
