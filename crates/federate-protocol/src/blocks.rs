//! Hosts that are suspended: nothing of them is taken, nothing is fetched from them, nothing is sent to them.

use crate::activitystreams::Iri;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The hosts that an instance has suspended.
///
/// A suspended host covers its subdomains, on label boundaries: `evil.example` covers `a.evil.example` and not
/// `notevil.example`. Hosts are compared as A-labels in lower case, without a trailing dot. A clone is cheap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks {
    hosts: Arc<BTreeSet<String>>,
}

impl Blocks {
    /// Nothing is suspended.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Suspends a host and all below it. `false`: it stood there already.
    ///
    /// # Errors
    /// [`BadHost`] when it is not a host name.
    pub fn suspend(&mut self, host: &str) -> Result<bool, BadHost> {
        let host = canonical(host).ok_or(BadHost)?;
        Ok(Arc::make_mut(&mut self.hosts).insert(host))
    }

    /// Lifts the suspension of exactly this host. `false`: there was none.
    ///
    /// # Errors
    /// [`BadHost`] when it is not a host name.
    pub fn lift(&mut self, host: &str) -> Result<bool, BadHost> {
        let host = canonical(host).ok_or(BadHost)?;
        Ok(Arc::make_mut(&mut self.hosts).remove(&host))
    }

    /// The entry that covers this host, if one does. What is not a host name is covered by none.
    #[must_use]
    pub fn covering_host(&self, host: &str) -> Option<&str> {
        if self.hosts.is_empty() {
            return None;
        }
        let host = canonical(host)?;
        let mut rest = host.as_str();
        loop {
            if let Some(entry) = self.hosts.get(rest) {
                return Some(entry);
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// The entry that covers the host of this id, if one does.
    #[must_use]
    pub fn covering(&self, id: &Iri) -> Option<&str> {
        self.covering_host(id.host()?)
    }

    /// The suspended hosts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(String::as_str)
    }
}

/// What was to be suspended is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host name")]
pub struct BadHost;

fn canonical(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.');
    match url::Host::parse(host).ok()? {
        url::Host::Domain(name) => Some(name.to_ascii_lowercase()),
        ip => Some(ip.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(hosts: &[&str]) -> Blocks {
        let mut blocks = Blocks::new();
        for host in hosts {
            blocks.suspend(host).unwrap();
        }
        blocks
    }

    #[test]
    fn a_parent_covers_on_label_boundaries_only() {
        let blocks = blocks(&["evil.example"]);
        assert_eq!(blocks.covering_host("evil.example"), Some("evil.example"));
        assert_eq!(blocks.covering_host("a.b.EVIL.example."), Some("evil.example"));
        assert_eq!(blocks.covering_host("notevil.example"), None);
        assert_eq!(blocks.covering_host("example"), None);
    }

    #[test]
    fn c4_one_canonical_form_per_host() {
        let blocks = blocks(&["bücher.example."]);
        assert_eq!(
            blocks.covering_host("xn--bcher-kva.example"),
            Some("xn--bcher-kva.example")
        );
        assert_eq!(
            blocks.covering_host("BÜCHER.example"),
            Some("xn--bcher-kva.example")
        );
    }

    #[test]
    fn what_is_no_host_is_refused_and_lifting_is_exact() {
        let mut blocks = blocks(&["evil.example"]);
        assert_eq!(blocks.suspend("a b"), Err(BadHost));
        assert_eq!(blocks.lift("a.evil.example"), Ok(false));
        assert_eq!(blocks.lift("evil.example"), Ok(true));
        assert_eq!(blocks.covering_host("evil.example"), None);
    }
}
