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
    match run::run(arguments.iter().map(ToString::to_string)) {
        Ok((verdict, well)) => (u8::from(!well), verdict),
        Err(error) => (2, Value::String(error.to_string())),
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
    let (code, told) = check(&["keygen", "--type", "rsa2048"]);
    assert_eq!(code, 2);
    assert!(told.as_str().unwrap().contains("KeyGenerator"), "{told}");
}

#[test]
fn bad_arguments_end_with_2() {
    let key = keys("rsa2048.spki.pem");
    let request = file("broken.http", "GET / HTTP/1.1");
    for arguments in [
        &[][..],
        &["what"],
        &["verify"],
        &["verify", "--request"],
        &["verify", "--request", "/nonexistent"],
        &["verify", "--key", &key],
        &["verify", "--request", &request, "--key", &key],
        &["verify", "--policy", "nobody"],
        &["verify", "--now", "today"],
        &["verify", "--unknown", "x"],
        &["sign", "--request", &request],
        &["sign", "--flavour", "x"],
        &["proof"],
        &["keygen", "--type", "x"],
    ] {
        let (code, told) = check(arguments);
        assert_eq!(code, 2, "{arguments:?}: {told}");
    }
}
