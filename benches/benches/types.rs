//! Types: reading what Mastodon sends, and reading, changing and writing payloads of many servers, beside the peers.
//!
//! The payloads are those below `FEDERATE_SHARED` (or `../shared` beside the repository), in `corpus`.

use std::{fs, path::PathBuf};

use activitystreams::prelude::*;
use federate_activitystreams::{Create, Limits, Note, Object, terms};
use federate_benches::{Candidate, compare};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

const CREATE: &[u8] = include_bytes!("create-note.json");

/// All, or those that are named: `cargo bench --bench types -- read`.
fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with('-'))
        .collect();
    for (name, run) in [
        ("read", read as fn()),
        ("write", write),
        ("corpus", corpus),
        ("hostile", hostile),
    ] {
        if named.is_empty() || named.iter().any(|one| one == name) {
            run();
        }
    }
}

fn read() {
    compare(
        "read a Create(Note) and look at twelve properties",
        CREATE.len(),
        &mut [
            Candidate::new("serde_json::Value, no checks", || {
                let v: Value = serde_json::from_slice(CREATE).unwrap();
                let note = &v["object"];
                let looked = [
                    &v["id"],
                    &v["type"],
                    &v["actor"],
                    &v["published"],
                    &v["to"],
                    &v["cc"],
                    &note["id"],
                ];
                let more = [
                    &note["content"],
                    &note["attributedTo"],
                    &note["inReplyTo"],
                    &note["tag"],
                    &note["sensitive"],
                ];
                looked.iter().chain(&more).filter(|v| !v.is_null()).count()
            }),
            Candidate::new("federate-activitystreams, all checks", || {
                let o = Object::parse(CREATE).unwrap();
                let create = o.as_::<Create<Note>>().unwrap();
                let note = create.object();
                let looked = (
                    o.id(),
                    o.type_name().len(),
                    o.actor().id(),
                    o.published(),
                    o.to().len(),
                    o.cc().len(),
                );
                let more = (
                    note.id(),
                    note.content(),
                    note.attributed_to().id(),
                    note.in_reply_to().id(),
                );
                let last = (note.tag().len(), note.sensitive());
                drop(std::hint::black_box((looked, more, last)));
            }),
            Candidate::new("federate-activitystreams, parse alone", || {
                Object::parse(CREATE).unwrap()
            }),
            Candidate::new("derived struct, known to be a Create(Note)", || {
                serde_json::from_slice::<derived::Create>(CREATE).unwrap()
            }),
            Candidate::new("derived enum, as activitypub_federation's inbox", || {
                serde_json::from_slice::<derived::WithContext<derived::Accepted>>(CREATE).unwrap()
            }),
            Candidate::new("actpub-activitystreams", || {
                serde_json::from_slice::<actpub_activitystreams::WithContext<actpub_activitystreams::Object>>(
                    CREATE,
                )
                .unwrap()
            }),
            Candidate::new("activitystreams", || {
                let create: activitystreams::activity::Create = serde_json::from_slice(CREATE).unwrap();
                let note = create.object_unchecked().as_one().cloned();
                note.and_then(|note| note.extend::<NoteOfActivitystreams, _>().ok().flatten())
            }),
            Candidate::new("activitystreams-vocabulary", || {
                serde_json::from_slice::<activitystreams_vocabulary::Create>(CREATE).is_ok()
            }),
        ],
    );
    println!(
        "  (activitystreams-vocabulary reads it: {})",
        serde_json::from_slice::<activitystreams_vocabulary::Create>(CREATE).is_ok()
    );
}

fn write() {
    compare(
        "read a Create(Note) and write it untouched",
        CREATE.len(),
        &mut [
            Candidate::new("serde_json::Value", || {
                serde_json::to_vec(&serde_json::from_slice::<Value>(CREATE).unwrap()).unwrap()
            }),
            Candidate::new("federate-activitystreams", || {
                Object::parse(CREATE).unwrap().to_bytes()
            }),
        ],
    );
}

fn corpus() {
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let Ok(folder) = fs::read_dir(root.join("corpus")) else {
        println!("skipped: no corpus (set FEDERATE_SHARED)");
        return;
    };
    let all: Vec<Vec<u8>> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| fs::read(path).unwrap())
        .filter(|bytes| Object::parse(bytes).is_ok())
        .collect();
    on("all", &all, &mut []);
    let actpub = readable::<actpub_activitystreams::Object>(&all);
    on(
        "those that actpub-activitystreams reads",
        &actpub,
        &mut [(
            "actpub-activitystreams",
            Box::new(|bytes| {
                let mut object: actpub_activitystreams::Object = serde_json::from_slice(bytes).unwrap();
                object.name = Some("changed".into());
                serde_json::to_vec(&object).unwrap()
            }),
        )],
    );
    let asonix = readable::<AnyOfActivitystreams>(&all);
    on(
        "those that activitystreams reads",
        &asonix,
        &mut [(
            "activitystreams",
            Box::new(|bytes| {
                let mut object: AnyOfActivitystreams = serde_json::from_slice(bytes).unwrap();
                object.set_name("changed");
                serde_json::to_vec(&object).unwrap()
            }),
        )],
    );
    let vocabulary = readable::<activitystreams_vocabulary::Note>(&all);
    if vocabulary.is_empty() {
        println!("  (activitystreams-vocabulary reads none of them as a Note)");
        return;
    }
    on(
        "those that activitystreams-vocabulary reads as a Note",
        &vocabulary,
        &mut [(
            "activitystreams-vocabulary",
            Box::new(|bytes| {
                let mut object: activitystreams_vocabulary::Note = serde_json::from_slice(bytes).unwrap();
                object.set_name(activitystreams_vocabulary::Name::from_string("changed").unwrap());
                serde_json::to_vec(&object).unwrap()
            }),
        )],
    );
}

type Change<'a> = (&'a str, Box<dyn Fn(&[u8]) -> Vec<u8>>);

fn on(which: &str, documents: &[Vec<u8>], peers: &mut [Change<'_>]) {
    let bytes = documents.iter().map(Vec::len).sum();
    let value = |bytes: &[u8]| {
        let mut value: Value = serde_json::from_slice(bytes).unwrap();
        value["name"] = "changed".into();
        serde_json::to_vec(&value).unwrap()
    };
    let ours = |bytes: &[u8]| {
        let mut object = Object::parse(bytes).unwrap();
        object.set(&terms::NAME, "changed");
        object.to_bytes()
    };
    let each =
        |change: &dyn Fn(&[u8]) -> Vec<u8>| documents.iter().map(|bytes| change(bytes).len()).sum::<usize>();
    let mut candidates = vec![
        Candidate::new("serde_json::Value", || each(&value)),
        Candidate::new("federate-activitystreams", || each(&ours)),
    ];
    for (name, change) in peers.iter() {
        candidates.push(Candidate::new(name, move || each(change)));
    }
    compare(
        &format!(
            "read, change one property and write {} documents: {which}",
            documents.len()
        ),
        bytes,
        &mut candidates,
    );
}

fn readable<T: DeserializeOwned>(all: &[Vec<u8>]) -> Vec<Vec<u8>> {
    all.iter()
        .filter(|bytes| serde_json::from_slice::<T>(bytes).is_ok())
        .cloned()
        .collect()
}

fn hostile() {
    let mut wide = Limits::default();
    wide.bytes = 64 << 20;
    let arrays = "[".repeat(100_000);
    let within = format!("{{\"a\":{}{}}}", arrays, "]".repeat(100_000));
    let key = format!("{{\"{}\":1}}", "k".repeat(1_000_000));
    let to = format!("{{\"to\":[{}0]}}", "\"https://a.example/u\",".repeat(1_000_000));
    compare(
        "refuse what is only sent to hurt (it must take under 20 ms)",
        0,
        &mut [
            Candidate::new("100,000 arrays", || Object::parse(arrays.as_bytes()).unwrap_err()),
            Candidate::new("100,000 arrays in an object", || {
                Object::parse(within.as_bytes()).unwrap_err()
            }),
            Candidate::new("a name of a megabyte", || {
                Object::parse(key.as_bytes()).unwrap_err()
            }),
            Candidate::new("a million recipients, usual limits", || {
                Object::parse(to.as_bytes()).unwrap_err()
            }),
            Candidate::new("a million recipients, 64 MiB allowed", || {
                Object::parse_with(to.as_bytes(), &wide).unwrap_err()
            }),
        ],
    );
}

type NoteOfActivitystreams = activitystreams::object::ApObject<activitystreams::object::Note>;
type AnyOfActivitystreams = activitystreams::object::Object<String>;

/// What a program that uses activitypub_federation declares for itself. Its `ObjectId` is a `Url`.
mod derived {
    use super::{Deserialize, Serialize, Value};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    pub enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }

    /// Its wrapper of what comes to an inbox.
    #[derive(Serialize, Deserialize)]
    pub struct WithContext<T> {
        #[serde(rename = "@context")]
        pub context: Vec<Value>,
        #[serde(flatten)]
        pub inner: T,
    }

    /// The activities that an inbox takes, as its guide has them: the first that fits is meant.
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    pub enum Accepted {
        Follow(Activity<FollowType, url::Url>),
        Accept(Activity<AcceptType, Activity<FollowType, url::Url>>),
        Undo(Activity<UndoType, Activity<FollowType, url::Url>>),
        Like(Activity<LikeType, url::Url>),
        Announce(Activity<AnnounceType, url::Url>),
        Create(Activity<CreateType, Note>),
        Update(Activity<UpdateType, Note>),
        Delete(Activity<DeleteType, url::Url>),
    }

    #[derive(Serialize, Deserialize)]
    pub struct Activity<K, O> {
        pub id: url::Url,
        #[serde(rename = "type")]
        pub kind: K,
        pub actor: url::Url,
        pub published: Option<String>,
        pub to: Option<OneOrMany>,
        pub cc: Option<OneOrMany>,
        pub object: O,
    }

    /// Types of one name each, by which its activities are told apart.
    macro_rules! kinds {
        ($($name:ident: $kind:ident),*) => {
            $(#[derive(Serialize, Deserialize)]
            pub enum $name {
                $kind,
            })*
        };
    }
    kinds!(
        FollowType: Follow, AcceptType: Accept, UndoType: Undo, LikeType: Like, AnnounceType: Announce,
        CreateType: Create, UpdateType: Update, DeleteType: Delete
    );

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Create {
        #[serde(rename = "@context")]
        pub context: Value,
        pub id: url::Url,
        #[serde(rename = "type")]
        pub kind: String,
        pub actor: url::Url,
        pub published: String,
        pub to: OneOrMany,
        pub cc: OneOrMany,
        pub object: Note,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Note {
        pub id: url::Url,
        #[serde(rename = "type")]
        pub kind: String,
        pub content: String,
        pub attributed_to: url::Url,
        pub in_reply_to: Option<url::Url>,
        pub published: String,
        pub to: OneOrMany,
        pub cc: OneOrMany,
        pub tag: Vec<Tag>,
        #[serde(default)]
        pub sensitive: bool,
        pub content_map: Option<std::collections::HashMap<String, String>>,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Tag {
        #[serde(rename = "type")]
        pub kind: String,
        pub href: Option<url::Url>,
        pub name: Option<String>,
    }
}
