//! A refusal explains itself.

use crate::support::*;

#[test]
fn the_full_reason_and_the_one_for_the_peer() {
    let old = ByHand::new()
        .set("date", "Wed, 20 Dec 2023 06:00:00 GMT")
        .verify()
        .unwrap_err();
    assert_eq!(
        old.to_string(),
        "signed 14400 s ago by date, at most 3900 s are accepted: the clocks differ or the request is old"
    );
    assert_eq!(old.key_id().unwrap().as_str(), KEY_ID);
    let host = ByHand::new().set("host", "evil.example").verify().unwrap_err();
    assert_eq!(
        host.to_string(),
        "the request is for the host evil.example, but this server is peer.example"
    );
    assert_eq!(host.peer_message(), "the host evil.example is not served here");
    let missing = ByHand::new().list("date").verify().unwrap_err();
    assert_eq!(
        missing.peer_message(),
        "not signed, but required: (request-target), host, digest"
    );
    assert!(!missing.is_malformed());
}

#[test]
fn the_signed_string_is_shown_escaped() {
    let by_hand = ByHand::new().target("/inbox?token=t");
    let header = ByHand::new().target("/other").header();
    let refusal = by_hand.verify_header(&header).unwrap_err();
    assert_eq!(refusal.signed_string().unwrap(), by_hand.base());
    let explained = refusal.explain();
    assert!(
        explained.contains("(request-target): post /inbox?token=t\\nhost: peer.example\\n"),
        "{explained}"
    );
    assert!(
        explained.contains("key id: https://me.example/users/a#main-key\n"),
        "{explained}"
    );
    assert!(explained.contains("format: draft-cavage-12\n"), "{explained}");
    // Neither the query nor the string in what goes to a log or to the peer.
    for text in [
        refusal.to_string(),
        refusal.peer_message(),
        format!("{refusal:?}"),
    ] {
        assert!(!text.contains("token"), "{text}");
    }
}

#[test]
fn what_a_peer_wrote_cannot_forge_a_line() {
    let long = "x".repeat(5000);
    for host in ["a\tb", "a\"b", long.as_str()] {
        let refusal = ByHand::new().set("host", host).verify().unwrap_err();
        for text in [refusal.to_string(), refusal.peer_message()] {
            assert!(
                text.len() < 300 && !text.contains(|c: char| c.is_control()),
                "{text}"
            );
        }
    }
    let date = ByHand::new().set("date", &"y".repeat(5000)).verify().unwrap_err();
    assert!(date.to_string().len() < 200);
}

#[test]
fn checks_without_a_key_come_first() {
    use federate_signatures::{Policy, parse};
    let (head, body) = ByHand::new().request().into_parts();
    let parsed = parse(&head, &body).unwrap();
    parsed.check(&policy(), now()).unwrap();
    let late = now() + std::time::Duration::from_secs(86_400);
    assert_eq!(why(parsed.check(&policy(), late)), "too_old");
    assert_eq!(
        why(parsed.check(&Policy::default().authorities(["other.example"]), now())),
        "wrong_authority"
    );
}

#[test]
fn s28_only_the_key_is_a_reason_to_fetch_the_key() {
    let other = ByHand {
        pem: OTHER_RSA,
        ..ByHand::new()
    };
    let public = key(RSA).public_key();
    let mismatch = verify(other.request(), &public, &policy(), now()).unwrap_err();
    assert!(mismatch.another_key_may_help());
    let ed25519 = ByHand {
        pem: ED25519,
        ..ByHand::new()
    }
    .verify()
    .unwrap_err();
    assert!(ed25519.another_key_may_help());
    let old = ByHand::new()
        .set("date", "Wed, 20 Dec 2023 06:00:00 GMT")
        .verify()
        .unwrap_err();
    assert!(!old.another_key_may_help());
}
