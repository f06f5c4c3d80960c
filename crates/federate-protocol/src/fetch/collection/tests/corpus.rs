//! The collections of the shared folder, where it is there, each at the place that it says it has.

use super::*;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file of the corpus, or `None` (and a line that says so, past the harness).
fn file(name: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "a test may be told where its data is")]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join("corpus");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", folder.display());
        return None;
    }
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    // Some come from instances that somebody ran without TLS.
    let text = text.replace("http://remote.org/", "https://remote.org/");
    Some(serde_json::from_str(&text.replace("http://mobilizon.test/", "https://mobilizon.test/")).unwrap())
}

/// File; items of each page, and how many of all are embedded; what it claims; where it goes on, behind the last `/`.
type Expected = (&'static str, &'static [usize], usize, Option<u64>, &'static str);

const COLLECTIONS: &[Expected] = &[
    (
        "firefish__coll-orderedcollection__OrderedCollection",
        &[],
        0,
        Some(5),
        "outbox?page=true",
    ),
    // Activities by an actor whom the page does not name as its owner: ids.
    (
        "firefish__coll-orderedcollectionpage__OrderedCollectionPage",
        &[5],
        0,
        Some(5),
        "outbox?page=true&until_id=9fpo5w7str",
    ),
    (
        "glitch-soc__coll-collection__Collection",
        &[0],
        0,
        None,
        "replies?only_other_accounts=true&page=true",
    ),
    (
        "glitch-soc__coll-orderedcollection__OrderedCollection",
        &[],
        0,
        Some(4875),
        "outbox?page=true",
    ),
    (
        "glitch-soc__coll-orderedcollectionpage__OrderedCollectionPage",
        &[3],
        0,
        None,
        "outbox?max_id=110765596677856803&page=true",
    ),
    (
        "kbin__coll-orderedcollection__outbox-L16",
        &[],
        0,
        Some(24),
        "outbox?page=1",
    ),
    (
        "lemmy__coll-orderedcollection__group_featured_posts",
        &[2],
        0,
        Some(2),
        "",
    ),
    (
        "lemmy__coll-orderedcollection__group_moderators",
        &[1],
        0,
        None,
        "",
    ),
    (
        "mastodon__coll-collection__ActivityDtoDeserializationFixtures-L430",
        &[0],
        0,
        None,
        "replies?only_other_accounts=true&page=true",
    ),
    (
        "mastodon__coll-orderedcollection__activitypub-L203",
        &[],
        0,
        Some(231),
        "",
    ),
    (
        "mastodon__coll-orderedcollection__activitypub-L920",
        &[1],
        0,
        None,
        "",
    ),
    ("mastodon__coll-orderedcollection__featured", &[1], 0, Some(1), ""),
    (
        "mastodon__coll-orderedcollection__featured_collection",
        &[1],
        0,
        Some(5),
        "",
    ),
    (
        "mastodon__coll-orderedcollection__masto_closed_followers",
        &[],
        0,
        Some(437),
        "followers?page=1",
    ),
    (
        "mastodon__coll-orderedcollection__masto_featured-L0",
        &[0],
        0,
        Some(0),
        "",
    ),
    (
        "mastodon__coll-orderedcollection__outbox",
        &[],
        0,
        Some(1550),
        "outbox?page=true",
    ),
    (
        "mastodon__coll-orderedcollectionpage__masto_closed_followers_page",
        &[12],
        0,
        Some(437),
        "followers?page=2",
    ),
    (
        "mastodon__coll-orderedcollectionpage__outbox-collection",
        &[2],
        0,
        None,
        "",
    ),
    // A Create without an id, by an actor who is not named as the owner, cannot be asked for: nothing is left of it.
    (
        "matters-gateway__coll-orderedcollection__static-outbox",
        &[0],
        0,
        Some(1),
        "",
    ),
    // The collection is the group's, and what it lists is the members'.
    (
        "mobilizon__coll-orderedcollection__mobilizon-members-collection",
        &[2],
        0,
        Some(2),
        "",
    ),
    // Numbers among the ids of posts.
    (
        "nodebb__coll-orderedcollection__context_1",
        &[15],
        0,
        Some(21),
        "",
    ),
    (
        "pleroma__coll-orderedcollection__pleroma_followers",
        &[0],
        0,
        Some(527),
        "followers?page=2",
    ),
    (
        "pleroma__coll-orderedcollection__tests-L73",
        &[],
        0,
        None,
        "outbox?page=true",
    ),
    (
        "pleroma__coll-orderedcollectionpage__tests-L85",
        &[0],
        0,
        None,
        "outbox?max_id=A0aBb8fNE0ZPTtpUu0&page=true",
    ),
];

#[test]
fn r6_the_collections_of_the_corpus_are_read() {
    for (name, pages, embedded, total, next) in COLLECTIONS {
        let Some(body) = file(name) else { return };
        let id = body["id"].as_str().unwrap();
        let mut site = Site::default().put(id, &body);
        let read = site.read(id);
        let given: Vec<_> = read.pages.iter().map(|page| page.items().len()).collect();
        assert_eq!(given, *pages, "{name}");
        assert_eq!(read.embedded(), *embedded, "{name}");
        assert_eq!(read.reading.claimed_total(), *total, "{name}");
        let asked = site.asked.get(1).map(|url| url.rsplit('/').next().unwrap());
        assert_eq!(asked.unwrap_or_default(), *next, "{name}");
        let missing = FetchRefusal::Status(404).to_string();
        let end = if next.is_empty() { "Complete" } else { &missing };
        assert_eq!(read.end(), end, "{name}");
    }
}

#[test]
fn r6_the_pages_of_the_corpus_are_of_their_collections() {
    for (whole, page) in [
        (
            "firefish__coll-orderedcollection__OrderedCollection",
            "firefish__coll-orderedcollectionpage__OrderedCollectionPage",
        ),
        (
            "glitch-soc__coll-orderedcollection__OrderedCollection",
            "glitch-soc__coll-orderedcollectionpage__OrderedCollectionPage",
        ),
        (
            "mastodon__coll-orderedcollection__masto_closed_followers",
            "mastodon__coll-orderedcollectionpage__masto_closed_followers_page",
        ),
        (
            "pleroma__coll-orderedcollection__tests-L73",
            "pleroma__coll-orderedcollectionpage__tests-L85",
        ),
    ] {
        let (Some(whole), Some(page)) = (file(whole), file(page)) else {
            return;
        };
        let (id, first) = (whole["id"].as_str().unwrap(), whole["first"].as_str().unwrap());
        let mut site = Site::default().put(id, &whole).put(first, &page);
        let read = site.read(id);
        assert_eq!(read.pages.len(), 1, "{id}");
        assert_eq!(site.asked, [id, first, page["next"].as_str().unwrap()]);
    }
}
