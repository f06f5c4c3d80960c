use super::*;
use crate::{Algorithm, KeyId, Signer as _};

const RSA_PKCS1: &str = include_str!("../../tests/keys/rsa2048.pkcs1.pem");
const RSA_PKCS8: &str = include_str!("../../tests/keys/rsa2048.pkcs8.pem");
const RSA_SPKI: &str = include_str!("../../tests/keys/rsa2048.spki.pem");
const RSA_PUB_PKCS1: &str = include_str!("../../tests/keys/rsa2048.pub.pkcs1.pem");
const ED_PKCS8: &str = include_str!("../../tests/keys/ed25519.pkcs8.pem");
const ED_SPKI: &str = include_str!("../../tests/keys/ed25519.spki.pem");

fn id() -> KeyId {
    KeyId::from("https://example.org/users/a#main-key")
}

#[test]
fn both_private_encodings_give_the_published_public_key() {
    let published = PublicKey::from_pem(RSA_SPKI).unwrap();
    for pem in [RSA_PKCS1, RSA_PKCS8] {
        let key = PrivateKey::from_pem(id(), pem).unwrap();
        assert_eq!(key.public_key(), published);
        assert!(published.verifies(b"text", &key.sign(b"text").unwrap()));
        assert!(!published.verifies(b"Text", &key.sign(b"text").unwrap()));
    }
    assert_eq!(published.algorithm(), Algorithm::RsaV1_5Sha256);
    assert_eq!(published.bits(), 2048);
}

#[test]
fn ed25519_signs_and_verifies() {
    let key = PrivateKey::from_pem(id(), ED_PKCS8).unwrap();
    let public = PublicKey::from_pem(ED_SPKI).unwrap();
    assert_eq!(key.public_key(), public);
    assert!(public.verifies(b"text", &key.sign(b"text").unwrap()));
    assert_eq!(public.algorithm(), Algorithm::Ed25519);
}

#[test]
fn what_is_written_is_what_openssl_writes() {
    for pem in [
        RSA_SPKI,
        ED_SPKI,
        include_str!("../../tests/keys/rsa3072.spki.pem"),
    ] {
        assert_eq!(PublicKey::from_pem(pem).unwrap().to_pem(), pem);
    }
}

#[test]
fn pem_as_servers_send_it() {
    let expected = PublicKey::from_pem(RSA_SPKI).unwrap();
    let one_line: String = RSA_SPKI
        .replace('\n', "")
        .replace("KEY-----M", "KEY-----\nM")
        .replace("-----END", "\n-----END");
    for pem in [
        RSA_SPKI.replace('\n', "\r\n"),
        format!("{RSA_SPKI}\n\n"),
        format!("\n  {RSA_SPKI}"),
        RSA_SPKI.replace('\n', "\n "),
        RSA_SPKI.replace('\n', " "),
        RSA_SPKI.replace('\n', ""),
        RSA_SPKI.replace("BEGIN ", "BEGIN\n        "),
        one_line,
    ] {
        assert_eq!(PublicKey::from_pem(&pem).as_ref(), Ok(&expected), "{pem}");
    }
}

#[test]
fn s21_rsa_bounds_and_encodings() {
    let expected = PublicKey::from_pem(RSA_SPKI).unwrap();
    assert_eq!(PublicKey::from_pem(RSA_PUB_PKCS1), Ok(expected));
    let read = |pem| PublicKey::from_pem(pem).unwrap_err();
    assert_eq!(
        read(include_str!("../../tests/keys/rsa512.spki.pem")),
        BadKey::ModulusSize { bits: 512 }
    );
    assert_eq!(
        read(include_str!("../../tests/keys/rsa1024.spki.pem")),
        BadKey::ModulusSize { bits: 1024 }
    );
    assert_eq!(read(RSA_PKCS1), BadKey::PrivateKeyGiven);
    assert_eq!(read(RSA_PKCS8), BadKey::PrivateKeyGiven);
    assert_eq!(read("c2VjcmV0"), BadKey::NotPem);

    let with = |n: &[u8], e: &[u8]| PublicKey::from_rsa_components(n, e);
    assert_eq!(
        with(&[0xff; 2048], &[1, 0, 1]),
        Err(BadKey::ModulusSize { bits: 16384 })
    );
    assert_eq!(
        with(&[0xff; 1025], &[1, 0, 1]),
        Err(BadKey::ModulusSize { bits: 8200 })
    );
    assert_eq!(
        with(&[0x7f; 256], &[1, 0, 1]),
        Err(BadKey::ModulusSize { bits: 2047 })
    );
    assert_eq!(with(&[], &[1, 0, 1]), Err(BadKey::ModulusSize { bits: 0 }));
    let mut even = [0xff; 256];
    even[255] = 0xfe;
    assert_eq!(with(&even, &[1, 0, 1]), Err(BadKey::EvenModulus));
    for e in [
        &[][..],
        &[0],
        &[1],
        &[2],
        &[1, 0, 0],
        &[1, 0, 0, 0, 1],
        &[0xff; 256],
    ] {
        assert_eq!(with(&[0xff; 256], e), Err(BadKey::Exponent), "{e:?}");
    }
    with(&[0xff; 256], &[3]).unwrap();
    with(&[0xff; 1024], &[1, 0, 1]).unwrap();
}

#[test]
fn s20_small_order_and_non_canonical_ed25519_keys() {
    let mut weak: Vec<[u8; 32]> = public::SMALL_ORDER.to_vec();
    for low in 0xed..=0xff_u8 {
        let mut point = [0xff; 32];
        point[0] = low;
        point[31] = 0x7f;
        weak.push(point);
    }
    for mut point in weak {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            assert_eq!(
                PublicKey::from_ed25519(&point),
                Err(BadKey::WeakPoint),
                "{point:02x?}"
            );
        }
    }
    assert_eq!(PublicKey::from_ed25519(&[9; 31]), Err(BadKey::Ed25519Length));
}

#[test]
fn s20_malleable_ed25519_signatures() {
    let key = PrivateKey::from_pem(id(), ED_PKCS8).unwrap();
    let mut signature = key.sign(b"text").unwrap();
    // S + L, where L is the order of the group.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (s, l) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*s) + u16::from(l) + carry;
        *s = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert!(!key.public_key().verifies(b"text", &signature));
    assert!(!key.public_key().verifies(b"text", &[0; 64]));
    assert!(!key.public_key().verifies(b"text", &[]));
}

#[test]
fn nothing_secret_is_shown() {
    for pem in [RSA_PKCS8, ED_PKCS8] {
        let key = PrivateKey::from_pem(id(), pem).unwrap();
        let shown = format!("{key:?}");
        let secret = pem.lines().nth(1).unwrap();
        assert!(!shown.contains(&secret[..16]), "{shown}");
        assert!(shown.len() < 200, "{shown}");
    }
    let error = PrivateKey::from_pem(id(), &RSA_PKCS8.replace("MII", "AAA")).unwrap_err();
    assert_eq!(error.to_string(), "not a DER key structure");
    assert_eq!(
        PrivateKey::from_pem(id(), RSA_SPKI).unwrap_err(),
        BadKey::PublicKeyGiven
    );
    let small = include_str!("../../tests/keys/rsa1024.pkcs1.pem");
    assert_eq!(
        PrivateKey::from_pem(id(), small).unwrap_err(),
        BadKey::ModulusSize { bits: 1024 }
    );
}

#[test]
fn der_of_other_shapes() {
    let spki = PublicKey::from_pem(RSA_SPKI).unwrap().to_spki_der();
    for cut in 0..spki.len() {
        assert!(PublicKey::from_spki_der(&spki[..cut]).is_err());
    }
    let mut longer = spki;
    longer.push(0);
    assert_eq!(PublicKey::from_spki_der(&longer), Err(BadKey::NotDer));
    // Indefinite length.
    assert_eq!(PublicKey::from_spki_der(&[0x30, 0x80, 0, 0]), Err(BadKey::NotDer));
}

#[test]
fn multikeys() {
    // From <https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md> and by the round trip.
    for pem in [RSA_SPKI, ED_SPKI] {
        let key = PublicKey::from_pem(pem).unwrap();
        assert_eq!(PublicKey::from_multikey(&key.to_multikey()), Ok(key));
    }
    let printed = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    assert_eq!(PublicKey::from_multikey(printed).unwrap().to_multikey(), printed);
    let read = |text: &str| PublicKey::from_multikey(text).unwrap_err();
    assert_eq!(read(""), BadKey::NotMultibase);
    assert_eq!(read("u7QE"), BadKey::NotMultibase);
    assert_eq!(read("z0OIl"), BadKey::NotMultibase);
    assert_eq!(read("z"), BadKey::UnsupportedAlgorithm);
    assert_eq!(read("z6Mk"), BadKey::UnsupportedAlgorithm);
    assert_eq!(read(&"z".repeat(4000)), BadKey::TooLong { limit: 2048 });
}

proptest::proptest! {
    #[test]
    fn multikey_reader_never_panics(text in "z?[1-9A-Za-z]{0,60}") {
        let _ = PublicKey::from_multikey(&text);
    }

    #[test]
    fn key_readers_never_panic(bytes: Vec<u8>, text: String) {
        let _ = PublicKey::from_spki_der(&bytes);
        let _ = PublicKey::from_pkcs1_der(&bytes);
        let _ = PublicKey::from_pem(&text);
        let _ = PrivateKey::from_pkcs8(id(), &bytes);
        let _ = PrivateKey::from_pem(id(), &text);
    }

    #[test]
    fn a_flipped_byte_of_a_key_is_refused_or_another_key(at in 0usize..294, flip in 1u8..) {
        let good = PublicKey::from_pem(RSA_SPKI).unwrap();
        let mut der = good.to_spki_der();
        der[at] ^= flip;
        if let Ok(other) = PublicKey::from_spki_der(&der) {
            proptest::prop_assert_ne!(other, good);
        }
    }
}

/// The rows of <https://github.com/multiformats/multibase/tree/master/tests> in base58btc, the one base of FEP-521a.
#[test]
fn multibase_as_published() {
    for (bytes, text) in [
        (&b"yes mani !"[..], "z7paNL19xttacUY"),
        (b"\x00yes mani !", "z17paNL19xttacUY"),
        (b"\x00\x00yes mani !", "z117paNL19xttacUY"),
    ] {
        assert_eq!(multikey::encode(bytes), text);
        assert_eq!(multikey::decode(text).unwrap(), bytes);
    }
    // Other bases are none of ours: a key has one spelling.
    for text in [
        "uAHllcyBtYW5pICE",
        "mAHllcyBtYW5pICE",
        "f00796573206d616e692021",
        "Z17paNL19xttacUY",
        "",
    ] {
        assert_eq!(multikey::decode(text), Err(BadKey::NotMultibase), "{text}");
    }
}
