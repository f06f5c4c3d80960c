//! Multibase in base58btc, as [FEP-521a](https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md) and
//! `did:key` write keys.

use super::{BadKey, Wiped};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// More than an RSA key of 8192 bits needs; the work grows with the square.
const LIMIT: usize = 2048;

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, BadKey> {
    if text.len() > LIMIT {
        return Err(BadKey::TooLong { limit: LIMIT });
    }
    let digits = text.strip_prefix('z').ok_or(BadKey::NotMultibase)?;
    let value = |digit| {
        let at = ALPHABET.iter().position(|known| *known == digit)?;
        u8::try_from(at).ok()
    };
    // They may be a secret's: one buffer that does not grow, and is wiped.
    let mut values = Vec::with_capacity(digits.len());
    for digit in digits.bytes() {
        values.push(value(digit).ok_or(BadKey::NotMultibase)?);
    }
    let values = Wiped::new(values);
    Ok(rebase(values.as_slice(), 58, 256))
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    let digits = rebase(bytes, 256, 58);
    let digits = digits
        .iter()
        .filter_map(|digit| ALPHABET.get(usize::from(*digit)));
    std::iter::once('z')
        .chain(digits.map(|digit| char::from(*digit)))
        .collect()
}

/// A number in one base written in another, most significant digit first; leading zeroes are kept.
fn rebase(digits: &[u8], from: u32, to: u32) -> Vec<u8> {
    // Least significant first while it is worked on.
    let mut out: Vec<u8> = Vec::with_capacity(digits.len().saturating_mul(2));
    for digit in digits {
        let mut carry = u32::from(*digit);
        for place in &mut out {
            carry = carry.saturating_add(u32::from(*place).saturating_mul(from));
            *place = low(carry, to);
            carry /= to;
        }
        while carry > 0 {
            out.push(low(carry, to));
            carry /= to;
        }
    }
    out.extend(digits.iter().take_while(|digit| **digit == 0));
    out.reverse();
    out
}

/// The last digit; a base is at most 256.
fn low(number: u32, base: u32) -> u8 {
    u8::try_from(number % base).unwrap_or_default()
}
