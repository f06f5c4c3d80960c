//! Fresh keys.

use super::{Failed, Told};
use federate_signatures::KeyGenerator;
#[cfg(not(feature = "aws-lc-rs"))]
use federate_signatures::{GeneratedKey, SignError};
use serde_json::{Value, json};

pub(super) fn keygen(kind: &str) -> Result<Told, Failed> {
    let made = match kind {
        "ed25519" => GENERATOR.generate_ed25519()?,
        "p256" => GENERATOR.generate_p256()?,
        "rsa" | "rsa2048" => GENERATOR.generate_rsa_2048()?,
        other => return Err(format!("{other}: no such kind of key").into()),
    };
    let public = made.public_key()?;
    let verdict = json!({
        "verdict": "made",
        "algorithm": public.algorithm().to_string(),
        "private_pem": made.to_pem(),
        "public_pem": public.to_pem(),
        "multikey": public.to_multikey(),
        "did": public.to_did_key(),
        "jwk": serde_json::from_str::<Value>(&public.to_jwk())?,
    });
    Ok((verdict, true))
}

#[cfg(feature = "aws-lc-rs")]
use federate_signatures::aws_lc::AwsLc as GENERATOR;

#[cfg(not(feature = "aws-lc-rs"))]
use Ring as GENERATOR;

/// What ring makes: all but RSA.
#[cfg(not(feature = "aws-lc-rs"))]
#[derive(Debug)]
struct Ring;

#[cfg(not(feature = "aws-lc-rs"))]
impl KeyGenerator for Ring {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        Err(SignError::Provider(
            "ring makes no RSA keys: build with --features aws-lc-rs (which needs a C compiler), or make one with \
             `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`; any PEM is read"
                .into(),
        ))
    }
}
