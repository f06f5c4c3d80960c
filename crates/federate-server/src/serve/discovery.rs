//! WebFinger, host-meta and NodeInfo.

use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use federate_protocol::webfinger::nodeinfo::{Index, Version};
use federate_protocol::webfinger::{self, Handle, Jrd, Query, host_meta as meta};
use http::{Response, StatusCode};

use super::respond::{JSON, open, refuse, unavailable, with};
use crate::{Ask, Directory, Failure, Federation, Found, Local};

pub(super) async fn webfinger<App: Directory>(federation: &Federation<App>, query: &str) -> Response<Bytes> {
    let response = match webfinger::parse_query(query) {
        Err(bad) => refuse(StatusCode::BAD_REQUEST, &bad.to_string()),
        Ok(asked) => match find(federation, asked, &webfinger::parse_rels(query)).await {
            Ok(Found::Here(jrd)) => with(StatusCode::OK, Jrd::MEDIA_TYPE, jrd),
            Ok(Found::Gone) => refuse(StatusCode::GONE, "this account is gone"),
            Ok(Found::Missing) => refuse(StatusCode::NOT_FOUND, "no such account here"),
            Err(failure) => {
                tracing::warn!(reason = %failure.chain(), "the application could not answer a WebFinger query");
                unavailable(60)
            }
        },
    };
    open(response)
}

/// The answer as it is written, with the links of these relations; with all, where there are none.
async fn find<App: Directory>(
    federation: &Federation<App>,
    asked: Query,
    rels: &[String],
) -> Result<Found<Bytes>, Failure> {
    let uris = federation.uris();
    let ask = federation.ask(None);
    match asked {
        Query::Account { user, host } => {
            if !host.eq_ignore_ascii_case(uris.host()) {
                return Ok(Found::Missing);
            }
            if user.eq_ignore_ascii_case(uris.instance_name()) {
                return Ok(instance(federation).map(|jrd| bytes(jrd, rels)).into());
            }
            match federation.app().identify(&ask, &user).await? {
                Some(name) => actor(federation, &ask, &name, rels).await,
                None => Ok(Found::Missing),
            }
        }
        Query::Url(url) => {
            let id = Iri::parse(&url).ok();
            if url.trim_end_matches('/') == uris.base() {
                return Ok(Found::Here(bytes(server(federation, &url), rels)));
            }
            if id.as_ref() == Some(&uris.instance_actor()) {
                return Ok(instance(federation).map(|jrd| bytes(jrd, rels)).into());
            }
            let name = match id.and_then(|id| uris.parse(&id)) {
                Some(Local::Actor(name)) => Some(name),
                _ => uris.parse_profile(&url),
            };
            match name {
                Some(name) => actor(federation, &ask, &name, rels).await,
                None => Ok(Found::Missing),
            }
        }
        _ => Ok(Found::Missing),
    }
}

async fn actor<App: Directory>(
    federation: &Federation<App>,
    ask: &Ask<'_>,
    name: &str,
    rels: &[String],
) -> Result<Found<Bytes>, Failure> {
    let uris = &federation.inner.uris;
    Ok(match federation.app().actor(ask, name).await? {
        Found::Here(profile) if rels.is_empty() => profile.jrd_bytes(uris).into(),
        Found::Here(profile) => profile.jrd(uris).map(|jrd| bytes(jrd, rels)).into(),
        Found::Gone => Found::Gone,
        Found::Missing => Found::Missing,
    })
}

fn bytes(mut jrd: Jrd, rels: &[String]) -> Bytes {
    jrd.retain_rels(rels);
    jrd.to_bytes().into()
}

fn instance<App: Directory>(federation: &Federation<App>) -> Option<Jrd> {
    let uris = federation.uris();
    let handle = handle(uris.instance_name(), uris.host())?;
    Some(Jrd::for_actor(&handle, uris.instance_actor().as_str(), None))
}

/// FEP-d556: the answer about the server itself, under the URL as it was asked about.
fn server<App: Directory>(federation: &Federation<App>, root: &str) -> Jrd {
    let uris = federation.uris();
    let mut jrd = Jrd::for_server(root, uris.instance_actor().as_str());
    let handle = handle(uris.instance_name(), uris.host());
    jrd.aliases.extend(handle.map(|handle| handle.acct()));
    jrd
}

/// Our own host may have a port: then the base URL has it, which loopback alone may.
fn handle(user: &str, host: &str) -> Option<Handle> {
    Handle::parse_allowing_port(&format!("{user}@{host}")).ok()
}

pub(super) fn host_meta<App: Directory>(federation: &Federation<App>, json: bool) -> Response<Bytes> {
    let base = federation.uris().base();
    open(if json {
        with(StatusCode::OK, JSON, meta::json(base))
    } else {
        with(StatusCode::OK, meta::XML_TYPE, meta::xml(base))
    })
}

pub(super) fn nodeinfo_index<App: Directory>(federation: &Federation<App>) -> Response<Bytes> {
    let uris = federation.uris();
    let index = Index::new(uris.base()).application_actor(uris.instance_actor().as_str());
    open(with(StatusCode::OK, JSON, index.to_bytes()))
}

pub(super) async fn nodeinfo<App: Directory>(
    federation: &Federation<App>,
    version: Version,
) -> Response<Bytes> {
    let usage = match federation.app().usage().await {
        Ok(usage) => usage,
        Err(failure) => {
            tracing::warn!(reason = %failure.chain(), "the application could not answer a NodeInfo query");
            return open(unavailable(60));
        }
    };
    let mut info = federation.inner.nodeinfo.clone();
    info.open_registrations = usage.open_registrations;
    info.users_total = Some(usage.users);
    info.users_active_month = Some(usage.active_month);
    info.users_active_halfyear = Some(usage.active_half_year);
    info.local_posts = Some(usage.local_posts);
    info.local_comments = usage.local_comments;
    open(with(
        StatusCode::OK,
        version.content_type(),
        info.to_bytes(version),
    ))
}
