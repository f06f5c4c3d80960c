//! The program of `examples/fetch`: what it prints, and how it ends (believed, refused, or bad arguments).

#[path = "../../examples/fetch/run.rs"]
mod run;

use federate_testkit::hostile::{Answer, Authority, Hostile};
use serde_json::{Value, json};

async fn program(arguments: &[&str]) -> Result<(String, bool), String> {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let outcome = run::run(&arguments).await.map_err(|error| error.to_string())?;
    Ok((outcome.text, outcome.believed))
}

async fn json(asked: &str) -> (Value, bool) {
    let (text, believed) = program(&["--dangerous-allow-loopback", "--json", asked])
        .await
        .unwrap();
    (serde_json::from_str(&text).unwrap(), believed)
}

#[tokio::test]
async fn a_handle_and_a_page_are_believed_and_it_says_why() {
    let server = Hostile::start().await;
    let alice = server.person("alice");
    server.serve(&alice);
    let page = format!(
        r#"<title>A</title><link rel=alternate type="application/activity+json" href="{}">"#,
        alice.id()
    );
    server.answer("/@alice", Answer::page(200, "text/html", page));
    for (asked, requests) in [(alice.handle(), 2), (server.url("/@alice"), 4)] {
        let (report, believed) = json(&asked).await;
        assert!(believed, "{report:#}");
        assert_eq!(report["verdict"], "believed");
        assert_eq!(report["id"], alice.id());
        assert_eq!(report["handle"], alice.handle());
        assert_eq!(
            report["requests"].as_array().unwrap().len(),
            requests,
            "{report:#}"
        );
    }
    let (report, _) = json(&server.url("/@alice")).await;
    assert_eq!(report["provenance"]["page"], server.url("/@alice"));
    let (text, _) = program(&["--dangerous-allow-loopback", &alice.handle()])
        .await
        .unwrap();
    for part in [
        "1. GET http",
        "200, application/jrd+json",
        "believed: found at its own id",
        alice.id(),
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn what_is_refused_has_a_reason_and_a_row() {
    let server = Hostile::start().await;
    let url = server.url("/x");
    let note = json!({ "id": url, "type": "Note", "content": "\u{1b}[2Jred" });
    server.answer("/x", Answer::page(200, "application/json", note.to_string()));
    let (report, believed) = json(&url).await;
    assert!(!believed);
    assert_eq!(
        (&report["verdict"], &report["row"]),
        (&json!("refused"), &json!("I3"))
    );
    assert_eq!(report["requests"][0]["status"], 200);
    // Nothing is asked for where it must not be.
    let (text, believed) = program(&[&url]).await.unwrap();
    assert!(!believed && text.starts_with("no request was made"), "{text}");
    assert_eq!(server.requests().len(), 1);
    // Whatever it says, the terminal stays as it is.
    server.answer("/x", Answer::document(&note));
    let (text, believed) = program(&["--dangerous-allow-loopback", &url]).await.unwrap();
    assert!(
        believed && text.contains("red") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[tokio::test]
async fn a_root_of_ones_own_is_trusted_where_it_is_given() {
    let authority = Authority::new();
    let server = Hostile::start_tls("localhost", &authority).await;
    let url = server.url("/x");
    server.answer("/x", Answer::document(json!({ "id": url, "type": "Note" })));
    let (text, believed) = program(&["--dangerous-allow-loopback", &url]).await.unwrap();
    assert!(!believed && text.contains("TLS"), "{text}");
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/example-root.pem");
    std::fs::write(file, authority.pem()).unwrap();
    let (text, believed) = program(&["--dangerous-allow-loopback", "--extra-root-ca", file, &url])
        .await
        .unwrap();
    assert!(believed, "{text}");
}

#[tokio::test]
async fn arguments_that_are_none_are_named() {
    for (arguments, about) in [
        (vec![], "missing"),
        (vec![" "], "missing"),
        (vec!["a", "b"], "one handle or URL at a time"),
        (vec!["--verbose", "a"], "no option"),
        (vec!["--extra-root-ca"], "needs a file"),
        (vec!["--extra-root-ca", "/nowhere/at/all", "a"], "/nowhere/at/all"),
        (
            vec!["--extra-root-ca", env!("CARGO_MANIFEST_PATH"), "a"],
            "certificate",
        ),
    ] {
        let error = program(&arguments).await.unwrap_err();
        assert!(error.contains(about), "{error}");
    }
    let error = run::texts(std::iter::once(std::os::unix::ffi::OsStringExt::from_vec(vec![
        0xff,
    ])));
    assert!(error.is_err());
    assert!(run::USAGE.contains("HANDLE-OR-URL"));
}
