//! How many the next round waits for, in a flood: learned from how many came.

/// Where nothing is known yet, and the bounds of what is learned.
const FIRST: usize = 16;
const LEAST: usize = 4;
const MOST: usize = crate::together::MOST;

/// After so many rounds that were full more are waited for. Where nobody else comes that costs a round which waits in vain: once this is known,
/// it is tried less often.
const UNKNOWN: u32 = 32;
const KNOWN: u32 = 256;

/// A round for many takes little more than one for few, and while it is written the processor has the requests of those that are not
/// in it. So the best is most of all that post at once, whose number nobody tells: it grows as long as so many come, and is three
/// quarters of what came where they do not.
#[derive(Debug)]
pub(crate) struct Gathering {
    enough: usize,
    /// Rounds since that changed for which enough came, and after how many of them it grows.
    full: u32,
    steady: u32,
    /// Whether so many have not come yet, or did not the last time: then a round that is not full is believed. Otherwise one may be chance.
    is_doubted: bool,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            enough: FIRST,
            full: 0,
            steady: UNKNOWN,
            is_doubted: false,
        }
    }
}

impl Gathering {
    pub(crate) fn enough(&self) -> usize {
        self.enough
    }

    /// As many came as were waited for.
    pub(crate) fn full(&mut self) {
        self.is_doubted = false;
        self.full += 1;
        if self.full >= self.steady {
            self.set(self.enough + self.enough / 3 + 1);
            self.is_doubted = true;
        }
    }

    /// The time was over, and only so many had come.
    pub(crate) fn late(&mut self, came: usize) {
        if self.is_doubted {
            self.steady = KNOWN;
            self.set(came * 3 / 4);
        }
        self.is_doubted = !self.is_doubted;
    }

    fn set(&mut self, enough: usize) {
        self.enough = enough.clamp(LEAST, MOST);
        self.full = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds in which at most so many come.
    fn rounds(gathering: &mut Gathering, at_once: usize, rounds: usize) -> (usize, usize) {
        let mut late = 0;
        let mut least = usize::MAX;
        for _ in 0..rounds {
            least = least.min(gathering.enough());
            if gathering.enough() <= at_once {
                gathering.full();
            } else {
                gathering.late(at_once);
                late += 1;
            }
        }
        (late, least)
    }

    #[test]
    fn of_however_many_that_post_at_once_most_are_waited_for_and_seldom_in_vain() {
        for at_once in LEAST..3 * MOST {
            let mut gathering = Gathering::default();
            rounds(&mut gathering, at_once, 3_000);
            let (late, least) = rounds(&mut gathering, at_once, 3_000);
            assert!(late <= 3_000 / 100, "{at_once}: {late}");
            let most = (at_once * 3 / 4).clamp(LEAST, MOST);
            assert!(least >= most, "{at_once}: {least}");
        }
    }

    #[test]
    fn one_round_in_vain_changes_nothing_and_two_do() {
        let mut gathering = Gathering::default();
        gathering.late(1);
        gathering.full();
        gathering.late(1);
        assert_eq!(gathering.enough(), FIRST);
        gathering.late(8);
        assert_eq!(gathering.enough(), 6);
        gathering.late(0);
        gathering.late(0);
        assert_eq!(gathering.enough(), LEAST);
    }
}
