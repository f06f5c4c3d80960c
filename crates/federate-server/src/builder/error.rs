//! The mistakes that are found before an instance starts.

use federate_http::BadCertificate;
use federate_store::{Hold, StoreError};

use crate::keys::VaultError;
use crate::{CipherError, Error};

/// Why an instance cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The base URL is no URL.
    #[error("the base URL is not an absolute http or https URL")]
    BaseUrl,
    /// The base URL has more than scheme, host and port.
    #[error("the base URL may have no path, query, fragment or user name")]
    BaseUrlHasMore,
    /// The base URL is not https and not on loopback.
    #[error("the base URL must be https; http only on loopback")]
    BaseUrlNotHttps,
    /// A path template is none.
    #[error("`{0}` is not a path with the placeholders that it should have")]
    Template(String),
    /// Two templates, or a template and a fixed path, are the same.
    #[error("`{0}` stands for two things")]
    TemplateTwice(String),
    /// Two handlers for one type.
    #[error("`{0}` has two handlers")]
    HandlerTwice(&'static str),
    /// The name of the software is not what NodeInfo allows.
    #[error("the software's name may have lower-case letters, digits and hyphens only")]
    SoftwareName,
    /// The secret is too short.
    #[error("the secret must have 32 bytes or more")]
    Secret,
    /// The secrets in the store are encrypted with another secret than the [cipher](crate::Builder::key_cipher)'s, or there is no cipher for
    /// them. Nothing was made in their place.
    #[error("the secrets in the store cannot be read")]
    KeyCipher(#[source] CipherError),
    /// The key of the instance's own actor cannot be had.
    #[error("the key of the instance's actor cannot be had")]
    InstanceKey(#[source] Error),
    /// An extra root certificate cannot be read.
    #[error("an extra root certificate cannot be read")]
    RootCa(#[source] BadCertificate),
    /// The HTTP client cannot be made.
    #[error("the http client cannot be made")]
    Client(#[source] federate_http::BuildError),
    /// The store belongs to another instance: a copy of its data, or the base URL was changed. Peers know the ids, the keys
    /// and the followers by the old URL.
    #[error("the store belongs to {store}, not to {base_url}")]
    OtherInstance {
        /// Whose the store is.
        store: String,
        /// Who wants to use it.
        base_url: String,
    },
    /// What was in the store has moved to another one, or what is to be in it has not arrived yet.
    #[error("cannot begin here: {0}")]
    Moving(Hold),
    /// The store fails.
    #[error("the store cannot be used")]
    Store(#[source] StoreError),
}

impl From<VaultError> for BuildError {
    fn from(e: VaultError) -> Self {
        match e {
            VaultError::Store(e) => BuildError::Store(e),
            VaultError::Cipher { source, .. } => BuildError::KeyCipher(source),
        }
    }
}
