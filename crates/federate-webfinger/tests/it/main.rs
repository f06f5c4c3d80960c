//! What servers really publish: the documents of the shared corpus, where it is there.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use federate_webfinger::nodeinfo::{Index, NodeInfo};
use federate_webfinger::{Handle, Jrd};

/// The folder with material that is not ours to ship, or `None` (and a line that says so).
fn shared(folder: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the corpus lies is a matter of the machine"
    )]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join(folder);
    if folder.join("INDEX.tsv").is_file() {
        return Some(folder);
    }
    skipped(&folder);
    None
}

/// Past the test harness, which keeps to itself what a test that passes prints.
fn skipped(folder: &Path) {
    let _ = writeln!(std::io::stderr(), "skipped: {} is not there", folder.display());
}

/// Names and contents of the documents of a kind.
#[expect(
    clippy::unwrap_used,
    reason = "a corpus that is there and cannot be read is a failure"
)]
fn documents(kind: &str) -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = shared("corpus") else {
        return Vec::new();
    };
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let of_kind = |line: &str| {
        let mut columns = line.split('\t');
        let file = columns.next()?.to_owned();
        (columns.nth(1)? == kind).then(|| (file.clone(), fs::read(corpus.join(file)).unwrap()))
    };
    index.lines().skip(1).filter_map(of_kind).collect()
}

/// Documents that are about something else than an account, and what.
const NO_ACTORS: [(&str, &str); 2] = [
    (
        "pleroma__jrd__stopwatchingus-heidelberg.json",
        "a host-meta document",
    ),
    ("pleroma__jrd__tests-L173.json", "RFC 7033's example: an article"),
];

#[test]
fn every_jrd_of_the_corpus_leads_to_an_actor() {
    let documents = documents("jrd");
    for (name, bytes) in &documents {
        let jrd = Jrd::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Some are of a developer's machine: `acct:me@localhost:8000`.
        let leads = jrd.actor_link().is_some() && Handle::parse_allowing_port(&jrd.subject).is_ok();
        let why_not = NO_ACTORS.iter().find(|(file, _)| file == name);
        assert_eq!(leads, why_not.is_none(), "{name}: {}, {why_not:?}", jrd.subject);
        assert_eq!(&Jrd::parse(&jrd.to_bytes()).unwrap(), &jrd, "{name}");
    }
}

#[test]
fn every_nodeinfo_of_the_corpus_is_read() {
    for (name, bytes) in documents("nodeinfo") {
        let info = NodeInfo::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!info.software.is_empty() && !info.version.is_empty(), "{name}");
        assert_eq!(info.protocols, ["activitypub"], "{name}");
        assert!(info.users_total.is_some() && !info.metadata.is_empty(), "{name}");
    }
    for (name, bytes) in documents("nodeinfo-index") {
        let index = Index::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!index.links.is_empty(), "{name}");
    }
}

#[test]
fn w1_the_impostors_of_the_corpus_are_claims_only() {
    let Some(folder) = shared("corpus-bad") else {
        return;
    };
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
    ] {
        let jrd = Jrd::parse(&fs::read(folder.join(file)).unwrap()).unwrap();
        let subject = jrd.subject_handle().unwrap();
        assert_eq!(subject.acct(), claimed, "{file}");
        assert_ne!(subject.host(), asked, "{file}");
    }
    // A subject on an address is nobody's handle.
    for file in ["jrd-self-link-local-address.json", "jrd-self-with-port.json"] {
        let jrd = Jrd::parse(&fs::read(folder.join(file)).unwrap()).unwrap();
        assert_eq!(jrd.subject_handle(), None, "{file}");
        assert!(Handle::parse(&jrd.subject).is_err(), "{file}");
    }
}
