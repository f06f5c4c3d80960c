//! The table of `SECURITY.md`: which test stands for which row of the threat catalogue.
//!
//! A row's name and text are written by hand. Its tests are found by their names in the sources, so that the table
//! cannot name a test that is gone. A row without one says why, behind `none:`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = "SECURITY.md";
const PLACES: [&str; 4] = ["crates", "examples", "interop", "fuzz/fuzz_targets"];

/// Holds the table against the sources; with `write`, brings it up to date first.
pub(crate) fn check(write: bool) -> Result<String, Vec<String>> {
    let page = read(Path::new(PAGE))?;
    let tests = tests()?;
    let mut problems = Vec::new();
    let (mut rows, mut without) = (0, 0);
    let mut known = Vec::new();
    let mut out = String::with_capacity(page.len());
    for line in page.lines() {
        let Some((row, what, shown)) = row(line) else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        rows += 1;
        known.push(row.to_lowercase());
        let found = tests.get(&row.to_lowercase()).map(|tests| tests.join("<br>"));
        let now = match found {
            Some(tests) => tests,
            None if shown.starts_with("none: ") => {
                without += 1;
                shown.to_owned()
            }
            None => {
                problems.push(format!("row {row} has neither a test nor a reason"));
                shown.to_owned()
            }
        };
        if !write && now != shown {
            problems.push(format!("row {row} is out of date: `cargo xtask threats --write`"));
        }
        out.push_str(&format!("| {row} | {what} | {now} |\n"));
    }
    for line in page.lines() {
        let named = advisory(line).unwrap_or_default().split(", ");
        for row in named.filter(|row| !row.is_empty() && !known.contains(&row.to_lowercase())) {
            problems.push(format!("row {row}, which an advisory names, is not in the table"));
        }
    }
    for (row, tests) in tests {
        if !known.contains(&row) {
            let tests = tests.join(", ");
            problems.push(format!("{tests} is named after row {row}, which the table lacks"));
        }
    }
    if write && out != page {
        fs::write(PAGE, out).map_err(|e| vec![format!("cannot write {PAGE}: {e}")])?;
    }
    if problems.is_empty() {
        Ok(format!(
            "threats: {rows} rows, {} with tests, {without} with a reason why not",
            rows - without
        ))
    } else {
        Err(problems)
    }
}

/// A line of the table: `| S1 | what | tests |`.
fn row(line: &str) -> Option<(&str, &str, &str)> {
    let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.splitn(3, " | ");
    let (row, what, tests) = (cells.next()?, cells.next()?, cells.next()?);
    is_row(&row.to_lowercase()).then_some((row, what, tests))
}

/// The rows of a line of the second table: `| CVE-2024-1 | what | S1, S2 |`.
fn advisory(line: &str) -> Option<&str> {
    let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let of_an_advisory = cells.starts_with("CVE-") || cells.starts_with("GHSA-");
    of_an_advisory.then(|| cells.rsplit(" | ").next())?
}

/// `s1`, `w14`: one letter of a part of the catalogue, and a number.
fn is_row(text: &str) -> bool {
    let Some(number) = text.strip_prefix(|letter| "sinrjcwp".contains(letter)) else {
        return false;
    };
    (1..=2).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// Every test that is named after rows, by row: `federate-http: n1_loopback`.
fn tests() -> Result<BTreeMap<String, Vec<String>>, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: Vec<PathBuf> = PLACES.iter().map(PathBuf::from).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).map_err(|e| vec![format!("cannot list {path:?}: {e}")])?;
            open.extend(entries.flatten().map(|entry| entry.path()));
            open.retain(|path| !path.ends_with("target"));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let package = path
                .iter()
                .nth(1)
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            for name in names(&read(&path)?) {
                for row in name.split('_').take_while(|word| is_row(word)) {
                    let test = format!("`{package}: {name}`");
                    let tests = found.entry(row.to_owned()).or_default();
                    if !tests.contains(&test) {
                        tests.push(test);
                    }
                }
            }
        }
    }
    for tests in found.values_mut() {
        tests.sort();
    }
    Ok(found)
}

/// The functions that bear the attribute of a test.
fn names(source: &str) -> impl Iterator<Item = &str> {
    let mut test = false;
    source.lines().filter_map(move |line| {
        let line = line.trim();
        if line.starts_with("#[") {
            test |= line.contains("test]") || line.contains("test(");
            return None;
        }
        if line.starts_with("//") {
            return None;
        }
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
        std::mem::take(&mut test).then_some(name.split(['(', '<']).next().unwrap_or(name))
    })
}

fn read(path: &Path) -> Result<String, Vec<String>> {
    fs::read_to_string(path).map_err(|e| vec![format!("cannot read {}: {e}", path.display())])
}
