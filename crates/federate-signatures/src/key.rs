//! Keys: read, bounded, written, never shown.

mod bad;
mod curve;
mod der;
mod jwk;
mod multikey;
mod pem;
mod private;
mod public;
mod secret;
mod secret_jwk;
#[cfg(test)]
mod tests;
mod wiped;

pub use bad::BadKey;
pub(crate) use multikey::{decode as multibase_decode, encode as multibase_encode};
pub(crate) use pem::write as pem_write;
pub use private::PrivateKey;
pub use public::PublicKey;
pub(crate) use secret::Secret;
#[cfg(feature = "aws-lc-rs")]
pub(crate) use secret::{from_multikey, from_pem};
pub(crate) use wiped::Wiped;
