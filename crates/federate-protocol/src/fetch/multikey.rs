//! `Multikey` (FEP-521a): a public key in base58btc, its kind before it.
//!
//! <https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md>

use crate::signatures::PublicKey;
use base64::Engine as _;

/// More than an RSA key of 8192 bits needs; decoding is quadratic.
const MAX_LEN: usize = 1_500;

pub(super) fn decode(multibase: &str) -> Option<PublicKey> {
    let bytes = base58(multibase.strip_prefix('z')?)?;
    match bytes.split_at_checked(2)? {
        ([0xed, 0x01], key) if key.len() == 32 => {
            let mut spki = vec![
                0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
            ];
            spki.extend_from_slice(key);
            PublicKey::from_spki_der(&spki).ok()
        }
        ([0x85, 0x24], key) => {
            let pem = format!(
                "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
                base64::engine::general_purpose::STANDARD.encode(key)
            );
            PublicKey::from_pem(&pem).ok()
        }
        _ => None,
    }
}

fn base58(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if text.len() > MAX_LEN {
        return None;
    }
    // Little-endian while it is worked on.
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for digit in text.bytes() {
        let mut carry = u32::try_from(ALPHABET.iter().position(|known| *known == digit)?).ok()?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(u8::try_from(carry & 0xff).ok()?);
            carry >>= 8;
        }
    }
    let zeros = text.bytes().take_while(|digit| *digit == b'1').count();
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base58_reads_what_the_draft_shows() {
        assert_eq!(base58("2NEpo7TZRRrLZSi2U").unwrap(), b"Hello World!");
        assert_eq!(base58("11233QC4").unwrap(), [0, 0, 0x28, 0x7f, 0xb4, 0xcd]);
        assert_eq!(base58("0"), None);
        assert_eq!(base58(&"z".repeat(MAX_LEN + 1)), None);
    }

    #[test]
    fn an_ed25519_multikey_is_a_key_and_another_kind_is_none() {
        assert!(decode("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2").is_some());
        assert!(decode("u6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2").is_none());
        assert!(decode("z").is_none());
        assert!(decode("zzzzzz").is_none());
    }
}
