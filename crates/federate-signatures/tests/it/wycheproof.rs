//! [Wycheproof](https://github.com/C2SP/wycheproof): what is valid is accepted, what is invalid is refused, and every
//! case in which we say something else stands in a list with its reason.

use federate_signatures::{Algorithm, PublicKey};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

/// A case to which its set leaves the choice, what we say to it, and why.
struct Choice {
    number: usize,
    accepted: bool,
    /// A part of what the set says about it.
    comment: &'static str,
    reason: &'static str,
}

/// RFC 8017 tells verifiers to compare with what a signer would have made, and that has the NULL (9.2, note 1).
const MISSING_NULL: Choice = Choice {
    number: 8,
    accepted: false,
    comment: "Missing NULL",
    reason: "two encodings of one signature: the second is made from the first without the key",
};

/// What `ring` says, and AWS-LC where it is there: both say the same.
fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let verifies = key.verifies(message, signature);
    #[cfg(feature = "aws-lc-rs")]
    {
        let theirs = key
            .clone()
            .verified_by(&federate_signatures::aws_lc::AwsLc)
            .unwrap();
        assert_eq!(theirs.verifies(message, signature), verifies);
    }
    verifies
}

/// One case: its number, what the set expects and says, and what we said.
struct Case {
    number: usize,
    expected: TestResult,
    comment: String,
    accepted: bool,
}

/// There is no exception to valid and invalid; each free choice is listed.
fn hold(set: &str, cases: &[Case], choices: &[Choice]) {
    let mut left: Vec<usize> = choices.iter().map(|choice| choice.number).collect();
    for case in cases {
        let name = format!("{set}, {}: {}", case.number, case.comment);
        let (expected, why) = match case.expected {
            TestResult::Valid => (true, "valid"),
            TestResult::Invalid => (false, "invalid"),
            TestResult::Acceptable => {
                let choice = choices.iter().find(|choice| choice.number == case.number);
                assert!(choice.is_some(), "not listed: {name}");
                let choice = choice.unwrap();
                assert!(case.comment.contains(choice.comment), "{name}");
                left.retain(|number| *number != case.number);
                (choice.accepted, choice.reason)
            }
        };
        assert_eq!(case.accepted, expected, "{name}: {why}");
    }
    assert!(left.is_empty(), "{set}: listed but not there: {left:?}");
    assert!(cases.iter().any(|case| case.accepted), "{set}");
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut cases = Vec::new();
    for group in set.test_groups {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in group.tests {
            cases.push(Case {
                number: test.tc_id,
                expected: test.result,
                comment: test.comment.clone(),
                accepted: verifies(&key, &test.msg, &test.sig),
            });
        }
    }
    hold("ed25519", &cases, &[]);
}

/// The signatures of RFC 9421 are r and s side by side, as IEEE P1363 writes them.
#[test]
fn ecdsa_p1363() {
    for (name, bits) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, 256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, 384),
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        let mut cases = Vec::new();
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            assert_eq!(key.bits(), bits);
            for test in group.tests {
                cases.push(Case {
                    number: test.tc_id,
                    expected: test.result,
                    comment: test.comment.clone(),
                    accepted: verifies(&key, &test.msg, &test.sig),
                });
            }
        }
        hold(&format!("P-{bits}"), &cases, &[]);
    }
}

/// As DER, which is what other protocols carry, no signature of ours is read.
#[test]
fn ecdsa_in_der_is_refused() {
    for name in [
        ecdsa::TestName::EcdsaSecp256r1Sha256,
        ecdsa::TestName::EcdsaSecp384r1Sha384,
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                assert!(!verifies(&key, &test.msg, &test.sig), "{}", test.tc_id);
            }
        }
    }
}

#[test]
fn rsa_pkcs1_sha256() {
    for (name, bits) in [
        (pkcs1::TestName::Rsa2048Sha256, 2048),
        (pkcs1::TestName::Rsa3072Sha256, 3072),
        (pkcs1::TestName::Rsa4096Sha256, 4096),
        (pkcs1::TestName::Rsa8192Sha256, 8192),
    ] {
        let set = pkcs1::TestSet::load(name).unwrap();
        let mut cases = Vec::new();
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            assert_eq!(key, PublicKey::from_pkcs1_der(&group.asn_key).unwrap());
            assert_eq!(key.bits(), group.key_size);
            for test in group.tests {
                cases.push(Case {
                    number: test.tc_id,
                    expected: test.result,
                    comment: test.comment.clone(),
                    accepted: verifies(&key, &test.msg, &test.sig),
                });
            }
        }
        hold(&format!("PKCS#1 v1.5, {bits} bits"), &cases, &[MISSING_NULL]);
    }
}

/// A key verifies by one algorithm: a good signature with another hash is a bad one.
#[test]
fn rsa_pkcs1_with_another_hash_is_refused() {
    for name in [
        pkcs1::TestName::Rsa2048Sha224,
        pkcs1::TestName::Rsa2048Sha384,
        pkcs1::TestName::Rsa2048Sha512,
        pkcs1::TestName::Rsa2048Sha512_256,
        pkcs1::TestName::Rsa2048Sha3_256,
        pkcs1::TestName::Rsa3072Sha512,
        pkcs1::TestName::Rsa4096Sha512,
    ] {
        let set = pkcs1::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                // Among the wrong hashes of these sets is the one that is right here.
                let ours = test
                    .comment
                    .starts_with("The message is hashed with SHA-256 instead of");
                assert_eq!(verifies(&key, &test.msg, &test.sig), ours, "{}", test.comment);
            }
        }
    }
}

/// RFC 9421 has one form of RSASSA-PSS: SHA-512, MGF1 with SHA-512, a salt of 64 bytes.
#[test]
fn rsa_pss_sha512() {
    use pss::TestName::{
        RsaPss2048Sha256Mgf1SaltLen32, RsaPss2048Sha512Mgf1Sha256SaltLen32WithParams,
        RsaPss4096Sha512Mgf1SaltLen32, RsaPss4096Sha512Mgf1SaltLen64, RsaPssmisc,
    };
    let mut cases = Vec::new();
    let mut of_another_form = 0;
    for name in [
        RsaPss4096Sha512Mgf1SaltLen64,
        RsaPss4096Sha512Mgf1SaltLen32,
        RsaPss2048Sha512Mgf1Sha256SaltLen32WithParams,
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPssmisc,
    ] {
        let set = pss::TestSet::load(name).unwrap();
        for group in set.test_groups {
            // The file with parameters has them in the SPKI, which is another kind of key; the key is the same.
            let Ok(key) = PublicKey::from_pkcs1_der(&group.asn_key) else {
                assert!(group.key_size < 2048, "{}", group.key_size);
                continue;
            };
            let key = key.with_algorithm(Algorithm::RsaPssSha512).unwrap();
            let ours = group.hash == wycheproof::HashFunction::Sha2_512
                && group.mgf_hash == Some(wycheproof::HashFunction::Sha2_512)
                && group.salt_size == 64;
            for test in group.tests {
                let accepted = verifies(&key, &test.msg, &test.sig);
                if ours {
                    cases.push(Case {
                        number: test.tc_id,
                        expected: test.result,
                        comment: test.comment.clone(),
                        accepted,
                    });
                } else {
                    assert!(!accepted, "{}", test.tc_id);
                    of_another_form += 1;
                }
            }
        }
    }
    assert!(of_another_form > 100, "{of_another_form}");
    hold("RSASSA-PSS", &cases, &[]);
}
