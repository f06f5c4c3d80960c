//! What the application knows, as values.

use crate::activitystreams::{Activity, Iri, Origin};
use crate::{Authenticated, Blocks, Limits};
use std::time::Duration;

/// What the application knows of an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Known {
    /// Nothing: it never saw it, or it forgot.
    #[default]
    Nothing,
    /// It is there, and this actor owns it.
    Owner(Iri),
    /// It is there, this actor owns it, and it is kept as this type (`Note`): an `Update` must not make something else of it (I15).
    Object {
        /// Who owns it.
        owner: Iri,
        /// The type under which it is kept.
        kind: String,
    },
    /// It was there, and was deleted.
    Gone,
}

impl Known {
    /// Who owns it, where that is known.
    #[must_use]
    pub fn owner(&self) -> Option<&Iri> {
        match self {
            Self::Owner(owner) | Self::Object { owner, .. } => Some(owner),
            Self::Nothing | Self::Gone => None,
        }
    }
}

/// Who may change what somebody has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ownership {
    /// The actor who made it.
    #[default]
    SameActor,
    /// Any actor of the same origin: its server is trusted to know its moderators.
    SameOrigin,
}

/// The state against which an activity is judged. Begin with [`Facts::new`], and add what [`questions`] asks for.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub(super) object: Known,
    pub(super) target: Known,
    pub(super) asked: Option<Iri>,
    pub(super) target_also_known_as: Option<Vec<Iri>>,
    pub(super) last_move: Option<Duration>,
    pub(super) own_origins: &'a [Origin],
    pub(super) blocks: &'a Blocks,
    pub(super) ownership: Ownership,
    pub(super) limits: Limits,
}

impl<'a> Facts<'a> {
    /// Nothing is known but who we are and whom we have suspended.
    #[must_use]
    pub fn new(own_origins: &'a [Origin], blocks: &'a Blocks) -> Self {
        Self {
            object: Known::Nothing,
            target: Known::Nothing,
            asked: None,
            target_also_known_as: None,
            last_move: None,
            own_origins,
            blocks,
            ownership: Ownership::SameActor,
            limits: Limits::default(),
        }
    }

    /// What is known of the activity's object.
    #[must_use]
    pub fn object(mut self, known: Known) -> Self {
        self.object = known;
        self
    }

    /// What is known of the activity's target: the collection of an `Add` or a `Remove`.
    #[must_use]
    pub fn target(mut self, known: Known) -> Self {
        self.target = known;
        self
    }

    /// The object is a `Follow` (or another request) that one of ours sent, and this is whom it asked.
    #[must_use]
    pub fn asked(mut self, whom: Iri) -> Self {
        self.asked = Some(whom);
        self
    }

    /// `alsoKnownAs` of the target of a `Move`, fetched afresh.
    #[must_use]
    pub fn target_also_known_as(mut self, ids: impl IntoIterator<Item = Iri>) -> Self {
        self.target_also_known_as = Some(ids.into_iter().collect());
        self
    }

    /// How long ago this actor moved the last time.
    #[must_use]
    pub fn last_move(mut self, ago: Duration) -> Self {
        self.last_move = Some(ago);
        self
    }

    /// Who may change what somebody has made.
    #[must_use]
    pub fn ownership(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// The limits, where they are not the default.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(super) fn is_ours(&self, id: &Iri) -> bool {
        id.origin()
            .is_some_and(|origin| self.own_origins.contains(&origin))
    }
}

/// What the application is to be asked before [`authorise`](super::authorise()).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Questions {
    /// What is known of this id is [`Facts::object`].
    pub object: Option<Iri>,
    /// What is known of this id is [`Facts::target`].
    pub target: Option<Iri>,
    /// Whom this request of ours asked is [`Facts::asked`].
    pub request: Option<Iri>,
    /// The `alsoKnownAs` of this actor, fetched afresh, is [`Facts::target_also_known_as`].
    pub moved_to: Option<Iri>,
}

/// Which ids the application is to be asked about.
#[must_use]
pub fn questions(activity: &Authenticated<Activity>) -> Questions {
    let is = |name| activity.is(name);
    let object = activity.object().id();
    let target = activity.target().id();
    Questions {
        request: if is("Accept") || is("Reject") {
            object.clone()
        } else {
            None
        },
        target: if is("Add") || is("Remove") {
            target.clone()
        } else {
            None
        },
        moved_to: if is("Move") { target } else { None },
        object,
    }
}
