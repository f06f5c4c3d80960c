//! Reasons as text.

use super::{Refusal, RefusalKind};
use std::fmt::Write as _;

/// What a peer wrote, made fit for a log line: escaped, and cut at 120 characters.
pub(crate) fn shown(text: &str) -> String {
    const LIMIT: usize = 120;
    let mut out: String = text.chars().take(LIMIT).flat_map(char::escape_default).collect();
    if text.chars().nth(LIMIT).is_some() {
        out.push_str("...");
    }
    out.replace("\\\"", "\"").replace("\\'", "'")
}

pub(super) fn explain(refusal: &Refusal) -> String {
    let mut out = format!("refused: {refusal}\n");
    let mut line = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{name}: {value}");
    };
    if let Some(flavour) = refusal.flavour() {
        line("format", flavour.as_str());
    }
    if let Some(key_id) = refusal.key_id() {
        line("key id", &shown(key_id.as_str()));
    }
    if !refusal.covered().is_empty() {
        line("signed by the peer's word", &shown(&refusal.covered().join(" ")));
    }
    if let Some(base) = refusal.signed_string() {
        line("signed string as rebuilt here", &escaped(base));
    }
    if let Some(hint) = hint(refusal.kind()) {
        line("look at", hint);
    }
    out
}

/// Control characters escaped, each line end visible, the rest as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    for character in text.chars() {
        out.extend(character.escape_debug());
    }
    out.push('"');
    out
}

fn hint(kind: &RefusalKind) -> Option<&'static str> {
    Some(match kind {
        RefusalKind::SignatureMismatch { .. } => {
            "whether a proxy changed the Host, the path or a signed header, whether the scheme and the host of \
             @target-uri are those that the peer sees, and whether the key was replaced"
        }
        RefusalKind::WrongAuthority { .. } => {
            "whether the proxy hands on the Host header, and whether the policy lists the public name"
        }
        RefusalKind::TooOld { .. } | RefusalKind::TooNew { .. } => "the clocks of both sides",
        RefusalKind::DigestMismatch { .. } => "whether something changed or decoded the body on its way",
        RefusalKind::Unsigned => "whether a proxy drops the Signature header",
        _ => return None,
    })
}
