use federate_protocol::activitystreams::Iri;

use super::{Local, ObjectRef, Part, Paths, Place, Uris, decode, encode, is_template};

fn uris(paths: Paths) -> Uris {
    let root = Iri::parse("https://example.org/").unwrap();
    let origin = root.origin().unwrap();
    Uris::new(root, origin, paths)
}

fn iri(s: &str) -> Iri {
    Iri::parse(s).unwrap()
}

#[test]
fn actors_and_objects_come_back_from_their_ids() {
    let uris = uris(Paths::default().actor("/u/{name}").object("post", "/posts/{id}"));
    assert_eq!(uris.actor("alice").as_str(), "https://example.org/u/alice");
    assert_eq!(
        uris.parse(&uris.actor("alice")),
        Some(Local::Actor("alice".into()))
    );
    let post = uris.object("post", 7);
    assert_eq!(post.as_str(), "https://example.org/posts/7");
    let Some(Local::Object(object)) = uris.parse(&post) else {
        panic!("not an object")
    };
    assert_eq!((object.kind(), object.id::<i64>()), ("post", Some(7)));
    let other = uris.object("event", "a b");
    assert_eq!(other.as_str(), "https://example.org/objects/event/a%20b");
    assert_eq!(
        uris.parse(&other),
        Some(Local::Object(ObjectRef::new("event", "a b")))
    );
}

#[test]
fn an_id_has_one_spelling() {
    let uris = uris(Paths::default());
    for not_ours in [
        "https://example.org/users/al%69ce",
        "https://example.org/users/",
        "https://example.org/users/alice/",
        "https://example.org/users/a/b",
        "https://example.org/users/..",
        "https://example.org/users/alice?x=1",
        "https://example.org/users/alice#main-key",
        "https://example.org.evil.example/users/alice",
        "https://example.org:8443/users/alice",
        "http://example.org/users/alice",
    ] {
        assert_eq!(uris.parse(&iri(not_ours)), None, "{not_ours}");
    }
    assert_eq!(decode(&encode("a/b%ü")).as_deref(), Some("a/b%ü"));
}

#[test]
fn parts_are_below_what_they_belong_to() {
    let uris = uris(Paths::default().profile("/@{name}").object("post", "/posts/{id}"));
    assert_eq!(uris.place("/inbox"), Some(Place::SharedInbox));
    assert_eq!(uris.place("/actor"), Some(Place::Instance(Part::Itself)));
    assert_eq!(
        uris.place("/users/a/inbox"),
        Some(Place::Actor("a".into(), Part::Inbox))
    );
    assert_eq!(
        uris.place("/posts/1/replies"),
        Some(Place::Object(ObjectRef::new("post", 1), Part::Replies))
    );
    assert_eq!(uris.place("/objects/post/1"), None);
    assert_eq!(
        uris.parse_profile("https://example.org/@alice").as_deref(),
        Some("alice")
    );
    assert_eq!(uris.parse_followers(&uris.followers("a")).as_deref(), Some("a"));
}

#[test]
fn templates_have_one_placeholder_or_those_of_objects_several() {
    assert!(is_template("/users/{name}", 1..=1));
    assert!(is_template("/@{name}", 1..=1));
    assert!(is_template("/u/{name}/profile", 1..=1));
    assert!(is_template("/a/{b}/{c}", 1..=9));
    assert!(!is_template("/a/{b}{c}", 1..=9));
    assert!(!is_template("/a", 1..=9));
    for bad in [
        "users/{name}",
        "/users/name",
        "/a/{b}/{c}",
        "/u/{name}?x",
        "/u/{name",
        "/u}{name}",
    ] {
        assert!(!is_template(bad, 1..=1), "{bad}");
    }
}

#[test]
fn a_key_of_several_parts() {
    let uris = uris(Paths::default().object("post", "/users/{name}/posts/{number}"));
    let id = uris.object("post", "al ice/7");
    assert_eq!(id.as_str(), "https://example.org/users/al%20ice/posts/7");
    assert_eq!(
        uris.parse(&id),
        Some(Local::Object(ObjectRef::new("post", "al ice/7")))
    );
    assert_eq!(
        uris.place("/users/alice/posts/7/replies"),
        Some(Place::Object(ObjectRef::new("post", "alice/7"), Part::Replies))
    );
    assert_eq!(uris.place("/users/alice/posts/7/8"), None);
    assert_eq!(uris.place("/users/alice/posts"), None);
    assert_eq!(uris.place("/users/a%2Fb/posts/7"), None);
}
