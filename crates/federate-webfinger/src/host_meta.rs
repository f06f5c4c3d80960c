//! host-meta (RFC 6415), out only: it is never parsed, so that no XML of a peer is ever read.

/// `application/jrd+json` form, served at `/.well-known/host-meta.json`. `base` is `https://example.org`.
pub fn json(base: &str) -> String {
    todo!()
}

/// `application/xrd+xml` form, served at `/.well-known/host-meta`. `base` is `https://example.org`.
pub fn xml(base: &str) -> String {
    todo!()
}
