//! The hostile answers of `corpus-bad`.
//!
//! What the whole look-up makes of them is tested where the look-up is, in `federate-protocol`.

use std::fs;

use federate_webfinger::{Handle, Jrd};

use crate::shared::{folder, say};

fn jrd(file: &str) -> Option<Jrd> {
    let bytes = fs::read(folder("corpus-bad")?.join(file)).unwrap();
    Some(Jrd::parse(&bytes).unwrap_or_else(|error| panic!("{file}: {error}")))
}

#[test]
fn w1_the_impostors_of_the_corpus_are_claims_only() {
    // Who was asked, and whom the answer claims: the subject is there to be compared.
    for (file, asked, claimed) in [
        (
            "jrd-imposter.json",
            "bad.com",
            "acct:oopsie@notwhereitshouldbe.com",
        ),
        ("jrd-imposter-graf.json", "fba.ryona.agency", "acct:graf@poa.st"),
        (
            "jrd-spoof-whitehouse.json",
            "gleasonator.com",
            "acct:trump@whitehouse.gov",
        ),
        ("jrd-hacker1.json", "redirected.com", "acct:gargron@quitter.no"),
        (
            "jrd-hacker3.json",
            "redirected.com",
            "acct:localhost@kickass.zone",
        ),
    ] {
        let Some(jrd) = jrd(file) else { return };
        let subject = jrd.subject_handle().unwrap();
        assert_eq!(subject.acct(), claimed, "{file}");
        assert_ne!(subject.host(), asked, "{file}");
    }
}

#[test]
fn w2_an_address_of_the_corpus_is_nobodys_handle() {
    for file in ["jrd-self-link-local-address.json", "jrd-self-with-port.json"] {
        let Some(jrd) = jrd(file) else { return };
        assert_eq!(jrd.subject_handle(), None, "{file}");
        assert!(Handle::parse(&jrd.subject).is_err(), "{file}");
        // A claim all the same: the guard of the client refuses the address.
        assert!(jrd.actor_link().is_some(), "{file}");
    }
}

#[test]
fn w7_the_host_meta_of_the_corpus_is_not_read() {
    let Some(folder) = folder("corpus-bad") else {
        return;
    };
    let xml = fs::read(folder.join("jrd-bad-com-host-meta.xml")).unwrap();
    assert!(Jrd::parse(&xml).is_err());
}

/// A file that comes to the corpus has a test, or this fails.
#[test]
fn every_bad_answer_of_the_corpus_has_a_test() {
    let Some(folder) = folder("corpus-bad") else {
        return;
    };
    let source = include_str!("bad.rs");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with("jrd-") {
            assert!(source.contains(&name), "{name} has no test");
            count += 1;
        }
    }
    say(&format!(
        "corpus-bad: {count} answers about handles, each with a test"
    ));
}
