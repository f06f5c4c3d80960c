//! The rows of the threat list that concern draft-cavage signatures.

use crate::support::*;
use federate_signatures::{Policy, PublicKey, RefusalKind, parse};
use std::time::Duration;

#[test]
fn the_request_by_hand_is_good() {
    let verified = ByHand::new().verify().unwrap();
    assert_eq!(verified.key_id().as_str(), KEY_ID);
    assert_eq!(verified.covered(), ["(request-target)", "host", "date", "digest"]);
    assert_eq!(verified.signed_at(), now());
}

#[test]
fn s2_a_signature_says_its_key_and_no_other() {
    let parsed = {
        let (head, body) = ByHand::new().request().into_parts();
        parse(&head, &body).unwrap()
    };
    assert_eq!(parsed.key_id().as_str(), KEY_ID);
    let other = key(OTHER_RSA).public_key();
    assert_eq!(why(parsed.verify(&other, &policy(), now())), "signature_mismatch");
}

#[test]
fn s3_the_key_id_is_kept_to_the_byte() {
    for id in [
        "https://a.example/u/a#k",
        "https://A.example:443/u/%61?x=1#k",
        "acct:bob@remote.domain",
        "did:key:z6Mk",
    ] {
        let request = ByHand::new().request_with(&format!(r#"keyId="{id}",signature="AAAA""#));
        let (head, body) = request.into_parts();
        assert_eq!(parse(&head, &body).unwrap().key_id().as_str(), id);
    }
}

#[test]
fn s6_the_header_never_chooses_the_algorithm() {
    let good = ByHand::new();
    for (named, reason) in [
        ("hmac-sha256", "unsupported_algorithm"),
        ("none", "unsupported_algorithm"),
        ("", "unsupported_algorithm"),
        ("rsa-sha1", "unsupported_algorithm"),
        ("rsa-sha512", "unsupported_algorithm"),
        ("RSA-SHA256", "unsupported_algorithm"),
        ("ed25519", "algorithm_mismatch"),
    ] {
        let by_hand = good.clone().extra(&format!(r#"algorithm="{named}","#));
        assert_eq!(why(by_hand.verify()), reason, "{named}");
    }
    let ed25519 = ByHand {
        pem: ED25519,
        ..good.clone()
    };
    assert_eq!(why(ed25519.verify()), "algorithm_mismatch");
    for named in [r#"algorithm="hs2019","#, r#"algorithm="ed25519","#, ""] {
        ed25519.clone().extra(named).verify().unwrap();
    }
    // The PEM as a secret of an HMAC.
    let pem = key(RSA).public_key().to_pem();
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, pem.as_bytes());
    let tag = base64(ring::hmac::sign(&secret, good.base().as_bytes()).as_ref());
    for named in ["hmac-sha256", "hs2019", "rsa-sha256"] {
        let list = &good.list;
        let header = format!(r#"keyId="{KEY_ID}",algorithm="{named}",headers="{list}",signature="{tag}""#);
        good.verify_header(&header).unwrap_err();
    }
}

#[test]
fn s7_hs2019_is_rsa_sha256_for_rsa_keys() {
    use ring::{rand::SystemRandom, signature::*};
    for named in [r#"algorithm="hs2019","#, r#"algorithm="rsa-sha256","#, ""] {
        ByHand::new().extra(named).verify().unwrap();
    }
    let by_hand = ByHand::new().extra(r#"algorithm="hs2019","#);
    let der: String = RSA.lines().filter(|l| !l.contains("---")).collect();
    let der = {
        use ::base64::Engine as _;
        ::base64::engine::general_purpose::STANDARD.decode(der).unwrap()
    };
    let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
    let encodings: [&'static dyn RsaEncoding; 3] = [&RSA_PKCS1_SHA512, &RSA_PSS_SHA256, &RSA_PSS_SHA512];
    for encoding in encodings {
        let mut signature = vec![0; 256];
        pair.sign(
            encoding,
            &SystemRandom::new(),
            by_hand.base().as_bytes(),
            &mut signature,
        )
        .unwrap();
        let (list, signature) = (&by_hand.list, base64(&signature));
        let header =
            format!(r#"keyId="{KEY_ID}",algorithm="hs2019",headers="{list}",signature="{signature}""#);
        assert_eq!(why(by_hand.verify_header(&header)), "signature_mismatch");
    }
}

#[test]
fn s8_what_a_post_must_sign() {
    for (list, missing) in [
        ("date", vec!["(request-target)", "host", "digest"]),
        ("(request-target) host date", vec!["digest"]),
        ("(request-target) date digest", vec!["host"]),
        ("host date digest", vec!["(request-target)"]),
        ("(request-target) host digest", vec!["date or (created)"]),
        (
            "",
            vec!["(request-target)", "host", "date or (created)", "digest"],
        ),
    ] {
        let kind = refused(ByHand::new().list(list).verify());
        let missing = missing.into_iter().map(ToOwned::to_owned).collect();
        assert_eq!(kind, RefusalKind::NotSigned { missing }, "{list}");
    }
    let by_hand = ByHand::new();
    let absent = format!(r#"keyId="{KEY_ID}",signature="{}""#, by_hand.signature());
    assert_eq!(why(by_hand.verify_header(&absent)), "not_signed");
    let unsigned = by_hand.builder().body(by_hand.body.into()).unwrap();
    assert_eq!(
        why(verify(unsigned, &key(RSA).public_key(), &policy(), now())),
        "unsigned"
    );
}

#[test]
fn s8_a_get_with_a_body_must_sign_its_digest() {
    let get = ByHand {
        method: "GET",
        ..ByHand::new().list("(request-target) host date")
    };
    assert_eq!(why(get.verify()), "not_signed");
    ByHand {
        body: String::new(),
        ..get
    }
    .without("digest")
    .verify()
    .unwrap();
}

#[test]
fn s9_lists_that_cannot_be() {
    let list = |list: &str| why(ByHand::new().list(list).verify());
    assert_eq!(
        list("(request-target) host date date digest"),
        "repeated_component"
    );
    assert_eq!(
        list("(request-target) host date DATE digest"),
        "repeated_component"
    );
    assert_eq!(
        list("(request-target) host date digest x-absent"),
        "absent_component"
    );
    assert_eq!(
        list("(request-target) host date digest signature"),
        "unsupported_component"
    );
    assert_eq!(
        list("(request-target) host date digest (response-status)"),
        "unsupported_component"
    );
    assert_eq!(
        list("(request-target) host date digest (created)"),
        "missing_parameter"
    );
    let kind = refused(
        ByHand::new()
            .list("(request-target) host date digest x-absent")
            .verify(),
    );
    assert_eq!(
        kind,
        RefusalKind::AbsentComponent {
            name: "x-absent".to_owned()
        }
    );
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}")).collect();
    let many = many
        .iter()
        .fold(ByHand::new().list(&many.join(" ")), |b, name| b.add(name, "1"));
    assert_eq!(why(many.verify()), "too_large");
}

#[test]
fn s10_headers_that_mean_one_thing_come_once() {
    let digest = "SHA-256=".to_owned() + &sha256(BODY.as_bytes());
    let bad = "SHA-256=".to_owned() + &sha256(b"other");
    for (name, values) in [
        ("digest", [digest.as_str(), &digest]),
        ("digest", [&digest, &bad]),
        ("digest", [&bad, &digest]),
        ("host", ["peer.example", "peer.example"]),
        ("host", ["peer.example", "evil.example"]),
        ("host", ["evil.example", "peer.example"]),
        (
            "date",
            ["Wed, 20 Dec 2023 10:00:00 GMT", "Wed, 20 Dec 2023 10:00:00 GMT"],
        ),
        (
            "date",
            ["Wed, 20 Dec 2023 10:00:00 GMT", "Wed, 20 Dec 2023 10:00:01 GMT"],
        ),
    ] {
        let by_hand = ByHand::new()
            .without(name)
            .add(name, values[0])
            .add(name, values[1]);
        assert_eq!(
            refused(by_hand.verify()),
            RefusalKind::RepeatedHeader {
                name: name.to_owned()
            }
        );
    }
    let by_hand = ByHand::new();
    let header = by_hand.header();
    for other in [header.clone(), r#"keyId="k",signature="AAAA""#.to_owned()] {
        for lines in [[&header, &other], [&other, &header]] {
            let request = by_hand
                .builder()
                .header("signature", lines[0])
                .header("signature", lines[1])
                .body(by_hand.body.clone().into())
                .unwrap();
            assert_eq!(
                why(verify(request, &key(RSA).public_key(), &policy(), now())),
                "repeated_header"
            );
        }
    }
}

#[test]
fn s10_lists_are_joined() {
    let by_hand = ByHand::new()
        .add("accept", "a")
        .add("accept", " b ")
        .list("(request-target) host date digest accept");
    assert!(by_hand.base().ends_with("accept: a, b"));
    by_hand.verify().unwrap();
}

#[test]
fn s11_digests() {
    let body = BODY.as_bytes();
    let (good, good512) = (sha256(body), sha512(body));
    let bad512 = sha512(b"other");
    let url_safe = good.replace('+', "-").replace('/', "_");
    assert_ne!(
        url_safe, good,
        "the body was chosen so that its digest shows the difference"
    );
    for (value, reason) in [
        (format!("SHA-256={good}"), None),
        (format!("sha-256={good}"), None),
        (format!("Sha-256={good},SHA-512={good512}"), None),
        (format!("SHA-512={good512}"), None),
        (format!("SHA-256={good}, MD5=AAAA"), None),
        (format!("unixsum=30637, SHA-256={good}"), None),
        (
            format!("SHA-256={good},SHA-512={bad512}"),
            Some("digest_mismatch"),
        ),
        (
            format!("SHA-512={bad512},SHA-256={good}"),
            Some("digest_mismatch"),
        ),
        (
            format!("SHA-256={good},SHA-256={}", sha256(b"other")),
            Some("digest_mismatch"),
        ),
        (format!("SHA-256={}", sha256(b"")), Some("digest_mismatch")),
        (
            "MD5=8uN3oMTpmVTY7Xk6XcGZzQ==".to_owned(),
            Some("no_strong_digest"),
        ),
        (
            "SHA=07CavjDP4u3/TungoUHJO/Wzr4c=".to_owned(),
            Some("no_strong_digest"),
        ),
        ("crc32c=AAAA".to_owned(), Some("no_strong_digest")),
        (format!("SHA-256={url_safe}"), Some("malformed")),
        (format!("SHA-256= {good}"), Some("malformed")),
        (
            format!("SHA-256={}", good.trim_end_matches('=')),
            Some("malformed"),
        ),
        (format!("SHA-256=\"{good}\""), Some("malformed")),
        (good.replace('=', ""), Some("malformed")),
        (String::new(), Some("malformed")),
        (format!("SHA-256={good},"), Some("malformed")),
    ] {
        let result = ByHand::new().set("digest", &value).verify();
        assert_eq!(
            result.as_ref().err().map(|refusal| refusal.name()),
            reason,
            "{value}"
        );
    }
    let kind = refused(
        ByHand {
            body: "other".to_owned(),
            ..ByHand::new()
        }
        .verify(),
    );
    let expected = RefusalKind::DigestMismatch {
        header: "digest",
        algorithm: "sha-256",
        computed: sha256(b"other"),
        received: good,
    };
    assert_eq!(kind, expected);
    // An empty body has a digest too.
    let empty = ByHand {
        body: String::new(),
        ..ByHand::new()
    };
    empty
        .set("digest", &format!("SHA-256={}", sha256(b"")))
        .verify()
        .unwrap();
}

#[test]
fn s12_the_digest_is_of_the_bytes_that_came() {
    // The header is over the decoded body, the bytes are not decoded.
    let encoded = ByHand {
        body: "\u{1f}encoded".to_owned(),
        ..ByHand::new()
    }
    .add("content-encoding", "gzip");
    assert_eq!(why(encoded.verify()), "digest_mismatch");
}

#[test]
fn s13_host_must_be_ours() {
    let with = |host: &str| {
        ByHand::new()
            .set("host", host)
            .verify()
            .map_err(|refusal| refusal.name())
    };
    for good in ["peer.example", "peer.example:443", "PEER.example"] {
        with(good).unwrap();
    }
    for bad in [
        "evil.example",
        "peer.example:8443",
        "peer.example:80",
        "peer.example.",
        "xpeer.example",
        "",
        "peer.example:443:443",
    ] {
        assert_eq!(with(bad).unwrap_err(), "wrong_authority", "{bad}");
    }
    let forwarded = ByHand::new()
        .set("host", "evil.example")
        .add("x-forwarded-host", "peer.example");
    assert_eq!(why(forwarded.verify()), "wrong_authority");
    // With the port in the configuration, and http outside.
    let by_hand = ByHand::new().set("host", "127.0.0.1:8080");
    let (public, request) = (key(RSA).public_key(), by_hand.request());
    let local = Policy::default()
        .authorities(["127.0.0.1:8080"])
        .external_scheme("http");
    verify(request.clone(), &public, &local, now()).unwrap();
    assert_eq!(why(verify(request, &public, &policy(), now())), "wrong_authority");
}

#[test]
fn s14_the_target_as_it_came() {
    for target in [
        "/inbox",
        "//inbox",
        "/inbox/../inbox",
        "/%2e/inbox",
        "/inbox?",
        "/inbox?a=b&c=%20",
        "/inbox//",
    ] {
        let by_hand = ByHand::new().target(target);
        by_hand
            .verify()
            .unwrap_or_else(|refusal| panic!("{target}: {refusal}"));
        for other in ["/inbox", "//inbox", "/inbox/../inbox", "/%2e/inbox", "/inbox//"] {
            if target.split('?').next() != Some(other) {
                let header = by_hand.header();
                let moved = by_hand.clone().target(other);
                assert_eq!(
                    why(moved.verify_header(&header)),
                    "signature_mismatch",
                    "{target} {other}"
                );
            }
        }
    }
    // Absolute form, and HTTP/2, where the host stands in the target.
    let header = ByHand::new().header();
    ByHand::new()
        .target("https://peer.example/inbox")
        .verify_header(&header)
        .unwrap();
    ByHand::new()
        .without("host")
        .target("https://peer.example/inbox")
        .verify_header(&header)
        .unwrap();
    let conflict = ByHand::new()
        .target("https://evil.example/inbox")
        .verify_header(&header);
    assert_eq!(why(conflict), "conflicting_authority");
}

#[test]
fn s14_the_query_fallback() {
    for method in ["GET", "POST"] {
        let signed = ByHand {
            method,
            ..ByHand::new()
        };
        let header = signed.header();
        let received = signed.clone().target("/inbox?page=1");
        let verified = received.verify_header(&header).unwrap();
        assert!(!verified.query_signed());
        assert!(signed.verify().unwrap().query_signed());
        let strict = policy().query_fallback(false);
        let public = key(RSA).public_key();
        let request = received.request_with(&header);
        assert_eq!(
            why(verify(request, &public, &strict, now())),
            "signature_mismatch"
        );
        // A query that was signed cannot be changed or dropped.
        let header = received.header();
        assert!(received.verify().unwrap().query_signed());
        assert_eq!(
            why(signed.clone().target("/inbox?page=2").verify_header(&header)),
            "signature_mismatch"
        );
        assert_eq!(why(signed.verify_header(&header)), "signature_mismatch");
    }
}

#[test]
fn s15_created_and_expires() {
    let with = |algorithm: &str, created: &str, expires: Option<&str>| {
        let mut by_hand = ByHand::new()
            .without("date")
            .list("(request-target) (created) host digest");
        let mut extra = format!(r#"algorithm="{algorithm}",created={created},"#);
        by_hand = by_hand.line("(created)", created.trim_matches('"'));
        if let Some(expires) = expires {
            by_hand = by_hand
                .list("(request-target) (created) (expires) host digest")
                .line("(expires)", expires.trim_matches('"'));
            extra.push_str(&format!("expires={expires},"));
        }
        by_hand.extra(&extra).verify().map_err(|refusal| refusal.name())
    };
    let good = with("hs2019", "1703066400", Some("1703066700")).unwrap();
    assert_eq!(good.signed_at(), now());
    with("hs2019", "\"1703066400\"", Some("\"1703066700\"")).unwrap();
    with("hs2019", "1703066400", None).unwrap();
    for (algorithm, created, expires, reason) in [
        ("rsa-sha256", "1703066400", None, "time_with_old_algorithm"),
        (
            "rsa-sha256",
            "1703066400",
            Some("1703066700"),
            "time_with_old_algorithm",
        ),
        ("hs2019", "1703073600", None, "too_new"),
        ("hs2019", "1703000000", None, "too_old"),
        ("hs2019", "1703066300", Some("1703066399"), "expired"),
        (
            "hs2019",
            "1703066400",
            Some("1703066399"),
            "expires_before_created",
        ),
        ("hs2019", "1703066400.5", None, "bad_parameter"),
        ("hs2019", "\"soon\"", None, "bad_parameter"),
        ("hs2019", "\"\"", None, "bad_parameter"),
        ("hs2019", "-1703066400", None, "bad_parameter"),
        ("hs2019", "+1703066400", None, "bad_parameter"),
        ("hs2019", "9223372036854775808", None, "bad_parameter"),
        ("hs2019", "99999999999999999999999999", None, "bad_parameter"),
        (
            "hs2019",
            "1703066400",
            Some("9223372036854775808"),
            "bad_parameter",
        ),
    ] {
        assert_eq!(
            with(algorithm, created, expires).unwrap_err(),
            reason,
            "{algorithm} {created} {expires:?}"
        );
    }
    // A `created` that is not signed is nobody's word.
    let unsigned = ByHand::new()
        .without("date")
        .list("(request-target) host digest")
        .extra("created=1703066400,");
    assert_eq!(why(unsigned.verify()), "not_signed");
}

#[test]
fn s16_dates() {
    let with = |date: &str| {
        ByHand::new()
            .set("date", date)
            .verify()
            .map_err(|refusal| refusal.name())
    };
    for good in [
        "Wed, 20 Dec 2023 10:00:00 GMT",
        "Wednesday, 20-Dec-23 10:00:00 GMT",
        "Wed Dec 20 10:00:00 2023",
        "Wed, 20 Dec 2023 08:56:00 GMT",
        "Wed, 20 Dec 2023 10:59:59 GMT",
    ] {
        with(good).unwrap_or_else(|reason| panic!("{good}: {reason}"));
    }
    for (bad, reason) in [
        ("Tue, 19 Dec 2023 21:00:00 GMT", "too_old"),
        ("Wed, 20 Dec 2023 12:00:00 GMT", "too_new"),
        ("2023-12-20T10:00:00Z", "bad_date"),
        ("wrong date", "bad_date"),
        ("", "bad_date"),
    ] {
        assert_eq!(with(bad).unwrap_err(), reason, "{bad}");
    }
    let kind = refused(
        ByHand::new()
            .set("date", "Tue, 19 Dec 2023 21:00:00 GMT")
            .verify(),
    );
    let expected = RefusalKind::TooOld {
        source_name: "date",
        age: Duration::from_secs(13 * 3600),
        limit: Duration::from_secs(3900),
    };
    assert_eq!(kind, expected);
    // Missing, with `(created)` in its place.
    let created = ByHand::new()
        .without("date")
        .list("(request-target) (created) host digest")
        .line("(created)", "1703066400")
        .extra("created=1703066400,");
    created.verify().unwrap();
}

#[test]
fn s17_the_target_binds_to_one_inbox() {
    let by_hand = ByHand::new();
    let header = by_hand.header();
    assert_eq!(
        why(by_hand.clone().target("/users/b/inbox").verify_header(&header)),
        "signature_mismatch"
    );
    let other = Policy::mastodon().authorities(["other.example"]);
    assert_eq!(
        why(verify(by_hand.request(), &key(RSA).public_key(), &other, now())),
        "wrong_authority"
    );
    // In the window the same bytes verify again: that is for whoever remembers ids.
    by_hand.verify().unwrap();
    by_hand.verify().unwrap();
}

#[test]
fn s18_header_values() {
    let list = "(request-target) host date digest x-note";
    ByHand::new()
        .add("x-note", " spaced ")
        .list(list)
        .verify()
        .unwrap();
    ByHand::new().add("x-note", "").list(list).verify().unwrap();
    let spelled = ByHand::new().list("(Request-Target) HOST Date dIgEsT");
    spelled.verify().unwrap();
    let full_width = ByHand::new().list("(request-target) host date \u{ff24}igest");
    assert_eq!(why(full_width.verify()), "malformed");
    let by_hand = ByHand::new().add("x-note", "caf\u{e9}").list(list);
    assert_eq!(
        refused(by_hand.verify()),
        RefusalKind::NotAscii {
            name: "x-note".to_owned()
        }
    );
    // A folded header, a line feed and a NUL do not get past the types of `http`.
    for value in ["a\r\n b", "a\nb", "a\0b"] {
        assert!(http::HeaderValue::from_str(value).is_err());
    }
}

#[test]
fn s19_the_header_is_read_strictly() {
    let by_hand = ByHand::new();
    let (good, list) = (by_hand.signature(), by_hand.list.clone());
    let header = |signature: &str| format!(r#"keyId="{KEY_ID}",headers="{list}",signature="{signature}""#);
    by_hand.verify_header(&header(&good)).unwrap();
    by_hand
        .verify_header(&format!("Signature {}", header(&good)))
        .unwrap();
    by_hand.verify_header(&header(&good).replace(',', " , ")).unwrap();
    by_hand
        .verify_header(&format!(r#"{},unknown="x\"y\\",n=1"#, header(&good)))
        .unwrap();

    let unpadded = good.trim_end_matches('=');
    for bad in [
        header(&format!("{good}=")),
        header(unpadded),
        header(&format!("{good}!")),
        header(&format!(" {good}")),
        header(&good.replace('/', "_")),
        format!(r#"{},keyId="{KEY_ID}""#, header(&good)),
        format!(r#"{},KEYID="other""#, header(&good)),
        format!(r#"{},signature="AAAA""#, header(&good)),
        format!(r#"{},headers="date""#, header(&good)),
        format!(r#"{},x="1",x="1""#, header(&good)),
        format!("{},", header(&good)),
        format!(",{}", header(&good)),
        format!("{} x", header(&good)),
        header(&good).replace(',', ";"),
        header(&good).trim_end_matches('"').to_owned(),
        format!(r#"keyId="{KEY_ID}",headers=date,signature="{good}""#),
        format!(r#"keyId=key,headers="{list}",signature="{good}""#),
        format!(r#"keyId="{KEY_ID}",headers="{list}",signature={unpadded}"#),
        format!(r#"keyId="a\nb",headers="{list}",signature="{good}""#),
        r#"keyId="k" "x""#.to_owned(),
        r#"="keyId""#.to_owned(),
    ] {
        assert_eq!(why(by_hand.verify_header(&bad)), "malformed", "{bad}");
    }
    for (bad, reason) in [
        (
            format!(r#"keyId="",headers="{list}",signature="{good}""#),
            "bad_parameter",
        ),
        (
            format!(r#"keyId="a b",headers="{list}",signature="{good}""#),
            "bad_parameter",
        ),
        (
            format!(
                r#"keyId="{}",headers="{list}",signature="{good}""#,
                "k".repeat(3000)
            ),
            "bad_parameter",
        ),
        (
            format!(r#"keyId="{KEY_ID}",headers="{list}""#),
            "missing_parameter",
        ),
        (header(&"A".repeat(1 << 20)), "too_large"),
        (
            (0..40).fold(header(&good), |h, n| format!("{h},x{n}=1")),
            "too_large",
        ),
        ("Basic YTpi".to_owned(), "missing_parameter"),
        (String::new(), "missing_parameter"),
    ] {
        let reason_found = why(by_hand.verify_header(&bad));
        assert_eq!(reason_found, reason, "{}", &bad[..bad.len().min(80)]);
    }
    let refusal = by_hand.verify_header(&header("!")).unwrap_err();
    assert!(refusal.is_malformed());
}

#[test]
fn s19_the_other_place_for_a_signature() {
    let by_hand = ByHand::new();
    let header = by_hand.header();
    let with = |value: &str| {
        let request = by_hand
            .builder()
            .header("authorization", value)
            .body(by_hand.body.clone().into())
            .unwrap();
        verify(request, &key(RSA).public_key(), &policy(), now())
    };
    with(&format!("Signature {header}")).unwrap();
    assert_eq!(why(with(&header)), "unsigned");
    assert_eq!(why(with("Bearer abc")), "unsigned");
}

#[test]
fn s21_bounds_hold_before_any_arithmetic() {
    // A key that is out of bounds cannot be made, so it cannot be given to `verify`.
    assert!(PublicKey::from_pem(include_str!("../keys/rsa1024.spki.pem")).is_err());
    // A signature longer than the key is refused like any other.
    let by_hand = ByHand::new();
    let list = &by_hand.list;
    for length in [0, 1, 255, 257, 1024, 4096] {
        let signature = base64(&vec![1; length]);
        let header = format!(r#"keyId="{KEY_ID}",headers="{list}",signature="{signature}""#);
        assert_eq!(
            why(by_hand.verify_header(&header)),
            "signature_mismatch",
            "{length}"
        );
    }
}

#[test]
fn s26_without_signature_input_the_draft_decides() {
    // Somebody stripped `Signature-Input`: a draft-cavage signature that is good by itself is taken.
    ByHand::new().verify().unwrap();
    // A dictionary alone is no signature of the draft.
    let request = ByHand::new().request_with("sig1=:AAAA:");
    assert_eq!(
        why(verify(request, &key(RSA).public_key(), &policy(), now())),
        "missing_parameter"
    );
}
