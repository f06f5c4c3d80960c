use url::Url;

use crate::{Handle, percent};

/// The longest query that is read, in bytes.
const MAX_QUERY: usize = 8 * 1024;
/// The most `rel` parameters that are read.
const MAX_RELS: usize = 16;

/// What a WebFinger request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Query {
    /// `acct:user@host`.
    Account {
        /// The user, percent-decoded, otherwise as it came. Compare names of your own without regard to case.
        user: String,
        /// The host, canonical (with `:port` if one came). Whether it is yours is for you to check.
        host: String,
    },
    /// Any other absolute URI, as it came: the id of an actor, the URL of a profile, the root of the server.
    Url(String),
}

/// Reads the query string of a WebFinger request (what stands behind the `?`).
///
/// Takes `resource` percent-encoded or not, with or without `acct:`. A `+` is a plus: it stands in names.
///
/// ```
/// use federate_webfinger::{Query, parse_query};
///
/// let alice = Query::Account { user: "alice".into(), host: "example.org".into() };
/// assert_eq!(parse_query("resource=acct:alice@example.org"), Ok(alice.clone()));
/// assert_eq!(parse_query("resource=acct%3Aalice%40example.org&rel=self"), Ok(alice));
/// ```
///
/// # Errors
/// No `resource`, more than one, or one that is neither a handle nor a URI. The answer is then 400.
pub fn parse_query(query: &str) -> Result<Query, BadQuery> {
    if query.len() > MAX_QUERY {
        return Err(BadQuery::Malformed);
    }
    let mut resources = parameters(query, "resource");
    let resource = resources.next().ok_or(BadQuery::Missing)?;
    if resources.next().is_some() {
        return Err(BadQuery::Repeated);
    }
    let resource = percent::decode(resource).ok_or(BadQuery::Malformed)?;
    if resource.is_empty() {
        return Err(BadQuery::Missing);
    }
    if resource.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(BadQuery::Malformed);
    }
    let is_acct = resource
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("acct:"));
    if !is_acct && Url::parse(&resource).is_ok() {
        return Ok(Query::Url(resource));
    }
    // Ports are taken: it is only compared with the host that we are.
    let handle = Handle::parse_allowing_port(&resource).map_err(|_| BadQuery::Malformed)?;
    Ok(Query::Account {
        user: handle.user().to_owned(),
        host: handle.host().to_owned(),
    })
}

/// The `rel` parameters of a WebFinger request, at most 16; none means all. See [`Jrd::retain_rels`].
///
/// [`Jrd::retain_rels`]: crate::Jrd::retain_rels
#[must_use]
pub fn parse_rels(query: &str) -> Vec<String> {
    if query.len() > MAX_QUERY {
        return Vec::new();
    }
    parameters(query, "rel")
        .filter_map(percent::decode)
        .take(MAX_RELS)
        .collect()
}

fn parameters<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    query
        .split('&')
        .filter_map(move |pair| pair.split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Why a WebFinger request is answered 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadQuery {
    /// No `resource`.
    #[error("the query has no resource")]
    Missing,
    /// `resource` is given more than once.
    #[error("the query has more than one resource")]
    Repeated,
    /// Neither a handle nor a URI.
    #[error("the resource is neither an acct: URI nor a URL")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(user: &str, host: &str) -> Result<Query, BadQuery> {
        Ok(Query::Account {
            user: user.into(),
            host: host.into(),
        })
    }

    #[test]
    fn w5_an_account_in_every_spelling() {
        for query in [
            "resource=acct:alice@example.org",
            "resource=acct%3Aalice%40example.org",
            "resource=acct%3aalice%40EXAMPLE.org",
            "rel=self&resource=acct:alice@example.org&rel=x",
            "resource=alice@example.org",
            "resource=@alice@example.org",
            "resource=acct:@alice@example.org",
        ] {
            assert_eq!(parse_query(query), account("alice", "example.org"), "{query}");
        }
        assert_eq!(
            parse_query("resource=acct:a+b@127.0.0.1:8080"),
            account("a+b", "127.0.0.1:8080")
        );
        assert_eq!(
            parse_query("resource=acct%3Ajuliet%2540capulet.example%40shoppingsite.example"),
            account("juliet@capulet.example", "shoppingsite.example")
        );
    }

    #[test]
    fn w5_a_url_as_it_came() {
        for (query, url) in [
            (
                "resource=https://example.org/users/alice",
                "https://example.org/users/alice",
            ),
            (
                "resource=https%3A%2F%2Fexample.org%2F%40alice%3Fx%3D1%26y",
                "https://example.org/@alice?x=1&y",
            ),
            ("resource=https://Example.ORG", "https://Example.ORG"),
            ("resource=mailto:alice@example.org", "mailto:alice@example.org"),
        ] {
            assert_eq!(parse_query(query), Ok(Query::Url(url.into())), "{query}");
        }
    }

    #[test]
    fn w5_what_is_answered_400() {
        for query in ["", "resource=", "rel=self", "x", "Resource=acct:a@b.c"] {
            assert_eq!(parse_query(query), Err(BadQuery::Missing), "{query}");
        }
        assert_eq!(
            parse_query("resource=acct:a@b.c&resource=acct:d@e.f"),
            Err(BadQuery::Repeated)
        );
        for query in [
            "resource=acct:",
            "resource=acct:alice",
            "resource=alice",
            "resource=acct:a@b@c.example",
            "resource=acct:a%0d%0aX@b.example",
            "resource=acct:a@b.example/x",
            "resource=acct:a@b.example%23",
            "resource=%",
            "resource=%ff",
            "resource=acct:%00@b.example",
            "resource=acct:a'%20OR%201=1@b.example",
            "resource=../../etc/passwd",
            "resource=https://[",
        ] {
            assert_eq!(parse_query(query), Err(BadQuery::Malformed), "{query}");
        }
        assert_eq!(
            parse_query(&format!("resource=https://b.example/{}", "a".repeat(9000))),
            Err(BadQuery::Malformed)
        );
    }

    #[test]
    fn w5_relations_repeat() {
        let rels = parse_rels("resource=x&rel=self&rel=http%3A%2F%2Fwebfinger.net%2Frel%2Fprofile-page");
        assert_eq!(rels, ["self", "http://webfinger.net/rel/profile-page"]);
        assert!(parse_rels("resource=x").is_empty());
        assert_eq!(parse_rels(&"rel=a&".repeat(100)).len(), 16);
    }
}
