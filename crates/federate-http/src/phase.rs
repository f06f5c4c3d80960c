use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::slots::Slot;

/// What a request was about when its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Phase {
    /// Waiting for a turn: as many requests were under way as [`ClientLimits`](crate::ClientLimits) allows. Says nothing
    /// about the peer, unless the others under way were all the same peer's.
    Queue,
    /// Looking up the name.
    Name,
    /// Connecting, to one address after the other; with an egress proxy, up to its answer.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request and waiting for the end of the response's head.
    Head,
    /// Reading the body of the response.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "while waiting for a turn",
            Self::Name => "during the name lookup",
            Self::Connect => "while connecting",
            Self::Tls => "during the TLS handshake",
            Self::Head => "while waiting for the head of the response",
            Self::Body => "while reading the body of the response",
        })
    }
}

tokio::task_local! {
    /// Resolver, connector and TLS are called by hyper, deep within and without an argument of ours. They run on the task
    /// of the request that they work for, so that is where they find it.
    static ATTEMPT: Arc<Attempt>;
}

/// A request under way: where it is, and its turn, which ends with the last who holds this.
#[derive(Debug)]
pub(crate) struct Attempt {
    phase: AtomicU8,
    _slot: Slot,
}

impl Attempt {
    pub(crate) fn new(slot: Slot) -> Arc<Self> {
        Arc::new(Self {
            // A connection from the pool tells nobody: there it is the head that is waited for from the start.
            phase: AtomicU8::new(Phase::Head as u8),
            _slot: slot,
        })
    }

    /// The attempt that the running code works for, if any.
    pub(crate) fn current() -> Option<Arc<Self>> {
        ATTEMPT.try_with(Arc::clone).ok()
    }

    /// Notes the phase of the attempt that the running code works for.
    ///
    /// A connection that hyper goes on making in the background, because the request that began it got another, works
    /// for nobody: its phases are not noted.
    pub(crate) fn enter(phase: Phase) {
        let _ = ATTEMPT.try_with(|attempt| attempt.set(phase));
    }

    pub(crate) async fn run<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        ATTEMPT.scope(Arc::clone(self), future).await
    }

    pub(crate) fn set(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        let value = self.phase.load(Ordering::Relaxed);
        [Phase::Queue, Phase::Name, Phase::Connect, Phase::Tls, Phase::Body]
            .into_iter()
            .find(|phase| *phase as u8 == value)
            .unwrap_or(Phase::Head)
    }

    /// Whether the running code still works for this attempt.
    pub(crate) fn is_current(self: &Arc<Self>) -> bool {
        ATTEMPT
            .try_with(|current| Arc::ptr_eq(current, self))
            .unwrap_or(false)
    }
}
