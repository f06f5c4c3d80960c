use std::sync::Arc;

use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::limits::TLS_HOSTS;
use crate::phase::Attempt;
use crate::{BuildError, Guard, Phase};

/// TLS 1.2 and 1.3 by ring, with the roots of the system and the guard's.
pub(crate) fn config(guard: &Guard) -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(BuildError::Tls)?;
    let mut config = match Verifier::new_with_extra_roots(guard.extra_roots().iter().cloned(), provider) {
        Ok(verifier) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth(),
        // For tests and demonstrations on a bare machine: every certificate is refused then.
        Err(_) if guard.allows_loopback() => builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
        Err(error) => return Err(BuildError::Roots(error)),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::store(Arc::new(Sessions::new()));
    Ok(config)
}

/// The sessions of rustls. It asks for one as each handshake begins, and that is the one moment that it tells of.
#[derive(Debug)]
struct Sessions(ClientSessionMemoryCache);

impl Sessions {
    fn new() -> Self {
        /// The cache counts sessions and keeps so many of a host.
        const PER_HOST: usize = 8;
        Self(ClientSessionMemoryCache::new(TLS_HOSTS * PER_HOST))
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.0.set_tls12_session(server, session);
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.0.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(server, ticket);
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        Attempt::enter(Phase::Tls);
        self.0.take_tls13_ticket(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_at_the_limit_and_one_past_it() {
        let sessions = Sessions::new();
        let server = |n: usize| ServerName::try_from(format!("h{n}.example.org")).unwrap();
        for n in 0..TLS_HOSTS {
            sessions.set_kx_hint(server(n), NamedGroup::X25519);
        }
        assert!((0..TLS_HOSTS).all(|n| sessions.kx_hint(&server(n)).is_some()));
        sessions.set_kx_hint(server(TLS_HOSTS), NamedGroup::X25519);
        let known = (0..=TLS_HOSTS)
            .filter(|n| sessions.kx_hint(&server(*n)).is_some())
            .count();
        assert!(
            known <= TLS_HOSTS && sessions.kx_hint(&server(0)).is_none(),
            "{known}"
        );
    }
}
