//! The little DER that keys need: definite, minimal lengths, nothing left over.

use super::BadKey;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(super) const ZEROTH: u8 = 0xa0;
/// `[1]`, constructed.
pub(super) const FIRST: u8 = 0xa1;
/// `[1]`, primitive.
pub(super) const FIRST_PRIMITIVE: u8 = 0x81;

/// rsaEncryption, 1.2.840.113549.1.1.1
pub(super) const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-Ed25519, 1.3.101.112
pub(super) const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// id-RSASSA-PSS, 1.2.840.113549.1.1.10
pub(super) const OID_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// id-ecPublicKey, 1.2.840.10045.2.1
pub(super) const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// secp256r1, 1.2.840.10045.3.1.7
pub(super) const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// secp384r1, 1.3.132.0.34
pub(super) const OID_P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Reads one level of DER.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn element(&mut self, tag: u8) -> Result<&'a [u8], BadKey> {
        let (&found, rest) = self.0.split_first().ok_or(BadKey::NotDer)?;
        if found != tag {
            return Err(BadKey::NotDer);
        }
        let (&first, rest) = rest.split_first().ok_or(BadKey::NotDer)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&length, rest) = rest.split_first().ok_or(BadKey::NotDer)?;
                if length < 0x80 {
                    return Err(BadKey::NotDer);
                }
                (usize::from(length), rest)
            }
            0x82 => {
                let (&[high, low], rest) = rest.split_first_chunk::<2>().ok_or(BadKey::NotDer)?;
                let length = usize::from(u16::from_be_bytes([high, low]));
                if length < 0x100 {
                    return Err(BadKey::NotDer);
                }
                (length, rest)
            }
            // Indefinite lengths, and lengths that no key of ours can have.
            _ => return Err(BadKey::NotDer),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(BadKey::NotDer)?;
        self.0 = rest;
        Ok(content)
    }

    /// The content of the next element where it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, BadKey> {
        match self.0.first() {
            Some(found) if *found == tag => self.element(tag).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn sequence(&mut self) -> Result<Reader<'a>, BadKey> {
        self.element(SEQUENCE).map(Reader)
    }

    /// A non-negative integer in big endian without leading zeroes; zero is empty.
    pub(super) fn unsigned(&mut self) -> Result<&'a [u8], BadKey> {
        match self.element(INTEGER)? {
            [] => Err(BadKey::NotDer),
            [0] => Ok(&[]),
            [0, rest @ ..] if rest.first().is_some_and(|b| b & 0x80 != 0) => Ok(rest),
            [first, ..] if *first == 0 || first & 0x80 != 0 => Err(BadKey::NotDer),
            number => Ok(number),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(self) -> Result<(), BadKey> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(BadKey::NotDer)
        }
    }
}

/// An AlgorithmIdentifier: the OID; for a key on a curve that of the curve, else with absent or NULL parameters.
pub(super) fn algorithm<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], BadKey> {
    let mut identifier = reader.sequence()?;
    let oid = identifier.element(OID)?;
    match oid {
        OID_EC => {
            let curve = identifier.element(OID)?;
            identifier.end()?;
            return Ok(curve);
        }
        OID_RSA if identifier.is_empty() => {}
        OID_RSA if identifier.element(NULL)?.is_empty() => {}
        // With parameters it is a key for one digest and salt only; they are not read.
        OID_ED25519 | OID_PSS => {}
        OID_RSA => return Err(BadKey::NotDer),
        // Other algorithms have parameters of their own; they are refused by name, not by shape.
        _ => return Ok(oid),
    }
    identifier.end()?;
    Ok(oid)
}

/// One element: tag, minimal length, content.
pub(super) fn write(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|c| c.len()).sum();
    let mut out = Vec::with_capacity(length.saturating_add(5));
    out.push(tag);
    let bytes = length.to_be_bytes();
    if length < 0x80 {
        out.extend(bytes.last());
    } else {
        let significant: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
        // At most eight bytes, so the count always fits.
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
        out.extend(significant);
    }
    for content in contents {
        out.extend_from_slice(content);
    }
    out
}

/// A non-negative integer.
pub(super) fn write_unsigned(number: &[u8]) -> Vec<u8> {
    if number.first().is_none_or(|b| b & 0x80 != 0) {
        write(INTEGER, &[&[0], number])
    } else {
        write(INTEGER, &[number])
    }
}
