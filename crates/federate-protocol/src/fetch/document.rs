//! From a URL to a document that its own origin answers for.

use super::{FetchRefusal, FetchRules, NotAdmitted, Provenance, page};
use crate::activitystreams::{Iri, Object};
use crate::{media_type, view};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use std::sync::Arc;
use url::Url;

/// A fetch that waits for the answer to a GET.
#[derive(Debug)]
pub struct DocumentFetch {
    rules: Arc<FetchRules>,
    url: Url,
    /// The URL as the peer's own id spells it, where that is how it was asked for; compared with the document's id as text.
    spelled: String,
    /// Requests beyond the first: redirects, the page's link, the stated id.
    hops: u8,
    redirects: u8,
    /// Whether a page may lead to the document, and which one did.
    page: Page,
    /// The id at which it is fetched a second time, and where it was found first; it must be found there and nowhere else.
    refetch: Option<Box<Refetch>>,
}

#[derive(Debug)]
enum Page {
    /// A document is due.
    No,
    /// A page will do, if it names a document of its own origin.
    May,
    /// It was this page.
    Led(Box<Url>),
}

#[derive(Debug)]
struct Refetch {
    id: Iri,
    found_at: Url,
}

/// Where a fetch stands.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchStep {
    /// Send this GET, and pass the answer on.
    Get(DocumentFetch),
    /// This may be believed.
    Believed(Box<Document>),
    /// It was there once: 410.
    Gone,
    /// Nothing here may be believed.
    Refused(FetchRefusal),
}

/// A document that was fetched from its own id, and is believed for that reason.
#[derive(Debug, Clone)]
pub struct Document {
    id: Iri,
    object: Object,
    bytes: Bytes,
    owner: Option<Iri>,
    provenance: Provenance,
}

impl DocumentFetch {
    /// Begins to fetch what is at `url`: an id, or another URL that leads to it. A fragment is not sent.
    #[must_use]
    pub fn start(url: &Iri, rules: Arc<FetchRules>) -> FetchStep {
        Self::begin(url, rules, 0, Page::No)
    }

    /// Begins to fetch what somebody copied from a browser: the same, and where an HTML page comes, the document of its own origin
    /// that its `alternate` link names (a `Link` header or a `link` in its head), once.
    #[must_use]
    pub fn start_at_page(url: &Iri, rules: Arc<FetchRules>) -> FetchStep {
        Self::begin(url, rules, 0, Page::May)
    }

    /// As [`start`](Self::start), with a part of the redirect budget spent.
    pub(super) fn start_after(url: &Iri, rules: Arc<FetchRules>, hops: u8) -> FetchStep {
        Self::begin(url, rules, hops, Page::No)
    }

    fn begin(url: &Iri, rules: Arc<FetchRules>, hops: u8, page: Page) -> FetchStep {
        match rules.admit(url) {
            Ok(admitted) => FetchStep::Get(Self {
                spelled: url.without_fragment().as_str().to_owned(),
                url: admitted,
                rules,
                hops,
                redirects: 0,
                page,
                refetch: None,
            }),
            Err(reason) => FetchStep::Refused(FetchRefusal::NotAdmitted {
                url: url.as_str().to_owned(),
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
        match self.page {
            Page::May => media_type::ACCEPT_ACTIVITY_OR_PAGE,
            Page::No | Page::Led(_) => media_type::ACCEPT_ACTIVITY,
        }
    }

    /// Redirects so far; the link of a page and the refetch at the stated id count as one each.
    pub fn hops(&self) -> u8 {
        self.hops
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn on_response(self, response: &http::Response<Bytes>) -> FetchStep {
        match self.step(response) {
            Ok(step) => step,
            Err(refusal) => FetchStep::Refused(refusal),
        }
    }

    fn step(self, response: &http::Response<Bytes>) -> Result<FetchStep, FetchRefusal> {
        match response.status().as_u16() {
            200 => self.read(response),
            301 | 302 | 303 | 307 | 308 => self.redirect(response),
            410 => Ok(FetchStep::Gone),
            status => Err(FetchRefusal::Status(status)),
        }
    }

    fn redirect(self, response: &http::Response<Bytes>) -> Result<FetchStep, FetchRefusal> {
        if let Some(refetch) = self.refetch {
            // Asked for at the id that it gave itself, and sent elsewhere again: no place answers for it.
            return Err(FetchRefusal::WrongId {
                url: self.url.into(),
                id: refetch.id,
            });
        }
        let url = follow(&self.url, response, &self.rules)?;
        let hops = spend(self.hops, &self.rules)?;
        Ok(FetchStep::Get(Self {
            spelled: url.as_str().to_owned(),
            url,
            hops,
            redirects: self.redirects.saturating_add(1),
            ..self
        }))
    }

    fn read(self, response: &http::Response<Bytes>) -> Result<FetchStep, FetchRefusal> {
        let content_type = single_header(response, &CONTENT_TYPE);
        let body = response.body();
        if body.len() > self.rules.limits.document {
            return Err(FetchRefusal::TooLarge);
        }
        if matches!(self.page, Page::May) && content_type.is_some_and(media_type::is_page) {
            return self.follow_page(response);
        }
        if !content_type.is_some_and(media_type::is_activity_document) {
            return Err(FetchRefusal::ContentType);
        }
        let received = Object::parse(body).map_err(FetchRefusal::Document)?;
        let id = crate::ids::stated(&received)
            .ok()
            .flatten()
            .ok_or(FetchRefusal::NoId)?;
        if id.as_str() == self.spelled || id.as_str() == self.url.as_str() {
            // Its own origin says that it was there once.
            if received.is("Tombstone") {
                return Ok(FetchStep::Gone);
            }
            let document = Document::new(id, &received, body.clone(), self.provenance())?;
            return Ok(FetchStep::Believed(Box::new(document)));
        }
        self.refetch(id)
    }

    fn provenance(self) -> Provenance {
        Provenance::Fetched {
            page: match self.page {
                Page::Led(page) => Some(*page),
                Page::No | Page::May => None,
            },
            found_at: self.refetch.map(|refetch| refetch.found_at),
            redirects: self.redirects,
        }
    }

    /// What the page names is asked for as whatever else is: the page proves nothing, and names nothing of another origin (I19).
    fn follow_page(self, response: &http::Response<Bytes>) -> Result<FetchStep, FetchRefusal> {
        let named = page::alternate(&self.url, response)?;
        let url = self.rules.admit_url(named).map_err(FetchRefusal::Redirect)?;
        let hops = spend(self.hops, &self.rules)?;
        Ok(FetchStep::Get(Self {
            spelled: url.as_str().to_owned(),
            page: Page::Led(Box::new(self.url)),
            url,
            hops,
            ..self
        }))
    }

    /// It calls itself something else than its place: it is believed only where it says that it is at home.
    fn refetch(self, id: Iri) -> Result<FetchStep, FetchRefusal> {
        if self.refetch.is_some() || id.as_str().contains('#') {
            return Err(FetchRefusal::WrongId {
                url: self.url.into(),
                id,
            });
        }
        let url = self
            .rules
            .admit(&id)
            .map_err(|reason| FetchRefusal::NotAdmitted {
                url: id.as_str().to_owned(),
                reason,
            })?;
        no_downgrade(&self.url, &url)?;
        let hops = spend(self.hops, &self.rules)?;
        Ok(FetchStep::Get(Self {
            spelled: id.as_str().to_owned(),
            // A document has come: what stands at its id is one, too, or nothing.
            page: match self.page {
                Page::Led(page) => Page::Led(page),
                Page::No | Page::May => Page::No,
            },
            refetch: Some(Box::new(Refetch {
                id,
                found_at: self.url,
            })),
            url,
            hops,
            ..self
        }))
    }
}

impl Document {
    fn new(id: Iri, received: &Object, bytes: Bytes, provenance: Provenance) -> Result<Self, FetchRefusal> {
        let owner = owner(&id, received)?;
        let object = view::of_document(received, &id, owner.as_ref());
        Ok(Self {
            id,
            object,
            bytes,
            owner,
            provenance,
        })
    }

    /// Reads a document back that a cache has kept: bytes of [`bytes`](Document::bytes), under their [`id`](Document::id).
    ///
    /// The cache is trusted to return what was put: nothing is fetched here.
    ///
    /// # Errors
    /// As when it was fetched.
    pub fn from_cache(id: &Iri, bytes: Bytes) -> Result<Self, FetchRefusal> {
        let received = Object::parse(&bytes).map_err(FetchRefusal::Document)?;
        match crate::ids::stated(&received).ok().flatten() {
            Some(stated) if stated == *id => Self::new(stated, &received, bytes, Provenance::Kept),
            Some(stated) => Err(FetchRefusal::WrongId {
                url: id.as_str().to_owned(),
                id: stated,
            }),
            None => Err(FetchRefusal::NoId),
        }
    }

    /// Its id, which is the URL that it was fetched from.
    pub fn id(&self) -> &Iri {
        &self.id
    }

    /// What it says, as far as its origin and its owner can say it: what somebody else answers for is reduced to its id.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Who answers for it: itself where it is an actor, else whom it is attributed to, of its own origin. Collections often have none.
    pub fn owner(&self) -> Option<&Iri> {
        self.owner.as_ref()
    }

    /// Why it is believed.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// The owner, of the document's origin; whoever is named beside it must be of that origin too.
pub(super) fn owner(id: &Iri, object: &Object) -> Result<Option<Iri>, FetchRefusal> {
    if super::actor::is_actor(object) {
        return Ok(Some(id.clone()));
    }
    let mut owners = object.attributed_to().ids();
    owners.extend(object.actor().ids());
    owners.extend(crate::ids::of(object, &super::actor::OWNER));
    owners.extend(crate::ids::of(object, &super::actor::CONTROLLER));
    if owners.iter().any(|owner| !owner.same_origin(id)) {
        return Err(FetchRefusal::ForeignOwner);
    }
    Ok(owners.into_iter().next())
}

/// Where a redirect leads, if one may go there.
pub(super) fn follow(
    from: &Url,
    response: &http::Response<Bytes>,
    rules: &FetchRules,
) -> Result<Url, FetchRefusal> {
    let location = single_header(response, &LOCATION).ok_or(FetchRefusal::NoLocation)?;
    let to = from.join(location).map_err(|_| FetchRefusal::NoLocation)?;
    no_downgrade(from, &to)?;
    rules.admit_url(to).map_err(FetchRefusal::Redirect)
}

/// One redirect of the budget.
pub(super) fn spend(hops: u8, rules: &FetchRules) -> Result<u8, FetchRefusal> {
    if hops >= rules.limits.redirects {
        Err(FetchRefusal::TooManyRedirects)
    } else {
        Ok(hops.saturating_add(1))
    }
}

fn no_downgrade(from: &Url, to: &Url) -> Result<(), FetchRefusal> {
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(FetchRefusal::Redirect(NotAdmitted::Scheme));
    }
    Ok(())
}

/// The value of a header that stands there once; twice is as bad as never (I3).
pub(super) fn single_header<'a>(
    response: &'a http::Response<Bytes>,
    name: &http::HeaderName,
) -> Option<&'a str> {
    let mut values = response.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
