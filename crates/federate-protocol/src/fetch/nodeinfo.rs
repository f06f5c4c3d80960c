//! From a server to what it says that it is.

use super::document::{follow, single_header, spend};
use super::{FetchRefusal, FetchRules, NotAdmitted};
use crate::activitystreams::Iri;
use crate::media_type;
use crate::webfinger::nodeinfo::{BadNodeInfo, Index, NodeInfo};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use url::Url;

/// The fetch of a server's NodeInfo that waits for the answer to a GET.
///
/// 1. The index at `/.well-known/nodeinfo`. It may be redirected, to another host too, as a domain may have its server elsewhere.
/// 2. The newest document that the index links to, on the origin that the index came from in the end, and nowhere else: neither its link
///    nor a redirect leads off it (W6).
///
/// Whatever comes is a claim of that server about itself, to be shown and counted, never to be gone by. Read under the caps of
/// [`NodeInfo::parse`]: counts are natural numbers or none, texts and lists are cut.
#[derive(Debug)]
pub struct NodeInfoFetch {
    rules: Arc<FetchRules>,
    url: Url,
    hops: u8,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Index,
    Document,
}

/// Where the fetch of a server's NodeInfo stands.
#[derive(Debug)]
#[non_exhaustive]
pub enum NodeInfoStep {
    /// Send this GET, and pass the answer on.
    Get(NodeInfoFetch),
    /// What it says.
    Found {
        /// As it was read.
        info: Box<NodeInfo>,
        /// As it came: at most [`Limits::webfinger`](crate::Limits::webfinger) bytes.
        bytes: Bytes,
    },
    /// Nothing here is to be read.
    Refused(FetchRefusal),
}

impl NodeInfoFetch {
    /// Begins to ask the server at the origin of `server`: an id of an actor there, or `https://` and its host.
    #[must_use]
    pub fn start(server: &Iri, rules: Arc<FetchRules>) -> NodeInfoStep {
        let url = well_known(server).and_then(|url| rules.admit_url(url));
        match url {
            Ok(url) => NodeInfoStep::Get(Self {
                rules,
                url,
                hops: 0,
                stage: Stage::Index,
            }),
            Err(reason) => NodeInfoStep::Refused(FetchRefusal::NotAdmitted {
                url: server.as_str().to_owned(),
                reason,
            }),
        }
    }

    /// What to GET. Redirects are not to be followed.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The `Accept` to send.
    pub fn accept(&self) -> &'static str {
        media_type::ACCEPT_NODEINFO
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn on_response(self, response: &http::Response<Bytes>) -> NodeInfoStep {
        self.step(response).unwrap_or_else(NodeInfoStep::Refused)
    }

    fn step(self, response: &http::Response<Bytes>) -> Result<NodeInfoStep, FetchRefusal> {
        match response.status().as_u16() {
            200 => self.read(response),
            301 | 302 | 303 | 307 | 308 => self.redirect(response),
            status => Err(FetchRefusal::Status(status)),
        }
    }

    fn redirect(self, response: &http::Response<Bytes>) -> Result<NodeInfoStep, FetchRefusal> {
        let url = follow(&self.url, response, &self.rules)?;
        if self.stage == Stage::Document && url.origin() != self.url.origin() {
            return Err(FetchRefusal::LeftOrigin);
        }
        let hops = spend(self.hops, &self.rules)?;
        Ok(NodeInfoStep::Get(Self { url, hops, ..self }))
    }

    fn read(self, response: &http::Response<Bytes>) -> Result<NodeInfoStep, FetchRefusal> {
        if !single_header(response, &CONTENT_TYPE).is_some_and(media_type::is_nodeinfo) {
            return Err(FetchRefusal::ContentType);
        }
        let body = response.body();
        if body.len() > self.rules.limits.webfinger {
            return Err(FetchRefusal::TooLarge);
        }
        match self.stage {
            Stage::Index => {
                let index = Index::parse(body).map_err(|bad| unreadable(&bad))?;
                let url = index.best(&self.url).ok_or(FetchRefusal::NoNodeInfo)?;
                let url = self.rules.admit_url(url).map_err(FetchRefusal::Redirect)?;
                Ok(NodeInfoStep::Get(Self {
                    url,
                    stage: Stage::Document,
                    ..self
                }))
            }
            Stage::Document => {
                let info = NodeInfo::parse(body).map_err(|bad| unreadable(&bad))?;
                Ok(NodeInfoStep::Found {
                    info: Box::new(info),
                    bytes: body.clone(),
                })
            }
        }
    }
}

fn well_known(server: &Iri) -> Result<Url, NotAdmitted> {
    let mut url = server.to_url().map_err(|_| NotAdmitted::NotUrl)?;
    if !url.has_host() {
        return Err(NotAdmitted::NoHost);
    }
    url.set_path("/.well-known/nodeinfo");
    url.set_query(None);
    Ok(url)
}

fn unreadable(bad: &BadNodeInfo) -> FetchRefusal {
    FetchRefusal::NodeInfo(bad.to_string())
}
