//! The rows of the threat list that concern RFC 9421 signatures.

use crate::support::*;
use federate_signatures::{Flavour, Policy, RefusalKind, parse, parse_label, rfc9421};
use http::Request;

#[test]
fn the_request_by_hand_is_good() {
    let verified = ByHand9421::post().verify(&lines(), &parameters("")).unwrap();
    assert_eq!(verified.covered(), ["@method", "@target-uri", "content-digest"]);
    assert_eq!(
        (verified.flavour(), verified.label()),
        (Flavour::Rfc9421, Some("sig1"))
    );
    assert_eq!(verified.signed_at(), now());
    ByHand9421 {
        pem: ED25519,
        ..ByHand9421::post()
    }
    .verify(&lines(), &parameters(r#";alg="ed25519""#))
    .unwrap();
}

#[test]
fn s6_alg_never_chooses() {
    let with = |pem, alg: &str| {
        let post = ByHand9421 {
            pem,
            ..ByHand9421::post()
        };
        post.verify(&lines(), &parameters(&format!(r#";alg="{alg}""#)))
            .map_err(|refusal| refusal.name())
    };
    with(RSA, "rsa-v1_5-sha256").unwrap();
    assert_eq!(with(RSA, "ed25519").unwrap_err(), "algorithm_mismatch");
    assert_eq!(
        with(ED25519, "rsa-v1_5-sha256").unwrap_err(),
        "algorithm_mismatch"
    );
    for named in [
        "hmac-sha256",
        "none",
        "",
        "rsa-sha256",
        "hs2019",
        "rsa-pss-sha512",
        "rsa-v1_5-sha1",
    ] {
        assert_eq!(with(RSA, named).unwrap_err(), "unsupported_algorithm", "{named}");
    }
}

#[test]
fn s8_what_a_post_must_sign() {
    let keyid = format!(r#"created=1703066400;keyid="{KEY_ID}""#);
    let kind = refused(ByHand9421::post().verify("", &format!("();{keyid}")));
    let all = ["@method", "@target-uri", "content-digest"]
        .map(ToOwned::to_owned)
        .to_vec();
    assert_eq!(kind, RefusalKind::NotSigned { missing: all });
    let method = ByHand9421::post().verify("\"@method\": POST", &format!("(\"@method\");{keyid}"));
    assert_eq!(why(method), "not_signed");
}

#[test]
fn s9_lists_that_cannot_be() {
    let with = |items: &str| {
        let parameters = format!(r#"({items});created=1703066400;keyid="{KEY_ID}""#);
        why(ByHand9421::post().verify("", &parameters))
    };
    assert_eq!(with(r#""@method" "@method""#), "repeated_component");
    assert_eq!(with(r#""x-absent""#), "absent_component");
    assert_eq!(with(r#""signature""#), "unsupported_component");
    assert_eq!(with(r#""Date""#), "unsupported_component");
    assert_eq!(with(r#""""#), "unsupported_component");
    assert_eq!(with("date"), "malformed");
    assert_eq!(with("1"), "malformed");
}

#[test]
fn s10_content_digest_and_host_come_once() {
    let digest = format!("sha-256=:{}:", sha256(BODY.as_bytes()));
    let twice = ByHand9421::post()
        .header("content-digest", &digest)
        .verify(&lines(), &parameters(""));
    assert_eq!(why(twice), "repeated_header");
    let hosts = ByHand9421::post()
        .header("host", "peer.example")
        .verify(&lines(), &parameters(""));
    assert_eq!(why(hosts), "repeated_header");
}

#[test]
fn s11_content_digests() {
    let body = BODY.as_bytes();
    let (good, good512, bad) = (sha256(body), sha512(body), sha256(b"other"));
    for (value, reason) in [
        (format!("sha-256=:{good}:"), None),
        (format!("sha-512=:{good512}:"), None),
        (format!("sha-256=:{good}:, sha-512=:{good512}:"), None),
        (format!("sha-256=:{good}:,sha-512=:{good512}:"), None),
        (format!("md5=:AAAA:, sha-256=:{good}:"), None),
        (format!("sha-256=:{bad}:"), Some("digest_mismatch")),
        (
            format!("sha-256=:{good}:, sha-512=:{}:", sha512(b"other")),
            Some("digest_mismatch"),
        ),
        ("md5=:AAAA:".to_owned(), Some("no_strong_digest")),
        (format!("SHA-256=:{good}:"), Some("malformed")),
        (format!("sha-256={good}"), Some("malformed")),
        (format!("sha-256=\"{good}\""), Some("malformed")),
        (format!("sha-256=:{bad}:, sha-256=:{good}:"), Some("malformed")),
        (
            format!("sha-256=:{}:", good.trim_end_matches('=')),
            Some("malformed"),
        ),
        (format!("sha-256=:{good}:;x=1"), Some("malformed")),
        (String::new(), Some("no_strong_digest")),
    ] {
        let post = ByHand9421 {
            builder: Request::post("/inbox")
                .header("host", "peer.example")
                .header("content-digest", &value),
            ..ByHand9421::post()
        };
        let lines = format!(
            "\"@method\": POST\n\"@target-uri\": https://peer.example/inbox\n\"content-digest\": {value}"
        );
        let result = post.verify(&lines, &parameters(""));
        assert_eq!(
            result.as_ref().err().map(|refusal| refusal.name()),
            reason,
            "{value}"
        );
    }
}

#[test]
fn s13_host_must_be_ours() {
    let post = ByHand9421 {
        builder: Request::post("/inbox")
            .header("host", "evil.example")
            .header("content-digest", format!("sha-256=:{}:", sha256(BODY.as_bytes()))),
        ..ByHand9421::post()
    };
    let lines = lines().replace("peer.example", "evil.example");
    assert_eq!(why(post.verify(&lines, &parameters(""))), "wrong_authority");
}

#[test]
fn s14_the_target_uri_is_the_one_outside() {
    let request = |policy: &Policy, uri: &str| {
        let lines = lines().replace("https://peer.example/inbox", uri);
        let request = ByHand9421::post().request(&lines, &parameters(""));
        verify(request, &key(RSA).public_key(), policy, now()).map_err(|refusal| refusal.name())
    };
    request(&policy(), "https://peer.example/inbox").unwrap();
    assert_eq!(
        request(&policy(), "http://peer.example/inbox").unwrap_err(),
        "signature_mismatch"
    );
    request(&policy().external_scheme("http"), "http://peer.example/inbox").unwrap();
    assert_eq!(
        request(&policy(), "https://peer.example/inbox?x").unwrap_err(),
        "signature_mismatch"
    );
    assert_eq!(request(&policy(), "/inbox").unwrap_err(), "signature_mismatch");
}

/// Two signatures of the usual POST.
fn two(first: (&str, &str), second: (&str, &str)) -> Request<bytes::Bytes> {
    let post = ByHand9421::post();
    let one = |(label, id): (&str, &str), pem| {
        let parameters = parameters("").replace(KEY_ID, id);
        let hand = ByHand9421 {
            pem,
            ..ByHand9421::post()
        };
        let signature = hand.signature(&lines(), &parameters);
        (format!("{label}={parameters}"), format!("{label}=:{signature}:"))
    };
    let (input1, signature1) = one(first, RSA);
    let (input2, signature2) = one(second, if second.1 == KEY_ID { RSA } else { OTHER_RSA });
    post.builder
        .header("signature-input", format!("{input1}, {input2}"))
        .header("signature", format!("{signature1}, {signature2}"))
        .body(BODY.into())
        .unwrap()
}

#[test]
fn s22_labels_are_never_mixed() {
    let (mine, other) = (key(RSA).public_key(), key(OTHER_RSA).public_key());
    // Both good, one key.
    verify(two(("a", KEY_ID), ("b", KEY_ID)), &mine, &policy(), now()).unwrap();
    // One key, the first bad, the second good, and the other way about.
    for cut in ["a", "b"] {
        let mut request = two(("a", KEY_ID), ("b", KEY_ID));
        let signatures = request.headers()["signature"].to_str().unwrap();
        let bad = base64(&[7; 256]);
        let signatures: Vec<String> = signatures
            .split(", ")
            .map(|s| {
                if s.starts_with(cut) {
                    format!("{cut}=:{bad}:")
                } else {
                    s.to_owned()
                }
            })
            .collect();
        request
            .headers_mut()
            .insert("signature", signatures.join(", ").parse().unwrap());
        assert_eq!(
            why(verify(request, &mine, &policy(), now())),
            "signature_mismatch",
            "{cut}"
        );
    }
    // Both good, two keys: refused, unless the caller chooses.
    let evil = "https://evil.example/u#k";
    let (head, body) = two(("a", KEY_ID), ("b", evil)).into_parts();
    let kind = refused(parse(&head, &body));
    assert_eq!(
        kind,
        RefusalKind::SeveralKeys {
            key_ids: vec![KEY_ID.to_owned(), evil.to_owned()]
        }
    );
    let chosen = parse_label(&head, &body, "b").unwrap();
    assert_eq!(chosen.key_id().as_str(), evil);
    assert_eq!(
        chosen.verify(&other, &policy(), now()).unwrap().key_id().as_str(),
        evil
    );
    assert_eq!(why(chosen.verify(&mine, &policy(), now())), "signature_mismatch");
    assert_eq!(why(parse_label(&head, &body, "c")), "label_mismatch");
}

#[test]
fn s22_labels_stand_in_both_headers() {
    let with = |input: &str, signature: &str| {
        let builder = ByHand9421::post().builder;
        let request = builder
            .header("signature-input", input)
            .header("signature", signature);
        let (head, body) = request.body(bytes::Bytes::from(BODY)).unwrap().into_parts();
        why(parse(&head, &body))
    };
    let input = format!("a={}", parameters(""));
    assert_eq!(with(&input, "b=:AAAA:"), "label_mismatch");
    assert_eq!(with(&input, "a=:AAAA:, b=:AAAA:"), "label_mismatch");
    assert_eq!(
        with(&format!("{input}, b={}", parameters("")), "a=:AAAA:"),
        "label_mismatch"
    );
    assert_eq!(with(&format!("{input}, {input}"), "a=:AAAA:"), "malformed");
    assert_eq!(with(&input, "a=:AAAA:, a=:AAAA:"), "malformed");
    assert_eq!(with(&input, "a=\"AAAA\""), "malformed");
    assert_eq!(with(&input, "a=:AAAA:;x"), "malformed");
    assert_eq!(with("a=1", "a=:AAAA:"), "malformed");
    assert_eq!(with("", ""), "unsigned");
}

#[test]
fn s23_components_are_not_confused() {
    let keyid = format!(r#"created=1703066400;keyid="{KEY_ID}""#);
    // `@path` where `@target-uri` is required.
    let digest = sha256(BODY.as_bytes());
    let path = format!("\"@method\": POST\n\"@path\": /inbox\n\"content-digest\": sha-256=:{digest}:");
    let path = ByHand9421::post().verify(&path, &format!(r#"("@method" "@path" "content-digest");{keyid}"#));
    assert_eq!(
        refused(path),
        RefusalKind::NotSigned {
            missing: vec!["@target-uri".to_owned()]
        }
    );
    for item in [
        r#""@target-uri";req"#,
        r#""content-digest";bs"#,
        r#""content-digest";sf"#,
        r#""content-digest";key="sha-256""#,
        r#""content-digest";tr"#,
        r#""content-digest";unknown"#,
        r#""@query-param";name="x""#,
        r#""@status""#,
        r#""@unknown""#,
        r#""(request-target)""#,
    ] {
        let parameters = format!(r#"("@method" "@target-uri" {item});{keyid}"#);
        assert_eq!(
            why(ByHand9421::post().verify("", &parameters)),
            "unsupported_component",
            "{item}"
        );
    }
    let unknown = ByHand9421::post().verify(&lines(), &parameters(";unknown=1"));
    assert_eq!(
        refused(unknown),
        RefusalKind::BadParameter {
            name: "unknown".to_owned()
        }
    );
}

#[test]
fn s23_every_supported_component() {
    let policy = policy().rfc9421_components(&[], &[]);
    let lines = "\"@method\": GET\n\"@target-uri\": https://peer.example/a?b=c\n\"@authority\": peer.example\n\
                 \"@scheme\": https\n\"@request-target\": /a?b=c\n\"@path\": /a\n\"@query\": ?b=c\n\
                 \"host\": PEER.example:443\n\"date\": Wed, 20 Dec 2023 10:00:00 GMT\n\"accept\": a, b";
    let parameters = format!(
        r#"("@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query" "host" "date" "accept");created=1703066400;keyid="{KEY_ID}""#
    );
    let get = ByHand9421 {
        builder: Request::get("/a?b=c")
            .header("host", "PEER.example:443")
            .header("date", "Wed, 20 Dec 2023 10:00:00 GMT")
            .header("accept", " a")
            .header("accept", "b "),
        body: String::new(),
        pem: RSA,
    };
    verify(
        get.request(lines, &parameters),
        &key(RSA).public_key(),
        &policy,
        now(),
    )
    .unwrap();
    // Without a query, `@query` is a lone question mark.
    let get = ByHand9421 {
        builder: Request::get("/").header("host", "peer.example"),
        body: String::new(),
        pem: RSA,
    };
    let parameters = format!(r#"("@query" "@request-target");created=1703066400;keyid="{KEY_ID}""#);
    let request = get.request("\"@query\": ?\n\"@request-target\": /", &parameters);
    verify(request, &key(RSA).public_key(), &policy, now()).unwrap();
}

#[test]
fn s24_an_authority_without_a_digest_is_not_enough() {
    let parameters = format!(r#"("@authority");created=1703066400;keyid="{KEY_ID}""#);
    let result = ByHand9421::post().verify("\"@authority\": peer.example", &parameters);
    assert_eq!(why(result), "not_signed");
}

#[test]
fn s25_parameters() {
    let list = r#"("@method" "@target-uri" "content-digest")"#;
    let with = |parameters: &str| {
        let all = format!("{list}{parameters}");
        ByHand9421::post()
            .verify(&lines(), &all)
            .map_err(|refusal| refusal.name())
    };
    let keyid = format!(r#"keyid="{KEY_ID}""#);
    with(&format!(";keyid=\"{KEY_ID}\";created=1703066400")).unwrap();
    with(&format!(
        r#";created=1703066400;expires=1703066500;nonce="n";{keyid}"#
    ))
    .unwrap();
    for (parameters, reason) in [
        (";created=1703066400".to_owned(), "missing_parameter"),
        (format!(";{keyid}"), "missing_parameter"),
        (
            format!(";created=1703066300;expires=1703066399;{keyid}"),
            "expired",
        ),
        (
            format!(";created=1703066400;expires=1703066399;{keyid}"),
            "expires_before_created",
        ),
        (format!(";created=1703062000;{keyid}"), "too_old"),
        (format!(";created=1703073600;{keyid}"), "too_new"),
        (format!(";created=-1;{keyid}"), "bad_parameter"),
        (format!(";created=1.5;{keyid}"), "bad_parameter"),
        (format!(";created=\"1703066400\";{keyid}"), "bad_parameter"),
        (
            format!(";created=1703066400;{keyid};tag=\"other\""),
            "bad_parameter",
        ),
        (";created=1703066400;keyid=token".to_owned(), "bad_parameter"),
        (";created=1703066400;keyid=\"\"".to_owned(), "bad_parameter"),
    ] {
        assert_eq!(with(&parameters).unwrap_err(), reason, "{parameters}");
    }
    let request = ByHand9421::post().request(&lines(), &parameters(r#";tag="mine""#));
    verify(request, &key(RSA).public_key(), &policy().tags(["mine"]), now()).unwrap();
    // A nonce is handed on; whoever wants it used once remembers it.
    let nonce = ByHand9421::post()
        .verify(&lines(), &parameters(r#";nonce="n1""#))
        .unwrap();
    assert_eq!(nonce.nonce(), Some("n1"));
}

#[test]
fn s26_both_formats() {
    let public = key(RSA).public_key();
    let cavage = ByHand::new();
    let digest = format!("sha-256=:{}:", sha256(BODY.as_bytes()));
    let both = |parameters: &str, lines: &str| {
        let signature = ByHand9421::post().signature(lines, parameters);
        cavage
            .builder()
            .header("content-digest", &digest)
            .header("signature-input", format!("sig1={parameters}"))
            .header("signature", format!("sig1=:{signature}:"))
            .header("signature", cavage.header())
            .body(bytes::Bytes::from(BODY))
            .unwrap()
    };
    let fallback = policy().cavage_fallback(true);
    // Both good: RFC 9421 is what counts.
    for policy in [&policy(), &fallback] {
        let verified = verify(both(&parameters(""), &lines()), &public, policy, now()).unwrap();
        assert_eq!(verified.flavour(), Flavour::Rfc9421);
    }
    // RFC 9421 bad: only a policy that says so looks at the other.
    for bad in [
        both(&parameters(""), "\"@method\": GET"),
        both(&parameters(";unknown"), &lines()),
    ] {
        verify(bad.clone(), &public, &policy(), now()).unwrap_err();
        let verified = verify(bad, &public, &fallback, now()).unwrap();
        assert_eq!(verified.flavour(), Flavour::Cavage);
    }
    // Another key's RFC 9421 signature beside it is not fallen back from.
    let other = parameters("").replace(KEY_ID, "https://evil.example/u#k");
    let request = both(&other, "\"@method\": GET");
    assert_eq!(
        why(verify(request, &public, &fallback, now())),
        "signature_mismatch"
    );
}

#[test]
fn s27_structured_fields_are_bounded_and_strict() {
    let with = |input: &str| {
        let builder = ByHand9421::post().builder;
        let request = builder
            .header("signature-input", input)
            .header("signature", "a=:AAAA:");
        let (head, body) = request.body(bytes::Bytes::from(BODY)).unwrap().into_parts();
        why(parse(&head, &body))
    };
    let keyid = format!(r#"created=1703066400;keyid="{KEY_ID}""#);
    let many: Vec<String> = (0..100_000).map(|n| format!("\"x{n}\"")).collect();
    assert_eq!(with(&format!("a=({});{keyid}", many.join(" "))), "too_large");
    assert_eq!(
        with(&format!("a=({});{keyid}", many[..100].join(" "))),
        "too_large"
    );
    let labels: Vec<String> = (0..6).map(|n| format!("a{n}=();{keyid}")).collect();
    assert_eq!(with(&labels.join(", ")), "too_large");
    for bad in [
        r#"a=("@method");created=1703066400;keyid="a"b""#,
        r#"a=("@method");created=1703066400;keyid="a\nb""#,
        r#"a=("@method");created=1;created=1703066400;keyid="k""#,
        r#"a=("@method");keyid="x";created=1703066400;keyid="k""#,
        r#"a=("@method";created=1703066400;keyid="k""#,
        r#"a=( "@method" );created=1703066400;keyid="k""#,
        r#"a=("@method"  "@path");created=1703066400;keyid="k""#,
        r#"a=("@method");created=01703066400;keyid="k""#,
        r#"a=("@method");created=@1703066400;keyid="k""#,
        r#"a=("@method");created=1703066400;keyid="k","#,
        "a=(",
        "A=()",
        "a",
    ] {
        assert_eq!(with(bad), "malformed", "{bad}");
    }
    // What we send cannot leave its quotes either.
    let id = federate_signatures::KeyId::from("k\";x=\"1\n");
    let signed = rfc9421(post(), &id, now()).attach(&id, federate_signatures::Algorithm::Ed25519, &[0; 64]);
    let input = signed.headers()["signature-input"].to_str().unwrap();
    assert!(input.ends_with(r#"keyid="k%22;x=%221%0A""#), "{input}");
}

#[test]
fn s2_the_key_that_is_named_and_no_other() {
    let (head, body) = ByHand9421::post().request(&lines(), &parameters("")).into_parts();
    let parsed = parse(&head, &body).unwrap();
    assert_eq!(parsed.key_id().as_str(), KEY_ID);
    let other = key(OTHER_RSA).public_key();
    assert_eq!(why(parsed.verify(&other, &policy(), now())), "signature_mismatch");
}

#[test]
fn s3_the_keyid_is_kept_to_the_byte() {
    for id in [
        "https://a.example/u/a#k",
        "https://A.example:443/u/%61?x=1#k",
        "acct:bob@remote.domain",
        "did:key:z6Mk",
    ] {
        let parameters = parameters("").replace(KEY_ID, id);
        let (head, body) = ByHand9421::post().request(&lines(), &parameters).into_parts();
        assert_eq!(parse(&head, &body).unwrap().key_id().as_str(), id);
    }
}

#[test]
fn s12_the_content_digest_is_of_the_bytes_that_came() {
    // The digest of what a gzipped body decodes to: the body that came is another one.
    let mut post = ByHand9421::post().header("content-encoding", "gzip");
    post.body = "\u{1f}compressed".to_owned();
    assert_eq!(why(post.verify(&lines(), &parameters(""))), "digest_mismatch");
}

#[test]
fn s15_s16_the_window_of_created_and_expires() {
    let with = |created: i64, more: &str| {
        let parameters = parameters(more).replace("created=1703066400", &format!("created={created}"));
        match ByHand9421::post().verify(&lines(), &parameters) {
            Ok(_) => "verified",
            Err(refusal) => refusal.name(),
        }
    };
    let now = 1_703_066_400;
    for (created, more, expected) in [
        (now - 3900, "", "verified"),
        (now - 3901, "", "too_old"),
        (now - 13 * 3600, "", "too_old"),
        (now + 3600, "", "verified"),
        (now + 3601, "", "too_new"),
        (now, ";expires=1703066401", "verified"),
        (now, ";expires=1703066399", "expires_before_created"),
        (now - 10, ";expires=1703066399", "expired"),
        (-1, "", "bad_parameter"),
        (now, ";expires=-1", "bad_parameter"),
        (now, r#";expires="1703066401""#, "bad_parameter"),
        // Beyond what a structured field holds.
        (i64::MAX, "", "malformed"),
    ] {
        assert_eq!(with(created, more), expected, "{created} {more}");
    }
    // There is no header that could stand in: `Date` says nothing here.
    let timeless = parameters("").replace("created=1703066400;", "");
    let dated = ByHand9421::post().header("date", "Wed, 20 Dec 2023 10:00:00 GMT");
    assert_eq!(why(dated.verify(&lines(), &timeless)), "missing_parameter");
}

#[test]
fn s17_the_target_uri_binds_to_one_inbox() {
    let parameters = parameters("");
    let signature = ByHand9421::post().signature(&lines(), &parameters);
    let digest = format!("sha-256=:{}:", sha256(BODY.as_bytes()));
    let replayed = |target: &str| {
        let request = Request::post(target)
            .header("host", "peer.example")
            .header("content-digest", &digest)
            .header("signature-input", format!("sig1={parameters}"))
            .header("signature", format!("sig1=:{signature}:"));
        let request = request.body(BODY.into()).unwrap();
        verify(request, &key(RSA).public_key(), &policy(), now())
    };
    replayed("/inbox").unwrap();
    for other in ["/users/b/inbox", "/inbox?x", "//inbox", "/inbox/", "/%69nbox"] {
        assert_eq!(why(replayed(other)), "signature_mismatch", "{other}");
    }
}

#[test]
fn s18_field_values() {
    let parameters = parameters("").replace("\"content-digest\"", "\"content-digest\" \"x-note\"");
    let with = |value: &str, signed: &str| {
        let lines = format!("{}\n\"x-note\": {signed}", lines());
        ByHand9421::post()
            .header("x-note", value)
            .verify(&lines, &parameters)
    };
    with(" spaced ", "spaced").unwrap();
    with("", "").unwrap();
    assert_eq!(why(with("a", "a ")), "signature_mismatch");
    let kind = refused(with("caf\u{e9}", "caf\u{e9}"));
    let name = "x-note".to_owned();
    assert_eq!(kind, RefusalKind::NotAscii { name });
    // Names are in lower case, and in ASCII.
    for name in ["X-Note", "\u{ff24}igest"] {
        let parameters = parameters.replace("x-note", name);
        let lines = format!("{}\n\"{name}\": a", lines());
        let signature = ByHand9421::post().signature(&lines, &parameters);
        let Ok(input) = http::HeaderValue::from_bytes(format!("sig1={parameters}").as_bytes()) else {
            continue;
        };
        let mut request = ByHand9421::post()
            .header("x-note", "a")
            .builder
            .header("signature-input", input);
        request = request.header("signature", format!("sig1=:{signature}:"));
        let request = request.body(BODY.into()).unwrap();
        let refusal = verify(request, &key(RSA).public_key(), &policy(), now());
        assert!(
            ["malformed", "unsupported_component"].contains(&why(refusal)),
            "{name}"
        );
    }
}

#[test]
fn s7_s19_what_is_no_signature_input() {
    // A name of draft-cavage is none here.
    let post = ByHand9421::post();
    assert_eq!(
        why(post.verify(&lines(), &parameters(r#";alg="hs2019""#))),
        "unsupported_algorithm"
    );
    for (input, signature) in [
        (parameters(""), ":A:".to_owned()),
        (parameters(""), "AAAA".to_owned()),
        (parameters(""), format!(":{}:", "A".repeat(1 << 20))),
        (parameters(r#";keyid="other""#), ":AAAA:".to_owned()),
        (parameters("").replace("keyid=", "keyid"), ":AAAA:".to_owned()),
        (parameters("").replace(KEY_ID, r#"a\nb"#), ":AAAA:".to_owned()),
    ] {
        let post = ByHand9421::post()
            .header("signature-input", &format!("sig1={input}"))
            .header("signature", &format!("sig1={signature}"));
        let request = post.builder.body(BODY.into()).unwrap();
        let name = why(verify(request, &key(RSA).public_key(), &policy(), now()));
        assert!(
            ["malformed", "too_large", "bad_parameter"].contains(&name),
            "{name}: {input}"
        );
    }
}
