//! Keys, proofs and signatures: <https://w3id.org/security>

use std::time::SystemTime;

use super::declare::terms;
use crate::{Iri, Object, Ref};

terms! {
    /// Its keys; [`Object::public_keys`] reads them.
    refs public_key PUBLIC_KEY: Ref = "publicKey" in sec;
    /// Whose key it is.
    one owner OWNER: Iri = "owner" in sec;
    /// A key in PEM.
    one public_key_pem PUBLIC_KEY_PEM: String = "publicKeyPem" in sec;
    /// The keys with which it signs documents (FEP-521a): Multikeys.
    refs assertion_method ASSERTION_METHOD: Ref = "assertionMethod" in sec;
    /// The keys with which it shows who it is.
    refs authentication AUTHENTICATION: Ref = "authentication" in sec as "authenticationMethod";
    /// Whose key it is.
    one controller CONTROLLER: Iri = "controller" in sec;
    /// A key, by multibase and multicodec.
    one public_key_multibase PUBLIC_KEY_MULTIBASE: String = "publicKeyMultibase" in sec;
    /// Proofs that the document is its author's (FEP-8b32).
    refs proof PROOF: Ref = "proof" in sec;
    /// By which rules a proof was made: `eddsa-jcs-2022`.
    one cryptosuite CRYPTOSUITE: String = "cryptosuite" in sec;
    /// What a proof is for: `assertionMethod`.
    one proof_purpose PROOF_PURPOSE: String = "proofPurpose" in sec;
    /// The proof itself, by multibase.
    one proof_value PROOF_VALUE: String = "proofValue" in sec;
    /// The key by which a proof was made.
    refer verification_method VERIFICATION_METHOD: Ref = "verificationMethod" in sec;
    /// A signature of the old kind (RsaSignature2017). Nothing should believe it.
    one signature SIGNATURE: Object = "signature" in sec;
    /// The old signature itself.
    one signature_value SIGNATURE_VALUE: String = "signatureValue" in sec;
    /// The key by which an old signature was made.
    one creator CREATOR: Iri = "creator" in dc;
    /// When a proof was made.
    one created CREATED: SystemTime = "created" in dc;
    /// When it is over: a proof, a ban.
    one expires EXPIRES: SystemTime = "expires" in sec;
    /// Keys by which others may act for it.
    refs capability_delegation CAPABILITY_DELEGATION: Ref = "capabilityDelegation" in sec as "capabilityDelegationMethod";
    /// Keys by which it may use what was given to it.
    refs capability_invocation CAPABILITY_INVOCATION: Ref = "capabilityInvocation" in sec as "capabilityInvocationMethod";
    /// Keys with which messages to it are encrypted.
    refs key_agreement KEY_AGREEMENT: Ref = "keyAgreement" in sec as "keyAgreementMethod";
    /// A key, as a JSON Web Key.
    one public_key_jwk PUBLIC_KEY_JWK: Object = "publicKeyJwk" in sec;
    /// A key, in base 58, as it was written before [`Object::public_key_multibase`].
    one public_key_base58 PUBLIC_KEY_BASE58: String = "publicKeyBase58" in sec;
    /// When a key ceased to be good.
    one revoked REVOKED: SystemTime = "revoked" in sec;
    /// Of a proof, for whom it is.
    any domain DOMAIN: String = "domain" in sec;
    /// Of a proof, what it answers.
    one challenge CHALLENGE: String = "challenge" in sec;
    /// Of a proof or an old signature, a number that was used once.
    one nonce NONCE: String = "nonce" in sec;
    /// Of a proof, the one that it stands on.
    refs previous_proof PREVIOUS_PROOF: Ref = "previousProof" in sec;
    /// By which rules an old signature was made.
    one signature_algorithm SIGNATURE_ALGORITHM: String = "signatureAlgorithm" in sec;
    /// The digest of a file, by multibase (FEP-ef61).
    one digest_multibase DIGEST_MULTIBASE: String = "digestMultibase" in vc;
    /// Services of whom a document describes.
    refs service SERVICE: Ref = "service" in did;
    /// Where a service is.
    one service_endpoint SERVICE_ENDPOINT: Iri = "serviceEndpoint" in did;
}
