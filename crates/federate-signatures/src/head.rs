//! What of a request can be signed, read once.

use crate::refusal::{RefusalKind, shown};
use http::{HeaderMap, Method, Uri, request::Parts};

/// The request line and the authority, as they came.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
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
            authority: host.or_else(|| target.map(ToOwned::to_owned)),
            ..Self::of(parts, body)
        })
    }

    /// Without a look at `Host`.
    pub(crate) fn of(parts: &Parts, body: &[u8]) -> Self {
        Self {
            method: parts.method.as_str().to_owned(),
            path: match parts.uri.path() {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
            query: parts.uri.query().map(ToOwned::to_owned),
            authority: authority_of(&parts.uri).map(ToOwned::to_owned),
            has_body: carries_body(&parts.method, body),
            is_response: false,
        }
    }

    /// Path and query, or the path alone.
    pub(crate) fn target(&self, with_query: bool) -> String {
        match &self.query {
            Some(query) if with_query => format!("{}?{query}", self.path),
            _ => self.path.clone(),
        }
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

/// Lower case, without the default port of the scheme.
pub(crate) fn normal_authority(authority: &str, scheme: &str) -> String {
    let mut authority = authority.to_ascii_lowercase();
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return authority,
    };
    if let Some(host) = authority.strip_suffix(default) {
        // Not within an IPv6 address: there the port follows the bracket.
        if !host.contains(':') || host.ends_with(']') {
            let length = host.len();
            authority.truncate(length);
        }
    }
    authority
}

/// The value of a header as both formats sign it: each line without outer white space, joined by `, `.
///
/// `None` where the header is absent; headers that mean one thing must not come twice.
pub(crate) fn field(headers: &HeaderMap, name: &str) -> Result<Option<String>, RefusalKind> {
    let mut out: Option<String> = None;
    for value in headers.get_all(name) {
        let not_ascii = || RefusalKind::NotAscii { name: shown(name) };
        // `to_str` takes printable ASCII and tabs, nothing else.
        let value = value.to_str().map_err(|_| not_ascii())?.trim_matches([' ', '\t']);
        match &mut out {
            None => out = Some(value.to_owned()),
            Some(_) if SINGULAR.contains(&name) => {
                return Err(RefusalKind::RepeatedHeader { name: shown(name) });
            }
            Some(joined) => {
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
