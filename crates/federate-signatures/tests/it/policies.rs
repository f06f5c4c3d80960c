//! The presets.

use crate::support::{ByHand, KEY_ID, RSA, at, key, now, post, verify};
use federate_signatures::{KeyId, Policy, cavage, rfc9421};
use std::time::Duration;

const NAMES: [&str; 10] = [
    "default",
    "mastodon",
    "gotosocial",
    "misskey",
    "lemmy",
    "pleroma",
    "peertube",
    "pixelfed",
    "wordpress",
    "mitra",
];

fn named(name: &str) -> Policy {
    Policy::named(name).unwrap()
}

#[test]
fn every_preset_takes_what_we_send_in_its_format() {
    assert_eq!(Policy::named("nobody"), None);
    let public = key(RSA).public_key();
    for name in NAMES {
        let request = cavage(post(), now()).sign(&key(RSA)).unwrap();
        verify(request, &public, &named(name), now()).unwrap();
        let request = rfc9421(post(), &KeyId::from(KEY_ID), now())
            .sign(&key(RSA))
            .unwrap();
        let both = ["default", "mastodon", "wordpress", "mitra"].contains(&name);
        match verify(request, &public, &named(name), now()) {
            Ok(_) => assert!(both, "{name}"),
            Err(refusal) => assert_eq!((refusal.name(), both), ("unsupported_format", false), "{name}"),
        }
    }
}

#[test]
fn the_windows_of_the_presets() {
    let public = key(RSA).public_key();
    for (name, past) in [
        ("default", 3600),
        ("mastodon", 3900),
        ("gotosocial", 3600),
        ("misskey", 300),
        ("lemmy", 3600),
        ("pleroma", 3600),
        ("peertube", 1800),
        ("pixelfed", 86_400),
        ("wordpress", 3600),
        ("mitra", 3600),
    ] {
        let signed = cavage(post(), now()).sign(&key(RSA)).unwrap();
        let late = now() + Duration::from_secs(past);
        verify(signed.clone(), &public, &named(name), late).unwrap();
        let later = late + Duration::from_secs(1);
        assert_eq!(
            verify(signed, &public, &named(name), later).unwrap_err().name(),
            "too_old",
            "{name}"
        );
    }
}

#[test]
fn s8_no_preset_takes_a_post_without_digest_host_or_target() {
    for name in NAMES {
        for list in [
            "date",
            "(request-target) host date",
            "(request-target) date digest",
            "host date digest",
        ] {
            let request = ByHand::new().list(list).request();
            let refusal = verify(request, &key(RSA).public_key(), &named(name), now()).unwrap_err();
            assert_eq!(refusal.name(), "not_signed", "{name}: {list}");
        }
    }
}

#[test]
fn who_wants_a_date_takes_no_created_alone() {
    let request = || {
        ByHand::new()
            .extra(r#"algorithm="hs2019",created=1703066400,"#)
            .line("(created)", "1703066400")
            .list("(request-target) host (created) digest")
            .request()
    };
    for (name, taken) in [
        ("mastodon", true),
        ("lemmy", true),
        ("pixelfed", false),
        ("misskey", false),
    ] {
        let verdict = verify(request(), &key(RSA).public_key(), &named(name), at(1_703_066_400));
        assert_eq!(verdict.is_ok(), taken, "{name}: {verdict:?}");
    }
}

#[test]
fn s26_a_server_that_reads_one_format_ignores_the_other() {
    let public = key(RSA).public_key();
    let mut request = cavage(post(), now()).sign(&key(RSA)).unwrap();
    request
        .headers_mut()
        .insert("signature-input", http::HeaderValue::from_static("x"));
    verify(request.clone(), &public, &named("misskey"), now()).unwrap();
    verify(request, &public, &named("mastodon"), now()).unwrap_err();
}
