//! Where everything of ours lives.

use url::Url;

/// The addresses of this instance, made from its base URL.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    base: String,
    authority: String,
}

/// What one of our own addresses names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Local<'a> {
    Actor(&'a str),
    Followers(&'a str),
    Status(i64),
}

impl Urls {
    /// Reads `http(s)://host[:port]`, nothing behind it.
    pub(crate) fn parse(base: &str) -> Result<Urls, String> {
        let url = Url::parse(base).map_err(|e| format!("the base URL {base:?} cannot be read: {e}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("the base URL {base:?} is neither http nor https"));
        }
        let Some(host) = url.host_str() else {
            return Err(format!("the base URL {base:?} names no host"));
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "the base URL {base:?} must end after its host: no path, query or fragment"
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the base URL must not hold a name or a password".to_owned());
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Urls {
            base: format!("{}://{authority}", url.scheme()),
            authority,
        })
    }

    /// `https://host`, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// What stands behind the second `@` of a handle here: the host, with its port where it has one.
    pub(crate) fn domain(&self) -> &str {
        &self.authority
    }

    pub(crate) fn actor(&self, name: &str) -> String {
        format!("{}/users/{name}", self.base)
    }

    pub(crate) fn followers(&self, name: &str) -> String {
        format!("{}/users/{name}/followers", self.base)
    }

    pub(crate) fn profile(&self, name: &str) -> String {
        format!("{}/@{name}", self.base)
    }

    pub(crate) fn status(&self, name: &str, id: i64) -> String {
        format!("{}/users/{name}/statuses/{id}", self.base)
    }

    /// The id of the Announce that a reblog is.
    pub(crate) fn announce(&self, name: &str, id: i64) -> String {
        format!("{}/users/{name}/statuses/{id}/activity", self.base)
    }

    pub(crate) fn status_page(&self, name: &str, id: i64) -> String {
        format!("{}/@{name}/{id}", self.base)
    }

    pub(crate) fn tag(&self, name: &str) -> String {
        format!("{}/tags/{name}", self.base)
    }

    pub(crate) fn follow(&self, name: &str, id: i64) -> String {
        format!("{}/users/{name}#follows/{id}", self.base)
    }

    /// The number of a follow of one of ours, from the id of its Follow.
    pub(crate) fn follow_number(&self, id: &str) -> Option<i64> {
        let (actor, number) = id.rsplit_once("#follows/")?;
        matches!(self.local(actor)?, Local::Actor(_)).then(|| number.parse().ok())?
    }

    pub(crate) fn like(&self, name: &str, id: i64) -> String {
        format!("{}/users/{name}#likes/{id}", self.base)
    }

    /// Reads one of our own addresses, ids and pages alike.
    pub(crate) fn local<'a>(&self, address: &'a str) -> Option<Local<'a>> {
        let rest = address.strip_prefix(&self.base)?.strip_prefix('/')?;
        let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        match parts.as_slice() {
            ["users", name] if !name.contains(['#', '?']) => Some(Local::Actor(name)),
            ["users", name, "followers"] => Some(Local::Followers(name)),
            ["users", _, "statuses", id] | ["users", _, "statuses", id, "activity"] => {
                id.parse().ok().map(Local::Status)
            }
            [at] if !at.contains(['#', '?']) => at.strip_prefix('@').map(Local::Actor),
            [at, id] if at.starts_with('@') => id.parse().ok().map(Local::Status),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        for good in ["https://a.example", "https://a.example/", "http://127.0.0.1:8080"] {
            assert!(Urls::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "a.example",
            "ftp://a.example",
            "https://a.example/x",
            "https://u:p@a.example",
            "https://",
        ] {
            assert!(Urls::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            Urls::parse("HTTPS://A.example:443/").unwrap().base(),
            "https://a.example"
        );
        assert_eq!(
            Urls::parse("http://127.0.0.1:8080").unwrap().domain(),
            "127.0.0.1:8080"
        );
    }

    #[test]
    fn own_addresses_are_read_back() {
        let urls = Urls::parse("https://a.example").unwrap();
        assert_eq!(urls.local(&urls.actor("bob")), Some(Local::Actor("bob")));
        assert_eq!(urls.local(&urls.profile("bob")), Some(Local::Actor("bob")));
        assert_eq!(urls.local(&urls.status("bob", 7)), Some(Local::Status(7)));
        assert_eq!(urls.local(&urls.announce("bob", 7)), Some(Local::Status(7)));
        assert_eq!(urls.local(&urls.status_page("bob", 7)), Some(Local::Status(7)));
        assert_eq!(urls.local("https://a.example.evil.example/users/bob"), None);
        assert_eq!(urls.local(&urls.follow("bob", 7)), None);
    }
}
