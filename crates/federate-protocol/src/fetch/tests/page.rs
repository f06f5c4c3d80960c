//! From a page that people see to its document.

use super::*;

const PAGE: &str = "https://a.example/@alice/1";
const NOTE: &str = "https://a.example/notes/1";

fn note(id: &str) -> Value {
    json!({ "id": id, "type": "Note", "attributedTo": ALICE, "content": "hello" })
}

fn html(world: World, url: &str, head: &str) -> World {
    with_links(world, url, &[], head)
}

fn with_links(mut world: World, url: &str, links: &[&str], head: &str) -> World {
    let mut response = http::Response::builder().header("content-type", "text/html; charset=utf-8");
    for link in links {
        response = response.header("link", *link);
    }
    let body = Bytes::from(format!("<!doctype html><head>{head}</head><body>hello"));
    world.pages.insert(url.to_owned(), response.body(body).unwrap());
    world
}

fn link(href: &str) -> String {
    format!(r#"<link rel="alternate" type="application/activity+json" href="{href}">"#)
}

#[test]
fn a_page_leads_to_its_document() {
    let profile = r#"<link rel=alternate type='application/ld+json; profile="https://www.w3.org/ns/activitystreams"' href=/notes/1>"#;
    let header = r#"</feed>; rel="alternate"; type="application/rss+xml", </notes/1>; rel=alternate; type="application/activity+json""#;
    let quoted = r#"<https://a.example/notes/1>; rel="alternate"; type="application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"""#;
    for world in [
        html(World::default(), PAGE, &link(NOTE)),
        html(World::default(), PAGE, &link("/notes/1")),
        html(World::default(), PAGE, &link("../notes/1#x")),
        html(World::default(), PAGE, profile),
        with_links(World::default(), PAGE, &[header], &link("/elsewhere")),
        with_links(World::default(), PAGE, &[quoted], ""),
        with_links(World::default(), PAGE, &["</x>; rel=shortlink", header], ""),
    ] {
        let mut world = world.activity(NOTE, &note(NOTE));
        let document = world.look_up(PAGE).unwrap();
        assert_eq!(document.id(), &iri(NOTE));
        assert_eq!(
            document.provenance(),
            &Provenance::Fetched {
                page: Some(PAGE.parse().unwrap()),
                found_at: None,
                redirects: 0
            }
        );
        assert_eq!(world.asked, [PAGE, NOTE]);
    }
}

#[test]
fn where_a_document_comes_no_page_is_read() {
    let mut world = World::default().activity(NOTE, &note(NOTE));
    assert_eq!(world.look_up(NOTE).unwrap().provenance(), &Provenance::default());
    // What is fetched by its id has no page in between.
    let mut world = html(World::default(), PAGE, &link(NOTE)).activity(NOTE, &note(NOTE));
    assert_eq!(
        world.fetch(PAGE).unwrap_err(),
        FetchRefusal::ContentType.to_string()
    );
    let accept = |step| match step {
        FetchStep::Get(fetch) => fetch.accept(),
        other => panic!("{other:?}"),
    };
    assert!(!accept(DocumentFetch::start(&iri(NOTE), rules())).contains("html"));
    assert!(accept(DocumentFetch::start_at_page(&iri(NOTE), rules())).ends_with("text/html;q=0.1"));
}

#[test]
fn i19_a_page_names_nothing_of_another_origin() {
    let foreign = FetchRefusal::ForeignAlternate.to_string();
    for href in [
        "https://victim.example/notes/1",
        "//victim.example/notes/1",
        "http://a.example/notes/1",
        "https://a.example:8443/notes/1",
        "https://sub.a.example/notes/1",
        "https://a.example@victim.example/notes/1",
        "javascript:alert(1)",
        "data:application/activity+json,{}",
    ] {
        let mut world = html(World::default(), PAGE, &link(href));
        assert_eq!(world.look_up(PAGE).unwrap_err(), foreign, "{href}");
        let header = format!(r#"<{href}>; rel="alternate"; type="application/activity+json""#);
        let mut world = with_links(World::default(), PAGE, &[&header], "");
        assert_eq!(world.look_up(PAGE).unwrap_err(), foreign, "{href}");
        assert_eq!(world.asked, [PAGE], "{href}");
    }
    // The page's own origin is that of where it was found at last.
    let moved = "https://b.example/@alice/1";
    let mut world = html(World::default().redirect(PAGE, moved), moved, &link(NOTE));
    assert_eq!(world.look_up(PAGE).unwrap_err(), foreign);
}

#[test]
fn i19_what_a_page_leads_to_is_believed_for_its_own_reasons_only() {
    // It calls itself somebody else's.
    let victim = "https://victim.example/notes/1";
    let mut world = html(World::default(), PAGE, &link(NOTE))
        .activity(NOTE, &note(victim))
        .status(victim, 404);
    assert!(world.look_up(PAGE).is_err());
    // A page that leads to a page.
    let world = html(World::default(), PAGE, &link("/2"));
    let mut world = html(world, "https://a.example/2", &link(NOTE)).activity(NOTE, &note(NOTE));
    assert_eq!(
        world.look_up(PAGE).unwrap_err(),
        FetchRefusal::ContentType.to_string()
    );
    // A page that leads to itself.
    let mut world = html(World::default(), PAGE, &link(PAGE));
    assert_eq!(
        world.look_up(PAGE).unwrap_err(),
        FetchRefusal::ContentType.to_string()
    );
    assert_eq!(world.asked.len(), 2);
    // A document that leads back to the page, under its id.
    let mut world = html(World::default(), PAGE, &link(NOTE)).activity(NOTE, &note(PAGE));
    assert!(world.look_up(PAGE).is_err());
    // Types that are no document's, and pages that say nothing.
    for head in [
        "",
        r#"<link rel=alternate type="application/json" href="/notes/1">"#,
        r#"<link rel=alternate type="application/rss+xml" href="/feed">"#,
        r#"<link rel=canonical type="application/activity+json" href="/notes/1">"#,
    ] {
        let mut world = html(World::default(), PAGE, head);
        assert_eq!(
            world.look_up(PAGE).unwrap_err(),
            FetchRefusal::NoAlternate.to_string()
        );
    }
}

#[test]
fn i2_redirects_the_link_of_a_page_and_the_stated_id_share_one_budget() {
    let at = |n: u8| format!("https://a.example/r/{n}");
    let chain = |redirects: u8, id: &str| {
        let mut world = World::default();
        for n in 0..redirects {
            world = world.redirect(&at(n), &at(n + 1));
        }
        html(world, &at(redirects), &link(NOTE))
            .activity(NOTE, &note(id))
            .activity(id, &note(id))
    };
    let other = "https://a.example/notes/one";
    assert!(chain(2, NOTE).look_up(&at(0)).is_ok());
    assert!(chain(1, other).look_up(&at(0)).is_ok());
    for mut world in [chain(3, NOTE), chain(2, other)] {
        assert_eq!(
            world.look_up(&at(0)).unwrap_err(),
            FetchRefusal::TooManyRedirects.to_string()
        );
    }
}

#[test]
fn s29_a_tombstone_at_its_own_id_says_that_it_is_gone() {
    let tombstone = |id: &str| json!({ "id": id, "type": "Tombstone", "formerType": "Note" });
    let mut world = World::default().activity(NOTE, &tombstone(NOTE));
    assert_eq!(world.fetch(NOTE).unwrap_err(), "gone");
    // Somebody else's tombstone is asked for where it says that it is.
    let evil = "https://evil.example/1";
    let mut world = World::default()
        .activity(evil, &tombstone(NOTE))
        .activity(NOTE, &note(NOTE));
    assert_eq!(world.fetch(evil).unwrap().id(), &iri(NOTE));
    let mut world = World::default().activity(ALICE, &tombstone(ALICE));
    assert_eq!(world.key(ALICE_KEY).unwrap_err(), KeyFailure::Gone);
}

#[test]
fn i1_a_page_at_the_id_that_a_document_states_leads_nowhere() {
    let stated = "https://b.example/notes/1";
    let other = "https://b.example/notes/2";
    let elsewhere = json!({ "id": other, "type": "Note", "attributedTo": "https://b.example/users/bob" });
    let mut world = html(World::default(), stated, &link(other))
        .activity("https://a.example/x", &note(stated))
        .activity(other, &elsewhere);
    // Found at one place, stated to be at another, and something else than that one.
    assert!(world.look_up("https://a.example/x").is_err());
    assert_eq!(world.asked, ["https://a.example/x", stated]);
}
