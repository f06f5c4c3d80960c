use federate_jsonld::{Contexts, Error, Expanded, Limits};
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of the shared data: `FEDERATE_SHARED`, or `shared` beside the workspace.
pub(crate) fn shared(below: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the vectors lie is the machine's to say"
    )]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join(below);
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the test harness, which keeps to itself what a test that passes prints.
    let _ = writeln!(std::io::stderr(), "skipped: no {below} (set FEDERATE_SHARED)");
    None
}

/// The files of a folder with this ending, by name.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect();
    found.sort();
    found
}

pub(crate) fn expand(document: &Value) -> Result<Expanded, Error> {
    federate_jsonld::expand(document, &Contexts::shipped(), &Limits::default())
}

pub(crate) fn compact(document: &Value) -> Result<Value, Error> {
    expand(document)?.compact(&Limits::default())
}
