//! Multibase in base58btc, as [FEP-521a](https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md) and
//! `did:key` write keys.

use super::BadKey;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// More than an RSA key of 8192 bits needs; the work grows with the square.
const LIMIT: usize = 2048;

pub(super) fn decode(text: &str) -> Result<Vec<u8>, BadKey> {
    if text.len() > LIMIT {
        return Err(BadKey::TooLong { limit: LIMIT });
    }
    let digits = text.strip_prefix('z').ok_or(BadKey::NotMultibase)?;
    let values: Option<Vec<usize>> = digits
        .bytes()
        .map(|digit| ALPHABET.iter().position(|known| *known == digit))
        .collect();
    let values = values.ok_or(BadKey::NotMultibase)?;
    let values: Vec<u8> = values.into_iter().filter_map(|v| u8::try_from(v).ok()).collect();
    Ok(rebase(&values, 58, 256))
}

pub(super) fn encode(bytes: &[u8]) -> String {
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
