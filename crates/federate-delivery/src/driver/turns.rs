//! Whose turn it is.

use crate::held::Host;
use std::collections::VecDeque;

/// Lanes with something to begin, each at one place: one delivery a turn, so that no lane takes all the slots.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Those whose next delivery is of high priority. Every other turn is one of these: neither starves the other.
    urgent: Line,
    others: Line,
    urgent_had_it: bool,
}

/// Those that have answered and those that have not, in turn.
#[derive(Debug, Default)]
struct Line {
    proven: VecDeque<Host>,
    unproven: VecDeque<Host>,
    proven_had_it: bool,
}

impl Turns {
    /// The lane waits for its turn behind all others of its kind.
    pub(super) fn push(&mut self, host: Host, urgent: bool, proven: bool) {
        let line = if urgent {
            &mut self.urgent
        } else {
            &mut self.others
        };
        let line = if proven {
            &mut line.proven
        } else {
            &mut line.unproven
        };
        line.push_back(host);
    }

    /// The lane is not there any more.
    pub(super) fn remove(&mut self, host: &str) {
        for line in [&mut self.urgent, &mut self.others] {
            line.proven.retain(|other| **other != *host);
            line.unproven.retain(|other| **other != *host);
        }
    }

    /// Whose turn it is; without `unproven` it is that of one that has answered.
    pub(super) fn next(&mut self, unproven: bool) -> Option<Host> {
        let (first, second) = if self.urgent_had_it {
            (&mut self.others, &mut self.urgent)
        } else {
            (&mut self.urgent, &mut self.others)
        };
        if let Some(host) = first.next(unproven) {
            self.urgent_had_it = !self.urgent_had_it;
            return Some(host);
        }
        second.next(unproven)
    }
}

impl Line {
    fn next(&mut self, unproven: bool) -> Option<Host> {
        let turn = unproven && self.proven_had_it;
        self.proven_had_it = !turn;
        if turn {
            return self.unproven.pop_front().or_else(|| self.proven.pop_front());
        }
        let proven = self.proven.pop_front();
        proven.or_else(|| unproven.then(|| self.unproven.pop_front()).flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(hosts: &[(&str, bool, bool)]) -> Turns {
        let mut turns = Turns::default();
        for (host, urgent, proven) in hosts {
            turns.push(Host::from(*host), *urgent, *proven);
        }
        turns
    }

    fn all(turns: &mut Turns, unproven: bool) -> Vec<String> {
        std::iter::from_fn(|| turns.next(unproven))
            .map(|host| host.to_string())
            .collect()
    }

    #[test]
    fn the_urgent_and_the_others_take_turns() {
        let mut turns = turns(&[
            ("a", false, true),
            ("b", false, true),
            ("u", true, true),
            ("v", true, true),
            ("w", true, true),
        ]);
        assert_eq!(all(&mut turns, true), ["u", "a", "v", "b", "w"]);
    }

    #[test]
    fn p4_those_that_never_answered_wait_for_a_slot_without_losing_their_place() {
        let mut turns = turns(&[("x", false, false), ("a", false, true), ("y", false, false)]);
        assert_eq!(all(&mut turns, false), ["a"]);
        assert_eq!(all(&mut turns, true), ["x", "y"]);
        turns.push(Host::from("a"), false, true);
        turns.push(Host::from("z"), false, false);
        turns.push(Host::from("b"), false, true);
        let order = all(&mut turns, true);
        assert!(order == ["a", "z", "b"] || order == ["z", "a", "b"], "{order:?}");
    }
}
