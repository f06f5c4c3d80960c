use serde_json::{Map, Value};

use super::{BadNodeInfo, NodeInfo};
use crate::MAX_BYTES;

/// The most links that are read of an index, and the most protocols and services of a document.
pub(super) const MAX_ITEMS: usize = 32;
/// The most characters that are read of a name, version or address, and of what an instance says about itself.
pub(super) const MAX_TEXT: usize = 256;
pub(super) const MAX_NAME: usize = 500;
pub(super) const MAX_DESCRIPTION: usize = 5000;
/// The most bytes of `metadata`, written out, that are kept; larger ones are left out whole.
const MAX_METADATA: usize = 16 * 1024;
/// Up to here a float stands for one whole number.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl NodeInfo {
    /// Reads a document of any version, 1.0 and 1.1 included, leniently and under caps: what is missing or misshapen is
    /// empty, a count that is no natural number is none, control characters are left out, long texts are cut.
    ///
    /// # Errors
    /// More than 64 KiB, not JSON, or not an object.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNodeInfo> {
        let document = object(bytes)?;
        let at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter()
                .try_fold(document.get(*first)?, |value, name| value.get(name))
        };
        let text = |path: &[&str], max| at(path).and_then(|value| text(value, max));
        let names_at = |path: &[&str]| names(&[at(path)]);
        Ok(Self {
            software: text(&["software", "name"], MAX_TEXT).unwrap_or_default(),
            version: text(&["software", "version"], MAX_TEXT).unwrap_or_default(),
            repository: text(&["software", "repository"], MAX_TEXT),
            homepage: text(&["software", "homepage"], MAX_TEXT),
            instance_name: text(&["instance", "name"], MAX_NAME),
            instance_description: text(&["instance", "description"], MAX_DESCRIPTION),
            protocols: names(&[
                at(&["protocols"]),
                // 1.0 and 1.1.
                at(&["protocols", "inbound"]),
                at(&["protocols", "outbound"]),
            ]),
            services_inbound: names_at(&["services", "inbound"]),
            services_outbound: names_at(&["services", "outbound"]),
            open_registrations: at(&["openRegistrations"]).is_some_and(is_true),
            users_total: at(&["usage", "users", "total"]).and_then(count),
            users_active_week: at(&["usage", "users", "activeWeek"]).and_then(count),
            users_active_month: at(&["usage", "users", "activeMonth"]).and_then(count),
            users_active_halfyear: at(&["usage", "users", "activeHalfyear"]).and_then(count),
            local_posts: at(&["usage", "localPosts"]).and_then(count),
            local_comments: at(&["usage", "localComments"]).and_then(count),
            metadata: at(&["metadata"])
                .filter(|value| value.to_string().len() <= MAX_METADATA)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        })
    }
}

pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, BadNodeInfo> {
    if bytes.len() > MAX_BYTES {
        return Err(BadNodeInfo::TooLarge);
    }
    match serde_json::from_slice(bytes).map_err(BadNodeInfo::NotJson)? {
        Value::Object(object) => Ok(object),
        _ => Err(BadNodeInfo::NotAnObject),
    }
}

/// Without control characters, and cut. Line breaks and tabs are blanks: the schema has texts on one line.
pub(super) fn tidy(s: &str, max: usize) -> String {
    s.chars()
        .map(|c| {
            if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !c.is_control())
        .take(max)
        .collect()
}

/// A text; a number stands for itself, as in `"version": 4.2`.
fn text(value: &Value, max: usize) -> Option<String> {
    match value {
        Value::String(text) => Some(tidy(text, max)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A natural number; some servers write it as a string, or with a fraction of nothing.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 0 to 2^53 is one of u64"
)]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&number)).then_some(number as u64)
}

/// Some servers write `1`, or `"true"`. What is unclear is closed.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(open) => *open,
        Value::String(text) => text == "true" || text == "1",
        other => other.as_u64() == Some(1),
    }
}

/// The names in these lists, each once.
fn names(lists: &[Option<&Value>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in lists
        .iter()
        .flatten()
        .filter_map(|list| list.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .map(|name| tidy(name, MAX_TEXT))
    {
        if names.len() < MAX_ITEMS && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
