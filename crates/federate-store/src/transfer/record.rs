//! What a store is made of, in the terms of no store.

use crate::{OrderKey, Priority, ReceivedId, Rule, Sealed};
use bytes::Bytes;
use std::{fmt, time::SystemTime};

/// What a store holds, in the order in which it is carried: deliveries come after the activities that they are of.
///
/// The cache is no part of it: it is lost without harm, and what is in it is learnt anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// [`Record::Key`], by name.
    Keys,
    /// [`Record::Follower`], as they came.
    Followers,
    /// [`Record::Relation`], as they came.
    Relations,
    /// [`Record::Outgoing`], as they were recorded.
    Outbox,
    /// [`Record::Handled`], by id.
    Handled,
    /// [`Record::Received`], as they came.
    Received,
    /// [`Record::Activity`], as they were enqueued.
    Activities,
    /// [`Record::Delivery`], those of earlier activities first.
    Deliveries,
    /// [`Record::Dead`], as they died.
    Dead,
    /// [`Record::Lane`], in any order.
    Lanes,
    /// [`Record::Rule`], as they were made.
    Rules,
}

impl Part {
    /// All of them, in their order.
    pub const ALL: [Self; 11] = [
        Self::Keys,
        Self::Followers,
        Self::Relations,
        Self::Outbox,
        Self::Handled,
        Self::Received,
        Self::Activities,
        Self::Deliveries,
        Self::Dead,
        Self::Lanes,
        Self::Rules,
    ];

    /// A short stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Followers => "followers",
            Self::Relations => "relations",
            Self::Outbox => "outbox",
            Self::Handled => "handled",
            Self::Received => "received",
            Self::Activities => "activities",
            Self::Deliveries => "deliveries",
            Self::Dead => "dead",
            Self::Lanes => "lanes",
            Self::Rules => "rules",
        }
    }

    /// How many of it are carried at once. A body may have a megabyte.
    pub(super) fn at_once(self) -> usize {
        match self {
            Self::Outbox | Self::Received | Self::Relations => 64,
            _ => 1_000,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that a store holds.
///
/// IRIs are texts here: a row that is damaged is carried as it is, and set aside by whoever works on it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the fields are named as where they come from documents them"
)]
pub enum Record {
    /// A secret: [`KeyStore`](crate::KeyStore).
    Key { name: String, secret: Vec<u8> },
    /// A follower of the local actor `of`: [`Followers`](crate::Followers).
    Follower {
        of: String,
        actor: String,
        inbox: String,
        shared_inbox: Option<String>,
    },
    /// What ready-made behaviour remembers: [`Relations`](crate::Relations). Kind and state are the
    /// [numbers](crate::RelationKind::number) that stand for them.
    Relation {
        kind: i16,
        subject: String,
        actor: String,
        name: String,
        activity: Option<String>,
        state: i16,
        at: SystemTime,
        until: Option<SystemTime>,
        note: String,
    },
    /// What the application recorded: [`Outbox`](crate::Outbox). The audience is one IRI on a line.
    Outgoing {
        id: String,
        sender: String,
        audience: String,
        body: Bytes,
        priority: Priority,
        order: Option<OrderKey>,
        state: OutgoingState,
        kept_until: Option<SystemTime>,
    },
    /// A mark that it was handled: [`Inbox::ack`](crate::Inbox::ack).
    Handled(ReceivedId),
    /// What was accepted: [`Inbox`](crate::Inbox).
    Received {
        id: ReceivedId,
        received: SystemTime,
        state: ReceivedState,
    },
    /// What deliveries have in common: [`DeliveryQueue`](crate::DeliveryQueue).
    Activity {
        id: String,
        sender: String,
        enqueued: SystemTime,
        priority: Priority,
        order: Option<OrderKey>,
    },
    /// A delivery that is known. `host` is its [lane](crate::Delivery::lane). `None`: it does not wait: it was delivered,
    /// superseded or called off, or is among the dead.
    Delivery {
        activity: String,
        inbox: String,
        host: String,
        waits: Option<Waits>,
    },
    /// A dead letter. The delivery is among the known as well.
    Dead {
        activity: String,
        inbox: String,
        attempt: u32,
        first_enqueued: SystemTime,
        died: SystemTime,
        reason: String,
    },
    /// A host of which there is more to say than what waits for it.
    Lane {
        host: String,
        paused: bool,
        closed_until: Option<SystemTime>,
    },
    /// A decision: [`Rules`](crate::Rules).
    Rule(Rule),
}

/// How far an activity has come on its way into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutgoingState {
    /// Not in it yet.
    Recorded,
    /// All of its deliveries are.
    Expanded,
    /// It could not be read and is set aside.
    SetAside,
}

/// How far a received activity has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Pending and DeadActivity")]
pub enum ReceivedState {
    /// It waits for its handler; `None`: it never ran.
    Pending {
        due: Option<SystemTime>,
        attempt: u32,
        reason: Option<String>,
        sealed: Sealed,
    },
    /// Its id stays known.
    Done,
    /// It was given up on.
    Dead {
        attempt: u32,
        reason: String,
        sealed: Sealed,
    },
}

/// What is known of a delivery that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// When it is due.
    pub due: Due,
    /// How many attempts have failed.
    pub attempt: u32,
    /// When it was first enqueued.
    pub first_enqueued: SystemTime,
    /// Why the last attempt failed; `None`: it was never attempted.
    pub reason: Option<String>,
}

/// When a delivery is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once, whatever the clock says.
    AtOnce,
    /// Not before this time.
    At(SystemTime),
    /// When another of its order is settled.
    Behind,
}

/// Neither secrets nor bodies are printed.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, id) = match self {
            Self::Key { name, .. } => ("Key", name.as_str()),
            Self::Follower { actor, .. } => ("Follower", actor.as_str()),
            Self::Relation { actor, .. } => ("Relation", actor.as_str()),
            Self::Outgoing { id, .. } => ("Outgoing", id.as_str()),
            Self::Handled(id) => ("Handled", id.as_str()),
            Self::Received { id, state, .. } => {
                return f.debug_tuple("Received").field(id).field(state).finish();
            }
            Self::Activity { id, .. } => ("Activity", id.as_str()),
            Self::Delivery {
                activity,
                inbox,
                waits,
                ..
            } => {
                let named = (activity, inbox, waits);
                return f.debug_tuple("Delivery").field(&named).finish();
            }
            Self::Dead { activity, inbox, .. } => {
                return f.debug_tuple("Dead").field(activity).field(inbox).finish();
            }
            Self::Lane { host, .. } => ("Lane", host.as_str()),
            Self::Rule(rule) => return f.debug_tuple("Rule").field(rule).finish(),
        };
        f.debug_tuple(kind).field(&id).finish()
    }
}
