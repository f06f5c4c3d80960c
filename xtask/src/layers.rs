//! The arrows of `ARCHITECTURE.md` against `cargo metadata`.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

/// What a sans-io crate may not reach, however indirectly.
const EDGES: [&str; 7] = [
    "tokio",
    "reqwest",
    "hyper",
    "sqlx-core",
    "axum",
    "rustls",
    "async-trait",
];
const MARK: &str = "```arrows";

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Every edge that exists is drawn, every edge that is drawn exists, and what is called sans-io is.
pub(crate) fn check() -> Result<String, Vec<String>> {
    let metadata = MetadataCommand::new()
        .exec()
        .map_err(|e| vec![format!("cargo metadata failed: {e}")])?;
    let page = std::fs::read_to_string(metadata.workspace_root.join("ARCHITECTURE.md"))
        .map_err(|e| vec![format!("cannot read ARCHITECTURE.md: {e}")])?;
    let (drawn, sans_io) = drawn(&page)?;
    let real = real(&metadata);

    let mut problems = Vec::new();
    for (from, to) in &real {
        let Some(allowed) = drawn.get(from) else {
            problems.push(format!(
                "{from} stands in the workspace and not in ARCHITECTURE.md"
            ));
            continue;
        };
        problems.extend(
            to.difference(allowed)
                .map(|to| format!("{from} -> {to} is not drawn in ARCHITECTURE.md")),
        );
        problems.extend(
            allowed
                .difference(to)
                .map(|to| format!("{from} -> {to} is drawn and does not exist")),
        );
    }
    problems.extend(
        drawn
            .keys()
            .filter(|name| !real.contains_key(*name))
            .map(|name| format!("{name} is drawn and does not exist")),
    );
    for name in &sans_io {
        problems.extend(
            reaches(&metadata, name)
                .into_iter()
                .filter(|reached| EDGES.contains(&reached.as_str()))
                .map(|reached| format!("{name} is sans-io and reaches {reached}")),
        );
    }
    if problems.is_empty() {
        let edges: usize = real.values().map(BTreeSet::len).sum();
        Ok(format!(
            "layers: {} crates, {edges} arrows, {} of them sans-io: as drawn",
            real.len(),
            sans_io.len()
        ))
    } else {
        Err(problems)
    }
}

/// The block that begins with [`MARK`]: `name -> a, b` or `name -> -`; `(sans-io)` behind it where that is promised.
fn drawn(page: &str) -> Result<(Arrows, Vec<String>), Vec<String>> {
    let block = page
        .split_once(MARK)
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(block, _)| block)
        .ok_or_else(|| vec![format!("ARCHITECTURE.md has no {MARK} block")])?;
    let (mut arrows, mut sans_io, mut problems) = (Arrows::new(), Vec::new(), Vec::new());
    for line in block.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((from, to)) = line.split_once("->") else {
            problems.push(format!("no arrow in {line:?}"));
            continue;
        };
        let from = from.trim().to_owned();
        if to.contains("(sans-io)") {
            sans_io.push(from.clone());
        }
        let to = to.replace("(sans-io)", "");
        let to = to
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && *name != "-")
            .map(str::to_owned);
        arrows.insert(from, to.collect());
    }
    if problems.is_empty() {
        Ok((arrows, sans_io))
    } else {
        Err(problems)
    }
}

/// The crates below `crates/` and what each needs of the others to be built (not to be tested).
fn real(metadata: &Metadata) -> Arrows {
    let crates = metadata.workspace_root.join("crates");
    let ours: Vec<&Package> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|p| p.manifest_path.starts_with(&crates))
        .collect();
    let names: BTreeSet<&str> = ours.iter().map(|p| p.name.as_str()).collect();
    ours.iter()
        .map(|p| {
            let needs = p
                .dependencies
                .iter()
                .filter(|d| d.kind != DependencyKind::Development && names.contains(d.name.as_str()))
                .map(|d| d.name.clone());
            (p.name.to_string(), needs.collect())
        })
        .collect()
}

/// Every package that `name` needs to be built, whatever the features that others switch on.
fn reaches(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let by_id: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|p| (&p.id, p.name.as_str()))
        .collect();
    let Some(nodes) = metadata.resolve.as_ref().map(|r| &r.nodes) else {
        return BTreeSet::new();
    };
    let by_node: BTreeMap<_, _> = nodes.iter().map(|n| (&n.id, n)).collect();
    let mut todo: Vec<_> = metadata
        .packages
        .iter()
        .filter(|p| p.name.as_str() == name)
        .map(|p| &p.id)
        .collect();
    let (mut seen, mut reached) = (BTreeSet::new(), BTreeSet::new());
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(node) = by_node.get(id) else { continue };
        for dep in &node.deps {
            if dep
                .dep_kinds
                .iter()
                .all(|k| k.kind == DependencyKind::Development)
            {
                continue;
            }
            if let Some(name) = by_id.get(&dep.pkg) {
                reached.insert((*name).to_owned());
            }
            todo.push(&dep.pkg);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_block_is_read() {
        let page = "x\n```arrows\na -> - (sans-io)\nb -> a, c\n```\ny";
        let (arrows, sans_io) = drawn(page).unwrap();
        assert_eq!(sans_io, ["a"]);
        assert!(arrows["a"].is_empty());
        assert_eq!(arrows["b"].iter().collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_line_without_an_arrow_is_a_problem() {
        assert!(drawn("```arrows\nab\n```").is_err());
        assert!(drawn("no block").is_err());
    }
}
