//! The program of `examples/check`: what it prints, and how it ends (0 verified or made, 1 refused, 2 bad arguments).

use serde_json::Value;
use std::{fs, path::PathBuf};

#[path = "../../examples/check/run.rs"]
mod run;

fn keys(name: &str) -> String {
    format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A file of this test.
fn file(name: &str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{name}"));
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The exit status as `main` makes it, and what is printed.
fn check(arguments: &[&str]) -> (u8, Value) {
    match run::run(arguments.iter().map(|argument| (*argument).to_owned())) {
        Ok((verdict, well)) => (u8::from(!well), verdict),
        Err(error) => (2, Value::String(error)),
    }
}

#[test]
fn what_it_signs_it_verifies() {
    let raw =
        "POST /inbox HTTP/1.1\r\nHost: peer.example\r\nContent-Type: application/activity+json\r\n\r\n{}";
    let request = file("sign.http", raw);
    let id = "https://me.example/u#main-key";
    let time = ["--now", "2023-12-20T10:00:00Z"];
    for flavour in ["cavage", "rfc9421"] {
        let key = keys("rsa2048.pkcs8.pem");
        let mut arguments = vec![
            "sign",
            "--request",
            &request,
            "--key",
            &key,
            "--key-id",
            id,
            "--flavour",
            flavour,
        ];
        arguments.extend(time);
        let (code, signed) = check(&arguments);
        assert_eq!(
            (code, &signed["verdict"]),
            (0, &Value::from("signed")),
            "{signed}"
        );
        let mut head = String::from("POST /inbox HTTP/1.1\n");
        for (name, value) in signed["headers"].as_object().unwrap() {
            head.push_str(&format!("{name}: {}\n", value.as_str().unwrap()));
        }
        let good = file(&format!("good-{flavour}.http"), &format!("{head}\n{{}}"));
        let bad = file(&format!("bad-{flavour}.http"), &format!("{head}\n{{ }}"));
        let key = keys("rsa2048.spki.pem");
        for (request, expected, verdict) in [(&good, 0, "verified"), (&bad, 1, "refused")] {
            let mut arguments = vec!["verify", "--request", request.as_str(), "--key", &key];
            arguments.extend(time);
            let (code, told) = check(&arguments);
            assert_eq!(
                (code, &told["verdict"]),
                (expected, &Value::from(verdict)),
                "{told}"
            );
        }
        // The server that does not read RFC 9421 says so.
        let mut arguments = vec!["verify", "--request", &good, "--key", &key, "--policy", "lemmy"];
        arguments.extend(time);
        assert_eq!(check(&arguments).0, u8::from(flavour == "rfc9421"));
    }
}

#[test]
fn what_it_proves_it_verifies() {
    let document = file("note.json", r#"{"type":"Note","content":"x"}"#);
    let key = keys("ed25519.pkcs8.pem");
    let (code, told) = check(&[
        "proof",
        "--document",
        &document,
        "--key",
        &key,
        "--key-id",
        "https://me.example/u#e",
    ]);
    assert_eq!(code, 0, "{told}");
    let proven = told["document"].as_str().unwrap();
    let public = keys("ed25519.spki.pem");
    for (text, expected) in [(proven.to_owned(), 0), (proven.replace(":\"x\"", ":\"y\""), 1)] {
        let document = file(&format!("proven-{expected}.json"), &text);
        let (code, told) = check(&["proof", "--document", &document, "--key", &public]);
        assert_eq!(code, expected, "{told}");
    }
    // Nothing to verify is a refusal, not a bad argument.
    let (code, told) = check(&["proof", "--document", &document, "--key", &public]);
    assert_eq!((code, &told["reason"]["name"]), (1, &Value::from("unproven")));
}

#[test]
fn the_keys_that_it_makes_are_keys() {
    for kind in ["ed25519", "p256"] {
        let (code, made) = check(&["keygen", "--type", kind]);
        assert_eq!(code, 0, "{kind}");
        let private = file(&format!("{kind}.pem"), made["private_pem"].as_str().unwrap());
        let raw = file(&format!("{kind}.http"), "GET / HTTP/1.1\nHost: a.example\n\n");
        let (code, told) = check(&["sign", "--request", &raw, "--key", &private, "--key-id", "k"]);
        assert_eq!(code, 0, "{told}");
        assert!(made["did"].as_str().unwrap().starts_with("did:key:z"));
    }
    let (code, told) = check(&["keygen", "--type", "rsa"]);
    if cfg!(feature = "aws-lc-rs") {
        assert_eq!((code, &told["algorithm"]), (0, &Value::from("rsa-v1_5-sha256")));
    } else {
        assert_eq!(code, 2);
        assert!(told.as_str().unwrap().contains("--features aws-lc-rs"), "{told}");
    }
}

#[test]
fn bad_arguments_end_with_2() {
    let key = keys("rsa2048.spki.pem");
    let request = file("broken.http", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let (private, nonsense) = (keys("rsa2048.pkcs8.pem"), file("key.txt", "what is this"));
    for arguments in [
        &[][..],
        &["what"],
        &["verify"],
        &["verify", "--request"],
        &["verify", "--request", "/nonexistent"],
        &["verify", "--key", &key],
        &["verify", "--policy", "nobody"],
        &["verify", "--now", "today"],
        &["verify", "--unknown", "x"],
        &["sign", "--request", &request],
        &["sign", "--flavour", "x"],
        &["proof"],
        &["keygen", "--type", "x"],
        &[
            "verify",
            "--request",
            &request,
            "--key",
            &key,
            "--flavour",
            "cavage",
        ],
        &[
            "proof",
            "--document",
            &request,
            "--key",
            &key,
            "--policy",
            "mastodon",
        ],
        &[
            "proof",
            "--document",
            &request,
            "--key",
            &key,
            "--authority",
            "a.example",
        ],
        &[
            "proof",
            "--document",
            &request,
            "--key",
            &key,
            "--scheme",
            "https",
        ],
        &[
            "sign",
            "--request",
            &request,
            "--key",
            &private,
            "--key-id",
            "https://a.example/\r\nX: 1",
        ],
        &["sign", "--request", &request, "--key", &nonsense, "--key-id", "k"],
        &[
            "sign",
            "--request",
            &request,
            "--key",
            &private,
            "--key-id",
            "k",
            "--now",
            "1969-12-31T23:59:59Z",
        ],
        &[
            "sign",
            "--request",
            &request,
            "--key",
            &private,
            "--key-id",
            "k",
            "--now",
            "9999-12-31T23:59:59-00:01",
        ],
        &[
            "sign",
            "--request",
            &request,
            "--key",
            &private,
            "--key-id",
            "k",
            "--now",
            "+010000-01-01T00:00:00Z",
        ],
    ] {
        let (code, told) = check(arguments);
        assert_eq!(code, 2, "{arguments:?}: {told}");
    }
}

#[test]
fn times_are_those_of_rfc_3339_and_of_the_years_that_there_are() {
    let request = file("time.http", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let key = keys("rsa2048.pkcs8.pem");
    let date = |now: &str| {
        let (code, told) = check(&[
            "sign",
            "--request",
            &request,
            "--key",
            &key,
            "--key-id",
            "k",
            "--now",
            now,
        ]);
        let date = told["headers"]["date"].as_str().map(str::to_owned);
        (code, date.unwrap_or_else(|| told.to_string()))
    };
    for (now, expected) in [
        ("2023-12-20T10:00:00Z", "Wed, 20 Dec 2023 10:00:00 GMT"),
        ("2023-12-20t10:00:00.123456789z", "Wed, 20 Dec 2023 10:00:00 GMT"),
        ("2023-12-20T11:30:00+01:30", "Wed, 20 Dec 2023 10:00:00 GMT"),
        ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        assert_eq!(date(now), (0, expected.to_owned()), "{now}");
    }
    for (now, why) in [
        ("1950-01-01T00:00:00Z", "1970 to 9999"),
        ("1970-01-01T00:00:00+00:01", "1970 to 9999"),
        ("9999-12-31T23:59:59-23:59", "1970 to 9999"),
        ("2023-12-20T10:00:00", "RFC 3339"),
        ("2023-12-20 10:00:00Z", "RFC 3339"),
        ("2023-12-20T10:00Z", "RFC 3339"),
        ("2023-12-20T10:00:00+01", "RFC 3339"),
        ("2023-12-20T10:00:00Z[UTC]", "RFC 3339"),
        ("2023-12-20T10:00:00.Z", "RFC 3339"),
        ("20231220T100000Z", "RFC 3339"),
        ("2023-02-30T10:00:00Z", "RFC 3339"),
        ("2023-12-20T25:00:00Z", "RFC 3339"),
        ("2023-12-20T10:00:00é", "RFC 3339"),
    ] {
        let (code, text) = date(now);
        assert!(code == 2 && text.contains(why), "{now}: {code} {text}");
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_a_bad_argument() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};
    assert_eq!(run::texts(["verify".into()]), Ok(vec!["verify".to_owned()]));
    let bad = OsString::from_vec(b"--key\xff".to_vec());
    assert!(run::texts(["verify".into(), bad]).is_err());
}

const ID: &str = "https://me.example/u#main-key";
const NOW: [&str; 2] = ["--now", "2023-12-20T10:00:00Z"];

/// A signed request as text, with lines of CRLF.
fn signed_request(flavour: &str) -> String {
    let raw =
        "POST /inbox?x=1 HTTP/1.1\r\nHost: peer.example\r\nContent-Type: application/activity+json\r\n\r\n{}";
    let request = file(&format!("raw-{flavour}.http"), raw);
    let key = keys("rsa2048.pkcs8.pem");
    let mut arguments = vec!["sign", "--request", &request, "--key", &key, "--key-id", ID];
    arguments.extend(["--flavour", flavour]);
    arguments.extend(NOW);
    let (code, told) = check(&arguments);
    assert_eq!(code, 0, "{told}");
    told["request"].as_str().unwrap().to_owned()
}

fn verify(name: &str, request: &str, key: &str) -> (u8, Value) {
    let request = file(name, request);
    let mut arguments = vec!["verify", "--request", &request, "--key", key];
    arguments.extend(NOW);
    check(&arguments)
}

#[test]
fn what_is_printed() {
    let key = keys("rsa2048.spki.pem");
    for (flavour, name, covered, begin) in [
        (
            "cavage",
            "draft-cavage-12",
            "(request-target)",
            "(request-target): post /inbox?x=1\nhost: peer.example\n",
        ),
        (
            "rfc9421",
            "rfc9421",
            "@method",
            "\"@method\": POST\n\"@target-uri\": https://peer.example/inbox?x=1\n",
        ),
    ] {
        let request = signed_request(flavour);
        let (code, told) = verify("printed.http", &request, &key);
        assert_eq!(code, 0, "{told}");
        assert_eq!(told["flavour"], name);
        assert_eq!(told["covered"][0], covered);
        assert!(told["reason"].is_null());
        assert!(
            told["signed_string"].as_str().unwrap().starts_with(begin),
            "{told}"
        );
        let (code, told) = verify("printed.http", &request.replace("\r\n\r\n{}", "\r\n\r\n[]"), &key);
        assert_eq!(
            (code, &told["reason"]["name"]),
            (1, &Value::from("digest_mismatch"))
        );
        assert_eq!(told["flavour"], name);
        let (code, told) = verify("printed.http", &request.replace("/inbox?x=1", "/inbox?x=2"), &key);
        assert_eq!(
            (code, &told["reason"]["name"]),
            (1, &Value::from("signature_mismatch"))
        );
        assert!(told["signed_string"].as_str().unwrap().contains("x=2"), "{told}");
    }
}

#[test]
fn captures_as_they_come() {
    let key = keys("rsa2048.spki.pem");
    let request = signed_request("cavage");
    let with = |header: &str| request.replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
    for (what, text) in [
        ("as it is", request.clone()),
        ("LF alone", request.replace("\r\n", "\n")),
        ("an empty line before", format!("\r\n{request}")),
        (
            "an absolute target",
            request.replace("/inbox?x=1", "http://peer.example/inbox?x=1"),
        ),
        (
            "spaces around a value",
            request
                .replace("host: ", "host:\t  ")
                .replace("peer.example\r", "peer.example \t\r"),
        ),
        (
            "names in capitals",
            request.replace("host:", "HOST:").replace("digest:", "Digest:"),
        ),
        (
            "a line end of an editor",
            format!("{}\n", with("Content-Length: 2")),
        ),
        (
            "chunks",
            with("Transfer-Encoding: chunked")
                .replace("\r\n\r\n{}", "\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        ),
        ("chunks put together", with("Transfer-Encoding: chunked")),
    ] {
        let (code, told) = verify("capture.http", &text, &key);
        assert_eq!(code, 0, "{what}: {told}\n{text}");
    }
    for (what, text, name) in [
        (
            "a folded header",
            request.replace("host: ", "host:\r\n "),
            "bad_request",
        ),
        ("a line without a colon", with("nonsense"), "bad_request"),
        ("a space in a name", with("a b: c"), "bad_request"),
        ("a control character", with("a: \u{1}"), "bad_request"),
        (
            "no body",
            request.replace("\r\n\r\n{}", "\r\n\r\n"),
            "digest_mismatch",
        ),
        (
            "more than its length",
            format!("{}x", with("Content-Length: 2")),
            "bad_request",
        ),
        (
            "unsigned",
            "GET / HTTP/1.1\nHost: peer.example\n\n".to_owned(),
            "unsigned",
        ),
    ] {
        let (code, told) = verify("capture.http", &text, &key);
        assert_eq!(
            (code, &told["reason"]["name"]),
            (1, &Value::from(name)),
            "{what}: {told}"
        );
    }
    for (what, text) in [
        ("nothing", ""),
        ("no end", "GET / HTTP/1.1\nHost: a"),
        ("no version", "GET /\n\n"),
        ("a response", "HTTP/1.1 200 OK\r\n\r\n"),
    ] {
        let (code, told) = verify("capture.http", text, &key);
        assert_eq!(
            (code, &told["reason"]["name"]),
            (1, &Value::from("bad_request")),
            "{what}"
        );
    }
    let raw = file("capture.http", "GET /");
    let private = keys("rsa2048.pkcs8.pem");
    let (code, told) = check(&["sign", "--request", &raw, "--key", &private, "--key-id", ID]);
    assert_eq!((code, &told["reason"]["name"]), (1, &Value::from("bad_request")));
}

/// S18: what two servers cut into requests differently.
#[test]
fn s18_requests_whose_end_is_not_plain_are_refused() {
    let key = keys("rsa2048.spki.pem");
    let request = signed_request("cavage");
    let with = |headers: &str| request.replace("\r\n\r\n", &format!("\r\n{headers}\r\n\r\n"));
    let chunked =
        |body: &str| with("Transfer-Encoding: chunked").replace("\r\n\r\n{}", &format!("\r\n\r\n{body}"));
    for good in [
        with("Content-Length: 2"),
        with("Content-Length: 0002"),
        format!("{}\r\n", with("Content-Length: 2")),
        chunked("2\r\n{}\r\n0\r\n\r\n"),
        chunked("2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n"),
        chunked("1\r\n{\r\n01;a=b\r\n}\r\n00\r\n\r\n\n"),
        request.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        let (code, told) = verify("framing.http", &good, &key);
        assert_eq!(code, 0, "{good}\n{told}");
    }
    for bad in [
        with("Content-Length: 2\r\nContent-Length: 2"),
        with("Content-Length: 2\r\nContent-Length: 3"),
        with("Content-Length: 2, 2"),
        with("Content-Length: +2"),
        with("Content-Length: -2"),
        with("Content-Length: 0x2"),
        with("Content-Length: "),
        with("Content-Length: 2 2"),
        with("Content-Length: 18446744073709551618"),
        with("Content-Length: é"),
        with("Content-Length: 1"),
        with("Content-Length: 3"),
        format!("{}\n\n", with("Content-Length: 2")),
        with("Content-Length: 2\r\nTransfer-Encoding: chunked"),
        with("Transfer-Encoding: gzip, chunked"),
        with("Transfer-Encoding: chunked, chunked"),
        with("Transfer-Encoding: identity"),
        with("Transfer-Encoding: \u{b}chunked"),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        with("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0"),
        chunked("+2\r\n{}\r\n0\r\n\r\n"),
        chunked("0x2\r\n{}\r\n0\r\n\r\n"),
        chunked(" 2\r\n{}\r\n0\r\n\r\n"),
        chunked("2\r\n{}0\r\n\r\n"),
        chunked("2\r\n{}\r\n0\r\n"),
        chunked("2\r\n{}\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        chunked("10000000000000002\r\n{}\r\n0\r\n\r\n"),
        chunked(""),
        request.replace("/inbox?x=1", "/inbox?x=1#y"),
        request.replace("HTTP/1.1", "HTTP/2"),
        request.replace("HTTP/1.1", "HTTP/1.2"),
        request.replace("HTTP/1.1", "HTTP/1.1 "),
        request.replace("POST", "P@ST"),
    ] {
        let (code, told) = verify("framing.http", &bad, &key);
        assert_eq!(
            (code, &told["reason"]["name"]),
            (1, &Value::from("bad_request")),
            "{bad}\n{told}"
        );
    }
    let many: Vec<String> = (0..40_000).map(|n| format!("X-{n}: y")).collect();
    let (_, told) = verify("framing.http", &with(&many.join("\r\n")), &key);
    assert_eq!(told["reason"]["name"], "bad_request");
    assert!(
        told["reason"]["text"].as_str().unwrap().contains("headers"),
        "{told}"
    );
}

/// A key document is read as strictly as what was signed, and only for keys that it says are its own.
#[test]
fn s19_key_documents_are_read_strictly() {
    let request = signed_request("cavage");
    let pem = |name: &str| fs::read_to_string(keys(name)).unwrap();
    let (good, other) = (pem("rsa2048.spki.pem"), pem("rsa3072.spki.pem"));
    let owner = "https://me.example/u";
    let of = |owner: &str| serde_json::json!({ "id": ID, "owner": owner, "publicKeyPem": good });
    let told = |document: &str| {
        let document = file("strict.json", document);
        let (code, told) = verify("strict.http", &request, &document);
        (
            code,
            told["reason"]["name"].as_str().map(str::to_owned),
            told["notes"].to_string(),
        )
    };
    let text = |text: &str| serde_json::to_string(text).unwrap();
    let twice = format!(
        r#"{{"id":"{owner}","publicKey":{{"id":"{ID}","publicKeyPem":{},"publicKeyPem":{}}}}}"#,
        text(&other),
        text(&good)
    );
    let hidden =
        serde_json::json!({ "id": owner, "attachment": [of(owner)], "icon": { "publicKey": of(owner) } });
    let stolen = serde_json::json!({ "id": owner, "publicKey": of("https://evil.example/u") });
    for (document, name) in [
        (twice, "bad_key_document"),
        (hidden.to_string(), "key_not_found"),
        (stolen.to_string(), "key_not_owned"),
    ] {
        assert_eq!(told(&document).1.as_deref(), Some(name), "{document}");
    }
    let mut two = of(owner);
    two["publicKeyMultibase"] = "zbroken".into();
    let (code, _, notes) = told(&serde_json::json!({ "id": owner, "publicKey": two }).to_string());
    assert!(code == 0 && notes.contains("publicKeyMultibase"), "{notes}");
    two["publicKeyMultibase"] = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".into();
    let (code, _, notes) = told(&serde_json::json!({ "id": owner, "publicKey": two }).to_string());
    assert!(code == 0 && notes.contains("another key"), "{notes}");
}

#[test]
fn of_several_keys_the_one_that_is_named() {
    let request = signed_request("cavage");
    let pem = |name: &str| fs::read_to_string(keys(name)).unwrap();
    let (good, other) = (pem("rsa2048.spki.pem"), pem("rsa3072.spki.pem"));
    let ed25519 = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    let key = |id: &str, pem: &str| serde_json::json!({ "id": id, "owner": "https://me.example/u", "publicKeyPem": pem });
    let actor = |keys: Value| {
        let multikey = serde_json::json!({ "id": "https://me.example/u#e", "type": "Multikey", "publicKeyMultibase": ed25519 });
        serde_json::json!({ "id": "https://me.example/u", "type": "Person", "publicKey": keys, "assertionMethod": [multikey] })
    };
    let second = "https://me.example/u#second";
    for (what, document) in [
        ("an object", actor(key(ID, &good))),
        (
            "an array",
            actor(serde_json::json!([key(second, &other), key(ID, &good)])),
        ),
        ("a key alone", key(ID, &good)),
        (
            "twice the same",
            actor(serde_json::json!([key(ID, &good), key(ID, &good)])),
        ),
    ] {
        let document = file("actor.json", &document.to_string());
        let (code, told) = verify("actor.http", &request, &document);
        assert_eq!(code, 0, "{what}: {told}");
    }
    let weak = pem("rsa1024.spki.pem");
    for (what, document, name) in [
        ("another id", actor(key(second, &good)), "key_not_found"),
        (
            "no key",
            serde_json::json!({ "id": "https://me.example/u" }),
            "key_not_found",
        ),
        (
            "two keys of one id",
            actor(serde_json::json!([key(ID, &good), key(ID, &other)])),
            "key_not_found",
        ),
        ("a small key", actor(key(ID, &weak)), "bad_key"),
        ("no PEM", actor(key(ID, "x")), "bad_key"),
    ] {
        let document = file("actor.json", &document.to_string());
        let (code, told) = verify("actor.http", &request, &document);
        assert_eq!(
            (code, &told["reason"]["name"]),
            (1, &Value::from(name)),
            "{what}: {told}"
        );
        assert_eq!(told["flavour"], "draft-cavage-12");
        if what == "another id" {
            let text = told["reason"]["text"].as_str().unwrap();
            assert!(
                text.contains(ID) && text.contains(second) && text.contains("#e"),
                "{text}"
            );
        }
    }
    assert_eq!(
        verify("actor.http", &request, &file("key.txt", "what is this")).0,
        2
    );
    // A private key where a public one belongs is said by name.
    let (code, told) = verify("actor.http", &request, &keys("rsa2048.pkcs8.pem"));
    assert_eq!(code, 1);
    assert!(
        told["reason"]["text"].as_str().unwrap().contains("private"),
        "{told}"
    );
}

#[test]
fn linked_data_signatures_too() {
    let note = r#"{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1"],
        "id":"https://me.example/1","type":"Note","content":"x"}"#;
    let document = file("ld-note.json", note);
    let key = keys("rsa2048.pkcs8.pem");
    let mut arguments = vec!["proof", "--document", &document, "--key", &key, "--key-id", ID];
    arguments.extend(["--expires", "2023-12-22T10:00:00+00:00"]);
    arguments.extend(NOW);
    let (code, told) = check(&arguments);
    assert_eq!(
        (code, &told["flavour"]),
        (0, &Value::from("RsaSignature2017")),
        "{told}"
    );
    let signed_string = told["signed_string"].clone();
    let signed = told["document"].as_str().unwrap().to_owned();
    let public = keys("rsa2048.spki.pem");
    let verify = |text: &str, more: &[&str]| {
        let document = file("ld-signed.json", text);
        let mut arguments = vec!["proof", "--document", &document, "--key", &public];
        arguments.extend(more);
        check(&arguments)
    };
    let (code, told) = verify(&signed, &NOW);
    assert_eq!(code, 0, "{told}");
    assert_eq!(told["signed_string"], signed_string);
    assert_eq!(
        told["covered"],
        serde_json::json!(["@context", "content", "id", "type"])
    );
    assert_eq!(told["may_forward"], true);
    for (text, more, name) in [
        (signed.replace(r#":"x""#, r#":"y""#), &NOW[..], "mismatch"),
        (signed.clone(), &["--now", "2023-12-23T10:00:00Z"], "expired"),
        (
            signed.clone(),
            &["--now", "2023-12-21T10:00:00Z", "--max-age", "60"],
            "too_old",
        ),
        (signed.clone(), &["--kind", "eddsa"], "unproven"),
        (
            signed.replace(r#""id""#, r#""@graph":[],"id""#),
            &NOW,
            "refused_keyword",
        ),
    ] {
        let (code, told) = verify(&text, more);
        assert_eq!((code, &told["reason"]["name"]), (1, &Value::from(name)), "{told}");
    }

    // A key that cannot be used hides nothing of what was read.
    let actor = file("ld-actor.json", r#"{"id":"https://me.example/u"}"#);
    let document = file("ld-signed.json", &signed);
    let (code, told) = check(&["proof", "--document", &document, "--key", &actor]);
    assert_eq!(
        (code, &told["reason"]["name"]),
        (1, &Value::from("key_not_found"))
    );
    assert_eq!(told["flavour"], "RsaSignature2017");
    assert_eq!(told["creator"], ID);
    assert_eq!(told["signed_string"], signed_string);

    // With both on one document the key says which is meant.
    let ed25519 = keys("ed25519.pkcs8.pem");
    let security = "\"https://w3id.org/security/v1\"";
    let both = note.replace(
        security,
        &format!("{security},\"https://w3id.org/security/data-integrity/v1\""),
    );
    let document = file("ld-note.json", &both);
    let (code, told) = check(&[
        "proof",
        "--document",
        &document,
        "--key",
        &ed25519,
        "--key-id",
        "https://me.example/u#e",
    ]);
    assert_eq!(code, 0, "{told}");
    let proven = told["document"].as_str().unwrap().to_owned();
    let document = file("ld-proven.json", &proven);
    let (code, told) = check(&["proof", "--document", &document, "--key", &key, "--key-id", ID]);
    assert_eq!(code, 0, "{told}");
    let document = file("ld-both.json", told["document"].as_str().unwrap());
    for (key, flavour) in [
        ("rsa2048.spki.pem", "RsaSignature2017"),
        ("ed25519.spki.pem", "eddsa-jcs-2022"),
    ] {
        let (code, told) = check(&["proof", "--document", &document, "--key", &keys(key)]);
        assert_eq!((code, &told["flavour"]), (0, &Value::from(flavour)), "{told}");
    }
}
