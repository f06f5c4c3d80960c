//! Reading a Create(Note) as Mastodon sends it, with every check, and looking at twelve of its properties.

use federate_activitystreams::{Create, Note, Object};
use federate_benches::{Candidate, compare};
use serde_json::Value;

const CREATE: &[u8] = include_bytes!("create-note.json");

fn main() {
    compare(
        "read a Create(Note) and look at twelve properties",
        CREATE.len(),
        &mut [
            Candidate::new("serde_json::Value, no checks", || {
                let v: Value = serde_json::from_slice(CREATE).unwrap();
                let note = &v["object"];
                let looked = [&v["id"], &v["type"], &v["actor"], &v["published"], &v["to"], &v["cc"], &note["id"]];
                let more = [&note["content"], &note["attributedTo"], &note["inReplyTo"], &note["tag"], &note["sensitive"]];
                looked.iter().chain(&more).filter(|v| !v.is_null()).count()
            }),
            Candidate::new("federate-activitystreams, all checks", || {
                let o = Object::parse(CREATE).unwrap();
                let create = o.as_::<Create<Note>>().unwrap();
                let note = create.object();
                let looked = (o.id(), o.type_name().len(), o.actor().id(), o.published(), o.to().len(), o.cc().len());
                let more = (note.id(), note.content(), note.attributed_to().id(), note.in_reply_to().id());
                let last = (note.tag().len(), note.sensitive());
                format_args!("{looked:?}{more:?}{last:?}").as_str().is_some()
            }),
        ],
    );
    compare(
        "read a Create(Note) and write it untouched",
        CREATE.len(),
        &mut [
            Candidate::new("serde_json::Value", || {
                serde_json::to_vec(&serde_json::from_slice::<Value>(CREATE).unwrap()).unwrap()
            }),
            Candidate::new("federate-activitystreams", || Object::parse(CREATE).unwrap().to_bytes()),
        ],
    );
}
