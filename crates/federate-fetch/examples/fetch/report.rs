//! What was asked, what came, what is believed and why.

use super::recorder::{Came, Exchange, chain};
use federate_fetch::{FetchError, FetchErrorKind, Resolved};
use federate_protocol::activitystreams::Iri;
use federate_protocol::activitystreams::html::{one_line, to_plain_text};
use federate_protocol::fetch::{Actor, Bond, Document, Provenance};
use federate_protocol::webfinger::Handle;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

type Found = Result<Resolved, FetchError>;

/// The most characters of a text of a stranger.
const LINE: usize = 200;

/// As one JSON object.
pub(crate) fn json(asked: &str, exchanges: &[Exchange], found: &Found) -> String {
    let mut report = Map::new();
    report.insert("asked".to_owned(), asked.into());
    report.insert("requests".to_owned(), exchanges.iter().map(exchange).collect());
    report.extend(match found {
        Ok(resolved) => believed(resolved),
        Err(error) => fields(json!({
            "verdict": "refused",
            "row": error.row(),
            "reason": reason(error),
            "permanent": error.is_permanent(),
        })),
    });
    format!("{:#}", Value::Object(report))
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Without the word that the verdict has said.
fn reason(error: &FetchError) -> String {
    match error.kind() {
        FetchErrorKind::Refused(refusal) => chain(refusal),
        _ => chain(error),
    }
}

fn exchange(exchange: &Exchange) -> Value {
    let milliseconds = u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX);
    let mut value = fields(json!({ "method": "GET", "url": exchange.url, "milliseconds": milliseconds }));
    value.extend(fields(match &exchange.came {
        Came::Response {
            status,
            content_type,
            location,
            bytes,
        } => json!({ "status": status, "content_type": content_type, "location": location, "bytes": bytes }),
        Came::Nothing { why } => json!({ "error": why }),
    }));
    value.into()
}

fn believed(resolved: &Resolved) -> Map<String, Value> {
    let document = resolved.document();
    let mut value = fields(json!({
        "verdict": "believed",
        "id": document.id().as_str(),
        "type": document.object().type_name(),
        "owner": document.owner().map(Iri::as_str),
        "provenance": provenance(document.provenance()),
        "why": document.provenance().to_string(),
        "document": serde_json::from_slice::<Value>(document.bytes()).ok(),
    }));
    if let Resolved::Actor { actor, handle } = resolved {
        value.extend(fields(json!({
            "inbox": actor.inbox().as_str(),
            "shared_inbox": actor.shared_inbox().map(Iri::as_str),
            "keys": actor.keys().iter().map(|key| key.id.as_str()).collect::<Vec<_>>(),
            "handle": handle.as_ref().map(|(handle, _)| handle.to_string()),
            "handle_why": handle.as_ref().map(|(_, bond)| bond.to_string()),
        })));
    }
    value
}

fn provenance(provenance: &Provenance) -> Value {
    match provenance {
        Provenance::Fetched {
            page,
            found_at,
            redirects,
        } => json!({
            "page": page.as_ref().map(|url| url.as_str()),
            "found_at": found_at.as_ref().map(|url| url.as_str()),
            "redirects": redirects,
        }),
        _ => json!({ "kept": true }),
    }
}

/// For people. What strangers wrote is one line without what could move the cursor.
pub(crate) fn text(exchanges: &[Exchange], found: &Found) -> String {
    let mut report = Report::default();
    for (number, exchange) in exchanges.iter().enumerate() {
        report.exchange(number + 1, exchange);
    }
    if exchanges.is_empty() {
        report.line("no request was made");
    }
    report.line("");
    match found {
        Ok(Resolved::Actor { actor, handle }) => report.actor(actor, handle.as_ref()),
        Ok(resolved) => report.object(resolved.document()),
        Err(error) => report.refused(error),
    }
    report.text.trim_end().to_owned()
}

#[derive(Default)]
struct Report {
    text: String,
}

impl Report {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn field(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "  {name:<9} {}", one_line(value, LINE));
    }

    fn exchange(&mut self, number: usize, exchange: &Exchange) {
        self.line(&format!("{number}. GET {}", one_line(&exchange.url, 2_048)));
        let took = exchange.took.as_millis();
        self.line(&match &exchange.came {
            Came::Response {
                status,
                content_type,
                location,
                bytes,
            } => {
                let content_type = content_type.as_deref().unwrap_or("no content type");
                let to = location
                    .as_ref()
                    .map(|to| format!(" to {to}"))
                    .unwrap_or_default();
                let answer = format!("{status}{to}, {content_type}, {bytes} bytes");
                format!("   {}, {took} ms", one_line(&answer, LINE))
            }
            Came::Nothing { why } => format!("   {}, {took} ms", one_line(why, LINE)),
        });
    }

    fn believed(&mut self, document: &Document) {
        self.line(&format!("believed: {}", document.provenance()));
        self.field("id", document.id().as_str());
        self.field("type", document.object().type_name());
    }

    fn actor(&mut self, actor: &Actor, handle: Option<&(Handle, Bond)>) {
        self.believed(actor.document());
        match handle {
            Some((handle, bond)) => {
                self.field("handle", &handle.to_string());
                self.field("", &bond.to_string());
            }
            None => self.field("handle", "none that leads back to the actor"),
        }
        if let Some(name) = actor.object().name() {
            self.field("name", &name);
        }
        self.field("inbox", actor.inbox().as_str());
        for key in actor.keys() {
            self.field("key", key.id.as_str());
        }
    }

    fn object(&mut self, document: &Document) {
        self.believed(document);
        if let Some(owner) = document.owner() {
            self.field("owner", owner.as_str());
        }
        if let Some(name) = document.object().name() {
            self.field("name", &name);
        }
        if let Some(content) = document.object().content() {
            self.field("content", &to_plain_text(&content));
        }
    }

    fn refused(&mut self, error: &FetchError) {
        let row = error.row().map(|row| format!(" ({row})")).unwrap_or_default();
        let verdict = if error.is_gone() { "gone" } else { "refused" };
        self.line(&format!("{verdict}{row}: {}", one_line(&reason(error), 2_048)));
        self.line(if error.is_permanent() {
            "  it would be the same tomorrow"
        } else {
            "  it may be otherwise later"
        });
    }
}
