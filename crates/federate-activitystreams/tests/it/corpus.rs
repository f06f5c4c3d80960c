//! Payloads of real servers, where the folder with them is at hand.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use federate_activitystreams::Object;

/// The folder with captured payloads: `FEDERATE_SHARED`, or `shared` beside the workspace.
fn shared(below: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test may be told where its data is")]
    let root = match std::env::var_os("FEDERATE_SHARED") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let folder = root.join(below);
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "what a test skips is to be seen")]
    {
        eprintln!("skipped: no {below} (set FEDERATE_SHARED)");
    }
    None
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "json" || end == "html") {
                found.push((
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    fs::read(&path).unwrap(),
                ));
            }
        }
    }
    found.sort();
    found
}

#[derive(Default)]
struct Count {
    all: usize,
    parsed: usize,
    same_bytes: usize,
    warned: usize,
    reasons: BTreeMap<String, Vec<String>>,
}

#[expect(clippy::print_stderr, reason = "the numbers are the point")]
fn count(what: &str, folder: &Path) -> Count {
    let mut count = Count::default();
    for (name, bytes) in files(folder) {
        count.all += 1;
        match Object::parse(&bytes) {
            Ok(object) => {
                count.parsed += 1;
                count.same_bytes += usize::from(object.to_bytes() == bytes);
                let expected: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(object.to_value(), expected, "{name}");
                let warnings = object.warnings();
                count.warned += usize::from(!warnings.is_empty());
                for warning in warnings {
                    let (path, came) = (&warning.path, &warning.came);
                    eprintln!("  {name}: {path} should be {}, is {came}", warning.expected);
                }
                assert_eq!(object.rewritten().to_value(), expected, "{name}");
                touch(&object);
            }
            Err(error) => count.reasons.entry(error.to_string()).or_default().push(name),
        }
    }
    for (reason, names) in &count.reasons {
        eprintln!("  refused, {reason}: {}", names.join(" "));
    }
    let Count {
        all,
        parsed,
        same_bytes,
        warned,
        ..
    } = count;
    eprintln!("{what}: parsed {parsed}/{all}, same bytes {same_bytes}/{all}, warned {warned}");
    count
}

/// Every accessor that computes something: none may panic on what a server sends.
fn touch(object: &Object) {
    let _ = (
        object.id(),
        object.types(),
        object.addressed(),
        object.mentions(),
        object.hashtags(),
    );
    let _ = (
        object.plain_text(),
        object.public_keys(),
        object.fields(),
        object.icon_url(),
        object.shared_inbox(),
    );
    let _ = (
        object.published(),
        object.visibility(),
        object.members(),
        format!("{object:?}"),
    );
    #[cfg(feature = "html")]
    let _ = object.safe_html();
}

#[test]
fn payloads_of_real_servers() {
    let Some(folder) = shared("corpus") else { return };
    let count = count("corpus", &folder);
    assert_eq!(count.parsed, count.all);
    assert_eq!(count.same_bytes, count.parsed);
}

#[test]
fn bad_payloads_do_not_panic() {
    let Some(folder) = shared("corpus-bad") else {
        return;
    };
    let count = count("corpus-bad", &folder);
    assert_eq!(count.same_bytes, count.parsed);
}

#[test]
fn documents_of_the_activitystreams_test_suite() {
    let Some(folder) = shared("vectors/as2-documents") else {
        return;
    };
    let count = count("as2-documents", &folder);
    assert_eq!(count.same_bytes, count.parsed);
}
