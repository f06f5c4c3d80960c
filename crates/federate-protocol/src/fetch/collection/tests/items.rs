//! What is believed of an item: that it is listed, and nothing else.

use super::*;

const ALICE: &str = "https://a.example/users/alice";

/// A reading of an outbox that holds these items itself.
fn listed(owner: Option<&str>, items: &Value) -> Read {
    let mut whole = json!({ "id": OUTBOX, "type": "OrderedCollection", "orderedItems": items });
    if let Some(owner) = owner {
        whole["attributedTo"] = json!(owner);
    }
    Site::default().put(OUTBOX, &whole).read(OUTBOX)
}

#[test]
fn i12_an_item_of_another_origin_is_an_id_and_nothing_else() {
    let forged = "https://b.example/notes/1";
    for item in [
        json!({ "id": forged, "type": "Note", "content": "forged" }),
        json!({ "id": forged, "type": "Note", "content": "forged", "attributedTo": ALICE }),
        json!({ "id": forged, "type": "Create", "actor": ALICE, "object": { "id": note(1), "type": "Note", "content": "forged" } }),
        json!({ "@id": forged, "@type": "Note", "content": "forged" }),
    ] {
        for owner in [None, Some(ALICE)] {
            let read = listed(owner, &json!([item]));
            assert_eq!(read.ids(), [[forged]], "{item}");
            assert_eq!(read.embedded(), 0, "{item}");
            assert!(!read.pages[0].object().to_value().to_string().contains("forged"));
        }
    }
}

#[test]
fn i12_an_item_that_somebody_else_answers_for_is_an_id() {
    let create = |actor: &str| json!({ "id": note(1), "type": "Create", "actor": actor, "object": note(2) });
    let embedded = |owner, actor| listed(owner, &json!([create(actor)])).embedded();
    // The collection says whose it is, and that one is of its origin.
    assert_eq!(embedded(Some(ALICE), ALICE), 1);
    // It does not say whose it is; or it is somebody else's.
    assert_eq!(embedded(None, ALICE), 0);
    assert_eq!(embedded(Some(ALICE), "https://a.example/users/bob"), 0);
    assert_eq!(embedded(Some(ALICE), "https://b.example/users/bob"), 0);
    assert_eq!(listed(None, &json!([create(ALICE)])).ids(), [[note(1)]]);
}

#[test]
fn i12_an_object_within_an_item_is_reduced_too() {
    let item = json!({
        "id": note(1), "type": "Announce", "actor": ALICE,
        "object": { "id": "https://b.example/notes/1", "type": "Note", "content": "forged" },
    });
    let read = listed(Some(ALICE), &json!([item]));
    let announce = read.pages[0].items()[0].object().unwrap();
    assert_eq!(announce.object().id(), Some(iri("https://b.example/notes/1")));
    assert!(announce.object().object().is_none());
}

#[test]
fn i12_a_page_vouches_for_its_collections_owner_and_for_nobody_else() {
    let item = json!([{ "id": note(1), "type": "Create", "actor": ALICE, "object": note(2) }]);
    let read = |whole: Option<&str>, of_page: Option<&str>| {
        let mut collection = collection(&at("page=1"));
        let mut one = page(&at("page=1"), &[], None);
        one["orderedItems"] = item.clone();
        for (body, owner) in [(&mut collection, whole), (&mut one, of_page)] {
            if let Some(owner) = owner {
                body["attributedTo"] = json!(owner);
            }
        }
        let site = Site::default().put(OUTBOX, &collection);
        site.put(&at("page=1"), &one).read(OUTBOX)
    };
    let bob = Some("https://a.example/users/bob");
    assert_eq!(read(Some(ALICE), None).embedded(), 1);
    assert_eq!(read(Some(ALICE), Some(ALICE)).embedded(), 1);
    assert_eq!(read(None, Some(ALICE)).embedded(), 0);
    assert_eq!(read(bob, Some(ALICE)).embedded(), 0);
    assert_eq!(read(Some(ALICE), bob).embedded(), 0);
    let foreign = read(Some(ALICE), Some("https://b.example/users/bob"));
    assert_eq!(foreign.end(), FetchRefusal::ForeignOwner.to_string());
    assert_eq!(foreign.pages.len(), 0);
}

#[test]
fn i12_what_is_no_item_is_left_out_and_each_is_given_once() {
    let items = json!([
        note(1), null, 7, "103076", "", { "id": note(2), "type": "Note" }, note(1), { "id": note(2) },
        { "type": "Link", "href": note(3) }, { "id": 7, "type": "Note" }, { "type": "Note", "content": "nameless" },
        { "type": "Create", "actor": ALICE }, [note(4)],
    ]);
    let read = listed(None, &items);
    assert_eq!(read.ids(), [[note(1), note(2), note(3), note(4)]]);
    // One without an id, that nobody claims, is what the collection itself says.
    assert_eq!(read.pages[0].items().len(), 5);
}

#[test]
fn an_item_that_stands_alone_is_a_list_of_one() {
    assert_eq!(listed(None, &json!(note(1))).ids(), [[note(1)]]);
    let both = json!({ "id": OUTBOX, "type": "Collection", "items": note(1), "orderedItems": [note(2)] });
    let read = Site::default().put(OUTBOX, &both).read(OUTBOX);
    assert_eq!(read.ids(), [[note(2), note(1)]]);
}
