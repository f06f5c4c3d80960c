//! What of a request can be signed, read once.

use crate::refusal::{RefusalKind, shown};
use http::{HeaderMap, Method, Uri, request::Parts};
use std::borrow::Cow;

/// The request line and the authority, as they came.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) target: Uri,
    /// Of `Host`, or of the target where HTTP/2 puts it.
    pub(crate) authority: Option<String>,
    pub(crate) has_body: bool,
    /// Whether a response to this request is what is signed; then the body is that one's.
    pub(crate) is_response: bool,
}

impl Head {
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Result<Self, RefusalKind> {
        let host = field(&parts.headers, "host")?;
        let target = authority_of(&parts.uri);
        if let (Some(host), Some(target)) = (&host, target) {
            let scheme = parts.uri.scheme_str().unwrap_or("https");
            if normal_authority(host, scheme) != normal_authority(target, scheme) {
                return Err(RefusalKind::ConflictingAuthority {
                    host: shown(host),
                    target: shown(target),
                });
            }
        }
        Ok(Self {
            authority: host.as_deref().or(target).map(ToOwned::to_owned),
            ..Self::of(parts, body)
        })
    }

    /// Without a look at `Host`.
    pub(crate) fn of(parts: &Parts, body: &[u8]) -> Self {
        Self {
            method: parts.method.clone(),
            target: parts.uri.clone(),
            authority: authority_of(&parts.uri).map(ToOwned::to_owned),
            has_body: carries_body(&parts.method, body),
            is_response: false,
        }
    }

    pub(crate) fn path(&self) -> &str {
        path_of(&self.target)
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.target.query()
    }

    /// Path and query, or the path alone.
    pub(crate) fn target(&self, with_query: bool) -> String {
        let mut out = String::new();
        self.push_target(&mut out, with_query);
        out
    }

    pub(crate) fn push_target(&self, out: &mut String, with_query: bool) {
        push_target(out, &self.target, with_query);
    }
}

/// Whether a request must have its body bound by a digest.
pub(crate) fn carries_body(method: &Method, body: &[u8]) -> bool {
    !body.is_empty()
        || !matches!(
            *method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
        )
}

/// The authority of an absolute target, without user and password.
pub(crate) fn authority_of(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?.as_str();
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}

fn path_of(uri: &Uri) -> &str {
    match uri.path() {
        "" => "/",
        path => path,
    }
}

pub(crate) fn push_target(out: &mut String, uri: &Uri, with_query: bool) {
    out.push_str(path_of(uri));
    if let Some(query) = uri.query().filter(|_| with_query) {
        out.push('?');
        out.push_str(query);
    }
}

/// Lower case, without the default port of the scheme.
pub(crate) fn normal_authority<'a>(authority: &'a str, scheme: &str) -> Cow<'a, str> {
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let authority = match authority.strip_suffix(default) {
        // Not within an IPv6 address: there the port follows the bracket.
        Some(host) if !host.contains(':') || host.ends_with(']') => host,
        _ => authority,
    };
    if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(authority.to_ascii_lowercase())
    } else {
        Cow::Borrowed(authority)
    }
}

/// The value of a header as both formats sign it: each line without outer white space, joined by `, `.
///
/// `None` where the header is absent; headers that mean one thing must not come twice.
pub(crate) fn field<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<Cow<'a, str>>, RefusalKind> {
    let mut out: Option<Cow<'a, str>> = None;
    for value in headers.get_all(name) {
        let not_ascii = || RefusalKind::NotAscii { name: shown(name) };
        // `to_str` takes printable ASCII and tabs, nothing else.
        let value = value.to_str().map_err(|_| not_ascii())?.trim_matches([' ', '\t']);
        match &mut out {
            None => out = Some(Cow::Borrowed(value)),
            Some(_) if SINGULAR.contains(&name) => {
                return Err(RefusalKind::RepeatedHeader { name: shown(name) });
            }
            Some(joined) => {
                let joined = joined.to_mut();
                joined.push_str(", ");
                joined.push_str(value);
            }
        }
    }
    Ok(out)
}

/// Headers of which a second one means that two readers may see two requests. `content-digest` is a list by its
/// syntax; no server splits it over lines.
const SINGULAR: &[&str] = &[
    "authorization",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-location",
    "content-type",
    "date",
    "digest",
    "host",
    "transfer-encoding",
    "user-agent",
];
