//! The posts above a reply.

use crate::Fetcher;
use crate::error::{FetchError, FetchErrorKind};
use federate_protocol::Document;
use federate_protocol::activitystreams::Object;
use federate_protocol::fetch::{ReplyChain, ReplyChainEnd, ReplyChainStep};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// The posts that a post answers, the nearest first, each fetched with authority: see [`ReplyChain`] for the rules.
///
/// Nothing is asked for before [`next_post`](Self::next_post) is. Posts come through the cache, as [`Fetcher::object`] gives them.
///
/// ```
/// use federate_fetch::{FetchError, Fetcher};
/// use federate_protocol::{Document, activitystreams::Object, fetch::ReplyChainEnd};
/// use std::time::SystemTime;
///
/// /// What stands above a post, from the nearest up, over posts of our own too.
/// async fn thread(
///     fetcher: &Fetcher,
///     post: &Object,
///     ours: impl Fn(&str) -> Option<Object>,
///     now: SystemTime,
/// ) -> Result<Vec<Document>, FetchError> {
///     let mut above = Vec::new();
///     let mut ancestors = fetcher.ancestors(post, now).depth(40);
///     loop {
///         while let Some(post) = ancestors.next_post().await? {
///             above.push(post);
///         }
///         let Some(ReplyChainEnd::Ours(id)) = ancestors.end() else { return Ok(above) };
///         let Some(post) = ours(id.as_str()) else { return Ok(above) };
///         // In the same walk: a peer whose post answers the answer to it leads nobody in circles.
///         ancestors.go_on(&post);
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "nothing is asked for before the first post is"]
pub struct Ancestors<'a> {
    fetcher: &'a Fetcher,
    now: SystemTime,
    since: Instant,
    chain: ReplyChain,
    failed: bool,
}

impl Fetcher {
    /// The posts that this one answers, by `inReplyTo`. The post may be of our own.
    pub fn ancestors(&self, post: &Object, now: SystemTime) -> Ancestors<'_> {
        Ancestors {
            fetcher: self,
            now,
            since: Instant::now(),
            chain: ReplyChain::start(post, self.rules()),
            failed: false,
        }
    }
}

impl Ancestors<'_> {
    /// At most so many posts; [`Limits`](federate_protocol::Limits) have the most.
    pub fn depth(mut self, posts: usize) -> Self {
        self.chain.limit_depth(posts);
        self
    }

    /// At most so much time in which servers are waited for, all together; what happens between posts does not count.
    /// [`Limits`](federate_protocol::Limits) have the most.
    pub fn time(mut self, time: Duration) -> Self {
        self.chain.limit_time(time);
        self
    }

    /// The next post up; `None` at the end, whose reason [`end`](Self::end) gives.
    ///
    /// # Errors
    /// [`FetchError`] says why the post could not be had. Those before hold; after it, there is `None`. A budget that is spent, a
    /// cycle and a post of ours are ends and no errors.
    pub async fn next_post(&mut self) -> Result<Option<Document>, FetchError> {
        if self.failed {
            return Ok(None);
        }
        let next = self.advance().await;
        self.failed = next.is_err();
        next
    }

    /// Goes on behind a post of ours that the walk has come to ([`ReplyChainEnd::Ours`]). Anywhere else it changes nothing.
    pub fn go_on(&mut self, post: &Object) {
        self.chain.go_on(post);
    }

    /// Why there are no more posts, once there are none.
    pub fn end(&self) -> Option<&ReplyChainEnd> {
        self.chain.end()
    }

    async fn advance(&mut self) -> Result<Option<Document>, FetchError> {
        let id = match self.chain.step() {
            ReplyChainStep::Fetch(id) => id,
            ReplyChainStep::End(ReplyChainEnd::Refused(refusal)) => return Err(refusal.into()),
            _ => return Ok(None),
        };
        let now = self.now.checked_add(self.since.elapsed()).unwrap_or(self.now);
        let asked = Instant::now();
        let Ok(answer) = timeout(self.chain.time_left(), self.fetcher.object(&id, now)).await else {
            self.chain.stop(ReplyChainEnd::Deadline);
            return Ok(None);
        };
        match answer {
            Ok(post) => Ok(self.chain.found(&post, asked.elapsed()).then_some(post)),
            Err(error) => {
                self.chain.stop(match error.kind() {
                    FetchErrorKind::Gone => ReplyChainEnd::Gone,
                    FetchErrorKind::Refused(refusal) => ReplyChainEnd::Refused(refusal.clone()),
                    _ => ReplyChainEnd::Unreachable,
                });
                Err(error)
            }
        }
    }
}
