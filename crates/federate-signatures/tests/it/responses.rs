//! The rest of RFC 9421: responses, component parameters, `Accept-Signature`.

use crate::support::{ByHand9421, ED25519, KEY_ID, RSA, key, now, policy, post, verify, why};
use bytes::Bytes;
use federate_signatures::{
    AcceptSignature, Algorithm, KeyId, Policy, Refusal, SignError, VerifiedSignature, parse_response,
    parse_rfc9421, rfc9421_as_asked, rfc9421_response, rfc9421_response_as_asked,
};
use http::{HeaderMap, HeaderValue, Request, Response};

const RSA_V1_5: Algorithm = Algorithm::RsaV1_5Sha256;

fn asked() -> http::request::Parts {
    Request::get("/users/a?page=1")
        .header("host", "peer.example")
        .body(())
        .unwrap()
        .into_parts()
        .0
}

fn signed(body: &'static str) -> Response<Bytes> {
    let response = Response::new(Bytes::from_static(body.as_bytes()));
    let unsigned = rfc9421_response(response, &asked(), "https", &KeyId::from(KEY_ID), now());
    unsigned.sign(&key(RSA)).unwrap()
}

fn verify_response(
    response: Response<Bytes>,
    request: &http::request::Parts,
) -> Result<VerifiedSignature, Refusal> {
    let (head, body) = response.into_parts();
    parse_response(&head, &body, request, None)?.verify(&key(RSA).public_key(), &Policy::default(), now())
}

#[test]
fn a_response_is_bound_to_its_request() {
    let verified = verify_response(signed("{}"), &asked()).unwrap();
    assert_eq!(
        verified.covered(),
        [
            "@status",
            "content-digest",
            "\"@method\";req",
            "\"@target-uri\";req"
        ]
    );
    verify_response(signed(""), &asked()).unwrap();
    let mut other = asked();
    other.uri = "/users/b?page=1".parse().unwrap();
    assert_eq!(why(verify_response(signed("{}"), &other)), "signature_mismatch");
    let mut error = signed("{}");
    *error.status_mut() = http::StatusCode::NOT_FOUND;
    assert_eq!(why(verify_response(error, &asked())), "signature_mismatch");
    let changed = signed("{}").map(|_| Bytes::from_static(b"{ }"));
    assert_eq!(why(verify_response(changed, &asked())), "digest_mismatch");
    let unsigned = Response::new(Bytes::new());
    assert_eq!(why(verify_response(unsigned, &asked())), "unsigned");
}

#[test]
fn a_response_must_sign_what_the_policy_says() {
    // A request's signature is none of a response: neither set of components satisfies the other.
    let request = ByHand9421::post().request(&crate::support::lines(), &crate::support::parameters(""));
    let mut response = Response::new(Bytes::new());
    *response.headers_mut() = request.headers().clone();
    assert_eq!(why(verify_response(response, &asked())), "unsupported_component");
    let bare = ByHand9421::post().request(
        "\"@status\": 200",
        &format!(r#"("@status");created=1703066400;keyid="{KEY_ID}""#),
    );
    let mut response = Response::new(Bytes::new());
    for name in ["signature", "signature-input"] {
        response.headers_mut().insert(name, bare.headers()[name].clone());
    }
    assert_eq!(why(verify_response(response, &asked())), "not_signed");
}

/// Signs one component by hand and reads it in full.
fn one(request: http::request::Builder, line: &str) -> Result<VerifiedSignature, Refusal> {
    let (identifier, _) = line.split_once(": ").unwrap();
    let parameters = format!(r#"({identifier});created=1703066400;keyid="{KEY_ID}""#);
    let by_hand = ByHand9421 {
        builder: request,
        body: String::new(),
        pem: RSA,
    };
    let (head, body) = by_hand.request(line, &parameters).into_parts();
    let policy = policy().rfc9421_components(&[], &[]);
    parse_rfc9421(&head, &body, None)?.verify(&key(RSA).public_key(), &policy, now())
}

fn with(name: &str, value: &str) -> http::request::Builder {
    Request::get("/")
        .header("host", "peer.example")
        .header(name, value)
}

#[test]
fn component_parameters_as_the_rfc_prints_them() {
    let dictionary = "  a=1,    b=2;x=1;y=2,   c=(a   b   c), d";
    for line in [
        r#""example-dict";sf: a=1, b=2;x=1;y=2, c=(a b c), d"#,
        r#""example-dict";key="a": 1"#,
        r#""example-dict";key="d": ?1"#,
        r#""example-dict";key="b": 2;x=1;y=2"#,
        r#""example-dict";key="c": (a b c)"#,
    ] {
        one(with("example-dict", dictionary), line).unwrap();
    }
    let lines = with("example-header", "value, with, lots").header("example-header", "of, commas");
    one(
        lines,
        r#""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"#,
    )
    .unwrap();
    let line = with("example-header", "value, with, lots, of, commas");
    one(
        line,
        r#""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"#,
    )
    .unwrap();
}

#[test]
fn query_parameters_as_the_rfc_prints_them() {
    let request = |target: &str| Request::get(target).header("host", "peer.example");
    for line in [
        r#""@query-param";name="baz": batman"#,
        r#""@query-param";name="qux": "#,
        r#""@query-param";name="param": value"#,
    ] {
        one(request("/path?param=value&foo=bar&baz=batman&qux="), line).unwrap();
    }
    let target = "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
    for line in [
        r#""@query-param";name="var": this%20is%20a%20big%0Amultiline%20value"#,
        r#""@query-param";name="bar": with%20plus%20whitespace"#,
        r#""@query-param";name="fa%C3%A7ade%22%3A%20": something"#,
    ] {
        one(request(target), line).unwrap();
    }
    // Twice: which one would be meant?
    let twice = one(request("/?a=1&a=1"), r#""@query-param";name="a": 1"#);
    assert_eq!(why(twice), "absent_component");
    let none = one(request("/"), r#""@query-param";name="a": 1"#);
    assert_eq!(why(none), "absent_component");
}

#[test]
fn s23_component_parameters_that_cannot_be() {
    for line in [
        r#""@method";req: GET"#,
        r#""@method";sf: GET"#,
        r#""@method";name="x": GET"#,
        r#""@query-param": x"#,
        r#""@status": 200"#,
        r#""x";tr: a"#,
        r#""x";sf: a"#,
        r#""x";bs;sf: a"#,
        r#""x";key="a";bs: a"#,
        r#""x";name="a": a"#,
        r#""x";sf=?0: a"#,
        r#""x";key=1: a"#,
        r#""X";bs: a"#,
        r#""signature";bs: a"#,
        r#""signature-input";key="sig1": a"#,
    ] {
        assert_eq!(why(one(with("x", "a"), line)), "unsupported_component", "{line}");
    }
    for line in [r#""x";key="b": 1"#, r#""y";bs: a"#, r#""y";key="a": 1"#] {
        assert_eq!(why(one(with("x", "a"), line)), "absent_component", "{line}");
    }
    assert_eq!(
        why(one(with("x", "a=1, a=2"), r#""x";key="a": 2"#)),
        "absent_component"
    );
    // With parameters a component never stands for the one without.
    let digest = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:";
    let parameters =
        format!(r#"("@method" "@target-uri" "content-digest";bs);created=1703066400;keyid="{KEY_ID}""#);
    let (head, body) = ByHand9421 {
        builder: Request::post("/inbox")
            .header("host", "peer.example")
            .header("content-digest", digest),
        body: "{}".to_owned(),
        pem: RSA,
    }
    .request("", &parameters)
    .into_parts();
    let parsed = parse_rfc9421(&head, &body, None).unwrap();
    assert_eq!(why(parsed.check(&policy(), now())), "not_signed");
}

#[test]
fn what_is_asked_for_is_signed() {
    let mut headers = HeaderMap::new();
    let asked = AcceptSignature::new(["@method", "@authority", "content-type"]).unwrap();
    let asked = asked.nonce(r#"a "nonce\"#).unwrap();
    headers.insert("accept-signature", asked.to_header().unwrap());
    let read = AcceptSignature::read(&headers).unwrap();
    assert_eq!(read.first(), Some(&asked));
    let request = rfc9421_as_asked(post(), &asked, (&KeyId::from(KEY_ID), RSA_V1_5), now()).unwrap();
    let request = request.sign(&key(RSA)).unwrap();
    let verified = verify(request, &key(RSA).public_key(), &policy(), now()).unwrap();
    assert_eq!(verified.nonce(), Some(r#"a "nonce\"#));
    for name in [
        "@method",
        "@target-uri",
        "content-digest",
        "@authority",
        "content-type",
    ] {
        assert!(verified.covered().iter().any(|covered| covered == name), "{name}");
    }
    let absent = AcceptSignature::new(["x-absent"]).unwrap();
    assert!(rfc9421_as_asked(post(), &absent, (&KeyId::from(KEY_ID), RSA_V1_5), now()).is_none());
    assert!(AcceptSignature::new(["X-Upper"]).is_none());
    assert!(AcceptSignature::new(["a\"b"]).is_none());
    assert!(asked.nonce("é").is_none());
}

#[test]
fn accept_signature_as_peers_write_it() {
    let read = |text: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("accept-signature", HeaderValue::from_static(text));
        AcceptSignature::read(&headers)
    };
    // The example of RFC 9421, 5.1.
    let example = r#"sig1=("@method" "@target-uri" "@authority" "content-digest" "cache-control");keyid="test-key-rsa-pss";created;tag="app-123""#;
    let asked = read(example).unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].label(), asked[0].key_id(), asked[0].tag()),
        ("sig1", Some("test-key-rsa-pss"), Some("app-123"))
    );
    assert!(
        rfc9421_as_asked(post(), &asked[0], (&KeyId::from(KEY_ID), RSA_V1_5), now()).is_none(),
        "another key"
    );
    // What cannot be met is left out; what cannot be read is refused.
    assert_eq!(read(r#"a=("x";bs);created"#).unwrap(), []);
    assert_eq!(read(r#"a=("x");unknown"#).unwrap(), []);
    assert_eq!(AcceptSignature::read(&HeaderMap::new()).unwrap(), []);
    for bad in ["a", "a=1", r#"a=("x""#, r#"a=("x"), a=("y")"#] {
        read(bad).unwrap_err();
    }
}

/// What a peer asks for is not signed where nobody would take it, or where it is not what the key makes.
#[test]
fn s9_what_cannot_be_signed_is_not_asked_for() {
    let read = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("accept-signature", HeaderValue::from_str(text).unwrap());
        AcceptSignature::read(&headers).unwrap()
    };
    for bad in [
        r#"a=("content-type" "content-type")"#,
        r#"a=("@method" "@method")"#,
        r#"a=("@method";req "@method";req)"#,
        r#"a=("Content-Type")"#,
        r#"a=("content type")"#,
        r#"a=("signature")"#,
        r#"a=("signature-input")"#,
        r#"a=("signature";req)"#,
        r#"a=("@Method")"#,
        r#"a=("")"#,
    ] {
        assert_eq!(read(bad), [], "{bad}");
    }
    for twice in [["x", "x"], ["x", "signature"]] {
        assert!(AcceptSignature::new(twice).is_none());
    }
    for (algorithm, met) in [
        ("rsa-v1_5-sha256", true),
        ("ed25519", false),
        ("hmac-sha256", false),
    ] {
        let ask = |component: &str| {
            read(&format!(r#"a=({component});created;alg="{algorithm}";tag="t""#)).remove(0)
        };
        let (asked, of_response) = (ask(r#""@method""#), ask(r#""@method";req"#));
        let id = KeyId::from(KEY_ID);
        let request = rfc9421_as_asked(post(), &asked, (&id, RSA_V1_5), now());
        assert_eq!(request.is_some(), met, "{algorithm}");
        let response = Response::new(Bytes::from_static(b"{}"));
        let response = rfc9421_response_as_asked(
            response,
            &self::asked(),
            "https",
            &of_response,
            (&id, RSA_V1_5),
            now(),
        );
        assert_eq!(response.is_some(), met, "{algorithm}");
        let (Some(request), Some(response)) = (request, response) else {
            continue;
        };
        let other = request.clone().sign(&key(ED25519));
        assert!(matches!(other, Err(SignError::Key)));
        let policy = policy().tags(["t"]);
        let (head, body) = request.sign(&key(RSA)).unwrap().into_parts();
        let parsed = parse_rfc9421(&head, &body, None).unwrap();
        parsed.verify(&key(RSA).public_key(), &policy, now()).unwrap();
        let (head, body) = response.sign(&key(RSA)).unwrap().into_parts();
        let parsed = parse_response(&head, &body, &self::asked(), None).unwrap();
        parsed.verify(&key(RSA).public_key(), &policy, now()).unwrap();
    }
}

#[test]
fn what_is_asked_for_is_signed_in_the_response_too() {
    let ask = |text: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("accept-signature", HeaderValue::from_static(text));
        AcceptSignature::read(&headers).unwrap().remove(0)
    };
    let answer = |asked: &AcceptSignature| {
        let response = Response::builder()
            .header("cache-control", "private")
            .body(Bytes::from_static(b"{}"));
        let (response, id) = (response.unwrap(), KeyId::from(KEY_ID));
        rfc9421_response_as_asked(response, &self::asked(), "https", asked, (&id, RSA_V1_5), now())
    };
    let all = ask(
        r#"own=("@status" "content-digest" "cache-control" "@method";req "@target-uri";req);created;nonce="n";tag="t""#,
    );
    assert_eq!(all.components()[3], r#""@method";req"#);
    let mut headers = HeaderMap::new();
    headers.insert("accept-signature", all.to_header().unwrap());
    assert_eq!(AcceptSignature::read(&headers).unwrap().first(), Some(&all));
    let signed = answer(&all).unwrap().sign(&key(RSA)).unwrap();
    let (head, body) = signed.into_parts();
    let parsed = parse_response(&head, &body, &asked(), Some("own")).unwrap();
    let policy = policy().tags(["t"]);
    let verified = parsed.verify(&key(RSA).public_key(), &policy, now()).unwrap();
    assert_eq!((verified.label(), verified.nonce()), (Some("own"), Some("n")));
    assert!(
        verified
            .covered()
            .iter()
            .any(|name| name.contains("cache-control"))
    );
    for unmet in [
        r#"a=("x-absent")"#,
        r#"a=("@authority")"#,
        r#"a=("@authority";req)"#,
        r#"a=();keyid="another""#,
    ] {
        assert!(answer(&ask(unmet)).is_none(), "{unmet}");
    }
    // A request cannot sign what only a response has.
    assert!(rfc9421_as_asked(post(), &all, (&KeyId::from(KEY_ID), RSA_V1_5), now()).is_none());
}
