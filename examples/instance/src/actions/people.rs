//! Finding people and posts, here first, then elsewhere.

use crate::{
    db::{self, accounts::Account},
    error::ApiError,
    site::Site,
    urls::Local,
};

/// What an address turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Account(i64),
    Status(i64),
}

/// `@user@host`, `user@host`, `acct:user@host`; only the user for one of ours.
fn split(q: &str) -> Option<(&str, Option<&str>)> {
    let q = q.trim();
    let q = q.strip_prefix("acct:").unwrap_or(q);
    let q = q.strip_prefix('@').unwrap_or(q);
    let (user, host) = match q.split_once('@') {
        Some((user, host)) => (user, Some(host)),
        None => (q, None),
    };
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let user_good = !user.is_empty() && user.chars().all(good);
    let host_good =
        host.is_none_or(|h| !h.is_empty() && h.chars().all(|c| good(c) || matches!(c, ':' | '[' | ']')));
    (user_good && host_good).then_some((user, host))
}

/// Whom we know by this handle.
pub(crate) async fn known(site: &Site, handle: &str) -> Result<Option<Account>, ApiError> {
    let Some((user, host)) = split(handle) else {
        return Ok(None);
    };
    Ok(match host {
        Some(host) if !host.eq_ignore_ascii_case(site.urls.domain()) => {
            db::accounts::by_handle(&site.db, user, host).await?
        }
        _ => db::accounts::local(&site.db, user).await?.filter(|a| !a.deleted),
    })
}

/// Asks the instance of the handle. Nobody there by that name is no error, and neither is an instance that does not answer.
pub(crate) async fn resolve(site: &Site, handle: &str) -> Result<Option<i64>, ApiError> {
    let Some((user, Some(host))) = split(handle) else {
        return Ok(None);
    };
    if host.eq_ignore_ascii_case(site.urls.domain()) {
        return Ok(None);
    }
    Ok(site.network.lookup(&format!("@{user}@{host}")).await?)
}

/// Somebody who is named in a text.
pub(crate) async fn mentioned(
    site: &Site,
    user: &str,
    host: Option<&str>,
) -> Result<Option<Account>, ApiError> {
    let handle = host.map_or_else(|| user.to_owned(), |host| format!("{user}@{host}"));
    if let Some(known) = known(site, &handle).await? {
        return Ok(Some(known));
    }
    match resolve(site, &handle).await? {
        Some(id) => Ok(db::accounts::by_id(&site.db, id).await?),
        None => Ok(None),
    }
}

/// What is at this address, that of a page or an id.
pub(crate) async fn at(site: &Site, address: &str, resolve: bool) -> Result<Option<Found>, ApiError> {
    match site.urls.local(address) {
        Some(Local::Actor(name)) => {
            return Ok(db::accounts::local(&site.db, name)
                .await?
                .filter(|a| !a.deleted)
                .map(|a| Found::Account(a.id)));
        }
        Some(Local::Status(id)) => return Ok(Some(Found::Status(id))),
        Some(Local::Followers(_)) => return Ok(None),
        None => {}
    }
    if let Some(account) = db::accounts::by_address(&site.db, address).await? {
        return Ok(Some(Found::Account(account.id)));
    }
    if let Some(status) = db::statuses::by_address(&site.db, address).await? {
        return Ok(Some(Found::Status(status.id)));
    }
    if !resolve {
        return Ok(None);
    }
    Ok(site.network.fetch(address).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_in_every_spelling() {
        for q in ["@a@b.example", "a@b.example", "acct:a@b.example"] {
            assert_eq!(split(q), Some(("a", Some("b.example"))), "{q}");
        }
        assert_eq!(split("a"), Some(("a", None)));
        assert_eq!(split("a@127.0.0.1:80"), Some(("a", Some("127.0.0.1:80"))));
        for q in ["", "@", "a@", "a b", "a@b/c", "a@b@c"] {
            assert_eq!(split(q), None, "{q}");
        }
    }
}
