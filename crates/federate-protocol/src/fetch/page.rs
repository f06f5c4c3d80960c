//! From an HTML page to the document that it shows.

use super::FetchRefusal;
use super::link_header;
use crate::activitystreams::html::head_links;
use crate::media_type::is_activity_document;
use bytes::Bytes;
use http::header::LINK;
use url::Url;

/// Where the page at `url` says that its ActivityPub document is: by its `Link` header (RFC 8288), else by a `link` in its head.
///
/// The first of the page's own origin counts; a page of one's own may be written by others, so those of other origins never do.
pub(super) fn alternate(url: &Url, response: &http::Response<Bytes>) -> Result<Url, FetchRefusal> {
    let mut refusal = FetchRefusal::NoAlternate;
    for named in in_header(response).chain(in_head(response)) {
        match url.join(&named) {
            Ok(named) if named.origin() == url.origin() => return Ok(named),
            Ok(_) => refusal = FetchRefusal::ForeignAlternate,
            Err(_) => {}
        }
    }
    Err(refusal)
}

fn in_header(response: &http::Response<Bytes>) -> impl Iterator<Item = String> {
    response
        .headers()
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(link_header::links)
        .filter(|link| {
            let mut rels = link.rel.split_ascii_whitespace();
            rels.any(|rel| rel.eq_ignore_ascii_case("alternate")) && is_document(link.media_type)
        })
        .map(|link| link.target.trim().to_owned())
}

/// Read only where the headers name nothing: the iterator is lazy.
fn in_head(response: &http::Response<Bytes>) -> impl Iterator<Item = String> {
    std::iter::once(response.body())
        .flat_map(|body| head_links(&String::from_utf8_lossy(body)))
        .filter(|link| link.has_rel("alternate") && is_document(&link.media_type))
        .map(|link| link.href)
}

/// Within quotes, a quote is escaped.
fn is_document(media_type: &str) -> bool {
    is_activity_document(&media_type.replace("\\\"", "\""))
}
