//! Points of the NIST curves: whether one is on its curve, and which one a compressed point means.
//!
//! Public values only, so nothing here runs in constant time. Keys are parsed seldom; the arithmetic is the plain one.

use super::BadKey;
use std::cmp::Ordering;

/// y^2 = x^3 - 3x + b over the integers modulo p, where p is 3 modulo 4. Numbers in big endian.
pub(super) struct Curve<const N: usize> {
    p: [u8; N],
    b: [u8; N],
}

/// <https://csrc.nist.gov/pubs/sp/800/186/final>, 3.2.1.3
pub(super) const P256: Curve<32> = Curve {
    p: hex(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
    b: hex(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
};

/// <https://csrc.nist.gov/pubs/sp/800/186/final>, 3.2.1.4
pub(super) const P384: Curve<48> = Curve {
    p: hex(
        b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    ),
    b: hex(
        b"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    ),
};

impl<const N: usize> Curve<N> {
    /// The uncompressed form (`04`, x, y) of a point in either form of
    /// [SEC 1](https://www.secg.org/sec1-v2.pdf), 2.3.3.
    pub(super) fn point(&self, encoded: &[u8]) -> Result<Vec<u8>, BadKey> {
        let number = |bytes: &[u8]| -> Result<[u8; N], BadKey> {
            let number: [u8; N] = bytes.try_into().map_err(|_| BadKey::BadPoint)?;
            if number < self.p {
                Ok(number)
            } else {
                Err(BadKey::BadPoint)
            }
        };
        let (tag, rest) = encoded.split_first().ok_or(BadKey::BadPoint)?;
        let (x, y) = match tag {
            4 if rest.len() == N.saturating_mul(2) => {
                let (x, y) = rest.split_at(N);
                (number(x)?, number(y)?)
            }
            2 | 3 => {
                let x = number(rest)?;
                (x, self.root(&self.right_side(&x), tag & 1 == 1))
            }
            _ => return Err(BadKey::BadPoint),
        };
        if self.times(&y, &y) != self.right_side(&x) {
            return Err(BadKey::BadPoint);
        }
        Ok([&[4], x.as_slice(), y.as_slice()].concat())
    }

    /// The compressed form of an uncompressed point.
    pub(super) fn compressed(point: &[u8]) -> Vec<u8> {
        let x = point.get(1..).and_then(|xy| xy.get(..N)).unwrap_or_default();
        let odd = point.last().is_some_and(|last| last & 1 == 1);
        [&[if odd { 3 } else { 2 }], x].concat()
    }

    fn right_side(&self, x: &[u8; N]) -> [u8; N] {
        let cube = self.times(&self.times(x, x), x);
        let three = self.plus(&self.plus(x, x), x);
        self.plus(&self.minus(&cube, &three), &self.b)
    }

    /// A square root if there is one: a^((p+1)/4); the odd one of both on demand.
    fn root(&self, a: &[u8; N], odd: bool) -> [u8; N] {
        let mut exponent = self.p;
        // p + 1: p is odd and ends in ff, so the carry is looked after byte by byte.
        for byte in exponent.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        for _ in 0..2 {
            let mut carry = 0;
            for byte in &mut exponent {
                let next = *byte & 1;
                *byte = *byte >> 1 | carry << 7;
                carry = next;
            }
        }
        let mut out = one::<N>();
        for byte in exponent {
            for bit in (0..8).rev() {
                out = self.times(&out, &out);
                if byte >> bit & 1 == 1 {
                    out = self.times(&out, a);
                }
            }
        }
        let is_odd = out.last().is_some_and(|last| last & 1 == 1);
        if is_odd == odd {
            out
        } else {
            self.minus(&[0; N], &out)
        }
    }

    /// By doubling and adding.
    fn times(&self, a: &[u8; N], b: &[u8; N]) -> [u8; N] {
        let mut out = [0; N];
        for byte in b {
            for bit in (0..8).rev() {
                out = self.plus(&out, &out);
                if byte >> bit & 1 == 1 {
                    out = self.plus(&out, a);
                }
            }
        }
        out
    }

    fn plus(&self, a: &[u8; N], b: &[u8; N]) -> [u8; N] {
        let (sum, carry) = add(a, b);
        if carry || sum.cmp(&self.p) != Ordering::Less {
            subtract(&sum, &self.p).0
        } else {
            sum
        }
    }

    fn minus(&self, a: &[u8; N], b: &[u8; N]) -> [u8; N] {
        match subtract(a, b) {
            (difference, false) => difference,
            (difference, true) => add(&difference, &self.p).0,
        }
    }
}

fn add<const N: usize>(a: &[u8; N], b: &[u8; N]) -> ([u8; N], bool) {
    let (mut out, mut carry) = ([0; N], false);
    for ((out, a), b) in out.iter_mut().zip(a).zip(b).rev() {
        let (sum, first) = a.overflowing_add(*b);
        let (sum, second) = sum.overflowing_add(u8::from(carry));
        *out = sum;
        carry = first || second;
    }
    (out, carry)
}

fn subtract<const N: usize>(a: &[u8; N], b: &[u8; N]) -> ([u8; N], bool) {
    let (mut out, mut borrow) = ([0; N], false);
    for ((out, a), b) in out.iter_mut().zip(a).zip(b).rev() {
        let (difference, first) = a.overflowing_sub(*b);
        let (difference, second) = difference.overflowing_sub(u8::from(borrow));
        *out = difference;
        borrow = first || second;
    }
    (out, borrow)
}

fn one<const N: usize>() -> [u8; N] {
    let mut one = [0; N];
    if let Some(last) = one.last_mut() {
        *last = 1;
    }
    one
}

/// Digits of a constant.
#[expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "runs when the program is compiled, over constants"
)]
const fn hex<const N: usize>(digits: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let mut at = 0;
    while at < digits.len() {
        let value = match digits[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("no digit"),
        };
        out[at / 2] = out[at / 2] << 4 | value;
        at += 1;
    }
    out
}
