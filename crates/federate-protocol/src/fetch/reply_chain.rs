//! From a post to the posts that it answers.

use super::{Document, FetchRefusal, FetchRules, NotAdmitted, place};
use crate::activitystreams::{Iri, Object};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// The walk from a post up to the posts that it answers, by `inReplyTo`, one at a time.
///
/// Ask for a [`step`](Self::step). Where it says [`Fetch`](ReplyChainStep::Fetch), fetch the document with authority, as a
/// [`DocumentFetch`](super::DocumentFetch) does, and pass it to [`found`](Self::found).
///
/// | rule | row |
/// |---|---|
/// | each post is fetched from its own origin; that it is another than that of the answer is usual | R7 |
/// | no post is asked for or given twice, however its id is spelled and wherever it leads | R7 |
/// | depth and time end it, each alone | R7 |
/// | one of our own is never fetched: the application [goes on](Self::go_on) with what it has, within the same walk | I13 |
#[derive(Debug)]
pub struct ReplyChain {
    rules: Arc<FetchRules>,
    depth: usize,
    time: Duration,
    walked: usize,
    waited: Duration,
    /// The places of the posts that were asked for and found.
    seen: HashSet<String>,
    state: State,
}

/// What a walk needs next.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplyChainStep {
    /// Fetch the post with this id, with authority, and pass it on.
    Fetch(Iri),
    /// It ends here, unless at one of ours.
    End(ReplyChainEnd),
}

/// Why a walk ended. Whatever it was, the posts that came before hold.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ReplyChainEnd {
    /// The last post answers none.
    Root,
    /// The last post answers this one, of our own origin. [`go_on`](ReplyChain::go_on) with it where it is there.
    Ours(Iri),
    /// There is more, and as many posts were walked to as may be (R7).
    DepthLimit,
    /// There is more, and the servers were waited for as long as they may be (R7).
    Deadline,
    /// It leads to a post that was there already (R7).
    Cycle,
    /// The next post was there once: 410.
    Gone,
    /// The next post must not be believed.
    Refused(FetchRefusal),
    /// The next post could not be had. Whoever drives the machine says so.
    Unreachable,
}

#[derive(Debug)]
enum State {
    Next(Iri),
    Ended(ReplyChainEnd),
}

impl ReplyChain {
    /// Begins at this post, which is not given itself.
    #[must_use]
    pub fn start(post: &Object, rules: Arc<FetchRules>) -> Self {
        let mut chain = Self {
            depth: rules.limits.reply_chain,
            time: rules.limits.reply_chain_time,
            rules,
            walked: 0,
            waited: Duration::ZERO,
            seen: HashSet::new(),
            state: State::Ended(ReplyChainEnd::Root),
        };
        chain.seen.extend(post.id().as_ref().and_then(place::of_iri));
        chain.lead_on(post);
        chain
    }

    /// At most so many posts, those of ours included. More than the limit is the limit.
    pub fn limit_depth(&mut self, posts: usize) {
        self.depth = self.depth.min(posts);
    }

    /// At most so much time in which servers are waited for. More than the limit is the limit.
    pub fn limit_time(&mut self, time: Duration) {
        self.time = self.time.min(time);
    }

    /// What it needs next.
    pub fn step(&mut self) -> ReplyChainStep {
        let next = match &self.state {
            State::Ended(end) => return ReplyChainStep::End(end.clone()),
            State::Next(next) => next.clone(),
        };
        let over = if self.walked >= self.depth {
            ReplyChainEnd::DepthLimit
        } else if self.time_left().is_zero() {
            ReplyChainEnd::Deadline
        } else {
            return ReplyChainStep::Fetch(next);
        };
        self.stop(over.clone());
        ReplyChainStep::End(over)
    }

    /// Goes on with the post that was asked for, for which servers were waited for `waited` long. `false` where it is one that was there already:
    /// then the walk has ended, and it is not to be given again.
    pub fn found(&mut self, post: &Document, waited: Duration) -> bool {
        self.waited = self.waited.saturating_add(waited);
        let State::Next(asked) = &self.state else {
            return false;
        };
        // What was asked for is known already; where it leads may be known from before.
        if post.id() != asked && !self.is_new(&post.id().clone()) {
            self.stop(ReplyChainEnd::Cycle);
            return false;
        }
        self.walked = self.walked.saturating_add(1);
        self.lead_on(post.object());
        true
    }

    /// Goes on behind a post of ours that the walk has [come to](ReplyChainEnd::Ours), in the same walk: it counts, and what was there is not walked to again.
    /// Anywhere else it changes nothing.
    pub fn go_on(&mut self, post: &Object) {
        if let State::Ended(ReplyChainEnd::Ours(ours)) = &self.state
            && post.id().as_ref() == Some(ours)
        {
            self.walked = self.walked.saturating_add(1);
            self.lead_on(post);
        }
    }

    /// Ends it for a reason that only the one who drives it can know. One that has ended keeps the reason that it has.
    pub fn stop(&mut self, end: ReplyChainEnd) {
        if self.end().is_none() {
            self.state = State::Ended(end);
        }
    }

    /// How long servers may still be waited for.
    pub fn time_left(&self) -> Duration {
        self.time.saturating_sub(self.waited)
    }

    /// How many posts were walked to, those of ours included.
    pub fn walked(&self) -> usize {
        self.walked
    }

    /// Why it ended, once it has.
    pub fn end(&self) -> Option<&ReplyChainEnd> {
        match &self.state {
            State::Ended(end) => Some(end),
            State::Next(_) => None,
        }
    }

    fn lead_on(&mut self, post: &Object) {
        let parent = post.in_reply_to();
        self.state = match parent.id() {
            None if parent.is_empty() => State::Ended(ReplyChainEnd::Root),
            None => refused(String::new(), NotAdmitted::NotUrl),
            Some(next) if !self.is_new(&next) => State::Ended(ReplyChainEnd::Cycle),
            Some(next) => match self.rules.admit(&next) {
                Ok(_) => State::Next(next),
                Err(NotAdmitted::OwnOrigin) => State::Ended(ReplyChainEnd::Ours(next)),
                Err(reason) => refused(next.into(), reason),
            },
        };
    }

    /// Whether this place was not there before; from now on it was. What has no place is new, and is refused for that.
    fn is_new(&mut self, id: &Iri) -> bool {
        place::of_iri(id).is_none_or(|place| self.seen.insert(place))
    }
}

fn refused(url: String, reason: NotAdmitted) -> State {
    let refusal = FetchRefusal::NotAdmitted { url, reason };
    State::Ended(ReplyChainEnd::Refused(refusal))
}
