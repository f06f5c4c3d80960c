//! Public halves, as an actor's document has them.

use std::sync::Arc;

use federate_protocol::signatures::{PrivateKey, Signer as _};

use super::Use;

/// What an actor's document says of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKeys {
    /// `publicKey`, in PEM.
    pub(crate) requests: Public,
    /// `assertionMethod`, a Multikey ([FEP-521a](https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md)).
    pub(crate) proofs: Public,
}

/// One key: its id and itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Public {
    pub(crate) id: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Public {
    pub(super) fn of(key: &PrivateKey, of: Use) -> Self {
        let public = key.public_key();
        let text = match of {
            Use::Requests => public.to_pem(),
            Use::Proofs => public.to_multikey(),
        };
        Public {
            id: key.key_id().as_str().into(),
            text: text.into(),
        }
    }
}

#[cfg(test)]
impl PublicKeys {
    /// Keys of these names, for tests of what is written about them.
    pub(crate) fn named(id: &str, text: &str) -> Self {
        let key = |kind: &str| Public {
            id: format!("{id}#{kind}").into(),
            text: text.into(),
        };
        PublicKeys {
            requests: key("main-key"),
            proofs: key("ed25519-key"),
        }
    }
}
