//! Collections, page by page.

use crate::Fetcher;
use crate::drive::Journey;
use crate::error::{FetchError, FetchErrorKind};
use federate_protocol::FetchRefusal;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{
    CollectionBudget, CollectionEnd, CollectionReading, CollectionStep, ReadPage,
};
use futures_util::{Stream, stream};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A collection of somebody else, read page by page and within a budget: see [`CollectionReading`] for what is believed of it.
///
/// Nothing is asked for before [`next_page`](Self::next_page) is, and nothing is cached. An item is a claim of membership and no more (I12): ask
/// for what it names. The newest posts of an actor, at most 40 of them in at most five pages:
///
/// ```
/// use federate_fetch::{FetchError, Fetcher};
/// use federate_protocol::{Actor, activitystreams::Object};
/// use std::time::SystemTime;
///
/// async fn backfill(fetcher: &Fetcher, actor: &Actor, now: SystemTime) -> Result<Vec<Object>, FetchError> {
///     let mut posts = Vec::new();
///     let Some(outbox) = actor.outbox() else { return Ok(posts) };
///     let mut outbox = fetcher.collection(outbox, now).pages(5).items(40);
///     while let Some(page) = outbox.next_page().await? {
///         for id in page.ids() {
///             // Whatever it is that is listed, its own server says so, and whose it is.
///             let Ok(listed) = fetcher.object(&id, now).await else { continue };
///             if listed.owner() != Some(actor.id()) || !listed.object().is("Create") {
///                 continue;
///             }
///             // Embedded where this actor answers for it, an id where somebody else does.
///             posts.extend(listed.object().object().object());
///         }
///     }
///     // Why it ended is worth a look: `Loop` and `Foreign` are nothing that a server in order does.
///     tracing::debug!(end = ?outbox.end(), "backfilled");
///     Ok(posts)
/// }
/// ```
#[derive(Debug)]
#[must_use = "nothing is asked for before the first page is"]
pub struct CollectionReader<'a> {
    fetcher: &'a Fetcher,
    now: SystemTime,
    since: Instant,
    reading: CollectionReading,
    failed: bool,
}

impl Fetcher {
    /// The collection with this id, to be read page by page: an actor's `outbox`, `followers` or `featured`, a post's `replies`.
    pub fn collection(&self, id: &Iri, now: SystemTime) -> CollectionReader<'_> {
        let rules = self.rules();
        let budget = CollectionBudget::of(&rules.limits);
        CollectionReader {
            fetcher: self,
            now,
            since: Instant::now(),
            reading: CollectionReading::start(id, rules, budget),
            failed: false,
        }
    }
}

impl CollectionReader<'_> {
    /// At most so many pages, empty ones included; [`Limits`](federate_protocol::Limits) have the most.
    pub fn pages(self, pages: usize) -> Self {
        self.limited(|budget| budget.pages(pages))
    }

    /// At most so many items; [`Limits`](federate_protocol::Limits) have the most.
    pub fn items(self, items: usize) -> Self {
        self.limited(|budget| budget.items(items))
    }

    /// No other request once so many bytes have come; [`Limits`](federate_protocol::Limits) have the most.
    pub fn bytes(self, bytes: usize) -> Self {
        self.limited(|budget| budget.bytes(bytes))
    }

    /// At most so much time in which the peer is waited for, all pages together; what happens between pages does not count.
    /// [`Limits`](federate_protocol::Limits) have the most.
    pub fn time(self, time: Duration) -> Self {
        self.limited(|budget| budget.time(time))
    }

    fn limited(mut self, less: impl FnOnce(CollectionBudget) -> CollectionBudget) -> Self {
        let budget = less(self.reading.budget().clone());
        self.reading.limit(budget);
        self
    }

    /// The next page; `None` at the end, whose reason [`end`](Self::end) gives. The page, with all that leads to it, has the deadline of one fetch.
    ///
    /// Dropped before it is done, it asks anew when it is called again.
    ///
    /// # Errors
    /// [`FetchError`] says why the collection or a page that it leads to could not be had. The pages before hold; after it, there is `None`.
    /// A budget that is spent, a loop and another origin are ends and no errors.
    pub async fn next_page(&mut self) -> Result<Option<ReadPage>, FetchError> {
        if self.failed {
            return Ok(None);
        }
        let next = self.advance().await;
        self.failed = next.is_err();
        next
    }

    /// The pages as a stream, which ends behind the first error. The reader is there afterwards, with the [`end`](Self::end).
    pub fn stream(&mut self) -> impl Stream<Item = Result<ReadPage, FetchError>> {
        stream::try_unfold(self, |reader| async move {
            let page = reader.next_page().await?;
            Ok(page.map(|page| (page, reader)))
        })
    }

    /// Why there are no more pages, once there are none.
    pub fn end(&self) -> Option<&CollectionEnd> {
        self.reading.end()
    }

    /// What is known of the collection so far: its id, its owner, how many items it claims to have.
    pub fn reading(&self) -> &CollectionReading {
        &self.reading
    }

    async fn advance(&mut self) -> Result<Option<ReadPage>, FetchError> {
        // Blocks and origins of today hold for a reading that has begun, too.
        let rules = self.fetcher.rules();
        // Requests are dated when they are sent, however long ago the reading began.
        let now = self.now.checked_add(self.since.elapsed()).unwrap_or(self.now);
        let (began, time_left) = (Instant::now(), self.reading.time_left());
        let journey = Journey::within(
            rules.limits.deadline.min(time_left),
            &self.fetcher.driver,
            &rules,
            now,
        );
        loop {
            let url = match self.reading.step() {
                CollectionStep::Get(url) => url,
                CollectionStep::Page(page) => return Ok(Some(page)),
                CollectionStep::End(CollectionEnd::Refused(refusal)) => return Err(refusal.into()),
                CollectionStep::End(CollectionEnd::Gone) => return Err(FetchErrorKind::Gone.into()),
                CollectionStep::End(_) => return Ok(None),
                other => {
                    tracing::error!(step = ?other, "unknown step of a reading");
                    return Ok(None);
                }
            };
            if let Err(reason) = rules.admit_url(url.clone()) {
                let url = url.into();
                let refusal = FetchRefusal::NotAdmitted { url, reason };
                self.reading.stop(CollectionEnd::Refused(refusal));
                continue;
            }
            let asked = Instant::now();
            match journey.get(&url, self.reading.accept(), false).await {
                Ok(response) => self.reading.on_response(&response, asked.elapsed()),
                Err(error) => {
                    if began.elapsed() >= time_left {
                        self.reading.stop(CollectionEnd::Deadline);
                        return Ok(None);
                    }
                    self.reading.stop(CollectionEnd::Unreachable);
                    return Err(error);
                }
            }
        }
    }
}
