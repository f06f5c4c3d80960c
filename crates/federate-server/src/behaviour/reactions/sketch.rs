//! How many different ones there were, without knowing which: a HyperLogLog of a kilobyte.

/// Each of them holds the longest run of zeros that was seen. So many err by three in a hundred.
const REGISTERS: usize = 1024;

/// The bits of a digest that do not choose the register.
const BITS: u32 = u64::BITS - REGISTERS.trailing_zeros();

/// What it is called in text for nothing seen; longer runs are the characters after it.
const NONE: u8 = b'0';

/// Whoever comes again changes nothing. Who comes is to be given by a digest that nobody can choose, or somebody would count for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sketch(Vec<u8>);

impl Sketch {
    /// From its text; what is none is an empty one.
    pub(super) fn read(text: &str) -> Self {
        let runs = text.bytes().map(|byte| byte.checked_sub(NONE));
        let runs: Option<Vec<u8>> = runs.collect();
        let longest = BITS.saturating_add(1);
        let runs =
            runs.filter(|runs| runs.len() == REGISTERS && runs.iter().all(|run| u32::from(*run) <= longest));
        Sketch(runs.unwrap_or_else(|| vec![0; REGISTERS]))
    }

    pub(super) fn text(&self) -> String {
        self.0
            .iter()
            .map(|run| char::from(NONE.saturating_add(*run)))
            .collect()
    }

    /// `true`: it was changed by this one.
    pub(super) fn add(&mut self, digest: u64) -> bool {
        let registers = u64::try_from(REGISTERS).unwrap_or(u64::MAX);
        let (rest, at) = (digest / registers, digest % registers);
        let run = rest.trailing_zeros().min(BITS).saturating_add(1);
        let run = u8::try_from(run).unwrap_or(u8::MAX);
        let register = usize::try_from(at).ok().and_then(|at| self.0.get_mut(at));
        match register {
            Some(longest) if *longest < run => {
                *longest = run;
                true
            }
            _ => false,
        }
    }

    /// About how many there were.
    pub(super) fn count(&self) -> u64 {
        let registers = u128::try_from(REGISTERS).unwrap_or(u128::MAX);
        let empty = self.0.iter().filter(|run| **run == 0).count();
        let empty = u128::try_from(empty).unwrap_or(registers);
        // The sum of 2^-run, in units of 2^-64.
        let sum: u128 = self.0.iter().map(|run| (1_u128 << 64) >> *run).sum();
        // 0.7205 is the correction for so many registers.
        let raw = ((registers * registers * 7_205 / 10_000) << 64) / sum.max(1);
        let is_few = raw * 2 <= registers * 5 && empty > 0;
        let count = match is_few {
            // How many it takes until so many are hit, on average.
            true => {
                (empty + 1..=registers)
                    .map(|k| (registers << 32) / k)
                    .sum::<u128>()
                    >> 32
            }
            false => raw,
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Sketch;

    fn digest(n: u64) -> u64 {
        let digest = ring::digest::digest(&ring::digest::SHA256, &n.to_be_bytes());
        u64::from_be_bytes(digest.as_ref()[..8].try_into().unwrap())
    }

    #[test]
    fn it_counts_about_how_many_there_were_and_nobody_twice() {
        let mut sketch = Sketch::read("");
        assert_eq!(sketch.count(), 0);
        let mut seen = 0;
        for upto in [1_u64, 10, 100, 1_000, 2_500, 10_000, 100_000] {
            for n in seen..upto {
                sketch.add(digest(n));
            }
            seen = upto;
            let before = sketch.clone();
            assert!((0..upto).all(|n| !sketch.add(digest(n))), "nobody counts twice");
            assert_eq!(sketch, before);
            let (count, off) = (sketch.count(), sketch.count().abs_diff(upto));
            assert!(off * 100 <= upto * 10, "{upto}: {count}");
        }
        let text = sketch.text();
        assert_eq!(text.len(), 1024);
        assert_eq!(Sketch::read(&text), sketch);
    }

    #[test]
    fn what_is_no_sketch_is_an_empty_one() {
        let empty = Sketch::read("");
        for text in ["x", &"~".repeat(1024), &" ".repeat(1024), &"0".repeat(1025)] {
            assert_eq!(Sketch::read(text), empty, "{text}");
        }
        let mut all = Sketch::read("");
        for n in 0..2_000 {
            all.add(n % 1024);
        }
        assert!(all.count() > 0);
    }
}
