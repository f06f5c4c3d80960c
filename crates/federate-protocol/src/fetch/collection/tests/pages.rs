//! Which pages are of a collection, and where it may lead.

use super::*;

/// A collection whose first page, at `page=1`, is this; `page=2` is there and is the last.
fn first_page(one: &Value) -> Site {
    Site::default()
        .put(OUTBOX, &collection(&at("page=1")))
        .put(&at("page=1"), one)
        .put(&at("page=2"), &page(&at("page=2"), &[2], None))
}

/// A collection with this under `first`.
fn first(first: Value) -> Site {
    Site::default().put(OUTBOX, &with(collection(""), "first", first))
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}

#[test]
fn r6_next_that_leads_back_is_a_loop_in_whatever_spelling() {
    for back in [
        at("page=1"),
        at("page=1#top"),
        at("p%61ge=1"),
        "https://A.example:443/users/alice/outbox?page=1".to_owned(),
        "https://a.example/users/%61lice/outbox?page=1".to_owned(),
        OUTBOX.to_owned(),
    ] {
        let mut site = first_page(&page(&at("page=1"), &[1], Some(&back)));
        let read = site.read(OUTBOX);
        assert_eq!((read.pages.len(), read.end().as_str()), (1, "Loop"), "{back}");
        assert_eq!(site.asked.len(), 2, "{back}");
    }
    // Over another page, and over the order of a query.
    let (one, two) = (at("a=1&b=2"), at("page=2"));
    let mut site = Site::default()
        .put(OUTBOX, &collection(&one))
        .put(&one, &page(&one, &[1], Some(&two)))
        .put(&two, &page(&two, &[2], Some(&at("b=2&a=1"))));
    let read = site.read(OUTBOX);
    assert_eq!((read.pages.len(), read.end().as_str()), (2, "Loop"));
    assert_eq!(site.asked.len(), 3);
}

#[test]
fn r6_a_redirect_back_is_a_loop() {
    for back in [at("page=1"), at("page=2"), OUTBOX.to_owned()] {
        let site = first_page(&page(&at("page=1"), &[1], Some(&at("page=2"))));
        let mut site = site.redirect(&at("page=2"), &back);
        let read = site.read(OUTBOX);
        assert_eq!((read.pages.len(), read.end().as_str()), (1, "Loop"), "{back}");
        assert_eq!(site.asked.len(), 3, "{back}");
    }
    // Where a page of the collection is a place that its own redirect came through.
    let mut site = first_page(&page(&at("page=1"), &[1], Some("https://a.example/middle")))
        .redirect("https://a.example/outbox", "https://a.example/middle")
        .redirect("https://a.example/middle", OUTBOX);
    let read = site.read("https://a.example/outbox");
    assert_eq!((read.pages.len(), read.end().as_str()), (1, "Loop"));
    assert_eq!(site.asked.len(), 4);
}

#[test]
fn r6_what_leads_to_another_origin_ends_it_unasked() {
    for away in [
        "https://b.example/users/alice/outbox?page=2",
        "https://a.example:444/users/alice/outbox?page=2",
        "https://a.example.b.example/",
        "https://sub.a.example/",
        "http://a.example/users/alice/outbox?page=2",
        "https://here.example/",
        "https://blocked.example/",
        "data:application/activity+json,{}",
        "urn:x",
    ] {
        let mut site = first_page(&page(&at("page=1"), &[1], Some(away)));
        let read = site.read(OUTBOX);
        assert_eq!((read.pages.len(), read.end().as_str()), (1, "Foreign"), "{away}");
        assert_eq!(site.asked.len(), 2, "{away}");
        // As the first page by URL, and embedded under such an id.
        let embedded = json!({ "id": away, "type": "OrderedCollectionPage", "orderedItems": [note(1)] });
        for page in [json!(away), embedded] {
            let mut site = first(page);
            let read = site.read(OUTBOX);
            assert_eq!((read.pages.len(), read.end().as_str()), (0, "Foreign"), "{away}");
            assert_eq!(site.asked, [OUTBOX], "{away}");
        }
    }
}

#[test]
fn r6_a_redirect_to_another_origin_ends_it_unasked() {
    let there = "https://b.example/page";
    let site = first_page(&json!({})).redirect(&at("page=1"), there);
    let mut site = site.put(there, &page(there, &[1], None));
    assert_eq!(site.read(OUTBOX).end(), "Foreign");
    assert_eq!(site.asked.len(), 2);
    // The collection itself.
    let mut site = chain(1).redirect("https://b.example/outbox", OUTBOX);
    assert_eq!(site.read("https://b.example/outbox").end(), "Foreign");
    assert_eq!(site.asked.len(), 1);
    // And one that calls itself by another origin's id.
    let mut site = chain(1).put("https://b.example/outbox", &collection(&at("page=1")));
    assert_eq!(site.read("https://b.example/outbox").end(), "Foreign");
    assert_eq!(site.asked.len(), 1);
}

#[test]
fn r6_redirects_of_a_page_at_the_limit_and_one_past_it() {
    let site = |hops: usize| {
        let place = |hop: usize| at(&format!("page=1&hop={hop}"));
        let mut site = Site::default().put(OUTBOX, &collection(&place(0)));
        for hop in 0..hops {
            site = site.redirect(&place(hop), &place(hop + 1));
        }
        site.put(&place(hops), &page(&place(hops), &[1], None))
    };
    let most = usize::from(Limits::default().redirects);
    assert_eq!(site(most).read(OUTBOX).end(), "Complete");
    let one_past = site(most + 1).read(OUTBOX).end();
    assert_eq!(one_past, FetchRefusal::TooManyRedirects.to_string());
}

#[test]
fn r6_a_page_of_another_collection_is_none_of_this() {
    let one = page(&at("page=1"), &[1], None);
    for whole in [
        json!("https://a.example/users/bob/outbox"),
        json!("https://b.example/users/alice/outbox"),
        json!("https://a.example/users/alice/outbox/"),
        json!(at("page=1")),
        json!(7),
        json!("outbox"),
    ] {
        let one = with(one.clone(), "partOf", whole.clone());
        let embedded = without(one.clone(), "id");
        for mut site in [first_page(&one), first(embedded)] {
            let read = site.read(OUTBOX);
            assert_eq!(read.end(), FetchRefusal::OtherCollection.to_string(), "{whole}");
            assert_eq!(read.pages.len(), 0, "{whole}");
        }
    }
    for whole in [
        json!("https://A.example/users/%61lice/outbox#x"),
        json!([OUTBOX]),
        json!({ "id": OUTBOX, "type": "OrderedCollection" }),
    ] {
        let one = with(one.clone(), "partOf", whole.clone());
        assert_eq!(first_page(&one).read(OUTBOX).end(), "Complete", "{whole}");
    }
    // Where the collection's own id has a query, its order does not matter.
    let topic = "https://a.example/index.php?author=0&rest_route=outbox";
    let other_order = "https://a.example/index.php?rest_route=outbox&author=0";
    let place = format!("{topic}&page=1");
    let whole = json!({ "id": topic, "type": "OrderedCollection", "first": place });
    let mut site = Site::default()
        .put(topic, &whole)
        .put(&place, &with(page(&place, &[1], None), "partOf", other_order));
    assert_eq!(site.read(topic).end(), "Complete");
}

#[test]
fn r6_a_page_is_at_its_id_but_for_the_order_of_the_query() {
    let asked = at("max_id=1&page=true");
    let site = |body: &Value| Site::default().put(OUTBOX, &collection(&asked)).put(&asked, body);
    let calls_itself = |id: &str| site(&page(id, &[1], None));
    assert_eq!(
        calls_itself(&at("page=true&max_id=1")).read(OUTBOX).end(),
        "Complete"
    );
    // Elsewhere it is asked for at its id, once; there it holds, or it does not.
    let elsewhere = "https://a.example/pages/1";
    let mut at_home = calls_itself(elsewhere).put(elsewhere, &page(elsewhere, &[1], None));
    assert_eq!(at_home.read(OUTBOX).end(), "Complete");
    assert_eq!(at_home.asked.len(), 3);
    let other = "https://a.example/pages/2";
    let restless = calls_itself(elsewhere).put(elsewhere, &page(other, &[1], None));
    let sent_on = calls_itself(elsewhere).redirect(elsewhere, other);
    for site in [restless, sent_on] {
        let mut site = site.put(other, &page(other, &[1], None));
        assert!(site.read(OUTBOX).end().contains("calls itself"));
        assert_eq!(site.asked.len(), 3);
    }
    let mut foreign = calls_itself("https://b.example/pages/1");
    assert_eq!(foreign.read(OUTBOX).end(), "Foreign");
    assert_eq!(foreign.asked.len(), 2);
    let odd = with(page(&asked, &[1], None), "id", json!([asked]));
    assert_eq!(site(&odd).read(OUTBOX).end(), FetchRefusal::NoId.to_string());
}

#[test]
fn a_page_without_an_id_or_with_its_collections_says_which_collection_it_is_of() {
    let nameless = without(page(&at("page=1"), &[1], Some(&at("page=2"))), "id");
    let friendica = with(nameless.clone(), "id", OUTBOX);
    for one in [&nameless, &friendica] {
        assert_eq!(first_page(one).read(OUTBOX).ids(), [[note(1)], [note(2)]]);
    }
    let silent = without(nameless, "partOf");
    let end = first_page(&silent).read(OUTBOX).end();
    assert_eq!(end, FetchRefusal::NoId.to_string());
    // It would have to be asked for at the collection's id, which was asked for already.
    assert_eq!(first_page(&with(silent, "id", OUTBOX)).read(OUTBOX).end(), "Loop");
}

#[test]
fn the_pages_that_came_hold_where_a_later_one_fails() {
    let site = || first_page(&page(&at("page=1"), &[1], Some(&at("page=2"))));
    let note = json!({ "id": at("page=2"), "type": "Note", "items": [note(2)] });
    let mut html = site();
    html.set(&at("page=2"), 200, "content-type", "text/html", "{}".to_owned());
    let mut broken = site();
    let json = "application/activity+json";
    broken.set(&at("page=2"), 200, "content-type", json, "{".to_owned());
    for (mut site, end) in [
        (site().status(&at("page=2"), 410), "Gone".to_owned()),
        (
            site().status(&at("page=2"), 503),
            FetchRefusal::Status(503).to_string(),
        ),
        (
            site().status(&at("page=2"), 404),
            FetchRefusal::Status(404).to_string(),
        ),
        (
            site().put(&at("page=2"), &note),
            FetchRefusal::NotACollection.to_string(),
        ),
        (html, FetchRefusal::ContentType.to_string()),
        (broken, "document cannot be read".to_owned()),
    ] {
        let read = site.read(OUTBOX);
        assert_eq!((read.ids(), read.end()), (vec![vec![super::note(1)]], end));
    }
}

#[test]
fn what_is_no_collection_is_refused() {
    for kind in ["Note", "Person", "Outbox", ""] {
        let body = json!({ "id": OUTBOX, "type": kind, "inbox": OUTBOX, "orderedItems": [note(1)] });
        let end = Site::default().put(OUTBOX, &body).read(OUTBOX).end();
        assert_eq!(end, FetchRefusal::NotACollection.to_string(), "{kind}");
    }
    assert_eq!(Site::default().status(OUTBOX, 410).read(OUTBOX).end(), "Gone");
    let missing = Site::default().read(OUTBOX).end();
    assert_eq!(missing, FetchRefusal::Status(404).to_string());
    for (id, reason) in [
        ("https://here.example/outbox", NotAdmitted::OwnOrigin),
        ("https://blocked.example/outbox", NotAdmitted::Blocked),
        ("http://a.example/outbox", NotAdmitted::Scheme),
        ("https://127.0.0.1/outbox", NotAdmitted::IpLiteral),
    ] {
        let mut site = Site::default();
        let CollectionEnd::Refused(FetchRefusal::NotAdmitted { reason: why, .. }) = site.read(id).end else {
            panic!("{id}");
        };
        assert_eq!((why, site.asked.len()), (reason, 0), "{id}");
    }
}

#[test]
fn what_leads_nowhere_is_the_end_or_is_refused() {
    let one = page(&at("page=1"), &[1], None);
    for nothing in [json!(null), json!([]), json!("")] {
        let one = with(one.clone(), "next", nothing.clone());
        assert_eq!(first_page(&one).read(OUTBOX).end(), "Complete", "{nothing}");
        assert_eq!(first(nothing.clone()).read(OUTBOX).end(), "Complete", "{nothing}");
    }
    for odd in [
        json!("?page=2"),
        json!("/users/alice/outbox"),
        json!(7),
        json!({ "type": "Note" }),
    ] {
        let one = with(one.clone(), "next", odd.clone());
        let read = first_page(&one).read(OUTBOX);
        assert!(
            read.end().ends_with("may not be fetched"),
            "{odd}: {}",
            read.end()
        );
        assert_eq!(read.pages.len(), 1);
    }
}

#[test]
fn pages_may_be_embedded_and_lead_on() {
    // A stub is asked for.
    let stub = json!({ "id": at("page=1"), "type": "OrderedCollectionPage" });
    let mut site = chain(2).put(OUTBOX, &with(collection(""), "first", stub));
    assert_eq!(site.read(OUTBOX).end(), "Complete");
    assert_eq!(site.asked.len(), 3);
    // So is what is no page, whatever it holds.
    let no_page = json!({ "id": at("page=1"), "type": "Note", "items": [note(7)] });
    assert_eq!(
        first(no_page).read(OUTBOX).end(),
        FetchRefusal::Status(404).to_string()
    );
    // One that only leads on is a page without items.
    let bare = json!({ "type": "CollectionPage", "partOf": OUTBOX, "next": at("page=2") });
    let mut site = chain(2).put(OUTBOX, &with(collection(""), "first", bare));
    assert_eq!(site.read(OUTBOX).ids(), [vec![], vec![note(2)]]);
    // A page is taken as it stands, one within it too.
    let two = page(&at("page=2"), &[2], Some(&at("page=3")));
    let one = with(without(page("", &[1], None), "id"), "next", two);
    let mut site = first(one).put(&at("page=3"), &page(&at("page=3"), &[3], Some(&at("page=2"))));
    let read = site.read(OUTBOX);
    assert_eq!(read.ids(), [[note(1)], [note(2)], [note(3)]]);
    assert_eq!((read.end().as_str(), site.asked.len()), ("Loop", 2));
    // The limit of pages holds for those that cost no request.
    let read = site.read_within(OUTBOX, budget().pages(1));
    assert_eq!(
        (read.ids(), read.end().as_str()),
        (vec![vec![note(1)]], "PageLimit")
    );
}

#[test]
fn a_page_goes_on_with_its_next_and_not_with_its_first() {
    let one = with(
        page(&at("page=1"), &[1], Some(&at("page=2"))),
        "first",
        at("page=1"),
    );
    // Neither where it is called what it is, nor where it is called a collection.
    for one in [one.clone(), with(one, "type", "OrderedCollection")] {
        let embedded = without(with(one.clone(), "first", at("page=2")), "id");
        for mut site in [
            first_page(&one),
            first_page(&one).put(OUTBOX, &with(collection(""), "first", embedded)),
        ] {
            let read = site.read(OUTBOX);
            assert_eq!(read.ids(), [[note(1)], [note(2)]]);
            assert!(read.end.is_complete());
        }
    }
}

#[test]
fn a_collection_with_items_and_pages_gives_both_and_each_item_once() {
    let mut whole = collection(&at("page=1"));
    whole["orderedItems"] = json!([note(9), note(1)]);
    let read = chain(2).put(OUTBOX, &whole).read(OUTBOX);
    assert_eq!(read.ids(), [vec![note(9), note(1)], vec![], vec![note(2)]]);
}

#[test]
fn a_reading_may_begin_at_a_page() {
    let mut site = chain(4);
    let read = site.read(&at("page=3"));
    assert_eq!(read.ids(), [[note(3)], [note(4)]]);
    assert!(read.end.is_complete());
    let foreign = with(
        page(&at("page=1"), &[1], None),
        "partOf",
        "https://b.example/outbox",
    );
    let read = Site::default().put(&at("page=1"), &foreign).read(&at("page=1"));
    assert_eq!(read.end(), FetchRefusal::OtherCollection.to_string());
    assert_eq!(read.pages.len(), 0);
}
