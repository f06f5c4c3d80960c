//! Whatever pages a peer makes up: the reading ends, within its budget, asks nobody else and nothing twice.

use super::*;
use crate::fetch::place;
use proptest::prelude::*;
use std::collections::HashSet;

const HERE: [&str; 6] = [
    "https://a.example/c",
    "https://a.example/c?page=1",
    "https://a.example/c?page=2",
    "https://a.example/c?b=1&a=2",
    "https://a.example/p/3",
    "https://a.example/p/4",
];

/// A place of the peer in one of its spellings, a new place of his, or one that is not his.
fn somewhere() -> impl Strategy<Value = String> {
    let known = (0..HERE.len(), 0..5).prop_map(|(number, spelling)| {
        let plain = HERE[number];
        match spelling {
            0 => format!("{plain}#x"),
            1 => plain.replace("a.example", "A.EXAMPLE:443"),
            2 => plain.replace("/c", "/%63").replace("/p", "/%70"),
            3 => plain.replace("?b=1&a=2", "?a=2&b=1"),
            _ => plain.to_owned(),
        }
    });
    let fresh = any::<u16>().prop_map(|number| format!("https://a.example/c?fresh={number}"));
    let foreign = prop_oneof![
        Just("https://b.example/c".to_owned()),
        Just("http://a.example/c".to_owned()),
        Just("https://here.example/c".to_owned()),
        Just("https://a.example:444/c".to_owned()),
        Just("/c?page=2".to_owned()),
        Just(String::new()),
    ];
    prop_oneof![6 => known, 4 => fresh, 1 => foreign]
}

fn body() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![6 => Just("OrderedCollectionPage"), 2 => Just("Collection"), 1 => Just("Note")];
    let items = prop::collection::vec((0_usize..30).prop_map(note), 0..6);
    let link = || {
        prop_oneof![
            6 => somewhere().prop_map(Value::from),
            2 => (somewhere(), somewhere()).prop_map(|(id, next)| json!({
                "id": id, "type": "CollectionPage", "items": [note(1)], "next": next,
            })),
            1 => Just(Value::Null),
        ]
    };
    let part_of = prop_oneof![6 => Just(json!(HERE[0])), 2 => Just(Value::Null), 1 => somewhere().prop_map(Value::from)];
    let id = prop_oneof![4 => Just(json!("@self")), 1 => Just(Value::Null), 1 => somewhere().prop_map(Value::from)];
    (id, kind, items, link(), link(), part_of).prop_map(|(id, kind, items, first, next, part_of)| {
        json!({ "id": id, "type": kind, "items": items, "first": first, "next": next, "partOf": part_of })
    })
}

#[derive(Debug, Clone)]
enum Reply {
    Body(Value),
    Redirect(String),
    Status(u16),
}

fn reply() -> impl Strategy<Value = Reply> {
    let status = prop_oneof![Just(410), Just(500), Just(404)];
    prop_oneof![
        16 => body().prop_map(Reply::Body),
        4 => somewhere().prop_map(Reply::Redirect),
        1 => status.prop_map(Reply::Status),
    ]
}

/// The answer to this request, wherever it went.
fn answer(reply: &Reply, url: &str) -> http::Response<Bytes> {
    let mut site = Site::default();
    match reply {
        Reply::Body(body) => {
            let text = body.to_string().replace("@self", url);
            site.set(url, 200, "content-type", "application/activity+json", text);
        }
        Reply::Redirect(to) => site.set(url, 302, "location", to, String::new()),
        Reply::Status(status) => site = site.status(url, *status),
    }
    site.get(url)
}

proptest! {
    #[test]
    fn r6_whatever_a_peer_makes_up_it_ends(
        replies in prop::collection::vec(reply(), 1..12),
        pages in 0_usize..12,
        items in 0_usize..40,
    ) {
        let mut reading = CollectionReading::start(&iri(HERE[0]), rules(), budget().pages(pages).items(items));
        let (mut asked, mut places, mut urls) = (0, HashSet::new(), HashSet::new());
        let (mut given, mut listed) = (0, Vec::new());
        loop {
            match reading.step() {
                CollectionStep::Get(url) => {
                    let here = Iri::parse(url.as_str()).unwrap().same_origin(&iri(HERE[0]));
                    prop_assert!(here, "{}", url);
                    // The collection's own id may be another spelling of where it was asked for.
                    let new = places.insert(place::of(&url)) || reading.id().is_none();
                    prop_assert!(new && urls.insert(url.clone()), "twice: {}", url);
                    reading.on_response(&answer(&replies[asked % replies.len()], url.as_str()), Duration::ZERO);
                    asked += 1;
                }
                CollectionStep::Page(page) => {
                    given += 1;
                    listed.extend(page.ids());
                }
                CollectionStep::End(_) => break,
            }
            // The collection, its pages, and of each the redirects that it may have.
            prop_assert!(asked <= (pages + 1) * 4);
            prop_assert!(given <= pages && listed.len() <= items);
        }
        prop_assert_eq!((reading.pages(), reading.items()), (given, listed.len()));
        let once: HashSet<_> = listed.iter().collect();
        prop_assert_eq!(once.len(), listed.len());
    }
}
