//! How private keys lie in the store: encrypted, where the application says how.

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

/// Encrypts the secrets that the library makes before they are stored, and decrypts what comes back: see
/// [`Builder::key_cipher`](crate::Builder::key_cipher).
///
/// [`SecretCipher`] is one over a secret of the application. Another may ask a key service: both methods may take their time, and are
/// asked when a key is made, and when a process needs one that it has not read in the last
/// minute, never for each signature.
///
/// ```
/// use federate_server::{CipherError, KeyCipher, SecretCipher};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CipherError> {
/// let cipher = SecretCipher::new(b"32 bytes that the operator keeps")?;
/// let sealed = cipher.seal("actor:alice", b"a private key").await?;
/// assert_eq!(cipher.open("actor:alice", &sealed).await?, b"a private key");
/// // One that was moved to another name in the database is nobody's.
/// assert!(cipher.open("actor:bob", &sealed).await.is_err());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait KeyCipher: fmt::Debug + Send + Sync {
    /// Encrypts a secret that is stored under this name. The name is bound to it: it is authenticated, and need not be hidden.
    ///
    /// # Errors
    ///
    /// [`CipherError::Unavailable`]; then nothing is stored.
    async fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, CipherError>;

    /// Decrypts what [`seal`](KeyCipher::seal) made under the same name.
    ///
    /// # Errors
    ///
    /// [`CipherError::Rejected`] for whatever another secret sealed, or under another name, and for bytes that were changed.
    async fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError>;
}

/// Why a secret was not encrypted or decrypted. None of it is in here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The secret of the application has another length than 32 bytes.
    #[error("the secret of a key cipher has 32 bytes, not {0}")]
    Length(usize),
    /// What is stored was encrypted with another secret or under another name, or was changed.
    #[error("not encrypted with this secret under this name")]
    Rejected,
    /// What is stored is encrypted, and nobody said how.
    #[error("encrypted, and there is no key cipher")]
    NoCipher,
    /// The cipher cannot be asked for now: a key service that does not answer, a source of randomness that fails.
    #[error("the key cipher does not answer")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
}

/// Encrypts with a secret of 32 bytes: AES-256-GCM, a random nonce in front of each.
///
/// The secret comes from wherever the application keeps its own: not from the database in which the keys lie.
pub struct SecretCipher {
    key: LessSafeKey,
    random: SystemRandom,
}

impl SecretCipher {
    /// With this secret.
    ///
    /// # Errors
    ///
    /// [`CipherError::Length`] for any but 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, CipherError> {
        let key = UnboundKey::new(&AES_256_GCM, secret).map_err(|_| CipherError::Length(secret.len()))?;
        Ok(SecretCipher {
            key: LessSafeKey::new(key),
            random: SystemRandom::new(),
        })
    }
}

#[async_trait]
impl KeyCipher for SecretCipher {
    async fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, CipherError> {
        let unavailable = || CipherError::Unavailable("the source of randomness failed".into());
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| unavailable())?;
        let mut bytes = secret.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| unavailable())?;
        Ok([&nonce[..], &bytes].concat())
    }

    async fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (nonce, bytes) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(CipherError::Rejected)?;
        let mut bytes = bytes.to_vec();
        let opened = self.key.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(name.as_bytes()),
            &mut bytes,
        );
        let length = opened.map_err(|_| CipherError::Rejected)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// The secret is not printed.
impl fmt::Debug for SecretCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretCipher(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_sealed_is_opened_by_the_same_secret_under_the_same_name_and_by_nothing_else() {
        let cipher = SecretCipher::new(&[7; 32]).unwrap();
        let sealed = cipher.seal("actor:alice", b"private").await.unwrap();
        assert_eq!(cipher.open("actor:alice", &sealed).await.unwrap(), b"private");
        assert!(!sealed.windows(7).any(|bytes| bytes == b"private"));
        let again = cipher.seal("actor:alice", b"private").await.unwrap();
        assert_ne!(sealed, again, "a nonce is used once");
        let other = SecretCipher::new(&[8; 32]).unwrap();
        for (cipher, name) in [(&other, "actor:alice"), (&cipher, "actor:bob"), (&cipher, "")] {
            let refused = cipher.open(name, &sealed).await.unwrap_err();
            assert!(matches!(refused, CipherError::Rejected), "{name}: {refused}");
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(cipher.open("actor:alice", &changed).await.is_err(), "{place}");
            assert!(
                cipher.open("actor:alice", &sealed[..place]).await.is_err(),
                "{place}"
            );
        }
    }

    #[test]
    fn a_secret_has_32_bytes() {
        for length in [0, 16, 31, 33] {
            let refused = SecretCipher::new(&vec![1; length]).unwrap_err();
            assert!(
                matches!(refused, CipherError::Length(n) if n == length),
                "{length}"
            );
        }
        assert_eq!(
            format!("{:?}", SecretCipher::new(&[1; 32]).unwrap()),
            "SecretCipher(..)"
        );
    }
}
