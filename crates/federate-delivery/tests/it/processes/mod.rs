//! Real processes: the program `outbox`, killed, restarted and stopped, against servers on loopback.

mod disk_full;
mod kills;
mod moving;
mod outbox;
mod rolling;

mod sink;
#[path = "../../../../federate-sqlite/tests/support/small.rs"]
mod small;

/// Numbers that repeat themselves (SplitMix64).
#[derive(Debug, Clone)]
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A number that whoever runs the tests may choose.
#[expect(
    clippy::disallowed_methods,
    reason = "how long and from which seed is a matter of patience"
)]
fn chosen(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(otherwise)
}
