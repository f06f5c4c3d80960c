use super::*;
use proptest::prelude::*;

const START: SystemTime = SystemTime::UNIX_EPOCH;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn failed() -> Verdict {
    Verdict::Retry {
        after: None,
        reason: "connection not established".into(),
        host_failed: true,
    }
}

fn paused(after: u64) -> Verdict {
    Verdict::Retry {
        after: Some(seconds(after)),
        reason: "answered 429".into(),
        host_failed: true,
    }
}

fn once(lane: &mut LaneState, verdict: &Verdict, now: SystemTime) {
    assert!(lane.permits(now) > 0);
    let ticket = lane.on_start(now);
    lane.on_outcome(ticket, verdict, now, 0);
}

/// A lane whose breaker has just opened.
fn open(now: SystemTime) -> LaneState {
    let mut lane = LaneState::new(LaneLimits::default());
    for _ in 0..5 {
        once(&mut lane, &failed(), now);
    }
    assert_eq!(lane.permits(now), 0);
    lane
}

#[test]
fn the_window_grows_with_success_and_halves_with_failure() {
    let mut lane = LaneState::new(LaneLimits::default());
    for _ in 0..1000 {
        let tickets: Vec<_> = (0..lane.permits(START)).map(|_| lane.on_start(START)).collect();
        for ticket in tickets {
            lane.on_outcome(ticket, &Verdict::Delivered, START, 0);
        }
    }
    assert_eq!(lane.view().window, 64);
    // A windowful that fails together is one failure to the window, though it opens the breaker.
    let tickets: Vec<_> = (0..lane.permits(START)).map(|_| lane.on_start(START)).collect();
    for ticket in tickets {
        lane.on_outcome(ticket, &failed(), START, 0);
    }
    assert_eq!(lane.view().window, 32);
    assert_eq!(lane.view().in_flight, 0);
}

#[test]
fn a_slow_far_host_gets_a_window_that_fills_the_line() {
    // 500 ms a round trip, 50 a second: 25 under way. Rounds needed from a cold start:
    let mut lane = LaneState::new(LaneLimits::default());
    let mut rounds = 0;
    while lane.permits(START) < 25 {
        let tickets: Vec<_> = (0..lane.permits(START)).map(|_| lane.on_start(START)).collect();
        for ticket in tickets {
            lane.on_outcome(ticket, &Verdict::Delivered, START, 0);
        }
        rounds += 1;
        assert!(rounds < 60, "window {}", lane.view().window);
    }
}

#[test]
fn p10_half_open_lets_exactly_one_through() {
    let mut lane = open(START);
    let until = lane.closed_until().unwrap();
    assert!(until >= START + seconds(30) && until <= START + seconds(60));
    assert_eq!(lane.permits(until - seconds(1)), 0);
    assert_eq!(lane.permits(until), 1);
    let probe = lane.on_start(until);
    assert!(probe.is_probe());
    assert_eq!(
        lane.permits(until + seconds(9999)),
        0,
        "no second one while the probe is under way"
    );
    lane.on_outcome(probe, &failed(), until + seconds(10), 0);
    let again = lane.closed_until().unwrap();
    assert_eq!(again, until + seconds(10) + seconds(60), "the pause doubles");
    once(&mut lane, &Verdict::Delivered, again);
    assert_eq!(lane.permits(again), 1, "open again, but not a herd");
    assert_eq!(lane.failed_tries(), 0);
}

#[test]
fn p10_inbound_traffic_brings_the_probe_forward_and_closes_nothing() {
    let mut lane = open(START);
    let mut now = START;
    for _ in 0..10 {
        now = lane.closed_until().unwrap();
        once(&mut lane, &failed(), now);
    }
    let regular = lane.closed_until().unwrap();
    assert_eq!(regular, now + seconds(1800));
    let at = lane.on_inbound(now + seconds(1)).unwrap();
    assert_eq!(at, now + seconds(30));
    assert_eq!(lane.permits(now + seconds(1)), 0);
    assert_eq!(lane.on_inbound(now + seconds(2)), None, "asked for already");
    assert_eq!(lane.permits(at), 1);
    once(&mut lane, &failed(), at);
    // The host that hears us not but speaks without end: one probe in 30 seconds, and no more.
    let mut probes = 0;
    for second in 0..300 {
        let now = at + seconds(second);
        let _ = lane.on_inbound(now);
        if lane.permits(now) > 0 {
            once(&mut lane, &failed(), now);
            probes += 1;
        }
    }
    assert!((9..=10).contains(&probes), "{probes}");
}

#[test]
fn p6_a_pause_that_the_host_asked_for_holds_the_lane() {
    let mut lane = LaneState::new(LaneLimits::default());
    once(&mut lane, &paused(120), START);
    assert_eq!(lane.permits(START + seconds(119)), 0);
    assert_eq!(
        lane.on_inbound(START + seconds(60)),
        None,
        "their wish outweighs our curiosity"
    );
    assert_eq!(lane.permits(START + seconds(135)), 1);
}

#[test]
fn p16_a_clock_that_jumps_neither_storms_nor_stalls() {
    let day = seconds(86_400);
    let lane = open(START + day * 2);
    assert_eq!(lane.permits(START + day), 1, "a day back: one probe");
    assert_eq!(lane.permits(START + day * 367), 1, "a year ahead: one probe");
}

#[test]
fn an_abandoned_probe_leaves_the_next_one_free() {
    let mut lane = open(START);
    let now = lane.closed_until().unwrap();
    let probe = lane.on_start(now);
    lane.on_abandoned(probe, now);
    assert_eq!(lane.permits(now), 1);
    assert_eq!(lane.view().in_flight, 0);
}

#[test]
fn a_dead_letter_is_an_answer_and_a_neutral_failure_opens_nothing() {
    let mut lane = LaneState::new(LaneLimits::default());
    for _ in 0..100 {
        once(
            &mut lane,
            &Verdict::Dead {
                reason: "answered 403".into(),
            },
            START,
        );
        once(
            &mut lane,
            &Verdict::Retry {
                after: None,
                reason: "answered 500".into(),
                host_failed: false,
            },
            START,
        );
    }
    assert_eq!(lane.closed_until(), None);
}

#[test]
fn p13_a_lane_has_a_fixed_size() {
    assert!(size_of::<LaneState>() <= 160, "{}", size_of::<LaneState>());
}

#[derive(Clone, Debug)]
enum Op {
    Start,
    End(usize, u8, u64),
    Abandon(usize),
    Inbound,
    Wait(u64),
    Back(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::Start),
        4 => (any::<usize>(), 0..6_u8, any::<u64>()).prop_map(|(i, v, e)| Op::End(i, v, e)),
        1 => any::<usize>().prop_map(Op::Abandon),
        1 => Just(Op::Inbound),
        2 => (0..4000_u64).prop_map(Op::Wait),
        1 => (0..90_000_u64).prop_map(Op::Back),
    ]
}

proptest! {
    #[test]
    fn a_lane_keeps_its_bounds_whatever_happens(ops in proptest::collection::vec(op(), 0..300)) {
        let limits = LaneLimits::default();
        let mut lane = LaneState::new(limits);
        let mut now = START + seconds(10_000_000);
        let mut under_way: Vec<Ticket> = vec![];
        for op in ops {
            match op {
                Op::Start if lane.permits(now) > 0 => {
                    let was_open = lane.closed_until().is_some();
                    let ticket = lane.on_start(now);
                    prop_assert_eq!(ticket.is_probe(), was_open);
                    under_way.push(ticket);
                }
                Op::End(index, verdict, entropy) if !under_way.is_empty() => {
                    let index = index % under_way.len();
                    let ticket = under_way.swap_remove(index);
                    let probe = ticket.is_probe();
                    let was_probing = lane.breaker == Breaker::Probing;
                    let verdict = match verdict {
                        0 | 1 => Verdict::Delivered,
                        2 => failed(),
                        3 => paused(600),
                        4 => Verdict::Dead { reason: String::new() },
                        _ => Verdict::Retry { after: None, reason: String::new(), host_failed: false },
                    };
                    lane.on_outcome(ticket, &verdict, now, entropy);
                    if probe && was_probing {
                        prop_assert_ne!(lane.breaker, Breaker::Probing);
                    }
                }
                Op::Abandon(index) if !under_way.is_empty() => {
                    let index = index % under_way.len();
                    let ticket = under_way.swap_remove(index);
                    lane.on_abandoned(ticket, now);
                }
                Op::Inbound => {
                    let _ = lane.on_inbound(now);
                }
                Op::Wait(wait) => now += seconds(wait),
                Op::Back(back) => now -= seconds(back),
                _ => {}
            }
            prop_assert_eq!(lane.view().in_flight, under_way.len());
            prop_assert!(lane.window >= 1 && lane.window <= limits.max);
            prop_assert!(lane.permits(now) <= usize::from(limits.max));
            if let Breaker::Open { since, until } = lane.breaker {
                prop_assert!(until <= since + limits.longest_pause * 48);
            }
        }
        // Never stuck: when all have ended, a finite wait lets somebody through.
        for ticket in under_way {
            lane.on_outcome(ticket, &failed(), now, 1);
        }
        let later = lane.closed_until().map_or(now, |until| until.max(now));
        prop_assert!(lane.permits(later) >= 1);
    }
}

#[test]
fn a_host_that_rests_is_remembered_for_what_it_last_did() {
    let mut lane = LaneState::new(LaneLimits::default());
    assert_eq!(lane.standing(), Standing::Unknown);
    assert!(!lane.clone().rested().is_worth_keeping());
    let ticket = lane.on_start(START);
    let other = lane.on_start(START);
    lane.on_outcome(ticket, &Verdict::Delivered, START, 0);
    lane.on_outcome(other, &Verdict::Delivered, START, 0);
    assert!(lane.view().window > 2);
    let rested = lane.clone().rested();
    assert_eq!(rested.standing(), Standing::Proven);
    assert_eq!(
        rested.view().window,
        2,
        "how much it took at once then says little"
    );
    assert!(rested.is_worth_keeping());
    once(&mut lane, &failed(), START);
    assert_eq!(lane.standing(), Standing::Suspect);
    assert_eq!(lane.clone().rested(), lane, "what speaks against it stays");
    // What is half open is suspect until it answers.
    let mut lane = open(START);
    assert_eq!(lane.standing(), Standing::Suspect);
    let until = lane.closed_until().unwrap();
    let probe = lane.on_start(until);
    assert_eq!(lane.standing(), Standing::Suspect);
    lane.on_outcome(probe, &Verdict::Delivered, until, 0);
    assert_eq!(lane.standing(), Standing::Proven);
}
