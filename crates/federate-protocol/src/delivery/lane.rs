//! The state of one lane: how much may be under way to one host, and whether anything may.

use super::{Verdict, backoff::jitter};
use std::time::{Duration, SystemTime};

/// The figures of a lane. The default is the documented one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneLimits {
    /// Requests under way at once to a host that we know nothing about: 2.
    pub initial: u16,
    /// Requests under way at once to a host that takes whatever comes: 64.
    pub max: u16,
    /// Failures of the host in a row that open the breaker: 5.
    pub trip: u16,
    /// How long the breaker stays open the first time (jitter of up to as much again comes on top): 30 s.
    pub first_pause: Duration,
    /// How long it stays open at most when probe after probe fails, jitter included: 1 h.
    pub longest_pause: Duration,
}

impl Default for LaneLimits {
    fn default() -> Self {
        Self {
            initial: 2,
            max: 64,
            trip: 5,
            first_pause: Duration::from_secs(30),
            longest_pause: Duration::from_secs(60 * 60),
        }
    }
}

/// What is known about one host: a window of concurrency (additive increase, multiplicative decrease) and a breaker.
///
/// A fixed number of bytes per host, whatever happens; [`is_worth_keeping`](Self::is_worth_keeping) says which
/// of them can be forgotten.
///
/// - Until the first failure the window grows by one with each success, after it by one with each windowful.
///   It grows only while it is what holds the lane back, and is halved at most once for the requests that were
///   under way together.
/// - [`LaneLimits::trip`] failures of the host in a row, or one answer with `Retry-After` that blames the host,
///   open the breaker. When its time is over it lets **one** request through, the probe. If the probe is answered, the
///   lane is open again with a window of one; if not, the pause doubles.
/// - A request that came *from* the host [brings the probe forward](Self::on_inbound) and closes nothing:
///   that they reach us does not show that we reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    limits: LaneLimits,
    breaker: Breaker,
    window: u16,
    in_flight: u16,
    successes: u16,
    /// No failure yet: grow fast.
    slow_start: bool,
    /// Changes with each decrease, so that what was sent before it does not decrease again.
    epoch: u32,
    /// Failures of the host in a row.
    failures: u32,
    /// Pauses in a row.
    pauses: u32,
    last_probe: Option<SystemTime>,
    /// The host has answered, and not failed since.
    proven: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaker {
    Closed,
    Open { since: SystemTime, until: SystemTime },
    Probing,
}

/// What [`LaneState::on_start`] hands out and [`LaneState::on_outcome`] takes back.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an attempt that was started ends in on_outcome or on_abandoned"]
pub struct Ticket {
    epoch: u32,
    probe: bool,
}

impl Ticket {
    /// Whether this attempt is the probe of a half-open breaker.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe
    }
}

/// What is known of a host, where slots are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// The last thing that is known of it is an answer.
    Proven,
    /// Nothing is known.
    Unknown,
    /// The last thing that is known of it is a failure.
    Suspect,
}

/// A lane as an operator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneView {
    /// Requests that may be under way at once.
    pub window: usize,
    /// Requests that are.
    pub in_flight: usize,
    /// The breaker is open until then; the time is past while a probe is due.
    pub closed_until: Option<SystemTime>,
    /// Failures of the host in a row.
    pub failures: u32,
}

impl LaneState {
    /// A host that we know nothing about.
    #[must_use]
    pub fn new(limits: LaneLimits) -> Self {
        Self {
            limits,
            breaker: Breaker::Closed,
            window: limits.initial.clamp(1, limits.max.max(1)),
            in_flight: 0,
            successes: 0,
            slow_start: true,
            epoch: 0,
            failures: 0,
            pauses: 0,
            last_probe: None,
            proven: false,
        }
    }

    /// A host whose deliveries failed before we knew it (another process, a former life of this one): it begins half-open.
    #[must_use]
    pub fn suspect(limits: LaneLimits, now: SystemTime) -> Self {
        let mut lane = Self::new(limits);
        lane.window = 1;
        lane.slow_start = false;
        lane.breaker = Breaker::Open {
            since: now,
            until: now,
        };
        lane
    }

    /// An attempt begins. Ask [`permits`](Self::permits) first.
    pub fn on_start(&mut self, now: SystemTime) -> Ticket {
        self.in_flight = self.in_flight.saturating_add(1);
        let probe = matches!(self.breaker, Breaker::Open { .. });
        if probe {
            self.breaker = Breaker::Probing;
            self.last_probe = Some(now);
        }
        Ticket {
            epoch: self.epoch,
            probe,
        }
    }

    /// An attempt ended. `entropy` spreads the pause.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is good for one outcome")]
    pub fn on_outcome(&mut self, ticket: Ticket, verdict: &Verdict, now: SystemTime, entropy: u64) {
        let was_full = self.in_flight >= self.window;
        self.in_flight = self.in_flight.saturating_sub(1);
        match verdict {
            Verdict::Delivered | Verdict::Dead { .. } => self.answered(was_full),
            Verdict::Retry {
                host_failed: true,
                after,
                ..
            } => self.host_failed(&ticket, *after, now, entropy),
            // Neither for nor against the host. A probe that ends like this lets the next one through, on parole.
            Verdict::Retry { .. } => {
                self.successes = 0;
                if ticket.probe {
                    self.reopen();
                    self.failures = u32::from(self.limits.trip.saturating_sub(1));
                }
            }
        }
    }

    /// An attempt was given up before it had an outcome (shutdown, a lost lease): as if it had never begun.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is good for one outcome")]
    pub fn on_abandoned(&mut self, ticket: Ticket, now: SystemTime) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if ticket.probe && self.breaker == Breaker::Probing {
            self.breaker = Breaker::Open {
                since: now,
                until: now,
            };
        }
    }

    /// The host sent us something. Where the breaker is open, the probe is brought forward, at most once in
    /// [`LaneLimits::first_pause`]; returns the new time if it changed. A pause that the host asked for itself stays.
    pub fn on_inbound(&mut self, now: SystemTime) -> Option<SystemTime> {
        let Breaker::Open { since, until } = self.breaker else {
            return None;
        };
        if self.pauses == 0 {
            return None;
        }
        let earliest = self.last_probe.unwrap_or(since) + self.limits.first_pause;
        let at = earliest.max(now).min(until);
        if at == until {
            return None;
        }
        self.breaker = Breaker::Open { since, until: at };
        Some(at)
    }

    /// How many attempts may begin now.
    #[must_use]
    pub fn permits(&self, now: SystemTime) -> usize {
        match self.breaker {
            Breaker::Closed => usize::from(self.window.saturating_sub(self.in_flight)),
            // A clock that went back makes the pause meaningless: one probe finds out.
            Breaker::Open { since, until } => usize::from(now >= until || now < since),
            Breaker::Probing => 0,
        }
    }

    /// Until when nothing may begin; `None` while the breaker is closed or its probe is under way.
    #[must_use]
    pub fn closed_until(&self) -> Option<SystemTime> {
        match self.breaker {
            Breaker::Open { until, .. } => Some(until),
            Breaker::Closed | Breaker::Probing => None,
        }
    }

    /// Whether the breaker is open, or its probe is due or under way.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker != Breaker::Closed
    }

    /// How often the host was tried in vain, in a row: what stands for every delivery that waits behind it.
    #[must_use]
    pub fn failed_tries(&self) -> u32 {
        self.failures
    }

    /// What is known of the host. Those that did not answer should not be able to take all the slots there are.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.proven {
            Standing::Proven
        } else if self.failures > 0 || self.breaker != Breaker::Closed {
            Standing::Suspect
        } else {
            Standing::Unknown
        }
    }

    /// `false` where a fresh state would do as well: nothing under way, nothing learnt that matters.
    #[must_use]
    pub fn is_worth_keeping(&self) -> bool {
        self.in_flight > 0
            || self.breaker != Breaker::Closed
            || self.failures > 0
            || !self.slow_start
            || self.proven
    }

    /// Nothing is on its way to the host any more. How much it took at once an hour ago says little: where nothing speaks against it,
    /// it is kept only that it answers, and the window begins anew.
    #[must_use]
    pub fn rested(self) -> Self {
        if self.in_flight > 0 || self.breaker != Breaker::Closed || self.failures > 0 || !self.slow_start {
            return self;
        }
        Self {
            proven: self.proven,
            ..Self::new(self.limits)
        }
    }

    /// The lane as an operator sees it.
    #[must_use]
    pub fn view(&self) -> LaneView {
        LaneView {
            window: self.window.into(),
            in_flight: self.in_flight.into(),
            closed_until: self.closed_until(),
            failures: self.failures,
        }
    }

    /// The host answers.
    fn answered(&mut self, was_full: bool) {
        self.failures = 0;
        self.pauses = 0;
        self.proven = true;
        if self.breaker != Breaker::Closed {
            // The probe, or what was sent before the breaker opened: either way it is an answer.
            self.reopen();
            return;
        }
        if !was_full {
            return;
        }
        self.successes = self.successes.saturating_add(1);
        if self.slow_start || self.successes >= self.window {
            self.successes = 0;
            self.window = self.window.saturating_add(1).min(self.limits.max.max(1));
        }
    }

    fn host_failed(&mut self, ticket: &Ticket, after: Option<Duration>, now: SystemTime, entropy: u64) {
        self.failures = self.failures.saturating_add(1);
        self.successes = 0;
        self.proven = false;
        if ticket.epoch == self.epoch {
            self.epoch = self.epoch.wrapping_add(1);
            self.window = (self.window / 2).max(1);
            self.slow_start = false;
        }
        match self.breaker {
            // Somebody else's probe decides; what was sent before it says nothing new.
            Breaker::Probing if !ticket.probe => {}
            Breaker::Open { since, until } => {
                let until = after.map_or(until, |after| until.max(now + after));
                self.breaker = Breaker::Open { since, until };
            }
            Breaker::Probing | Breaker::Closed => {
                if let Some(after) = after {
                    self.breaker = Breaker::Open {
                        since: now,
                        until: now + after + jitter(after / 8, entropy),
                    };
                } else if ticket.probe || self.failures >= u32::from(self.limits.trip) {
                    let until = now + self.next_pause(entropy);
                    self.breaker = Breaker::Open { since: now, until };
                }
            }
        }
    }

    fn next_pause(&mut self, entropy: u64) -> Duration {
        let base = self.limits.first_pause.saturating_mul(1 << self.pauses.min(16));
        let base = base.min(self.limits.longest_pause / 2);
        self.pauses = self.pauses.saturating_add(1);
        base + jitter(base, entropy)
    }

    /// After an outage everything is due at once: begin with one.
    fn reopen(&mut self) {
        self.breaker = Breaker::Closed;
        self.window = 1;
        self.successes = 0;
        self.slow_start = true;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
