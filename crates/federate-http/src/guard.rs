use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::{Host, Url};

mod address;
mod egress;
mod port;
mod system;

pub use egress::BadProxy;
pub(crate) use egress::EgressProxy;

/// Which URLs may be asked and which addresses may be connected to.
///
/// By default: `https`, public names, public addresses. A URL is judged twice. [`admits`](Self::admits) sees
/// what stands in it; the addresses that its name resolves to are judged where the connection is made, so that
/// there is no time between the check and the use.
///
/// | part | admitted |
/// |---|---|
/// | length | at most 8 KiB |
/// | scheme | `https` |
/// | user, password | none |
/// | host | a name of at least two labels, not under a special name such as `.local` or `.internal`, no trailing dot; never an IP address |
/// | port | 443 and every other, but those of another service: mail, files, databases, plain HTTP and the like |
/// | address | IPv6 `2000::/3` and IPv4, each less the IANA special-purpose registries, less forms that carry an IPv4 address inside |
///
/// ```
/// use federate_http::{Guard, Refused};
///
/// let guard = Guard::new();
/// assert_eq!(guard.admits(&"https://example.org/inbox".parse()?), Ok(()));
/// assert_eq!(guard.admits(&"https://127.1/".parse()?), Err(Refused::IpLiteral));
/// assert_eq!(guard.admits(&"https://printer.local/".parse()?), Err(Refused::Name));
/// assert!(!guard.admits_address("169.254.169.254".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Guard {
    loopback: bool,
    own_hosts: Vec<String>,
    extra_roots: Vec<CertificateDer<'static>>,
    resolver: Option<Arc<dyn Resolver>>,
    egress: Option<EgressProxy>,
}

/// Where the addresses of an admitted URL may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// On the internet (and on loopback, where that is allowed).
    Public,
    /// On loopback only: plain http, an odd port, a special name.
    Loopback,
}

impl Guard {
    /// Public addresses only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is dangerous stands behind this word, so that reviewers can search for it.
    #[must_use]
    pub fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }

    /// Trusts one more CA beside those of the system. `pem` holds one or more certificates.
    ///
    /// # Errors
    /// No certificate in it, or one that cannot be read.
    pub fn extra_root_ca(mut self, pem: &[u8]) -> Result<Self, BadCertificate> {
        let found = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| BadCertificate::Pem(Box::new(error)))?;
        if found.is_empty() {
            return Err(BadCertificate::Empty);
        }
        let mut store = RootCertStore::empty();
        for certificate in &found {
            store
                .add(certificate.clone())
                .map_err(BadCertificate::Certificate)?;
        }
        self.extra_roots.extend(found);
        Ok(self)
    }

    /// Resolves names by `resolver` in place of the system's. What it returns is judged all the same.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Refuses one more host: our own, which nobody should make us ask. `example.org` is refused with every
    /// port, `127.0.0.1:8080` with that port only.
    #[must_use]
    pub fn refuse_host(mut self, host: &str) -> Self {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
            _ => (host, None),
        };
        // In the spelling that a URL has after it was parsed: `xn--`, lower case.
        let name = Host::parse(name).map_or_else(|_| name.to_ascii_lowercase(), |name| name.to_string());
        self.own_hosts.push(match port {
            Some(port) => format!("{name}:{port}"),
            None => name,
        });
        self
    }

    /// Whether a URL may be asked, as far as the URL itself says.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, url: &Url) -> Result<(), Refused> {
        self.route(url).map(|_| ())
    }

    /// Whether an address may be connected to.
    #[must_use]
    pub fn admits_address(&self, address: IpAddr) -> bool {
        address::is_public(address) || (self.loopback && address::is_loopback(address))
    }

    /// Whether loopback is allowed: `http` URLs and handles with ports are then no mistake.
    #[must_use]
    pub fn allows_loopback(&self) -> bool {
        self.loopback
    }

    pub(crate) fn route(&self, url: &Url) -> Result<Route, Refused> {
        let mut route = Route::Public;
        // What is refused on the internet and admitted on loopback.
        let mut only_loopback = |refused: Refused| {
            route = Route::Loopback;
            if self.loopback { Ok(()) } else { Err(refused) }
        };
        if url.as_str().len() > crate::limits::URL {
            return Err(Refused::Length);
        }
        match url.scheme() {
            "https" => {}
            "http" => only_loopback(Refused::Scheme)?,
            _ => return Err(Refused::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::UserInfo);
        }
        match url.host().ok_or(Refused::NoHost)? {
            Host::Domain(name) if is_plain_name(name) => {
                if is_special_name(name) {
                    only_loopback(Refused::Name)?;
                }
            }
            Host::Domain(_) => return Err(Refused::Name),
            Host::Ipv4(address) if address::is_loopback(address.into()) => only_loopback(Refused::IpLiteral)?,
            Host::Ipv6(address) if address::is_loopback(address.into()) => only_loopback(Refused::IpLiteral)?,
            Host::Ipv4(_) | Host::Ipv6(_) => return Err(Refused::IpLiteral),
        }
        match url.port_or_known_default() {
            Some(0) | None => return Err(Refused::Port),
            Some(port) if port::is_http(port) => {}
            Some(_) => only_loopback(Refused::Port)?,
        }
        if self.is_own(url) {
            return Err(Refused::OwnHost);
        }
        Ok(route)
    }

    pub(crate) fn admits_on(&self, route: Route, address: IpAddr) -> bool {
        match route {
            Route::Public => self.admits_address(address),
            Route::Loopback => self.loopback && address::is_loopback(address),
        }
    }

    pub(crate) fn egress(&self) -> Option<&EgressProxy> {
        self.egress.as_ref()
    }

    pub(crate) fn extra_roots(&self) -> &[CertificateDer<'static>] {
        &self.extra_roots
    }

    pub(crate) fn name_resolver(&self) -> Arc<dyn Resolver> {
        self.resolver
            .clone()
            .unwrap_or_else(|| Arc::new(system::SystemResolver))
    }

    fn is_own(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let with_port = || format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
        self.own_hosts
            .iter()
            .any(|own| own == host || *own == with_port())
    }
}

/// See [`Guard::dangerous`].
#[derive(Debug)]
pub struct Dangerous(Guard);

impl Dangerous {
    /// Admits, for loopback addresses only, `http`, any port, IP literals and special names such as
    /// `localhost`. For tests and demonstrations.
    ///
    /// A name that is special, or is asked by plain http or on an odd port, has to resolve to loopback. One
    /// that the guard admits anyway may resolve to loopback too.
    #[must_use]
    pub fn allow_loopback(self) -> Guard {
        Guard {
            loopback: true,
            ..self.0
        }
    }

    /// Sends every request through an HTTP proxy, by `CONNECT`: `http://proxy.internal:3128`, with a user and a password
    /// in it if the proxy asks for them; `https` if it speaks TLS.
    ///
    /// This is dangerous because the proxy takes the check of addresses over. It resolves the names, so the guard
    /// never sees where they lead: a proxy that connects to private addresses makes every URL of a stranger a way
    /// into the network that it stands in. What the guard still judges is the URL: scheme, name, port. TLS is between
    /// us and the peer; the proxy sees the names of hosts only. Where loopback is allowed, what is for loopback only
    /// does not go through the proxy.
    ///
    /// The only address that is connected to is the proxy's own, which may be private.
    ///
    /// # Errors
    /// Not a URL of `http` or `https` with a host, or one with a path, a query or a fragment.
    pub fn egress_proxy(self, url: &str) -> Result<Guard, BadProxy> {
        Ok(Guard {
            egress: Some(EgressProxy::new(url)?),
            ..self.0
        })
    }
}

/// How names become addresses.
#[async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// The addresses of `name`, in the order in which they should be tried. The caller's deadline holds.
    ///
    /// # Errors
    /// The name could not be resolved, for now or at all.
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// Whether a name is one that a certificate can be for: letters, digits, hyphens (within a label) and underscores,
/// without a trailing dot, each label and the whole no longer than the DNS carries.
fn is_plain_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether a name never leads to a public server: RFC 6761 and its like, and what private networks use.
fn is_special_name(name: &str) -> bool {
    const SPECIAL: &[&str] = &[
        "alt",
        "arpa",
        "corp",
        "example",
        "home",
        "i2p",
        "internal",
        "intranet",
        "invalid",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "onion",
        "private",
        "test",
    ];
    match name.rsplit_once('.') {
        None => true,
        Some((_, last)) => SPECIAL.iter().any(|special| last.eq_ignore_ascii_case(special)),
    }
}

/// Why a URL is refused before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not https.
    #[error("the scheme is not https")]
    Scheme,
    /// A user or a password in it.
    #[error("the URL has a user or a password")]
    UserInfo,
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// An IP address in place of a name.
    #[error("the host is an IP address")]
    IpLiteral,
    /// A name that is not public: `localhost`, `.local`, `.internal`, a single label, a trailing dot; or that is none: a
    /// label of 64 bytes or with a hyphen at its end, 254 bytes in all.
    #[error("the host is not a public name")]
    Name,
    /// A port of another service.
    #[error("the port is not for HTTP")]
    Port,
    /// Longer than [`limits::URL`](crate::limits::URL).
    #[error("the URL is too long")]
    Length,
    /// One of our own hosts. See [`Guard::refuse_host`].
    #[error("the host is our own")]
    OwnHost,
    /// Not a URL, or not in the normal form of one: two programs could read it differently.
    #[error("the URL is not in its normal form")]
    NotNormal,
}

/// Why a file is not a CA certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadCertificate {
    /// Not PEM.
    #[error("the file is not PEM")]
    Pem(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No certificate in it.
    #[error("there is no certificate in the file")]
    Empty,
    /// A certificate that cannot be a root.
    #[error("the certificate cannot be read")]
    Certificate(#[source] rustls::Error),
}

#[cfg(test)]
mod tests;
