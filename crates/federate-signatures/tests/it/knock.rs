//! Which format is sent, and what answers teach.

use crate::support::now;
use federate_signatures::{Flavour, FlavourEvidence, FlavourMemory, Knock};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::time::Duration;

const OK: StatusCode = StatusCode::ACCEPTED;
const REFUSED: StatusCode = StatusCode::UNAUTHORIZED;

fn offering() -> HeaderMap {
    let mut headers = HeaderMap::new();
    let offer = HeaderValue::from_static(r#"sig1=("@method" "@target-uri" "content-digest");created;keyid"#);
    headers.insert("accept-signature", offer);
    headers
}

#[test]
fn cavage_until_there_is_evidence_and_202_is_none() {
    let mut host = FlavourMemory::default();
    for status in [200, 202, 204, 400, 401, 403, 404, 410, 429, 500, 502, 503] {
        let status = StatusCode::from_u16(status).unwrap();
        let knock = host.answered(Flavour::Cavage, false, status, &HeaderMap::new(), now());
        assert_eq!(knock, Knock::Answered, "{status}");
        assert_eq!(host, FlavourMemory::default(), "{status}");
    }
    assert_eq!(host.flavour(now()), Flavour::Cavage);
}

#[test]
fn each_evidence_switches_and_ages() {
    for evidence in [
        FlavourEvidence::Software,
        FlavourEvidence::Signs,
        FlavourEvidence::AcceptSignature,
        FlavourEvidence::Took,
    ] {
        let mut host = FlavourMemory::default();
        assert!(host.learn(evidence, now()));
        assert!(!host.learn(evidence, now()), "no write for the same once more");
        assert!(host.learn(evidence, now() + Duration::from_secs(2 * 86_400)));
        let learnt = now() + Duration::from_secs(2 * 86_400);
        assert_eq!(host.evidence(), Some((evidence, learnt)));
        assert_eq!(host.flavour(learnt + FlavourMemory::EVIDENCE), Flavour::Rfc9421);
        let later = learnt + FlavourMemory::EVIDENCE + Duration::from_secs(1);
        assert_eq!(host.flavour(later), Flavour::Cavage);
        assert_eq!(host.to_string().parse(), Ok(host));
    }
}

#[test]
fn weaker_evidence_does_not_replace_stronger() {
    let mut host = FlavourMemory::default();
    host.learn(FlavourEvidence::AcceptSignature, now());
    assert!(!host.learn(
        FlavourEvidence::Software,
        now() + Duration::from_secs(10 * 86_400)
    ));
    assert!(host.learn(FlavourEvidence::Took, now()));
}

#[test]
fn an_offer_with_the_401_is_taken_at_once_and_once() {
    let mut host = FlavourMemory::default();
    let knock = host.answered(Flavour::Cavage, false, REFUSED, &offering(), now());
    assert_eq!(knock, Knock::Again(Flavour::Rfc9421));
    let knock = host.answered(Flavour::Rfc9421, true, REFUSED, &offering(), now());
    assert_eq!(knock, Knock::Answered, "there is no third knock");
    let knock = host.answered(Flavour::Rfc9421, true, OK, &HeaderMap::new(), now());
    assert_eq!(knock, Knock::Answered);
    assert_eq!(host.evidence(), Some((FlavourEvidence::Took, now())));
    assert_eq!(host.flavour(now()), Flavour::Rfc9421);
}

#[test]
fn an_offer_with_success_is_kept_for_the_next_time() {
    let mut host = FlavourMemory::default();
    let knock = host.answered(Flavour::Cavage, false, OK, &offering(), now());
    assert_eq!((knock, host.flavour(now())), (Knock::Answered, Flavour::Rfc9421));
}

#[test]
fn an_offer_that_cannot_be_read_is_none() {
    for offer in ["", "sig1", "sig1=1", r#"sig1=("@method""#, "\"", "sig1=:AAAA:"] {
        let mut headers = HeaderMap::new();
        headers.insert("accept-signature", HeaderValue::from_static(offer));
        let mut host = FlavourMemory::default();
        let knock = host.answered(Flavour::Cavage, false, REFUSED, &headers, now());
        assert_eq!(
            (knock, host),
            (Knock::Answered, FlavourMemory::default()),
            "{offer}"
        );
    }
}

#[test]
fn a_mere_error_never_downgrades() {
    let mut host = FlavourMemory::default();
    host.learn(FlavourEvidence::Signs, now());
    let before = host;
    for status in [202, 400, 403, 404, 408, 410, 429, 500, 502, 503, 504] {
        let status = StatusCode::from_u16(status).unwrap();
        let knock = host.answered(Flavour::Rfc9421, false, status, &HeaderMap::new(), now());
        assert_eq!((knock, host), (Knock::Answered, before), "{status}");
    }
}

#[test]
fn a_401_to_rfc9421_is_tried_in_cavage_once_and_remembered_for_a_week() {
    let mut host = FlavourMemory::default();
    host.learn(FlavourEvidence::Signs, now());
    let before = host;
    let knock = host.answered(Flavour::Rfc9421, false, REFUSED, &HeaderMap::new(), now());
    assert_eq!(knock, Knock::Again(Flavour::Cavage));
    // The key may be what it refuses: then nothing is learnt of formats.
    let knock = host.answered(Flavour::Cavage, true, REFUSED, &HeaderMap::new(), now());
    assert_eq!((knock, host), (Knock::Answered, before));
    host.answered(Flavour::Cavage, true, OK, &HeaderMap::new(), now());
    assert_eq!(host.flavour(now()), Flavour::Cavage);
    assert_eq!(host.to_string().parse(), Ok(host));
    // It signs with RFC 9421 day by day, and still cannot read ours.
    host.learn(FlavourEvidence::AcceptSignature, now());
    assert_eq!(host.flavour(now() + FlavourMemory::REFUSAL), Flavour::Cavage);
    let later = now() + FlavourMemory::REFUSAL + Duration::from_secs(1);
    assert_eq!(host.flavour(later), Flavour::Rfc9421);
}

#[test]
fn software() {
    let known = |name, version| FlavourEvidence::of_software(name, version).is_some();
    assert!(known("mastodon", "4.5.0") && known("mastodon", "4.7.0-alpha.2") && known("mastodon", "10.0"));
    assert!(!known("mastodon", "4.4.9") && !known("mastodon", "") && !known("mastodon", "x.y"));
    assert!(known("mitra", "5.9.0") && !known("mitra", "4.10.0"));
    assert!(
        !known("snac", "2.94"),
        "it answers 202 and drops what it cannot read"
    );
    assert!(!known("wordpress", "6.9") && !known("Mastodon 4.5", "4.5"));
    let capability = |href| FlavourEvidence::of_capability(href).is_some();
    assert!(capability("https://datatracker.ietf.org/doc/html/rfc9421"));
    assert!(!capability("https://datatracker.ietf.org/doc/html/rfc94210"));
}

#[test]
fn what_is_stored_is_read_strictly() {
    assert_eq!("".parse(), Ok(FlavourMemory::default()));
    for text in [
        "x",
        "refused",
        "refused@",
        "refused@-1",
        "refused@1 refused@2",
        "rfc9421=x@1",
        "signs@1",
    ] {
        assert!(text.parse::<FlavourMemory>().is_err(), "{text}");
    }
}
