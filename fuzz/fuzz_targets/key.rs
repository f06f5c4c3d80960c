//! Keys as actors publish and as operators keep them: no panic, what is read of a public key is written and read again,
//! in every dress, and a private key signs for its public half.
#![no_main]

use federate_signatures::{KeyId, PrivateKey, PublicKey, Signer as _};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut keys = vec![
        PublicKey::from_spki_der(data),
        PublicKey::from_pkcs1_der(data),
        PublicKey::from_point(data),
    ];
    let _ = PrivateKey::from_pkcs8(KeyId::from("k"), data);
    if let Ok(text) = std::str::from_utf8(data) {
        keys.push(PublicKey::from_pem(text));
        keys.push(PublicKey::from_multikey(text));
        keys.push(PublicKey::from_did_key(text));
        keys.push(PublicKey::from_jwk(text));
        for key in [
            PrivateKey::from_multikey(KeyId::from("k"), text),
            PrivateKey::from_pem(KeyId::from("k"), text),
            PrivateKey::from_jwk(KeyId::from("k"), text),
        ]
        .into_iter()
        .flatten()
        {
            // What it is said to have signed can be found out.
            assert!(
                key.public_key()
                    .verifies(b"m", &key.sign(b"m").expect("a key that was read signs"))
            );
        }
    }
    for key in keys.into_iter().flatten() {
        assert_eq!(
            PublicKey::from_pem(&key.to_pem()).expect("our own PEM is read"),
            key
        );
        assert_eq!(
            PublicKey::from_multikey(&key.to_multikey()).expect("our own Multikey is read"),
            key
        );
        let jwk = PublicKey::from_jwk(&key.to_jwk()).expect("our own JWK is read");
        assert_eq!(jwk.with_algorithm(key.algorithm()).expect("the same key"), key);
    }
});
