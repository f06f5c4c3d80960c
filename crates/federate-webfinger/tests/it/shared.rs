//! Material that is not ours to ship.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of it, or `None` (and a line that says so).
pub(crate) fn folder(below: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the corpus lies is a matter of the machine"
    )]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join(below);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("skipped: {} is not there", folder.display()));
    None
}

/// Past the test harness, which keeps to itself what a test that passes prints.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Names and contents of the documents of a kind in the corpus, by its index.
pub(crate) fn corpus(kind: &str) -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = folder("corpus") else {
        return Vec::new();
    };
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let of_kind = |line: &str| {
        let mut columns = line.split('\t');
        let file = columns.next()?.to_owned();
        (columns.nth(1)? == kind).then(|| (file.clone(), fs::read(corpus.join(file)).unwrap()))
    };
    let documents: Vec<_> = index.lines().skip(1).filter_map(of_kind).collect();
    assert!(!documents.is_empty(), "the corpus has no {kind}");
    documents
}
