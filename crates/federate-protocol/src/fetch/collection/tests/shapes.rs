//! What the servers of the fediverse give out, by its shape: two notes, over whatever pages they make of them.

use super::*;

/// A server by its name; its collection; each page by its place behind the collection's id. Where `$` stands, the collection's id.
type Shape = (&'static str, Value, Vec<(&'static str, Value)>);

fn shapes() -> Vec<Shape> {
    let (one, two) = (note(1), note(2));
    vec![
        (
            "Mastodon: an outbox",
            json!({ "id": "$", "type": "OrderedCollection", "totalItems": 2, "first": "$?page=true", "last": "$?min_id=0&page=true" }),
            vec![
                (
                    "?page=true",
                    json!({ "id": "$?page=true", "type": "OrderedCollectionPage", "partOf": "$", "orderedItems": [one],
                        "next": "$?max_id=1&page=true", "prev": "$?min_id=1&page=true" }),
                ),
                (
                    "?max_id=1&page=true",
                    json!({ "id": "$?max_id=1&page=true", "type": "OrderedCollectionPage", "partOf": "$", "orderedItems": [two],
                        "prev": "$?min_id=2&page=true" }),
                ),
            ],
        ),
        (
            "Mastodon: replies, the author's own embedded",
            json!({ "id": "$", "type": "Collection", "first": { "type": "CollectionPage", "partOf": "$", "items": [one],
                "next": "$?only_other_accounts=true&page=true" } }),
            vec![(
                "?only_other_accounts=true&page=true",
                json!({ "id": "$?only_other_accounts=true&page=true", "type": "CollectionPage", "partOf": "$", "items": [two] }),
            )],
        ),
        (
            "Lemmy: an outbox in one, of whole activities",
            json!({ "id": "$", "type": "OrderedCollection", "totalItems": 2, "orderedItems": [
                { "id": one, "type": "Announce", "actor": "https://a.example/c/main", "object": { "id": "https://b.example/1" } },
                { "id": two, "type": "Page", "attributedTo": "https://b.example/u/bob" },
            ] }),
            vec![],
        ),
        (
            "Pleroma: followers, the first page embedded",
            json!({ "id": "$", "type": "OrderedCollection", "totalItems": 2, "first": { "id": "$?page=1", "type": "OrderedCollectionPage",
                "totalItems": 2, "partOf": "$", "orderedItems": [one], "next": "$?page=2" } }),
            vec![(
                "?page=2",
                json!({ "id": "$?page=2", "type": "OrderedCollectionPage", "totalItems": 2, "partOf": "$", "orderedItems": [two] }),
            )],
        ),
        (
            "parameters in another order than in the id",
            json!({ "id": "$", "type": "OrderedCollection", "first": "$?limit=1" }),
            vec![
                (
                    "?limit=1",
                    json!({ "id": "$?limit=1", "type": "OrderedCollectionPage", "partOf": "$", "orderedItems": one,
                        "next": "$?until_id=1&limit=1" }),
                ),
                (
                    "?until_id=1&limit=1",
                    json!({ "id": "$?limit=1&until_id=1", "type": "OrderedCollectionPage", "partOf": "$", "orderedItems": two }),
                ),
            ],
        ),
        (
            "PeerTube: pages that name their first",
            json!({ "id": "$", "type": "OrderedCollection", "totalItems": 2, "first": "$?page=1" }),
            vec![
                (
                    "?page=1",
                    json!({ "id": "$?page=1", "type": "OrderedCollectionPage", "totalItems": 2, "partOf": "$", "orderedItems": [one],
                        "next": "$?page=2", "first": "$?page=1" }),
                ),
                (
                    "?page=2",
                    json!({ "id": "$?page=2", "type": "OrderedCollectionPage", "totalItems": 2, "partOf": "$", "orderedItems": [two],
                        "next": null, "first": "$?page=1" }),
                ),
            ],
        ),
        (
            "WordPress: pages without an id",
            json!({ "id": "$", "type": "Collection", "first": { "type": "CollectionPage", "partOf": "$", "items": [], "next": "$?page=2" } }),
            vec![(
                "?page=2",
                json!({ "type": "CollectionPage", "partOf": "$", "items": [one, two] }),
            )],
        ),
        (
            "Friendica: pages with the id of their collection",
            json!({ "id": "$", "type": "OrderedCollection", "totalItems": 2, "first": "$?page=1" }),
            vec![(
                "?page=1",
                json!({ "id": "$", "type": "OrderedCollectionPage", "partOf": "$", "orderedItems": [one, two] }),
            )],
        ),
        (
            "servers on static files: everything in one",
            json!({ "id": "$", "type": "OrderedCollection", "orderedItems": [{ "id": one }, { "type": "Link", "href": two }] }),
            vec![],
        ),
    ]
}

#[test]
fn r6_the_shapes_of_known_servers_are_read() {
    for (server, whole, pages) in shapes() {
        let body = |body: &Value| serde_json::from_str(&body.to_string().replace('$', OUTBOX)).unwrap();
        let site = Site::default().put(OUTBOX, &body(&whole));
        let mut site = pages.iter().fold(site, |site, (place, page)| {
            site.put(&format!("{OUTBOX}{place}"), &body(page))
        });
        let read = site.read(OUTBOX);
        assert_eq!(read.ids().concat(), [note(1), note(2)], "{server}");
        assert_eq!(read.end(), "Complete", "{server}");
        assert_eq!(site.asked.len(), pages.len() + 1, "{server}");
    }
}

#[test]
fn r6_a_page_of_a_part_that_is_not_the_collections_id_is_refused() {
    // NodeBB calls what its pages are part of by another URL than the topic that leads to them.
    let topic = "https://a.example/topic/1";
    let mut site = Site::default()
        .put(topic, &json!({ "id": topic, "type": "OrderedCollection", "first": "https://a.example/topic/1/posts?page=1" }))
        .put(
            "https://a.example/topic/1/posts?page=1",
            &json!({ "id": "https://a.example/topic/1?page=1", "type": "OrderedCollectionPage",
                "partOf": "https://a.example/topic/1/posts", "orderedItems": [note(1)] }),
        );
    assert_eq!(site.read(topic).end(), FetchRefusal::OtherCollection.to_string());
}
