//! An authority of one's own, which certifies any name.

use std::fmt;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::BTreeMap;
use tokio_rustls::TlsAcceptor;

use crate::wire::lock;

/// An authority that is trusted by nobody but who is given its [`pem`](Authority::pem), for
/// [`Guard::extra_root_ca`](federate_http::Guard::extra_root_ca). Its servers have a certificate for whatever name they are asked by.
///
/// Clones are the same authority.
#[derive(Clone)]
pub struct Authority(Arc<CertifiedIssuer<'static, KeyPair>>);

impl Authority {
    /// A new one.
    ///
    /// # Panics
    ///
    /// Where no key can be made.
    #[must_use]
    pub fn new() -> Self {
        let made = CertificateParams::new(Vec::new()).and_then(|mut params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params
                .distinguished_name
                .push(DnType::CommonName, "an authority for tests");
            CertifiedIssuer::self_signed(params, KeyPair::generate()?)
        });
        match made {
            Ok(issuer) => Self(Arc::new(issuer)),
            Err(error) => panic!("no authority can be made: {error}"),
        }
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// What accepts for any name, with the certificate so many times in the chain.
    pub(super) fn acceptor(&self, chain: usize) -> TlsAcceptor {
        let names = AnyName {
            authority: self.clone(),
            chain,
            made: Mutex::default(),
        };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_no_client_auth().with_cert_resolver(Arc::new(names)));
        match config {
            Ok(mut config) => {
                config.alpn_protocols = vec![b"http/1.1".to_vec()];
                TlsAcceptor::from(Arc::new(config))
            }
            Err(error) => panic!("TLS cannot be set up: {error}"),
        }
    }

    fn certify(&self, name: &str, chain: usize) -> Option<CertifiedKey> {
        let key = KeyPair::generate().ok()?;
        let params = CertificateParams::new(vec![name.to_owned()]).ok()?;
        let certificate = params.signed_by(&key, &*self.0).ok()?;
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let signing = ring::sign::any_supported_type(&private).ok()?;
        Some(CertifiedKey::new(vec![certificate.der().clone(); chain], signing))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

/// The most names that one server keeps a certificate for; beyond them they are made anew each time.
const KEPT: usize = 1_024;

#[derive(Debug)]
struct AnyName {
    authority: Authority,
    chain: usize,
    made: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl ResolvesServerCert for AnyName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // No name is sent for an address.
        let name = hello.server_name().unwrap_or("127.0.0.1").to_owned();
        let mut made = lock(&self.made);
        if let Some(known) = made.get(&name) {
            return Some(Arc::clone(known));
        }
        let fresh = Arc::new(self.authority.certify(&name, self.chain)?);
        if made.len() < KEPT {
            made.insert(name, Arc::clone(&fresh));
        }
        Some(fresh)
    }
}
