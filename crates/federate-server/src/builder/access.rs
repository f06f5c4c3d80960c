//! Who gets what: the options of a builder.

use std::time::Duration;

use crate::answers::Answers;
use crate::rate_limits::Limiter;
use crate::{Builder, Directory, Rate, RateLimits};

impl<App: Directory> Builder<App> {
    /// Authorised fetch, which Mastodon calls its secure mode: documents of actors, objects and collections are for those
    /// whose signature proves who they are. Without one, or with one that does not hold, the answer is 401 and says why.
    ///
    /// The instance's own actor, whose key signs what is fetched from here, is for everybody, so that two servers in this mode can reach each other;
    /// so are WebFinger, host-meta and NodeInfo. With or without this mode, who signs in the name of a
    /// [suspended](Self::blocks) host gets 403, and what is not public is for those whom it names: see [`Directory::may_see`].
    pub fn authorized_fetch(mut self) -> Self {
        self.guards.authorized_fetch = true;
        self
    }

    /// Followers are synchronised with other instances (FEP-8fcf), both ways. What goes to followers says, signed, which of them the receiving server
    /// should have, and each server may read the list of its own. Where another says that of its people and
    /// [who of ours follows](Directory::followers_here) differs, its list is read: who is not in it follows no more
    /// ([`Directory::follow_corrected`]), and who is in it and does not follow here is taken out by an `Undo`.
    ///
    /// Only for an application to which its whole origin belongs: another one there would have its followers taken away.
    pub fn synchronize_followers(mut self) -> Self {
        self.guards.synchronizes = true;
        self
    }

    /// Who sends or reads too much is answered 429, and told when to come again; [`RateLimits`] has the figures. Nothing is limited unless this is called.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.guards.limiter = Some(Limiter::new(&limits));
        self
    }

    /// How many activities the handlers send, on behalf of one actor of ours, to the one actor whose activity they handle: 100 an hour, unless told otherwise. More are
    /// a permanent error of [`Cx::send`](crate::Cx::send), so that two bots that answer each other stop. `Accept`, `Reject`, `Undo` and `Delete`
    /// do not count, and neither does what is not addressed to that actor by name.
    pub fn answers(mut self, rate: Rate) -> Self {
        self.guards.answers = Answers::new(rate);
        self
    }

    /// How long the body of a POST to an inbox may take, from the end of its head to its last byte: half a minute unless told otherwise
    /// ([`Limits::inbox_deadline`](federate_protocol::Limits::inbox_deadline)). Whoever takes longer is answered 408.
    pub fn inbox_deadline(mut self, deadline: Duration) -> Self {
        self.guards.inbox_deadline = Some(deadline);
        self
    }
}
