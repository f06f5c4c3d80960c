//! From the URL of a page to the page.

use super::onward;
use crate::activitystreams::{Iri, Object, terms};
use crate::fetch::document::{follow, owner, single_header, spend};
use crate::fetch::{FetchRefusal, FetchRules, place};
use crate::{ids, media_type, view};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use url::Url;

/// What is known of the collection that a page is of.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: Iri,
    /// The places by which a page may call it.
    pub(super) places: Vec<String>,
    pub(super) owner: Option<Iri>,
    pub(super) total: Option<u64>,
}

/// The fetch of a page that waits for an answer.
#[derive(Debug)]
pub(super) struct PageFetch {
    pub(super) url: Url,
    hops: u8,
    /// The id at which it is fetched a second time; it must be found there and nowhere else.
    refetch_at: Option<Iri>,
}

pub(super) enum Answer {
    /// It is to be had there, if one may go there.
    Go(PageFetch),
    Page(Object),
    Gone,
}

impl Known {
    /// Whether a page says which collection it is of, and that it is this one.
    pub(super) fn is_named_by(&self, page: &Object) -> Result<bool, FetchRefusal> {
        if !page.has(&terms::PART_OF) {
            return Ok(false);
        }
        let named = page.part_of().ids();
        if named.iter().any(|whole| self.is_at(whole)) {
            Ok(true)
        } else {
            Err(FetchRefusal::OtherCollection)
        }
    }

    fn is_at(&self, iri: &Iri) -> bool {
        place::of_iri(iri).is_some_and(|place| self.places.contains(&place))
    }
}

impl PageFetch {
    pub(super) fn new(url: Url) -> Self {
        Self {
            url,
            hops: 0,
            refetch_at: None,
        }
    }

    pub(super) fn on_response(
        self,
        response: &http::Response<Bytes>,
        of: &Known,
        rules: &FetchRules,
    ) -> Result<Answer, FetchRefusal> {
        match response.status().as_u16() {
            200 => self.read(response, of, rules),
            301 | 302 | 303 | 307 | 308 => self.redirect(response, rules),
            410 => Ok(Answer::Gone),
            status => Err(FetchRefusal::Status(status)),
        }
    }

    fn redirect(self, response: &http::Response<Bytes>, rules: &FetchRules) -> Result<Answer, FetchRefusal> {
        if let Some(id) = self.refetch_at {
            return Err(FetchRefusal::WrongId {
                url: self.url.into(),
                id,
            });
        }
        let url = follow(&self.url, response, rules)?;
        let hops = spend(self.hops, rules)?;
        Ok(Answer::Go(Self { url, hops, ..self }))
    }

    fn read(
        self,
        response: &http::Response<Bytes>,
        of: &Known,
        rules: &FetchRules,
    ) -> Result<Answer, FetchRefusal> {
        if !single_header(response, &CONTENT_TYPE).is_some_and(media_type::is_activity_document) {
            return Err(FetchRefusal::ContentType);
        }
        if response.body().len() > rules.limits.document {
            return Err(FetchRefusal::TooLarge);
        }
        let received = Object::parse(response.body()).map_err(FetchRefusal::Document)?;
        if !onward::is_collection(&received) {
            return Err(FetchRefusal::NotACollection);
        }
        let named = of.is_named_by(&received)?;
        match ids::stated(&received).map_err(|_| FetchRefusal::NoId)? {
            None if named => {}
            None => return Err(FetchRefusal::NoId),
            Some(id) if place::of_iri(&id).is_some_and(|place| place == place::of(&self.url)) => {}
            Some(id) if named && of.is_at(&id) => {}
            Some(id) => return self.refetch(id, rules),
        }
        // Whoever claims the page and is not known as the collection's owner vouches for nothing in it.
        let claimed = owner(&of.id, &received)?;
        let owner = of
            .owner
            .as_ref()
            .filter(|owner| claimed.as_ref().is_none_or(|claimed| claimed == *owner));
        Ok(Answer::Page(view::of_document(&received, &of.id, owner)))
    }

    fn refetch(self, id: Iri, rules: &FetchRules) -> Result<Answer, FetchRefusal> {
        if self.refetch_at.is_some() {
            return Err(FetchRefusal::WrongId {
                url: self.url.into(),
                id,
            });
        }
        let url = rules.admit(&id).map_err(|reason| FetchRefusal::NotAdmitted {
            url: id.as_str().to_owned(),
            reason,
        })?;
        let hops = spend(self.hops, rules)?;
        Ok(Answer::Go(Self {
            url,
            hops,
            refetch_at: Some(id),
        }))
    }
}
