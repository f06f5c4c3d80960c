//! The hostile WebFinger answers of the shared folder, where it is there, and what the look-up makes of them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::*;

/// The text of a file of `corpus-bad`, or `None` (and a line that says so, past the harness).
fn bad(file: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test may be told where its data is")]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join("corpus-bad");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", folder.display());
        return None;
    }
    Some(fs::read_to_string(folder.join(file)).unwrap())
}

/// Looks a handle up whose host answers with this, and says what became of it and whom it made us ask.
fn look_up(handle: &str, answer: &str, world: World) -> (Result<Found, String>, Vec<String>) {
    let asked = Handle::parse(handle).unwrap();
    let url = crate::webfinger::request_url(&asked, "https").unwrap();
    let answer: Value = serde_json::from_str(answer).unwrap();
    let mut world = world.page(url.as_str(), JRD, &answer);
    let found = world.handle(handle);
    let hosts = world
        .asked
        .iter()
        .map(|url| url::Url::parse(url).unwrap().host_str().unwrap().to_owned());
    (found, hosts.collect())
}

#[test]
fn w1_the_impostors_of_the_corpus_are_refused() {
    // With an actor link, the subject's own host is asked, once, and does not confirm. Without one, nobody is.
    for (file, handle, asked) in [
        (
            "jrd-imposter.json",
            "oopsie@bad.com",
            &["bad.com", "notwhereitshouldbe.com"][..],
        ),
        (
            "jrd-imposter-graf.json",
            "graf@fba.ryona.agency",
            &["fba.ryona.agency", "poa.st"],
        ),
        (
            "jrd-spoof-whitehouse.json",
            "trump@gleasonator.com",
            &["gleasonator.com", "whitehouse.gov"],
        ),
        ("jrd-hacker1.json", "hacker1@redirected.com", &["redirected.com"]),
        ("jrd-hacker3.json", "hacker3@redirected.com", &["redirected.com"]),
    ] {
        let Some(answer) = bad(file) else { return };
        let (found, hosts) = look_up(handle, &answer, World::default());
        assert!(found.is_err(), "{file}");
        assert_eq!(hosts, asked, "{file}");
    }
}

#[test]
fn n1_a_self_link_of_the_corpus_to_a_private_address_is_not_followed() {
    for file in ["jrd-self-link-local-address.json", "jrd-self-with-port.json"] {
        let Some(answer) = bad(file) else { return };
        // As it came, the subject is on an address; with a subject that is somebody, the link is still on one.
        let named = answer.replace("acct:dan@0.0.0.0", "acct:dan@a.example");
        assert_ne!(answer, named);
        for answer in [answer, named] {
            let (found, hosts) = look_up("dan@a.example", &answer, World::default());
            assert!(found.is_err(), "{file}");
            assert_eq!(hosts, ["a.example"], "{file}");
        }
    }
}

#[test]
fn w2_the_port_in_a_self_link_of_the_corpus_is_the_one_that_https_has() {
    let Some(answer) = bad("jrd-self-with-port.json") else {
        return;
    };
    let dan = "https://a.example/user/dan";
    let mut person = person(dan);
    person["preferredUsername"] = json!("dan");
    let world = World::default().activity(dan, &person);
    let (found, _) = look_up("dan@a.example", &answer.replace("0.0.0.0", "a.example"), world);
    assert_eq!(found.unwrap().actor.id(), &iri(dan));
}
