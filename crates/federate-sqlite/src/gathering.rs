//! How many the next round waits for, in a flood: learned from how many came.
//!
//! A round for many takes little more than one for few, and while it is written the processor has the requests of those that are not
//! in it. So the best is most of all that post at once, whose number nobody tells: now and then a round waits for more, then for more yet, until
//! not so many come; three quarters of what came then are enough.

use std::time::Duration;
use tokio::time::Instant;

/// Where nothing is known yet.
const FIRST: usize = 16;

/// The bounds of what is learned, and of what is looked for.
const LEAST: usize = 3;
const MOST: usize = FIND * 3 / 4;
const FIND: usize = crate::together::MOST;

/// After so many rounds it is looked whether there are more, which costs one that waits in vain: often where it is not known how many there are,
/// and half as often each time that there were as many as before.
const OFTEN: u32 = 32;
const SELDOM: u32 = 256;

/// One round that waits in vain may be chance. Where of eight that follow each other more than one does, it is none.
const LATE: u32 = 8;
const CHANCE: u32 = 16;

/// After that long it is another flood, of which the end of the last one says nothing.
const ANOTHER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Gathering {
    enough: usize,
    /// What is waited for in place of that, to find out how many there are.
    looking: Option<usize>,
    /// Full rounds until it is looked again, and of how many they are left.
    left: u32,
    steady: u32,
    /// Each round that was late counts [`LATE`], each that was full takes one away.
    late: u32,
    last_late: Option<Instant>,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            enough: FIRST,
            looking: None,
            left: OFTEN,
            steady: OFTEN,
            late: 0,
            last_late: None,
        }
    }
}

impl Gathering {
    /// For how many the next round waits.
    pub(crate) fn enough(&self) -> usize {
        self.looking.unwrap_or(self.enough)
    }

    /// As many came as were waited for.
    pub(crate) fn full(&mut self) {
        self.late = self.late.saturating_sub(1);
        self.left = self.left.saturating_sub(1);
        match self.looking {
            Some(FIND..) => self.found(FIND),
            None if self.left > 0 => {}
            looking => self.looking = Some(more(looking.unwrap_or(self.enough))),
        }
    }

    /// The time was over, and only so many had come.
    pub(crate) fn late(&mut self, came: usize, now: Instant) {
        if self.looking.is_some() {
            return self.found(came);
        }
        if self.last_late.is_some_and(|last| now - last >= ANOTHER) {
            self.late = 0;
        }
        self.last_late = Some(now);
        self.late += LATE;
        if self.late >= CHANCE {
            self.found(came);
        }
    }

    /// There are so many. It falls by half at most: where something stood still, fewer came than there are.
    fn found(&mut self, came: usize) {
        let enough = (came * 3 / 4).max(self.enough / 2).clamp(LEAST, MOST);
        self.steady = match enough < self.enough {
            true => OFTEN,
            false => (self.steady * 2).min(SELDOM),
        };
        *self = Self {
            enough,
            looking: None,
            left: self.steady,
            steady: self.steady,
            ..Self::default()
        };
    }
}

fn more(than: usize) -> usize {
    (than + than / 3 + 1).min(FIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many rounds in which so many come: how many waited in vain, and how many for all that there are.
    fn rounds(gathering: &mut Gathering, at_once: usize, rounds: usize) -> (usize, usize) {
        let now = Instant::now();
        let (mut late, mut all) = (0, 0);
        for _ in 0..rounds {
            all += usize::from(gathering.enough() == at_once);
            if gathering.enough() <= at_once {
                gathering.full();
            } else {
                gathering.late(at_once, now);
                late += 1;
            }
        }
        (late, all)
    }

    #[test]
    fn of_however_many_that_post_at_once_most_are_waited_for_and_seldom_all() {
        for at_once in 4..3 * FIND {
            let mut gathering = Gathering::default();
            rounds(&mut gathering, at_once, 600);
            assert_eq!(
                gathering.enough,
                (at_once * 3 / 4).clamp(LEAST, MOST),
                "{at_once}"
            );
            let (late, all) = rounds(&mut gathering, at_once, 3_000);
            assert!(late <= 30 && all <= 30, "{at_once}: {late}, {all}");
            assert_eq!(
                gathering.enough,
                (at_once * 3 / 4).clamp(LEAST, MOST),
                "{at_once}"
            );
        }
    }

    #[test]
    fn of_others_than_before_it_is_learned_soon_how_many_there_are() {
        for (before, now) in [(64, 5), (5, 64), (32, 24), (24, 32), (200, 8)] {
            let mut gathering = Gathering::default();
            rounds(&mut gathering, before, 3_000);
            rounds(&mut gathering, now, 300);
            assert_eq!(
                gathering.enough,
                (now * 3 / 4).clamp(LEAST, MOST),
                "{before}, {now}"
            );
        }
    }

    #[test]
    fn one_round_in_vain_changes_nothing_and_several_do() {
        let now = Instant::now();
        let mut gathering = Gathering::default();
        for _ in 0..3 {
            gathering.late(1, now);
            for _ in 0..8 {
                gathering.full();
            }
        }
        assert_eq!(gathering.enough, FIRST);
        // One in two, and where something stood still.
        gathering.late(12, now);
        gathering.full();
        gathering.late(12, now);
        gathering.full();
        gathering.late(12, now);
        assert_eq!(gathering.enough, 9);
        gathering.late(0, now);
        gathering.late(0, now);
        assert_eq!(gathering.enough, 4);
        // The end of one flood and the begin of the next are not two in a row.
        gathering.late(2, now);
        gathering.late(3, now + ANOTHER);
        assert_eq!(gathering.enough, 4);
    }
}
