//! What a receiver demands.
use std::time::Duration;

/// What a receiver demands of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    window: Duration,
    authorities: Vec<String>,
    scheme: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(3600),
            authorities: Vec::new(),
            scheme: "https".to_owned(),
        }
    }
}

impl Policy {
    /// What Mastodon demands.
    #[must_use]
    pub fn mastodon() -> Self {
        Self::default()
    }
    /// How far the time of signing may lie from ours, either way. One hour by default.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }
    /// The names under which this server is reached (`host` or `host:port`); `Host` must be one of them. Empty: not checked.
    #[must_use]
    pub fn authorities<S: AsRef<str>>(mut self, authorities: impl IntoIterator<Item = S>) -> Self {
        self.authorities = authorities.into_iter().map(|a| a.as_ref().to_owned()).collect();
        self
    }
    /// The scheme under which the outside reaches us: `https` by default. `@target-uri` is built with it.
    #[must_use]
    pub fn external_scheme(mut self, scheme: &str) -> Self {
        scheme.clone_into(&mut self.scheme);
        self
    }
}
