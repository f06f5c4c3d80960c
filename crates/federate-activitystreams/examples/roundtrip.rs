//! Does the library read your server?
//!
//! ```text
//! cargo run --release -p federate-activitystreams --example roundtrip -- [--out DIR] DIR...
//! ```
//!
//! Reads every `*.json` below the folders and prints one JSON line a file: `file`, `verdict` (`ok`, `refused`
//! or `panicked`), `reason`, `type`, `warnings`, `same_bytes` (untouched) and `same_value` (after every
//! property that the library knows was read and written back). The last line is
//! `parsed A/N same_bytes B/N same_value C/N warned D`. With `--out`, both forms of each file are written
//! there, as `NAME.untouched.json` and `NAME.rewritten.json`. The exit status is 0 where no file panicked.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::{
    error::Error,
    fs, panic,
    path::{Path, PathBuf},
    process::ExitCode,
};

use federate_activitystreams::Object;
use serde_json::{Value, json};

#[derive(Default)]
struct Totals {
    all: usize,
    parsed: usize,
    same_bytes: usize,
    same_value: usize,
    warned: usize,
    panicked: usize,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut folders = Vec::new();
    let mut out = None;
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--out" {
            out = Some(PathBuf::from(arguments.next().ok_or("--out needs a folder")?));
        } else {
            folders.push(PathBuf::from(argument));
        }
    }
    if folders.is_empty() {
        return Err("usage: roundtrip [--out DIR] DIR...".into());
    }
    if let Some(out) = &out {
        fs::create_dir_all(out)?;
    }
    let mut totals = Totals::default();
    for file in files(folders)? {
        let bytes = fs::read(&file)?;
        let line = one(&file, &bytes, out.as_deref(), &mut totals)?;
        println!("{line}");
    }
    let Totals {
        all,
        parsed,
        same_bytes,
        same_value,
        warned,
        panicked,
    } = totals;
    println!(
        "parsed {parsed}/{all} same_bytes {same_bytes}/{all} same_value {same_value}/{all} warned {warned}"
    );
    Ok(if panicked == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn one(file: &Path, bytes: &[u8], out: Option<&Path>, totals: &mut Totals) -> Result<Value, Box<dyn Error>> {
    totals.all += 1;
    let name = file.display().to_string();
    let read = panic::catch_unwind(|| {
        Object::parse(bytes).map(|object| {
            let warnings = object.warnings();
            (object.rewritten(), warnings, object)
        })
    });
    let (rewritten, warnings, object) = match read {
        Ok(Ok(read)) => read,
        Ok(Err(refusal)) => {
            return Ok(unread(&name, "refused", &refusal.to_string()));
        }
        Err(_) => {
            totals.panicked += 1;
            return Ok(unread(
                &name,
                "panicked",
                "a fault of the library: please report it",
            ));
        }
    };
    let same_bytes = object.as_bytes() == bytes;
    let same_value = serde_json::from_slice::<Value>(bytes).ok()
        == serde_json::from_slice::<Value>(rewritten.as_bytes()).ok();
    totals.parsed += 1;
    totals.same_bytes += usize::from(same_bytes);
    totals.same_value += usize::from(same_value);
    totals.warned += usize::from(!warnings.is_empty());
    if let Some(out) = out {
        // Two folders may hold files of one name: the whole path names what is written.
        let flat = name.trim_start_matches(['/', '.']).replace(['/', '\\'], "__");
        let flat = flat.strip_suffix(".json").unwrap_or(&flat);
        fs::write(out.join(format!("{flat}.untouched.json")), object.as_bytes())?;
        fs::write(out.join(format!("{flat}.rewritten.json")), rewritten.as_bytes())?;
    }
    let warnings: Vec<Value> = warnings
        .into_iter()
        .map(|warning| json!({"path": warning.path, "expected": warning.expected, "came": warning.came}))
        .collect();
    Ok(json!({
        "file": name, "verdict": "ok", "reason": null, "type": object.type_name(), "warnings": warnings,
        "same_bytes": same_bytes, "same_value": same_value,
    }))
}

fn unread(file: &str, verdict: &str, reason: &str) -> Value {
    json!({
        "file": file, "verdict": verdict, "reason": reason, "type": null, "warnings": [], "same_bytes": false,
        "same_value": false,
    })
}

fn files(mut waiting: Vec<PathBuf>) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
