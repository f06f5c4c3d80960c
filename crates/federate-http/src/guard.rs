use async_trait::async_trait;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// Which addresses may be connected to. By default: https, public names, public addresses.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    loopback: bool,
}

impl Guard {
    /// Public addresses only.
    pub fn new() -> Self {
        Self::default()
    }
    /// What is dangerous, so that reviewers can search for it.
    pub fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }
    /// Trusts one more CA (PEM, one or more certificates) beside those of the system.
    ///
    /// # Errors
    /// No certificate in it, or one that cannot be read.
    pub fn extra_root_ca(self, pem: &[u8]) -> Result<Self, BadCertificate> {
        todo!()
    }
    /// Resolves names by `resolver`; what it returns is checked all the same.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        todo!()
    }
    /// Refuses one more host: our own, which nobody should make us ask.
    #[must_use]
    pub fn refuse_host(self, host: &str) -> Self {
        todo!()
    }
    /// Whether a URL may be asked, as far as the URL itself says.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, url: &Url) -> Result<(), Refused> {
        todo!()
    }
    /// Whether an address may be connected to.
    pub fn admits_address(&self, address: IpAddr) -> bool {
        todo!()
    }
    /// Whether loopback is allowed.
    pub fn allows_loopback(&self) -> bool {
        self.loopback
    }
}

/// See [`Guard::dangerous`].
#[derive(Debug)]
pub struct Dangerous(Guard);

impl Dangerous {
    /// Admits, for loopback addresses only, http, any port, IP literals and `localhost`. For tests and demos.
    pub fn allow_loopback(self) -> Guard {
        Guard {
            loopback: true,
            ..self.0
        }
    }
}

/// How names become addresses.
#[async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// The addresses of `name`.
    ///
    /// # Errors
    /// The name could not be resolved.
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// Why a URL is refused before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not https.
    #[error("the scheme is not https")]
    Scheme,
    /// A user or password in it.
    #[error("the URL has a user or a password")]
    UserInfo,
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// An IP address in place of a name.
    #[error("the host is an IP address")]
    IpLiteral,
    /// A name that is not public: `localhost`, `.local`, `.internal`, a single label, a trailing dot.
    #[error("the host is not a public name")]
    Name,
    /// A port of another service.
    #[error("the port is not for HTTP")]
    Port,
    /// One of our own hosts.
    #[error("the host is our own")]
    OwnHost,
    /// The host is not in its normal form.
    #[error("the host is not in its normal form")]
    NotNormal,
}

/// Why a PEM file is not a CA certificate.
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
