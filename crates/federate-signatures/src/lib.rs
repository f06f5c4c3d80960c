//! HTTP signatures as the fediverse signs, with an answer to 'why 401?'. Sans-io.
#![deny(missing_docs)]
#![allow(
    clippy::todo,
    unused_variables,
    dead_code,
    clippy::needless_pass_by_value,
    reason = "the API stands before its bodies"
)]

mod algorithm;
mod key;
mod key_id;
mod parsed;
mod policy;
mod refusal;
mod signer;
mod unsigned;
mod verified;

pub use algorithm::{Algorithm, Flavour};
pub use key::{BadKey, PrivateKey, PublicKey};
pub use key_id::KeyId;
pub use parsed::{Parsed, parse};
pub use policy::Policy;
pub use refusal::{Refusal, RefusalKind};
pub use signer::{GeneratedKey, KeyGenerator, SignError, Signer};
pub use unsigned::{Unsigned, cavage, rfc9421};
pub use verified::VerifiedSignature;
