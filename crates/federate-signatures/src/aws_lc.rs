//! [AWS-LC](https://crates.io/crates/aws-lc-rs) as a provider beside `ring`, with the feature `aws-lc-rs`.
//!
//! Values, not a switch: what is signed and verified with the types of this module goes through AWS-LC, everything else
//! stays with `ring`. Bounds and refusals of keys are the same for both. It signs RSA faster where the processor has
//! AVX512-IFMA, with keys of up to 8192 bits, and it makes RSA keys. It keeps what it derives from a key that it
//! verifies with: with RSA of 2048 bits a signature takes about three quarters of the time (`benches/signatures`).
//!
//! ```
//! use federate_signatures::{KeyGenerator as _, KeyId, Signer as _, aws_lc};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let made = aws_lc::AwsLc.generate_rsa_2048()?;
//! let key = aws_lc::PrivateKey::from_pkcs8(KeyId::from("https://me.example/users/a#main-key"), made.as_pkcs8())?;
//! let signature = key.sign(b"message")?;
//! // One provider verifies what the other signed.
//! assert!(key.public_key().verifies(b"message", &signature));
//! # Ok(())
//! # }
//! ```

mod generate;
mod private;
mod provider;
mod public;

pub use private::PrivateKey;
pub use provider::AwsLc;
pub use public::VerifyingKey;
