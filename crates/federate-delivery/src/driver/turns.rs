//! Whose turn it is.

use crate::held::Host;
use federate_protocol::delivery::Standing;
use std::collections::VecDeque;

/// Lanes with something to begin, each at one place: one delivery a turn, so that no lane takes all the slots.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Those whose next delivery is of high priority. Every other turn is one of these: neither starves the other.
    urgent: Line,
    others: Line,
    urgent_had_it: bool,
}

/// By what is known of them, in turn.
#[derive(Debug, Default)]
struct Line {
    proven: VecDeque<Host>,
    unknown: VecDeque<Host>,
    suspect: VecDeque<Host>,
    last: usize,
}

/// Of which hosts something may begin. Those that have answered may always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) unknown: bool,
    pub(super) suspect: bool,
}

impl Room {
    pub(super) fn has(self, standing: Standing) -> bool {
        match standing {
            Standing::Proven => true,
            Standing::Unknown => self.unknown,
            Standing::Suspect => self.suspect,
        }
    }
}

impl Turns {
    /// The lane waits for its turn behind all others of its kind.
    pub(super) fn push(&mut self, host: Host, urgent: bool, standing: Standing) {
        let line = if urgent {
            &mut self.urgent
        } else {
            &mut self.others
        };
        line.of(standing).push_back(host);
    }

    /// The lane, which stood among those of that standing, is not there any more.
    pub(super) fn remove(&mut self, host: &str, standing: Standing) {
        for line in [&mut self.urgent, &mut self.others] {
            line.of(standing).retain(|other| **other != *host);
        }
    }

    /// How many wait that failed last.
    pub(super) fn suspects(&self) -> usize {
        self.urgent.suspect.len() + self.others.suspect.len()
    }

    /// Whose turn it is, among those for whom there is room.
    pub(super) fn next(&mut self, room: Room) -> Option<Host> {
        let (first, second) = if self.urgent_had_it {
            (&mut self.others, &mut self.urgent)
        } else {
            (&mut self.urgent, &mut self.others)
        };
        if let Some(host) = first.next(room) {
            self.urgent_had_it = !self.urgent_had_it;
            return Some(host);
        }
        second.next(room)
    }
}

const STANDINGS: [Standing; 3] = [Standing::Proven, Standing::Unknown, Standing::Suspect];

impl Line {
    fn of(&mut self, standing: Standing) -> &mut VecDeque<Host> {
        match standing {
            Standing::Proven => &mut self.proven,
            Standing::Unknown => &mut self.unknown,
            Standing::Suspect => &mut self.suspect,
        }
    }

    fn next(&mut self, room: Room) -> Option<Host> {
        let turns = STANDINGS
            .iter()
            .enumerate()
            .cycle()
            .skip(self.last + 1)
            .take(STANDINGS.len());
        for (place, standing) in turns {
            if room.has(*standing)
                && let Some(host) = self.of(*standing).pop_front()
            {
                self.last = place;
                return Some(host);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Room = Room {
        unknown: true,
        suspect: true,
    };

    fn turns(hosts: &[(&str, bool, Standing)]) -> Turns {
        let mut turns = Turns::default();
        for (host, urgent, standing) in hosts {
            turns.push(Host::from(*host), *urgent, *standing);
        }
        turns
    }

    fn all(turns: &mut Turns, room: Room) -> Vec<String> {
        std::iter::from_fn(|| turns.next(room))
            .map(|host| host.to_string())
            .collect()
    }

    #[test]
    fn the_urgent_and_the_others_take_turns() {
        let mut turns = turns(&[
            ("a", false, Standing::Proven),
            ("b", false, Standing::Proven),
            ("u", true, Standing::Proven),
            ("v", true, Standing::Proven),
            ("w", true, Standing::Proven),
        ]);
        assert_eq!(all(&mut turns, ALL), ["u", "a", "v", "b", "w"]);
    }

    #[test]
    fn p4_those_that_do_not_answer_wait_for_a_slot_without_losing_their_place() {
        let mut turns = turns(&[
            ("x", false, Standing::Unknown),
            ("s", false, Standing::Suspect),
            ("a", false, Standing::Proven),
            ("y", false, Standing::Unknown),
            ("t", false, Standing::Suspect),
        ]);
        let none = Room {
            unknown: false,
            suspect: false,
        };
        assert_eq!(all(&mut turns, none), ["a"]);
        let unknown = Room {
            unknown: true,
            ..none
        };
        assert_eq!(turns.next(unknown).as_deref(), Some("x"));
        let mut order = all(&mut turns, ALL);
        assert_eq!(order.len(), 3);
        assert!(order.iter().position(|host| host == "s") < order.iter().position(|host| host == "t"));
        order.sort();
        assert_eq!(order, ["s", "t", "y"]);
        // A kind of which there are many does not hold up the others.
        for host in ["b", "c", "d", "e"] {
            turns.push(Host::from(host), false, Standing::Unknown);
        }
        turns.push(Host::from("a"), false, Standing::Proven);
        turns.push(Host::from("s"), false, Standing::Suspect);
        let order = all(&mut turns, ALL);
        assert!(order.iter().take(3).any(|host| host == "a"), "{order:?}");
        assert!(order.iter().take(3).any(|host| host == "s"), "{order:?}");
    }

    #[test]
    fn a_lane_that_is_gone_has_no_turn() {
        let mut turns = turns(&[("a", false, Standing::Proven), ("b", true, Standing::Suspect)]);
        assert_eq!(turns.suspects(), 1);
        turns.remove("a", Standing::Proven);
        turns.remove("b", Standing::Suspect);
        assert_eq!(turns.suspects(), 0);
        assert_eq!(all(&mut turns, ALL), [""; 0]);
    }
}
