//! The machine that reads a collection.

use super::fetch::{Answer, Known, PageFetch};
use super::onward::{self, Onward};
use super::{CollectionBudget, CollectionEnd, ReadPage};
use crate::activitystreams::{Iri, Object, terms};
use crate::fetch::{Document, DocumentFetch, FetchRefusal, FetchRules, FetchStep, NotAdmitted, place};
use crate::media_type;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The reading of a collection: a page at a time, and nothing before it is asked for.
///
/// Ask for a [`step`](Self::step). Where it says [`Get`](CollectionStep::Get), send the GET and pass the answer to
/// [`on_response`](Self::on_response), then ask again; asking again without an answer gives the same.
///
/// What is [believed](crate::fetch) of a document holds for the collection itself. Beyond that:
///
/// | rule | row |
/// |---|---|
/// | every request is for the collection's origin; what leads elsewhere, by `next`, an id or a redirect, ends it | R6, I12 |
/// | no place is asked for twice, however it is spelled: host, port, escapes, order of the query, fragment | R6 |
/// | pages, items, bytes and time end it, each alone; an empty page is a page | R6 |
/// | `partOf`, where it is stated, names the collection, in whatever spelling | R6 |
/// | a page's id is where it was fetched, but for its spelling; else it is fetched once at that id | I1 |
/// | items are reduced as all that is embedded is: what another origin or owner answers for is its id | I12, A2 |
/// | `totalItems` is a claim that nothing goes by | R6 |
///
/// A page has no authority of its own: it counts because its collection, fetched from its own id, leads to it on its own origin. So two
/// things that servers do are let pass where `partOf` says which collection it is of: a page without an id (WordPress, Mastodon's embedded
/// ones), and one with the id of its collection (Friendica).
///
/// Pages may be embedded where their URL may stand, and items may stand in the collection itself: these are given first. Only the collection may
/// call itself by another spelling of where it was asked for, and is then asked for there too.
#[derive(Debug)]
pub struct CollectionReading {
    rules: Arc<FetchRules>,
    budget: CollectionBudget,
    asked: Iri,
    known: Option<Known>,
    /// The places that were asked for.
    seen: HashSet<String>,
    /// The items that were given.
    listed: HashSet<Iri>,
    pages: usize,
    items: usize,
    bytes: usize,
    waited: Duration,
    state: State,
}

/// What a reading needs or gives next.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectionStep {
    /// Send this GET, with the `Accept` that the reading [names](CollectionReading::accept) and without following redirects, and pass the answer on.
    Get(Url),
    /// A page. Ask for a step again when the next one is wanted.
    Page(ReadPage),
    /// That was all.
    End(CollectionEnd),
}

#[derive(Debug)]
enum State {
    /// The collection is to be asked for, or was.
    Collection(Box<DocumentFetch>),
    /// A page is to be asked for, or was.
    Page(PageFetch),
    /// A page is there, and was not given yet; it leads there.
    Ready(Object, Onward),
    /// A page was given, and leads there.
    Onward(Onward),
    Ended(CollectionEnd),
}

impl CollectionReading {
    /// Begins to read the collection with this id: an actor's `outbox`, `followers` or `featured`, a post's `replies`. The id of one of its pages begins there.
    #[must_use]
    pub fn start(id: &Iri, rules: Arc<FetchRules>, budget: CollectionBudget) -> Self {
        let first = DocumentFetch::start(id, Arc::clone(&rules));
        let mut reading = Self {
            rules,
            budget,
            asked: id.without_fragment(),
            known: None,
            seen: HashSet::new(),
            listed: HashSet::new(),
            pages: 0,
            items: 0,
            bytes: 0,
            waited: Duration::ZERO,
            state: State::Ended(CollectionEnd::Complete),
        };
        reading.state = reading.on_document(first);
        reading
    }

    /// What it needs or gives next.
    pub fn step(&mut self) -> CollectionStep {
        loop {
            let state = std::mem::replace(&mut self.state, State::Ended(CollectionEnd::Complete));
            match self.within_budget(state) {
                State::Ready(object, onward) => return CollectionStep::Page(self.give(object, onward)),
                State::Onward(onward) => self.state = self.go(onward),
                State::Collection(fetch) => {
                    let url = fetch.url().clone();
                    self.state = State::Collection(fetch);
                    return CollectionStep::Get(url);
                }
                State::Page(fetch) => {
                    let url = fetch.url.clone();
                    self.state = State::Page(fetch);
                    return CollectionStep::Get(url);
                }
                State::Ended(end) => {
                    self.state = State::Ended(end.clone());
                    return CollectionStep::End(end);
                }
            }
        }
    }

    /// Goes on with the answer to the GET, for which the peer was waited for `waited` long. An answer that was not asked for changes nothing.
    pub fn on_response(&mut self, response: &http::Response<Bytes>, waited: Duration) {
        let state = std::mem::replace(&mut self.state, State::Ended(CollectionEnd::Complete));
        self.state = match state {
            State::Collection(fetch) => {
                self.count(response, waited);
                self.on_document(fetch.on_response(response))
            }
            State::Page(fetch) => {
                self.count(response, waited);
                self.on_page(fetch, response)
            }
            other => other,
        };
    }

    /// Ends it for a reason that only the one who drives it can know. One that has ended keeps the reason that it has.
    pub fn stop(&mut self, end: CollectionEnd) {
        if self.end().is_none() {
            self.state = State::Ended(end);
        }
    }

    /// From now on, no more than this.
    pub fn limit(&mut self, budget: CollectionBudget) {
        self.budget = budget;
    }

    /// How much is read at most.
    pub fn budget(&self) -> &CollectionBudget {
        &self.budget
    }

    /// The `Accept` to send.
    pub fn accept(&self) -> &'static str {
        media_type::ACCEPT_ACTIVITY
    }

    /// How long the peer may still be waited for.
    pub fn time_left(&self) -> Duration {
        self.budget.max_time().saturating_sub(self.waited)
    }

    /// The id of the collection, once its document is there. It may have been asked for by another URL of its origin.
    pub fn id(&self) -> Option<&Iri> {
        self.known.as_ref().map(|known| &known.id)
    }

    /// Whom the collection says that it is attributed to, of its own origin; few say so.
    pub fn owner(&self) -> Option<&Iri> {
        self.known.as_ref().and_then(|known| known.owner.as_ref())
    }

    /// How many items the collection says that it has: a **claim**, not negative and else unchecked. Nothing here goes by it.
    pub fn claimed_total(&self) -> Option<u64> {
        self.known.as_ref().and_then(|known| known.total)
    }

    /// How many pages were given.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// How many items were given.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Why it ended, once it has.
    pub fn end(&self) -> Option<&CollectionEnd> {
        match &self.state {
            State::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// The budget is looked at before every request and every page, and never when there is nothing more to be had.
    fn within_budget(&self, state: State) -> State {
        let over = match state {
            State::Ended(_) | State::Onward(Onward::End) => return state,
            _ if self.pages >= self.budget.max_pages() => CollectionEnd::PageLimit,
            _ if self.items >= self.budget.max_items() => CollectionEnd::ItemLimit,
            State::Ready(..) | State::Onward(_) => return state,
            _ if self.bytes >= self.budget.max_bytes() => CollectionEnd::ByteLimit,
            _ if self.time_left().is_zero() => CollectionEnd::Deadline,
            _ => return state,
        };
        State::Ended(over)
    }

    fn count(&mut self, response: &http::Response<Bytes>, waited: Duration) {
        self.bytes = self.bytes.saturating_add(response.body().len());
        self.waited = self.waited.saturating_add(waited);
    }

    fn give(&mut self, object: Object, onward: Onward) -> ReadPage {
        let most = self.budget.max_items().saturating_sub(self.items);
        let (page, more) = ReadPage::new(object, &mut self.listed, most);
        self.pages = self.pages.saturating_add(1);
        self.items = self.items.saturating_add(page.items().len());
        self.state = if more {
            State::Ended(CollectionEnd::ItemLimit)
        } else {
            State::Onward(onward)
        };
        page
    }

    fn go(&mut self, onward: Onward) -> State {
        let refused = |url: &str, reason| {
            let url = url.to_owned();
            State::Ended(CollectionEnd::Refused(FetchRefusal::NotAdmitted { url, reason }))
        };
        match onward {
            Onward::End => State::Ended(CollectionEnd::Complete),
            Onward::Odd(text) => refused(&text, NotAdmitted::NotUrl),
            Onward::At(iri) if !iri.same_origin(&self.asked) => State::Ended(CollectionEnd::Foreign),
            Onward::At(iri) => match self.rules.admit(&iri) {
                Ok(url) => self.ask(PageFetch::new(url)),
                Err(reason) => refused(iri.as_str(), reason),
            },
            Onward::Here(page) => {
                // What is embedded is of the document that it stands in; only its claim to be of another collection is heard.
                if let Some(known) = &self.known
                    && let Err(refusal) = known.is_named_by(&page)
                {
                    return State::Ended(CollectionEnd::Refused(refusal));
                }
                self.seen.extend(page.id().as_ref().and_then(place::of_iri));
                let onward = onward::from_page(&page);
                State::Ready(page, onward)
            }
        }
    }

    /// Asks for a page: where the collection is, and where nothing was asked for yet.
    fn ask(&mut self, fetch: PageFetch) -> State {
        match self.check(&fetch.url, place::of(&fetch.url)) {
            Ok(()) => State::Page(fetch),
            Err(end) => State::Ended(end),
        }
    }

    fn check(&mut self, url: &Url, place: String) -> Result<(), CollectionEnd> {
        let here = Iri::parse(url.as_str()).is_ok_and(|iri| iri.same_origin(&self.asked));
        if !here {
            return Err(CollectionEnd::Foreign);
        }
        if !self.seen.insert(place) {
            return Err(CollectionEnd::Loop);
        }
        Ok(())
    }

    fn on_document(&mut self, step: FetchStep) -> State {
        match step {
            FetchStep::Get(fetch) => {
                // By its text: the id that a collection gives itself may be another spelling of where it was asked for.
                match self.check(fetch.url(), fetch.url().to_string()) {
                    Ok(()) => {
                        self.seen.insert(place::of(fetch.url()));
                        State::Collection(Box::new(fetch))
                    }
                    Err(end) => State::Ended(end),
                }
            }
            FetchStep::Believed(document) => match self.arrive(&document) {
                Ok(state) => state,
                Err(refusal) => State::Ended(CollectionEnd::Refused(refusal)),
            },
            FetchStep::Gone => State::Ended(CollectionEnd::Gone),
            FetchStep::Refused(refusal) => State::Ended(CollectionEnd::Refused(refusal)),
        }
    }

    fn arrive(&mut self, document: &Document) -> Result<State, FetchRefusal> {
        let object = document.object();
        if !onward::is_collection(object) {
            return Err(FetchRefusal::NotACollection);
        }
        let mut names = vec![document.id().clone(), self.asked.clone()];
        let is_page = onward::is_page(object);
        if is_page {
            // Begun in the middle: which collection it is of, only the page can say.
            let wholes = object.part_of().ids();
            if wholes.iter().any(|whole| !whole.same_origin(&self.asked)) {
                return Err(FetchRefusal::OtherCollection);
            }
            names.extend(wholes.into_iter().next());
        }
        let places: Vec<_> = names.iter().filter_map(place::of_iri).collect();
        self.known = Some(Known {
            id: document.id().clone(),
            places,
            owner: document.owner().cloned(),
            total: object.get(&terms::TOTAL_ITEMS),
        });
        let onward = onward::from_collection(object);
        Ok(if is_page || onward::has_items(object) {
            State::Ready(object.clone(), onward)
        } else {
            State::Onward(onward)
        })
    }

    fn on_page(&mut self, fetch: PageFetch, response: &http::Response<Bytes>) -> State {
        let Some(known) = &self.known else {
            return State::Ended(CollectionEnd::Refused(FetchRefusal::NotACollection));
        };
        match fetch.on_response(response, known, &self.rules) {
            Ok(Answer::Page(object)) => {
                let onward = onward::from_page(&object);
                State::Ready(object, onward)
            }
            Ok(Answer::Go(fetch)) => self.ask(fetch),
            Ok(Answer::Gone) => State::Ended(CollectionEnd::Gone),
            Err(refusal) => State::Ended(CollectionEnd::Refused(refusal)),
        }
    }
}
