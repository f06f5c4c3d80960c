//! Writes what crossed as files: real payloads of our own, under our own licence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use tokio::fs;

use crate::http::text;
use crate::trouble::{Trouble, at};

/// Writes every document that crossed once, and an `INDEX.tsv` that says what each is. How many.
pub(crate) async fn write(folder: &Path, crossed: &[Value]) -> Result<usize, Trouble> {
    fs::create_dir_all(folder)
        .await
        .map_err(at("the folder of the capture"))?;
    let mut bodies = BTreeSet::new();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut index = String::from("file\tsoftware\tkind\tcontent_type\n");
    let mut kept = 0;
    for entry in crossed {
        let body = text(entry, "body");
        let Some((software, kind)) = describe(entry, &body) else {
            continue;
        };
        if !bodies.insert(body.clone()) {
            continue;
        }
        let stem = format!("{software}__{}", kind.replace('/', "-").to_lowercase());
        let number = numbers.entry(stem.clone()).or_default();
        *number += 1;
        let file = format!("{stem}__{number}.json");
        fs::write(folder.join(&file), &body)
            .await
            .map_err(at("a captured document"))?;
        index.push_str(&format!("{file}\t{software}\t{kind}\t{}\n", text(entry, "type")));
        kept += 1;
    }
    fs::write(folder.join("INDEX.tsv"), index)
        .await
        .map_err(at("the index of the capture"))?;
    Ok(kept)
}

/// How many posted activities were accepted in a direction, by the kind of their signatures.
pub(crate) fn signatures(crossed: &[Value], direction: &str) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in crossed {
        let is_accepted = entry["status"]
            .as_u64()
            .is_some_and(|status| (200..300).contains(&status));
        if entry["direction"] == direction && is_accepted {
            *counts.entry(text(entry, "signedBy")).or_default() += 1;
        }
    }
    let parts: Vec<_> = counts
        .iter()
        .map(|(kind, count)| format!("{count} activities signed by {kind}"))
        .collect();
    if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Who wrote a document and what it is; `None` for what was refused and what is not JSON.
fn describe(entry: &Value, body: &str) -> Option<(&'static str, String)> {
    if !entry["status"]
        .as_u64()
        .is_some_and(|status| (200..300).contains(&status))
    {
        return None;
    }
    // As the peer sees it: what comes in and what it fetches is ours.
    let software = match entry["direction"].as_str()? {
        "in" | "fetched" => "federate",
        "out" | "served" => "fedify",
        _ => return None,
    };
    let document: Value = serde_json::from_str(body).ok()?;
    let media_type = text(entry, "type");
    let kind = match document["type"].as_str() {
        _ if media_type.starts_with("application/jrd+json") => "jrd".to_owned(),
        Some(name) if document.get("actor").is_some() => format!("activity/{name}"),
        Some(name) if document.get("inbox").is_some() => format!("actor/{name}"),
        Some(name) => format!("object/{name}"),
        None => "other".to_owned(),
    };
    Some((software, kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(direction: &str, status: u16, body: &Value) -> Value {
        json!({ "direction": direction, "status": status, "type": "application/activity+json", "body": body.to_string() })
    }

    #[tokio::test]
    async fn each_document_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let like = json!({ "type": "Like", "actor": "https://a.example/", "object": "https://b.example/" });
        let person = json!({ "type": "Person", "inbox": "https://a.example/inbox" });
        let crossed = [
            entry("in", 202, &like),
            entry("in", 202, &like),
            entry("out", 401, &json!({ "type": "Follow", "actor": "x" })),
            entry("served", 200, &person),
            json!({ "direction": "served", "status": 200, "type": "application/jrd+json", "body": "{\"subject\":\"x\"}" }),
            json!({ "direction": "served", "status": 200, "type": "application/json", "body": "not JSON" }),
        ];
        assert_eq!(write(folder.path(), &crossed).await.unwrap(), 3);
        assert_eq!(signatures(&crossed, "out"), "nothing");
        let index = std::fs::read_to_string(folder.path().join("INDEX.tsv")).unwrap();
        for line in [
            "federate__activity-like__1.json\tfederate\tactivity/Like",
            "fedify__actor-person__1.json",
            "fedify__jrd__1.json",
        ] {
            assert!(index.contains(line), "{index}");
        }
        let written = std::fs::read_to_string(folder.path().join("federate__activity-like__1.json")).unwrap();
        assert_eq!(written, like.to_string());
    }
}
