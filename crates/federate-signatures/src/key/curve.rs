//! Points of the NIST curves: whether one is on its curve, and which one a compressed point means.
//!
//! Public values only, so nothing here runs in constant time. It must be quick all the same: whoever names a key of
//! theirs makes us parse it.

use super::BadKey;

/// y^2 = x^3 - 3x + b over the integers modulo p, where p is 3 modulo 4. `N` bytes, which are `L` limbs.
pub(super) struct Curve<const N: usize, const L: usize> {
    /// In big endian.
    p: [u8; N],
    /// In big endian.
    b: [u8; N],
}

/// <https://csrc.nist.gov/pubs/sp/800/186/final>, 3.2.1.3
pub(super) const P256: Curve<32, 4> = Curve {
    p: hex(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
    b: hex(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
};

/// <https://csrc.nist.gov/pubs/sp/800/186/final>, 3.2.1.4
pub(super) const P384: Curve<48, 6> = Curve {
    p: hex(
        b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    ),
    b: hex(
        b"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    ),
};

impl<const N: usize, const L: usize> Curve<N, L> {
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
        let field = Field::<L>::new(&self.p);
        let right_side = |x: &[u8; N]| {
            let x = field.enter(&limbs(x));
            let cube = field.times(&field.times(&x, &x), &x);
            let three = field.plus(&field.plus(&x, &x), &x);
            field.plus(&field.minus(&cube, &three), &field.enter(&limbs(&self.b)))
        };
        let (tag, rest) = encoded.split_first().ok_or(BadKey::BadPoint)?;
        let (x, y) = match tag {
            4 if rest.len() == N.saturating_mul(2) => {
                let (x, y) = rest.split_at(N);
                (number(x)?, number(y)?)
            }
            2 | 3 => {
                let x = number(rest)?;
                let root = field.leave(&field.power(&right_side(&x), &self.quarter()));
                let other = field.minus(&[0; L], &root);
                let is_odd = root.first().is_some_and(|low| low & 1 == 1);
                let y = if is_odd == (tag & 1 == 1) { root } else { other };
                (x, bytes(&y))
            }
            _ => return Err(BadKey::BadPoint),
        };
        let root = field.enter(&limbs(&y));
        if field.times(&root, &root) != right_side(&x) {
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

    /// (p + 1) / 4, in big endian: a to the power of it is a square root of a, if a has one.
    fn quarter(&self) -> [u8; N] {
        let mut exponent = self.p;
        // p is odd and ends in ff, so the carry is looked after byte by byte.
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
        exponent
    }
}

/// Arithmetic modulo p on numbers of `L` limbs in little endian. Products are Montgomery's: numbers
/// [enter](Field::enter) before they are multiplied and [leave](Field::leave) afterwards.
struct Field<const L: usize> {
    p: [u64; L],
    /// -1/p modulo 2^64.
    inverse: u64,
    /// 2^(128 L) modulo p.
    square: [u64; L],
}

impl<const L: usize> Field<L> {
    fn new<const N: usize>(p: &[u8; N]) -> Self {
        let p: [u64; L] = limbs(p);
        let low = p.first().copied().unwrap_or(1);
        // Newton's iteration doubles the bits that are right; the first is, as p is odd.
        let inverse = (0..6).fold(1_u64, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(low.wrapping_mul(inverse)))
        });
        let mut field = Self {
            p,
            inverse: inverse.wrapping_neg(),
            square: one(),
        };
        for _ in 0..L.saturating_mul(128) {
            field.square = field.plus(&field.square, &field.square);
        }
        field
    }

    fn enter(&self, number: &[u64; L]) -> [u64; L] {
        self.times(number, &self.square)
    }

    fn leave(&self, number: &[u64; L]) -> [u64; L] {
        self.times(number, &one())
    }

    /// a b / 2^(64 L): the product, in Montgomery's form as its factors are.
    #[expect(
        clippy::indexing_slicing,
        reason = "all arrays have L limbs, and every index is below L"
    )]
    fn times(&self, a: &[u64; L], b: &[u64; L]) -> [u64; L] {
        let (mut out, mut high) = ([0; L], 0);
        for b in b {
            let (mut carry, mut reduced) = (0, 0);
            for (out, a) in out.iter_mut().zip(a) {
                (*out, carry) = multiply_add(*out, *a, *b, carry);
            }
            let (top, over) = add(high, carry);
            let factor = out[0].wrapping_mul(self.inverse);
            for at in 0..L {
                let (low, next) = multiply_add(out[at], factor, self.p[at], reduced);
                if at > 0 {
                    out[at - 1] = low;
                }
                reduced = next;
            }
            let (last, more) = add(top, reduced);
            out[L - 1] = last;
            high = u64::from(over) + u64::from(more);
        }
        self.reduced(out, high != 0)
    }

    fn power(&self, base: &[u64; L], exponent: &[u8]) -> [u64; L] {
        let mut out = self.enter(&one());
        for byte in exponent {
            for bit in (0..8).rev() {
                out = self.times(&out, &out);
                if byte >> bit & 1 == 1 {
                    out = self.times(&out, base);
                }
            }
        }
        out
    }

    fn plus(&self, a: &[u64; L], b: &[u64; L]) -> [u64; L] {
        let (mut out, mut carry) = (*a, false);
        for (out, b) in out.iter_mut().zip(b) {
            let (sum, first) = add(*out, *b);
            let (sum, second) = add(sum, u64::from(carry));
            (*out, carry) = (sum, first || second);
        }
        self.reduced(out, carry)
    }

    fn minus(&self, a: &[u64; L], b: &[u64; L]) -> [u64; L] {
        let (difference, borrow) = subtract(a, b);
        if borrow {
            // Out of range by p, and the sum wraps back.
            let (mut out, mut carry) = (difference, false);
            for (out, p) in out.iter_mut().zip(&self.p) {
                let (sum, first) = add(*out, *p);
                let (sum, second) = add(sum, u64::from(carry));
                (*out, carry) = (sum, first || second);
            }
            out
        } else {
            difference
        }
    }

    /// Takes p away once, if it is in it.
    fn reduced(&self, number: [u64; L], carry: bool) -> [u64; L] {
        match subtract(&number, &self.p) {
            (difference, borrow) if carry || !borrow => difference,
            _ => number,
        }
    }
}

const fn add(a: u64, b: u64) -> (u64, bool) {
    a.overflowing_add(b)
}

fn subtract<const L: usize>(a: &[u64; L], b: &[u64; L]) -> ([u64; L], bool) {
    let (mut out, mut borrow) = (*a, false);
    for (out, b) in out.iter_mut().zip(b) {
        let (difference, first) = out.overflowing_sub(*b);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (*out, borrow) = (difference, first || second);
    }
    (out, borrow)
}

/// `to + a b + carry`, as its low and its high half; it cannot overflow 128 bits.
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
fn multiply_add(to: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b) + u128::from(to) + u128::from(carry);
    (product as u64, (product >> 64) as u64)
}

fn one<const L: usize>() -> [u64; L] {
    let mut one = [0; L];
    if let Some(low) = one.first_mut() {
        *low = 1;
    }
    one
}

fn limbs<const N: usize, const L: usize>(bytes: &[u8; N]) -> [u64; L] {
    let mut out = [0; L];
    for (limb, bytes) in out.iter_mut().zip(bytes.rchunks(8)) {
        *limb = bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    out
}

fn bytes<const N: usize, const L: usize>(limbs: &[u64; L]) -> [u8; N] {
    let mut out = [0; N];
    for (bytes, limb) in out.rchunks_mut(8).zip(limbs) {
        bytes.copy_from_slice(&limb.to_be_bytes());
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The generators: <https://csrc.nist.gov/pubs/sp/800/186/final>, 3.2.1.3 and 3.2.1.4
    const G256: [u8; 64] = hex(
        b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    );
    const G384: [u8; 96] = hex(
        b"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    );

    fn both_forms<const N: usize, const L: usize>(curve: &Curve<N, L>, point: &[u8]) {
        let whole = [&[4], point].concat();
        assert_eq!(curve.point(&whole).unwrap(), whole);
        let short = Curve::<N, L>::compressed(&whole);
        assert_eq!(curve.point(&short).unwrap(), whole);
        // The other root is the other point; a changed coordinate is none.
        let mut other = short;
        other[0] ^= 1;
        let negative = curve.point(&other).unwrap();
        assert_eq!(negative[..=N], whole[..=N]);
        assert_ne!(negative, whole);
        let mut off = whole;
        *off.last_mut().unwrap() ^= 1;
        assert!(curve.point(&off).is_err());
    }

    #[test]
    fn a_point_in_either_form_is_the_same_point() {
        both_forms(&P256, &G256);
        both_forms(&P384, &G384);
    }

    #[test]
    fn a_number_that_is_not_below_p_and_an_x_without_a_root_are_no_points() {
        assert!(P256.point(&[&[2], P256.p.as_slice()].concat()).is_err());
        let without = (0..64_u8).filter(|n| {
            let mut x = [0; 33];
            (x[0], x[32]) = (2, *n);
            P256.point(&x).is_err()
        });
        // About half of all numbers have no root.
        assert!((16..48).contains(&without.count()));
    }
}
